// Subscriptions at a vendor that end by themselves: a simulated Zoho CRM, whose channels last a week at most.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Served, serve } from '../../simulators/serve.ts';
import { createZohoSimulator } from '../../simulators/zoho.ts';
import { createLog } from '../../src/engine/log/log.ts';
import { Subscriptions } from '../../src/sync/subscribe/subscriptions.ts';
import { listPauses } from '../../src/tables/pauses.ts';
import { listSubscriptions } from '../../src/tables/subscriptions.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { FastClock } from '../support/fast-clock.ts';
import { openSyncWorld, type SyncWorld, until } from '../support/sync-world.ts';

const oauth = { clientId: 'client', clientSecret: 'client-secret-00', refreshToken: 'first-refresh-token' };
const publicUrl = 'https://tributary.example.com';
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const noSignal = new AbortController().signal;

let fault: (() => Response) | null;
let clock: FastClock;
let zoho: ReturnType<typeof createZohoSimulator>;
let server: Served;
let database: TestDatabase;
let world: SyncWorld;
let lines: string[];

beforeEach(async () => {
  [fault, lines] = [null, []];
  clock = new FastClock();
  const faults = (path: string) => (path.endsWith('/actions/watch') ? fault?.() : undefined);
  zoho = createZohoSimulator({ now: () => clock.now(), oauth, credits: 1_000_000, faults });
  server = await serve(zoho.app);
  database = await behaviour[0].open();
  const urls = { baseUrl: server.url, accountsUrl: server.url };
  world = await openSyncWorld(database, {
    clock,
    secretKey: 'a-secret-key-of-this-installation',
    sources: { crm: { connector: 'zoho', oauth, ...urls, webhookToken: 'secret-of-the-channel' } },
    config: { publicUrl },
  });
});

afterEach(async () => {
  await world.close();
  await database.close();
  await server.close();
});

/** As one worker would have it. */
function subscriptions(options: { publicUrl?: string | null } = {}) {
  const { tributary } = world;
  const log = createLog({ level: 'debug', clock, write: (line) => void lines.push(line) });
  const contextOf = (source: string, signal: AbortSignal) => tributary.contextOf(source, signal);
  return new Subscriptions({
    database,
    clock,
    log,
    rules: tributary.rules,
    publicUrl,
    contextOf,
    ...options,
  });
}

const kept = async () => (await listSubscriptions(database)).find(({ source }) => source === 'crm');
const channel = () => [...zoho.channels.values()].at(-1);

describe('a subscription', () => {
  test('is granted once, for the address of this source and its secret, and never ends while it is looked after', async () => {
    const own = subscriptions();
    await own.step(noSignal);
    expect(channel()).toMatchObject({
      address: `${publicUrl}/webhooks/crm`,
      token: 'secret-of-the-channel',
    });
    expect((await kept())?.expiresAt).toBe(channel()?.expiry);
    for (let hour = 0; hour < 30 * 24; hour += 6) {
      clock.skip(6 * hourMs);
      await own.step(noSignal);
      expect(channel()!.expiry).toBeGreaterThan(clock.now() + 3 * dayMs);
    }
    expect(zoho.channels.size).toBe(1);
    // After half of seven days each.
    expect(zoho.state.renewals).toBeLessThanOrEqual(10);
  });

  test('is renewed by one of several workers', async () => {
    const workers = [subscriptions(), subscriptions(), subscriptions()];
    await Promise.all(workers.map((worker) => worker.step(noSignal)));
    expect(zoho.state.renewals).toBe(1);
    clock.skip(4 * dayMs);
    await Promise.all(workers.map((worker) => worker.step(noSignal)));
    expect(zoho.state.renewals).toBe(2);
  });

  test('that is refused is attempted every ten minutes, told of once, and keeps nothing from working', async () => {
    const own = subscriptions();
    await own.step(noSignal);
    clock.skip(4 * dayMs);
    const refusal = { code: 'OAUTH_SCOPE_MISMATCH', message: 'invalid oauth scope', status: 'error' };
    fault = () => Response.json(refusal, { status: 401 });
    for (let minute = 0; minute < 30; minute += 1) {
      await own.step(noSignal);
      clock.skip(60_000);
    }
    expect((await kept())?.fault).toMatch(/OAUTH_SCOPE_MISMATCH/);
    const told = lines.filter((line) => line.includes('could not be renewed'));
    expect(told).toHaveLength(1);
    expect(told.join()).not.toContain('secret-of-the-channel');
    expect((await listPauses(database)).size).toBe(0);
    fault = null;
    clock.skip(600_000);
    await own.step(noSignal);
    expect((await kept())?.fault).toBeNull();
    expect(channel()!.expiry).toBeGreaterThan(clock.now() + 6 * dayMs);
  });

  test('is granted anew where the vendor let it end while no server ran, and for another address at once', async () => {
    const own = subscriptions();
    await own.step(noSignal);
    clock.skip(20 * dayMs);
    await own.step(noSignal);
    expect(channel()!.expiry).toBeGreaterThan(clock.now());
    clock.skip(600_000);
    await subscriptions({ publicUrl: 'https://other.example.com' }).step(noSignal);
    expect(channel()).toMatchObject({ address: 'https://other.example.com/webhooks/crm' });
  });

  test('is not asked for without a public address', async () => {
    await subscriptions({ publicUrl: null }).step(noSignal);
    expect(zoho.channels.size).toBe(0);
    expect(await kept()).toBeUndefined();
  });
});

test('a running server looks after its subscriptions', async () => {
  await world.tributary.start();
  await until(async () => zoho.channels.size === 1);
  expect((await kept())?.fault).toBeNull();
});
