// Every call to both vendors may fail, in every way there is, one in twenty: when that stops and the queues drain, nothing
// is lost, nothing is doubled, and only what the vendor refuses is given up.
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Fault as HubSpotFault } from '../../simulators/hubspot.ts';
import type { BulkFault, VoucherifyOptions } from '../../simulators/voucherify.ts';
import { databases } from '../support/databases.ts';
import { FastClock } from '../support/fast-clock.ts';
import { randomOf } from '../support/random.ts';
import { differences, openSyncWorld, until } from '../support/sync-world.ts';

const people = 120;
const rounds = 7;
/** One call in so many fails, on average. */
const callsPerFault = 20;
/** The most that the destination's schema allows: more is refused. */
const maxPoints = 100_000;
const given = process.env['TRIBUTARY_TEST_SEED'];
const seeds = given
  ? [Number(given)]
  : Array.from({ length: process.env['TRIBUTARY_TEST_ALL_SEEDS'] ? 20 : 3 }, (_, index) => index + 1);

const modes = [
  'too many, until then',
  'too many, without a word',
  '500',
  '502',
  '503 with a time',
  'a web page',
  'dropped',
  'applied, then dropped',
  'slow',
  'cut while it is read',
  'cut short',
] as const;
type Mode = (typeof modes)[number];

/** What a failing call gets. `null`: the call itself is to be made, and its answer lost. */
async function failed(mode: Mode, slow: () => Promise<void>): Promise<Response | null> {
  switch (mode) {
    case 'too many, until then':
      return Response.json(
        { code: 429, message: 'Too many requests hit the API too quickly.', category: 'RATE_LIMITS' },
        { status: 429, headers: { 'Retry-After': '2' } },
      );
    case 'too many, without a word':
      return Response.json({ code: 429, message: 'Too many requests' }, { status: 429 });
    case '500':
    case '502':
      return Response.json({ code: Number(mode), message: 'Something went wrong' }, { status: Number(mode) });
    case '503 with a time':
      return Response.json({ message: 'Later' }, { status: 503, headers: { 'Retry-After': '1' } });
    case 'a web page':
      return new Response('<h1>Bad gateway</h1>', { headers: { 'content-type': 'text/html' } });
    case 'dropped':
      return Response.error();
    case 'applied, then dropped':
      return null;
    case 'slow':
      await slow();
      return Response.error();
    case 'cut while it is read':
      return new Response(
        new ReadableStream({
          start(body) {
            body.enqueue(new TextEncoder().encode('{"object":'));
            setTimeout(() => body.error(new Error('cut')), 1);
          },
        }),
        { headers: { 'content-type': 'application/json' } },
      );
    case 'cut short':
      return new Response('{"object":"customer","id":"cu', {
        headers: { 'content-type': 'application/json' },
      });
  }
}

// The simulators' server says so of each body that it cuts.
beforeAll(() => void vi.spyOn(console, 'error').mockImplementation(() => {}));
afterAll(() => void vi.restoreAllMocks());

