// A worker that the system really stops (SIGSTOP) for longer than its lease, and that goes on while another has its slots:
// on the real clock, against a vendor who admits not one call more.
import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { QuotaWindows } from '../../simulators/quota-windows.ts';
import type { Quota } from '../../src/connector.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { Budgets } from '../../src/engine/quota/budgets.ts';
import { databases, type OwnDatabase } from '../support/databases.ts';
import type { Orders, Place } from './quota-stopped-child.ts';

const onServer = databases.find(({ name }) => name === 'PostgreSQL');
const quota: Quota = { name: 'second', requests: 5, seconds: 1 };
const leaseSeconds = 2;

describe.skipIf(!onServer || process.platform === 'win32')('A worker that was stopped', () => {
  let database: OwnDatabase;
  let vendor: Server;
  /** What each account's calls met, by its path. */
  const meters = new Map<string, { windows: QuotaWindows; admitted: { [who: string]: number } }>();
  const children: ChildProcess[] = [];
  const rooms: Budgets[] = [];

  beforeAll(async () => {
    database = await onServer!.openOwn();
    vendor = createServer((request, response) => {
      const [, account = '', who = ''] = (request.url ?? '').split('/');
      const { windows, admitted } = meters.get(account)!;
      const { admitted: isAdmitted } = windows.admit(performance.now());
      if (isAdmitted) admitted[who] = (admitted[who] ?? 0) + 1;
      response.writeHead(isAdmitted ? 200 : 429).end('{}');
    });
    await new Promise<void>((resolve) => vendor.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    for (const room of rooms) await room.close();
    vendor.closeAllConnections();
    vendor.close();
    await database.close();
  });

  const said = (child: ChildProcess, word: string) =>
    new Promise<void>((resolve, reject) => {
      child.on('message', (message) => message === word && resolve());
      child.once('exit', () => reject(new Error(`the worker ended before it said ${word}`)));
    });

  it.concurrent.for<Place>(['waiting', 'holding', 'connecting'])(
    'sends nothing with the slots that it lost, neither %s nor later',
    { timeout: 60_000 },
    async (place, { expect }) => {
      const windows = new QuotaWindows([quota]);
      const admitted: { [who: string]: number } = {};
      meters.set(place, { windows, admitted });
      const address = `http://127.0.0.1:${(vendor.address() as AddressInfo).port}/${place}`;
      const holder = randomUUID();
      const orders: Orders = {
        url: database.where.url!,
        holder,
        account: place,
        quota,
        leaseSeconds,
        vendor: `${address}/stopped`,
        place,
      };
      const child = fork(new URL('quota-stopped-child.ts', import.meta.url), [JSON.stringify(orders)], {
        execArgv: [],
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      children.push(child);
      await said(child, 'there');
      child.kill('SIGSTOP');
      await delay(leaseSeconds * 1_000 + 300);

      // The half minute for which a request may still be under way is not waited for: surely none is.
      await database.rows(
        sql`update quota_slices set free_at = now() where holder = ${holder}::uuid and account = ${place}`,
      );
      const other = new Budgets({ database, clock: systemClock, holder: randomUUID() });
      rooms.push(other);
      const budget = other.account(place, [quota]);
      const over = new AbortController();
      const caller = async () => {
        while (!over.signal.aborted)
          await budget.run({ lane: 'schedule', signal: over.signal }, async () => {
            await (await fetch(`${address}/other`)).arrayBuffer();
          });
      };
      for (let number = 0; number < 10; number += 1) caller().catch(() => {});
      await delay(1_500);
      expect(admitted['other']).toBeGreaterThanOrEqual(quota.requests);
      const before = admitted['stopped'] ?? 0;

      // All five slots are in use by the other when it wakes.
      const done = said(child, 'done');
      child.send('go on');
      child.kill('SIGCONT');
      await done;
      over.abort();
      expect(windows.violations).toBe(0);
      // And it did make its calls, with slots that it got anew.
      expect(admitted['stopped']! - before).toBe(quota.requests);
      expect(before).toBe(place === 'waiting' ? quota.requests : 0);
    },
  );
});
