// Work that one worker commits is begun by another at once. Time stands still unless a test moves it: no loop looks by
// itself.
import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/db/database.ts';
import { NotificationListener, notify } from '../../src/db/notifications.ts';
import { WorkerRegistry } from '../../src/engine/work/worker-registry.ts';
import { InboxWriter } from '../../src/tables/inbox.ts';
import { openLine } from '../support/database-line.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { openPushWorld } from '../support/push-world.ts';
import { until } from '../support/sync-world.ts';

const noon = Date.UTC(2026, 5, 1, 12);

describe.each(databases)('Notifications on $name', ({ name, open, openOwn }) => {
  let database: TestDatabase;
  const closing: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    database = await open();
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    await database.close();
  });

  async function join(on = database as Parameters<typeof WorkerRegistry.join>[1]['database']) {
    const clock = new ManualClock(noon);
    const heard: (string | null)[] = [];
    const registry = await WorkerRegistry.join(randomUUID(), {
      database: on,
      clock,
      onEvicted: () => {},
      onNotification: (notification) => heard.push(notification),
    });
    closing.push(() => registry.leave());
    await until(() => registry.isListening);
    return { registry, clock, heard };
  }

  it('have another worker open and deliver a webhook that this process has stored, although no time passes', async () => {
    const world = await openPushWorld(await database.again(), { clock: new ManualClock(noon) });
    closing.push(() => world.close());
    await world.tributary.start();
    const inbox = new InboxWriter(database, () => {});
    const change = { eventId: 'e1', type: 'changed', id: 'ann', changedAt: noon, record: { name: 'Ann' } };
    await inbox.keep({
      source: 'pusher',
      receivedAt: noon,
      method: 'POST',
      query: {},
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify([change])),
    });
    await until(async () => {
      const [row] = await database.rows<{ state: string }>(sql`select state from inbox`);
      return row?.state !== 'waiting';
    });
  });

  it('have another worker begin a run that is asked for here, though no time passes', async () => {
    const world = await openPushWorld(await database.again(), { clock: new ManualClock(noon) });
    closing.push(() => world.close());
    await world.tributary.start();
    const asking = await openPushWorld(database, { clock: new ManualClock(noon) });
    await asking.tributary.request({
      source: 'pusher',
      mode: 'full',
      trigger: 'manual',
      lane: 'manual',
    });
    await until(async () => {
      const [row] = await database.rows<{ state: string }>(sql`select state from runs`);
      return row?.state === 'finished';
    });
  });

  it('arrive when the transaction is committed, once for each loop, and contain only its name', async () => {
    const { heard } = await join();
    expect(heard).toEqual([null]);
    await database.transaction(async (tx) => {
      for (let time = 0; time < 3; time += 1) await tx.rows(sql`select ${notify('deliver')}`);
      await tx.rows(sql`select ${notify('open')}`);
      expect(heard).toEqual([null]);
    });
    const undone = database.transaction(async (tx) => {
      await tx.rows(sql`select ${notify('erase')}`);
      throw new Error('undo');
    });
    await expect(undone).rejects.toThrow('undo');
    await database.rows(sql`select ${notify('verify')}`);
    await until(() => heard.includes('verify'));
    expect(heard).toEqual([null, 'deliver', 'open', 'verify']);
  });

  it('are received by every worker of the database, and not by one that has left', async () => {
    const [one, other] = [await join(), await join()];
    await one.registry.leave();
    await database.rows(sql`select ${notify('open')}`);
    await until(() => other.heard.includes('open'));
    expect(one.heard).not.toContain('open');
    expect(one.registry.isListening).toBe(false);
  });

  it.skipIf(name === 'PGlite')(
    'are received again after the connection was lost, and what was missed is polled for',
    async () => {
      const own = await openOwn();
      closing.push(() => own.close());
      const line = await openLine(own.where.url!);
      closing.push(() => line.close());
      const remote = await openDatabase({ url: line.url, directory: '' });
      closing.push(() => remote.close());
      const { registry, clock, heard } = await join(remote);
      line.cut();
      await until(() => !registry.isListening);
      await own.rows(sql`select ${notify('open')}`);
      await line.mend();
      await until(async () => {
        await clock.advance(500);
        return registry.isListening;
      });
      expect(heard).toEqual([null, null]);
      await own.rows(sql`select ${notify('open')}`);
      await until(() => heard.length === 3);
      expect(heard).toEqual([null, null, 'open']);
    },
  );
});

describe('A listener', () => {
  it('is closed until it receives its own notification: if notifications are not delivered, loops poll as often as before', () => {
    const heard: (string | null)[] = [];
    const listener = new NotificationListener((notification) => heard.push(notification));
    listener.receive('open');
    listener.receive(`probe ${randomUUID()}`);
    expect(listener.isListening).toBe(false);
    expect(heard).toEqual([]);
  });
});