describe.each(databases)('vendors that fail, on $name', ({ open }) => {
  it.each(seeds)('lose nothing and double nothing (seed %i)', async (seed) => {
    const random = randomOf(seed);
    const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
    const clock = new FastClock(60);
    let failing = true;
    let [calls, faults] = [0, 0];
    const callsUntilNext = () => 1 + Math.floor(random() * (2 * callsPerFault - 1));
    let nextAt = callsUntilNext();
    const fault = async (timeoutSeconds = 30): Promise<Response | null | undefined> => {
      if (!failing) return undefined;
      calls += 1;
      if (calls < nextAt) return undefined;
      nextAt = calls + callsUntilNext();
      faults += 1;
      return failed(modes[(seed + faults) % modes.length]!, () => clock.sleep(timeoutSeconds * 1000 + 5_000));
    };
    const voucherifyFaults: VoucherifyOptions['faults'] = async (_request, route) => {
      const answer = await fault(route.includes('bulk') ? 200 : 30);
      if (answer === null) return 'apply-then-drop';
      return answer?.type === 'error' ? 'drop' : answer;
    };
    const hubspotFaults: HubSpotFault = async (_request, next) => {
      const answer = await fault();
      if (answer !== null) return answer;
      await next();
      return Response.error();
    };
    const database = await open();
    const world = await openSyncWorld(database, {
      clock,
      hubspot: { faults: hubspotFaults, indexLagMs: 0 },
      voucherify: {
        faults: voucherifyFaults,
        bulkProcessing: { waitMs: 500, recordMs: 20 },
        bulkChaos: (): BulkFault =>
          failing && random() < 0.2 ? pick(['accepted-but-empty', 'fail', 'never-ends']) : undefined,
        badBulkRecord: pick(['fails-alone', 'fails-all']),
        metadataWrites: pick(['merge', 'replace']),
        metadataSchema: {
          properties: { loyalty_points: { type: 'number', lte: maxPoints } },
        } as NonNullable<VoucherifyOptions['metadataSchema']>,
      },
      destination: { bulk: { records: 50, bytes: 1_000_000 } },
      // Cities that go are many here, and no reason to ask a person.
      config: { metadataSchema: 'none', breaker: { blanked: { share: 1, count: 1e6 } } },
    });
    const refused = new Set<string>();
    const ask = () =>
      world.tributary.request({
        source: 'hubspot',
        mode: 'incremental',
        trigger: 'manual',
        lane: 'schedule',
      });
    /** Waits until the run is over and nothing is due; what bulk actions carry may take an hour. */
    const passes = () => {
      const deadline = clock.now() + 180_000;
      return until(async () => {
        const [row] = await database.rows<{ open: number }>(sql`
          select (select count(*) from runs where state = 'requested')::int
               + (select count(*) from deliveries where state = 'waiting' and batch_id is null)::int as open`);
        return row?.open === 0 || clock.now() > deadline;
      });
    };
    try {
      world.hubspot.seed(people, seed);
      const ids = [...world.hubspot.contacts()].map(({ id }) => id);
      await world.tributary.start({ calendar: false });
      for (let round = 0; round < rounds; round += 1) {
        await ask();
        await passes();
        for (let changes = pick([24, 24, 50]); changes > 0; changes -= 1) {
          const id = pick(ids);
          const isBad = random() < 0.05;
          if (isBad) refused.add(id);
          else refused.delete(id);
          const points = isBad ? maxPoints + 1 : Math.floor(random() * maxPoints);
          world.hubspot.update(id, { loyalty_points: points, city: pick(['Porto', 'Lyon', '']) });
        }
      }
      failing = false;
      // Whatever never ends is given up after an hour; runs that gave up are asked for anew.
      for (let again = 0; again < 3; again += 1) {
        await ask();
        clock.skip(3_700_000);
        await until(async () => {
          const [row] = await database.rows<{ waiting: number }>(
            sql`select count(*)::int as waiting from deliveries where state = 'waiting'`,
          );
          return row?.waiting === 0 && (await world.tributary.isAtRest());
        });
      }
      const letters = await database.rows<{ ref: string; code: string }>(
        sql`select ref, code from dead_letters where settled_at is null order by ref`,
      );
      expect(letters.map(({ ref }) => ref)).toEqual([...refused].sort());
      expect(new Set(letters.map(({ code }) => code))).toEqual(
        new Set(refused.size ? ['metadata_validation_failed'] : []),
      );
      const wrong = differences(world) as { id: string }[];
      expect(wrong.filter(({ id }) => !refused.has(id))).toEqual([]);
      expect(world.voucherify.duplicates()).toEqual([]);
      expect(world.voucherify.count).toBeGreaterThanOrEqual(people - refused.size);
      // The test means something only where calls were made and failed.
      expect(faults).toBeGreaterThan(1);
    } finally {
      failing = false;
      await world.close();
      await database.close();
    }
  });
});
