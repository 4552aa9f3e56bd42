// From a webhook's request to a delivered customer, on both databases.
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { TransientError } from '../../src/connector.ts';
import { coverageSince } from '../../src/tables/coverage.ts';
import { pathDatabases, type TestDatabase } from '../support/databases.ts';
import { openPushWorld, type PushWorld } from '../support/push-world.ts';
import { until } from '../support/sync-world.ts';

describe.each(pathDatabases)('webhooks on $name', ({ open }) => {
  let world: PushWorld;
  let database: TestDatabase;
  let serial = 0;

  async function start(options: Parameters<typeof openPushWorld>[1] = {}): Promise<PushWorld> {
    database = await open();
    world = await openPushWorld(database, options);
    await world.tributary.start();
    return world;
  }

  afterEach(async () => {
    await world?.close();
    await database?.close();
  });

  const nextId = () => {
    serial += 1;
    return `event-${serial}`;
  };
  const event = (type: string, id: string, more: object = {}) => ({
    type,
    id,
    eventId: nextId(),
    at: world.clock.now(),
    ...more,
  });
  const customer = async (sourceId: string) =>
    (
      await database.rows<{ fields: Record<string, unknown>; orphaned: boolean }>(
        sql`select fields, orphaned from customers where source_id = ${sourceId}`,
      )
    )[0];
  const requests = () =>
    database.rows<{ id: number; state: string; counts: Record<string, number> | null; error: string | null }>(
      sql`select id::float8 as id, state, counts, error from inbox order by id`,
    );
  const letters = () =>
    database.rows<{ kind: string; ref: string; code: string; message: string }>(
      sql`select kind, ref, code, message from dead_letters where settled_at is null order by ref`,
    );

  it('brings a fat change to the destination, in the webhook lane', async () => {
    await start();
    const answer = await world.push(event('changed', 'a', { body: { name: 'Ann', plan: 'gold' } }));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({});
    await world.rest();
    expect(world.truth.taken).toEqual([
      { sourceId: 'a', payload: { source_id: 'a', name: 'Ann', 'metadata.plan': 'gold' } },
    ]);
    const [{ lane }] = (await database.rows<{ lane: number }>(sql`select lane from deliveries`)) as [
      { lane: number },
    ];
    expect(lane).toBe(0);
    expect(await requests()).toMatchObject([
      { state: 'opened', counts: { items: 1, taken: 1, received: 1, changed: 1 } },
    ]);
  });

  it('accounts for every item of a batch: taken, repeated, ignored, unreadable, and each record by what became of it', async () => {
    await start();
    const one = event('changed', 'a', { body: { name: 'Ann' } });
    await world.push({
      events: [
        one,
        one,
        event('noise', 'x'),
        event('odd', 'b'),
        event('changed', 'c', { body: { name: 'Cid' } }),
        event('changed', 'c', { at: 1_000, body: { name: 'Old' } }),
        event('touched', 'd'),
        event('changed', ''),
      ],
    });
    await world.rest();
    const [request] = await requests();
    expect(request).toMatchObject({
      state: 'opened',
      counts: {
        items: 8,
        duplicates: 1,
        ignored: 1,
        unreadable: 2,
        taken: 4,
        touched: 1,
        received: 3,
        changed: 2,
        superseded: 1,
      },
    });
    expect(await letters()).toMatchObject([
      {
        kind: 'inbox',
        ref: `${request!.id}#4`,
        code: 'unknown_type',
        message: 'The type odd is not known here.',
      },
      { kind: 'inbox', ref: `${request!.id}#8`, code: 'no_id' },
    ]);
  });

  it('ingests an event once, however often and in whatever batch it comes', async () => {
    await start();
    const first = event('changed', 'a', { body: { name: 'Ann' } });
    for (let turn = 0; turn < 3; turn += 1) {
      await world.push(first);
      await world.rest();
    }
    await world.push({ events: [event('changed', 'b', { body: { name: 'Bea' } }), first] });
    await world.rest();
    expect((await requests()).map(({ counts }) => counts!['duplicates'])).toEqual([0, 1, 1, 1]);
    expect(world.truth.taken.map(({ sourceId }) => sourceId)).toEqual(['a', 'b']);
  });

  it('identifies items without an ID by their content: a repeat of the current state has no effect', async () => {
    await start();
    const { eventId: _, ...nameless } = event('changed', 'a', { body: { name: 'Ann' } });
    await world.push(nameless);
    await world.push(nameless);
    await world.push({ ...nameless, at: nameless.at + 1, body: { name: 'Anna' } });
    await world.rest();
    const sumOf = async (name: string) =>
      (await requests()).reduce((sum, { counts }) => sum + counts![name]!, 0);
    expect([await sumOf('items'), await sumOf('taken'), await sumOf('duplicates')]).toEqual([3, 3, 0]);
    // Where the three were opened together, the first two were superseded within their group.
    expect((await sumOf('unchanged')) + (await sumOf('superseded'))).toBeGreaterThan(0);
    expect((await customer('a'))?.fields).toMatchObject({ name: 'Anna' });
  });

  it('never lets an older webhook undo a newer state, whichever comes first', async () => {
    await start();
    const now = world.clock.now();
    await world.push(event('changed', 'a', { at: now, body: { name: 'New' } }));
    await world.rest();
    await world.push(event('changed', 'a', { at: now - 5_000, body: { name: 'Old' } }));
    await world.rest();
    expect((await customer('a'))?.fields).toMatchObject({ name: 'New' });
    expect((await requests())[1]).toMatchObject({ counts: { superseded: 1 } });
  });

  it('reads a record once for a thousand events about it', async () => {
    await start();
    world.truth.people.set('a', { changedAt: world.clock.now(), body: { name: 'Ann' } });
    const events = Array.from({ length: 1_000 }, () => event('touched', 'a'));
    for (let from = 0; from < 1_000; from += 100)
      await world.push({ events: events.slice(from, from + 100) });
    await world.rest();
    expect((await customer('a'))?.fields).toMatchObject({ name: 'Ann' });
    // What is told while it is being read is read for once more.
    expect(world.truth.reads.flat().length).toBeLessThanOrEqual(3);
  });

  it('reads again what was reported while it was being read', async () => {
    await start();
    world.truth.people.set('a', { changedAt: world.clock.now(), body: { name: 'First' } });
    let told = false;
    world.truth.beforeRead = async () => {
      if (told) return;
      told = true;
      await world.push(event('touched', 'a'));
      await until(async () => {
        const [row] = await database.rows<{ version: number }>(sql`select version from touches`);
        return row!.version === 2;
      });
    };
    await world.push(event('touched', 'a'));
    await until(() => world.truth.reads.length === 1);
    world.truth.people.set('a', { changedAt: world.clock.now() + 10, body: { name: 'Second' } });
    await world.rest();
    await until(async () => (await customer('a'))?.fields['name'] === 'Second');
    expect(world.truth.reads.length).toBe(2);
  });

  it('accepts a deletion once the vendor no longer has the record', async () => {
    await start();
    world.truth.people.set('a', { changedAt: world.clock.now(), body: { name: 'Ann' } });
    world.truth.people.set('b', { changedAt: world.clock.now(), body: { name: 'Bea' } });
    await world.push({ events: [event('touched', 'a'), event('touched', 'b')] });
    await world.rest();
    world.truth.people.delete('a');
    await world.push({ events: [event('gone', 'a'), event('gone', 'b')] });
    await world.rest();
    expect((await customer('a'))?.orphaned).toBe(true);
    expect((await customer('b'))?.orphaned).toBe(false);
  });

  it('reads again before it treats a record as deleted that nobody reported as deleted', async () => {
    await start();
    await world.push(event('touched', 'late'));
    await until(() => world.truth.reads.length === 1);
    world.truth.people.set('late', { changedAt: world.clock.now(), body: { name: 'Late' } });
    await until(async () => (await customer('late')) !== undefined);
  });

  it('erases a person everywhere whom the vendor erased, if the configuration says so', async () => {
    await start({ source: { privacyDeletions: 'erase' }, secretKey: 'k'.repeat(32) });
    world.truth.people.set('a', {
      changedAt: world.clock.now(),
      body: { name: 'Ann', email: 'ann@example.com' },
    });
    await world.push(event('touched', 'a', { note: 'ann@example.com' }));
    await world.rest();
    world.truth.people.delete('a');
    await world.push(event('erased', 'a'));
    await until(async () => (await customer('a')) === undefined);
    await until(async () => {
      const [row] = await database.rows<{ ended: boolean }>(
        sql`select ended_at is not null as ended from erasures`,
      );
      return row?.ended === true;
    });
    const [kept] = await database.rows<{ bytes: number }>(
      sql`select octet_length(body) as bytes from inbox order by id limit 1`,
    );
    expect(kept?.bytes).toBe(0);
  });

  it('erases a person whom the vendor erased although something else was reported before they could be read', async () => {
    await start({ source: { privacyDeletions: 'erase' }, secretKey: 'k'.repeat(32) });
    world.truth.people.set('a', { changedAt: world.clock.now(), body: { name: 'Ann' } });
    await world.push(event('touched', 'a'));
    await world.rest();
    world.truth.people.delete('a');
    let failed = false;
    world.truth.beforeRead = async () => {
      if (failed) return;
      await world.push(event('touched', 'a'));
      await until(async () => {
        const [row] = await database.rows<{ version: number }>(sql`select version from touches`);
        return row!.version === 2;
      });
      failed = true;
      throw new TransientError('not now');
    };
    await world.push(event('erased', 'a'));
    await until(async () => (await customer('a')) === undefined);
    expect(failed).toBe(true);
  });

  it('asks for each record alone where the vendor refuses a batch, and keeps the one that it will not read', async () => {
    await start();
    for (const id of ['a', 'b', 'c'])
      world.truth.people.set(id, { changedAt: world.clock.now(), body: { name: id } });
    const { RejectedError } = await import('../../src/connector.ts');
    world.truth.beforeRead = async (ids) => {
      if (ids.includes('b')) throw new RejectedError('b is no ID', { code: 'bad_id' });
    };
    await world.push({ events: ['a', 'b', 'c'].map((id) => event('touched', id)) });
    await until(async () => (await letters()).length === 1);
    await until(async () => (await customer('c')) !== undefined && (await customer('a')) !== undefined);
    expect(await letters()).toMatchObject([{ kind: 'record', ref: 'b', code: 'unread' }]);
    world.truth.beforeRead = async () => {};
    await world.push(event('touched', 'b'));
    await until(async () => (await customer('b')) !== undefined);
    expect(await letters()).toEqual([]);
  });

  it('merges partial traits over what is stored, each key by its own clock, in any order', async () => {
    await start();
    const t = world.clock.now();
    const parts = [
      event('traits', 'a', { at: t, body: { name: 'Ann', plan: 'gold' } }),
      event('traits', 'a', { at: t + 2, body: { plan: null } }),
      event('traits', 'a', { at: t + 1, body: { plan: 'silver', score: 7 } }),
      event('traits', 'a', { at: t + 3, body: { name: 'Anna' } }),
    ];
    for (const order of [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
      [1, 3, 0, 2],
    ]) {
      for (const index of order) {
        const { eventId, ...part } = parts[index]!;
        await world.push({ ...part, id: `a${order.join('')}`, eventId: `${eventId}-${order}` });
        if (index % 2 === 0) await world.rest();
      }
      await world.rest();
      expect((await customer(`a${order.join('')}`))?.fields).toEqual({
        name: 'Anna',
        'metadata.plan': null,
        'metadata.score': 7,
      });
    }
  });

  it('keeps nothing from before a deletion, whichever arrives first', async () => {
    await start();
    const t = world.clock.now();
    const told = (id: string) => [
      event('traits', id, { at: t, body: { name: 'Before', plan: 'gold' } }),
      event('forgotten', id, { at: t + 1 }),
      event('traits', id, { at: t + 2, body: { score: 1 } }),
    ];
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 0, 2],
      [0, 2, 1],
    ]) {
      const id = `p${order.join('')}`;
      const events = told(id);
      for (const index of order) {
        await world.push(events[index]);
        await world.rest();
      }
      const fields = (await customer(id))?.fields ?? {};
      expect(fields['metadata.score'], String(order)).toBe(1);
      expect(fields['name'] ?? null, String(order)).toBeNull();
    }
  });

  it('keeps a body that is not JSON, and ingests it when it can be read', async () => {
    await start();
    expect((await world.push('{"type": "changed", "id": "a"')).status).toBe(200);
    await until(async () => (await requests())[0]?.state === 'dead');
    const [request] = await requests();
    expect(request!.error).toMatch(/JSON/);
    expect(await letters()).toMatchObject([{ kind: 'inbox', ref: String(request!.id), code: 'unreadable' }]);
  });

  it('replays what could not be read after a fix, dry first, and takes nothing twice', async () => {
    await start();
    await world.push({ events: [event('odd', 'a', { body: { name: 'Ann' } }), event('changed', 'b')] });
    await world.rest();
    world.truth.knowsOdd = true;
    const [request] = await requests();
    const { opener } = world.tributary;
    const dry = await opener.replay('pusher', [request!.id], { dryRun: true });
    expect(dry).toMatchObject([{ counts: { items: 2, taken: 2, unreadable: 0, changed: 1, unchanged: 1 } }]);
    expect(await customer('a')).toBeUndefined();
    expect(await letters()).toHaveLength(1);
    await opener.replay('pusher', [request!.id], { dryRun: false });
    await world.rest();
    expect((await customer('a'))?.fields).toMatchObject({ name: 'Ann' });
    expect(await letters()).toEqual([]);
    const [again] = await opener.replay('pusher', [request!.id], { dryRun: false });
    expect(again).toMatchObject({ counts: { items: 2, taken: 2, changed: 0, unchanged: 2 } });
  });

  it('measures which changes webhooks reported first, and how late either way was', async () => {
    await start();
    const now = world.clock.now();
    for (let n = 0; n < 8; n += 1) {
      const body = { name: `P${n}` };
      world.truth.people.set(`p${n}`, { changedAt: now + n, body });
      if (n < 6) await world.push(event('changed', `p${n}`, { at: now + n, body }));
    }
    await world.rest();
    await world.tributary.request({
      source: 'pusher',
      mode: 'incremental',
      trigger: 'manual',
      lane: 'schedule',
    });
    await world.rest();
    // The first reading of a stream is a full one and no measure of webhooks.
    for (const n of [6, 7])
      world.truth.people.set(`p${n}`, { changedAt: now + 100 + n, body: { name: `Q${n}` } });
    await world.tributary.request({
      source: 'pusher',
      mode: 'incremental',
      trigger: 'manual',
      lane: 'schedule',
    });
    await world.rest();
    const seen = (await coverageSince(database, now - 3_600_000)).get('pusher');
    expect(seen).toMatchObject({ share: 0.75, webhook: { changes: 6 }, poll: { changes: 2 } });
    expect(seen!.webhook.p99Ms).toBeGreaterThanOrEqual(0);
  });

  it('takes a record that a webhook names before the first reading has come to it for history, not for a late change', async () => {
    await start();
    const now = world.clock.now();
    const threeDays = 3 * 86_400_000;
    for (const [id, at] of [
      ['old', now - threeDays],
      ['new', now],
    ] as const) {
      world.truth.people.set(id, { changedAt: at, body: { name: id } });
      await world.push(event('changed', id, { at, body: { name: id } }));
    }
    await world.rest();
    const seen = (await coverageSince(database, now - 3_600_000)).get('pusher')!;
    expect(seen.webhook.changes).toBe(1);
    expect(seen.webhook.p99Ms).toBeLessThan(60_000);
  });

  it('polls more often than the schedule says while webhooks leave changes out', async () => {
    await start({ source: { schedule: '0 0 1 1 *' } });
    await world.rest();
    const base = world.clock.now();
    for (let n = 0; n < 12; n += 1)
      world.truth.people.set(`p${n}`, { changedAt: base + n, body: { name: `P${n}` } });
    await world.tributary.request({
      source: 'pusher',
      mode: 'incremental',
      trigger: 'manual',
      lane: 'schedule',
    });
    await until(async () => {
      const rows = await database.rows(sql`select 1 from runs where trigger = 'coverage'`);
      return rows.length > 0;
    });
  });

  it('ends the echo of our own delivery, and notes drift when anybody else changes what we own', async () => {
    await start();
    await world.push(event('changed', 'a', { body: { name: 'Ann', plan: 'gold' } }));
    await world.rest();
    const drifts = () =>
      database.rows<{ sourceId: string; kind: string; fields: object }>(
        sql`select source_id as "sourceId", kind, fields from drifts`,
      );
    const there = (fields: object, more: object = {}) =>
      world.push(
        { eventId: nextId(), sourceId: 'a', fields, at: world.clock.now() + 1, ...more },
        { authorization: `Bearer ${'a-secret-for-the-tests'}` },
        '/webhooks/destination',
      );
    await there({ name: 'Someone', 'metadata.plan': 'gold' }, { ours: true });
    await world.rest();
    expect(await drifts()).toEqual([]);
    await there({ name: 'Changed there', 'metadata.plan': 'gold', description: 'theirs' });
    await world.rest();
    expect(await drifts()).toEqual([
      { sourceId: 'a', kind: 'differs', fields: { name: { expected: 'Ann', found: 'Changed there' } } },
    ]);
    await there({ name: 'Ann', 'metadata.plan': 'gold' });
    await world.rest();
    expect(await drifts()).toEqual([]);
    expect((await requests()).at(-3)).toMatchObject({ counts: { items: 1, ignored: 1 } });
  });

  it('heals drift by an ordinary delivery where the configuration says so', async () => {
    await start({ config: { drift: 'heal' } });
    await world.push(event('changed', 'a', { body: { name: 'Ann' } }));
    await world.rest();
    await world.push(
      { eventId: 'x', sourceId: 'a', fields: { name: 'Changed there' }, at: world.clock.now() + 1 },
      { authorization: 'Bearer a-secret-for-the-tests' },
      '/webhooks/destination',
    );
    await world.rest();
    await until(() => world.truth.taken.length === 2);
    expect(world.truth.taken[1]).toMatchObject({ sourceId: 'a', payload: { name: 'Ann' } });
  });
});
