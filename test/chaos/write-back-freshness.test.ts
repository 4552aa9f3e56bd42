// How fresh what is written back arrives: from the event at Voucherify to the value at the vendor, beside a backfill of thousands.
import { sql } from 'drizzle-orm';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../src/engine/clock.ts';
import type { FastClock } from '../support/fast-clock.ts';
import { until } from '../support/sync-world.ts';
import { openWriteBackWorld, type WriteBackWorld } from '../support/write-back-world.ts';

let world: WriteBackWorld;
afterEach(() => world.close());

const people = 3_000;
const events = 100;

/** The backfill takes four times as long. How soon it should be, on a machine that has nothing else to do, is held by `npm run bench -- --write-back`. */
const mostMs = 10_000;

it('what a webhook tells of does not wait for the backfill, 99 times of 100', {
  timeout: 240_000,
}, async () => {
  // Whom everybody knows since long is told of no more.
  let arrives = false;
  world = await openWriteBackWorld({
    webhooks: () => arrives,
    // The wall's: simulated time would pass while calls are under way.
    clock: { ...systemClock, skip() {} } as unknown as FastClock,
    // Nearly all that Klaviyo allows is spent by the backfill: those who wait go first.
    klaviyo: { quotas: { burst: 75, steady: 10_000 } },
    klaviyoSource: { quota: { requests: 75, seconds: 1 } },
    writeBack: { klaviyo: { fields: { loyalty_points: 'loyalty.points' } } },
    start: false,
  });
  world.klaviyo.seed(people);
  for (let index = 0; index < people; index += 1) {
    world.voucherify.upsert({ source_id: `customer-${index}`, name: `Person ${index}` });
    // A member without points: there is something to write of everybody.
    world.voucherify.setFacts(`customer-${index}`, { campaigns: { Club: 0 } }, null);
  }
  await world.tributary.start();
  const request = { source: 'klaviyo', mode: 'full', trigger: 'manual', lane: 'backfill' } as const;
  await world.tributary.request(request);
  const written = async () => {
    const [row] = await world.database.rows<{ count: number }>(
      sql`select count(*)::int as count from write_backs where source = 'klaviyo' and state = 'delivered' and acknowledged is not null`,
    );
    return row!.count;
  };
  await until(async () => (await written()) > 100);
  arrives = true;
  for (let event = 0; event < events; event += 1) {
    world.voucherify.setFacts(`customer-${event}`, { points: event + 1 });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const isBackfillGoing = (await written()) < people;
  await until(async () => {
    const [row] = await world.database.rows<{ count: number }>(sql`
      select count(*)::int as count from write_backs
      where source = 'klaviyo' and lane = 0 and state = 'delivered' and (acknowledged ->> 'loyalty_points')::int > 0`);
    return row!.count >= events;
  });
  const rows = await world.database.rows<{ freshnessMs: number }>(sql`
    select freshness_ms from write_backs
    where source = 'klaviyo' and (acknowledged ->> 'loyalty_points')::int > 0 and freshness_ms is not null order by freshness_ms`);
  expect(isBackfillGoing).toBe(true);
  expect(rows.length).toBeGreaterThanOrEqual(events);
  expect(rows[Math.floor(rows.length * 0.99) - 1]!.freshnessMs).toBeLessThan(mostMs);
});
