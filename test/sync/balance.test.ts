// The two sums while everything breaks: at every moment each record received is accounted for, and each customer is in one state.
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { Breaks } from '../../simulators/sandbox/breaks.ts';
import { SegmentSimulator } from '../../simulators/segment.ts';
import type { Balance } from '../../src/contract/balance.ts';
import { releaseHolds } from '../../src/sync/holds/decide.ts';
import { readBalance, readReceived } from '../../src/sync/views/balance.ts';
import { FastClock } from '../support/fast-clock.ts';
import { randomOf } from '../support/random.ts';
import { until } from '../support/sync-world.ts';
import { openWriteBackWorld, type WriteBackWorld } from '../support/write-back-world.ts';

let world: WriteBackWorld;
afterEach(() => world?.close());

const clientSecret = 'hubspot-client-secret';
const sharedSecret = 'segment-shared-secret';

/** People at HubSpot, some of them at Klaviyo and in the app, and a sandbox's breaks between them and Voucherify. */
async function open(people: number) {
  const clock = new FastClock();
  let breaks: Breaks;
  world = await openWriteBackWorld({
    clock,
    hubspot: { push: { clientSecret, url: 'http://here.test/webhooks/hubspot' } },
    source: { clientSecret },
    voucherify: { faults: () => breaks?.voucherifyFault() },
    sources: {
      segment: {
        connector: 'segment',
        webhookSecret: sharedSecret,
        mapping: { 'metadata.app_version': 'app_version' },
      },
    },
    config: { publicUrl: 'http://here.test' },
  });
  const { hubspot, voucherify } = world;
  const segment = new SegmentSimulator({
    now: clock.now,
    url: 'http://here.test/webhooks/segment',
    sharedSecret,
  });
  breaks = new Breaks({ hubspot, voucherify, now: clock.now, sleep: (ms) => clock.sleep(ms) });
  hubspot.faults = breaks.hubspotFault;
  hubspot.seed(people, 3);
  const push = async () => {
    for (const { url, ...request } of [...hubspot.push!.take(clock.now()), ...segment.take()]) {
      const answer = await world.web.request(url, { ...request, body: Buffer.from(request.body) });
      expect(answer.status).toBe(200);
    }
  };
  return { breaks, segment, push };
}

describe('the balance', () => {
  it.each([1, 2])('holds at every moment of breaks at random (seed %i)', async (seed) => {
    const { breaks, segment, push } = await open(40);
    const { hubspot, klaviyo, voucherify, tributary, clock, database } = world;
    const random = randomOf(seed);
    const one = <Thing>(list: readonly Thing[]): Thing => list[Math.floor(random() * list.length)]!;
    const living = () => [...hubspot.contacts()].filter(({ archived }) => !archived).map(({ id }) => id);
    for (const id of living().slice(0, 15))
      klaviyo.create({ external_id: id, first_name: 'K', email: `k${id}@example.org` });

    const seen: Balance[] = [];
    const look = async () => seen.push(await readBalance(database));
    const steps: (() => unknown)[] = [
      () => hubspot.update(one(living()), { city: one(['Porto', 'Łódź', '']) }),
      () => hubspot.create({ firstname: 'New', email: `new.${seed}.${seen.length}@example.org` }),
      () => segment.identify(one(living()), { app_version: one(['1', '2', '3']) }),
      () => klaviyo.update(one(klaviyo.ids()), { first_name: one(['Ada', 'Kim', 'Eve']) }),
      () => breaks.begin(one(['rate-limit', 'outage', 'lost-answers', 'slow']), 20),
      () =>
        tributary.request({
          source: one(['hubspot', 'klaviyo']),
          mode: 'incremental',
          trigger: 'manual',
          lane: 'manual',
        }),
      () => push(),
    ];
    await tributary.request({ source: 'hubspot', mode: 'full', trigger: 'manual', lane: 'backfill' });
    for (let count = 0; count < 40; count += 1) {
      await one(steps)();
      if (count === 20) breaks.begin('blank-fields', 1);
      if (count === 30) breaks.begin('delete-many', 1);
      await clock.sleep(1_000);
      await look();
    }
    for (const { received, wanted, balances } of seen)
      expect({ balances, received, wanted }).toMatchObject({ balances: true });
    expect(Math.max(...seen.map(({ wanted }) => wanted.held))).toBeGreaterThan(0);
    expect(Math.max(...seen.map(({ wanted }) => wanted.waiting))).toBeGreaterThan(0);
    // What is received is never forgotten.
    for (const [place, { received }] of seen.entries())
      expect(received.records).toBeGreaterThanOrEqual(seen[place - 1]?.received.records ?? 0);

    // The breaks end, everything is told once more, and a person decides what is held.
    clock.skip(60_000);
    await push();
    for (const source of ['hubspot', 'klaviyo']) await world.sync('full', source);
    await releaseHolds(tributary, {});
    tributary.wake();
    await world.rest();
    await until(async () => (await readBalance(database)).wanted.waiting === 0);
    const last = await readBalance(database);
    expect(last).toMatchObject({ balances: true, wanted: { waiting: 0, held: 0, dead: 0 } });
    expect(last.received.records).toBeGreaterThan(100);
    expect(await readReceived(database)).toEqual(last.received);
    // The record: Voucherify has whom a record speaks of, once, and nobody else. Who was deleted before the first delivery never came.
    const rows = await database.rows<{ sourceId: string; orphaned: boolean }>(
      sql`select source_id, orphaned from customers`,
    );
    const there = new Set([...voucherify.customers()].map(({ source_id }) => source_id));
    expect(rows.filter(({ sourceId, orphaned }) => !orphaned && !there.has(sourceId))).toEqual([]);
    const known = new Set(rows.map(({ sourceId }) => sourceId));
    expect([...there].filter((id) => !known.has(id!))).toEqual([]);
    expect(voucherify.duplicates()).toEqual([]);
  });

  it('does not hold where a row was lost', async () => {
    await open(5);
    const { database } = world;
    await world.sync('full', 'hubspot');
    expect(await readBalance(database)).toMatchObject({
      balances: true,
      wanted: { customers: 5, delivered: 5 },
    });
    await database.rows(
      sql`delete from deliveries where source_id = (select min(source_id) from deliveries)`,
    );
    expect(await readBalance(database)).toMatchObject({
      balances: false,
      wanted: { customers: 5, delivered: 4 },
    });
  });
});
