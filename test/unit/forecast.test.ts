// The planner by itself: what it must never get wrong, whatever the numbers.

import { describe, expect, it } from 'vitest';
import { type ForecastInput, forecast, forecastInTurns } from '../../src/sync/plan/forecast.ts';
import { callsInAll, type QuotaNow } from '../../src/sync/plan/forecast-windows.ts';
import type { QuotaLine } from '../../src/tables/forecasts.ts';
import { fc, times } from '../support/properties.ts';

const at = 1_800_000_000_000;

const quota = (name: string, limit: number, seconds: number, more: Partial<QuotaNow> = {}): QuotaNow => ({
  name,
  limit,
  seconds,
  spent: [],
  others: 0,
  exhaustedUntil: null,
  ...more,
});

const bulk = { maxRecords: 2000, maxBytes: 10_000_000, bucket: 'bulk' };

/** A reading of so many records by pages of 100, all of new customers. */
function input(
  records: number,
  more: {
    lane?: ForecastInput['lane'];
    reading?: Partial<ForecastInput['reading']>;
    delivery?: Partial<ForecastInput['delivery']>;
    traits?: Partial<ForecastInput['delivery']['traits']>;
  } = {},
): ForecastInput {
  const pages = Math.max(Math.ceil(records / 100), 1);
  return {
    at,
    lane: more.lane ?? 'schedule',
    reading: {
      quotas: [],
      callMs: 300,
      pageMs: 300,
      steps: [{ what: 'everything', pages, callsPerPage: 1, records, customers: records }],
      ...more.reading,
    },
    delivery: {
      quotas: [],
      callMs: 300,
      traits: { partialWrites: 'merge', bulk, singlesAtOnce: 8, ...more.traits },
      readFirst: 0,
      bytesEach: 300,
      waiting: 0,
      pollsPerBulk: 1,
      ...more.delivery,
    },
  };
}

const callsFor = (played: ReturnType<typeof forecast>, what: string) =>
  played.calls.filter((line) => line.what === what).reduce((sum, { calls }) => sum + calls, 0);

const line = (played: ReturnType<typeof forecast>, name: string): QuotaLine =>
  played.quotas.find((one) => one.quota === name)!;

/** Calls of each side with when they were sent and answered. */
function traced(given: ForecastInput) {
  const calls: Parameters<NonNullable<ForecastInput['onCall']>>[0][] = [];
  const played = forecast({ ...given, onCall: (call) => calls.push(call) });
  return { played, calls };
}

describe('a forecast', () => {
  it('of few customers writes them one by one, of many in bulk, each asked about', () => {
    const few = forecast(input(20));
    expect([callsFor(few, 'single writes'), callsFor(few, 'bulk writes')]).toEqual([20, 0]);
    const many = forecast(input(4_000, { delivery: { pollsPerBulk: 2 } }));
    expect(callsFor(many, 'everything')).toBe(40);
    expect(callsFor(many, 'single writes')).toBe(0);
    expect(callsFor(many, 'polls')).toBe(2 * callsFor(many, 'bulk writes'));
    expect(many.totals).toEqual({
      source: 40,
      destination: callsFor(many, 'bulk writes') + callsFor(many, 'polls'),
    });
  });

  it('takes the time in which we are busy with customers ourselves: before a bulk call leaves, and after its last answer', () => {
    const of = (own: object) =>
      forecast(input(4_000, { delivery: { own: { compose: 0, submit: 0, settle: 0, ...own } } }));
    const bulkCalls = callsFor(of({}), 'bulk writes');
    const more = (own: object) => (of(own).minutes - of({}).minutes) * 60_000;
    expect(bulkCalls).toBe(2);
    expect(more({ settle: 0.5 })).toBeCloseTo(0.5 * 2_000, 0);
    // Those of the second call are got ready after those of the first.
    expect(more({ compose: 0.5 })).toBeGreaterThan(0.5 * 2_000 - 1);
    expect(more({ submit: 0.5 })).toBeGreaterThan(0.5 * 2_000 - 1);
    expect(of({ compose: 5, settle: 5 }).totals).toEqual(of({}).totals);
  });

  it('of no change takes the calls of one page, and the time of it', () => {
    const played = forecast(input(0));
    expect(played).toMatchObject({ totals: { source: 1, destination: 0 }, minutes: 0.005 });
  });

  it('reads customers before it writes them where the destination would lose what others keep', () => {
    const singles = { traits: { bulk: null } };
    const played = forecast(input(300, { ...singles, delivery: { readFirst: 1 } }));
    expect([callsFor(played, 'reads before writes'), callsFor(played, 'single writes')]).toEqual([300, 300]);
    const inBulk = forecast(input(300, { delivery: { readFirst: 0.5 } }));
    expect(callsFor(inBulk, 'reads before writes')).toBe(150);
  });

  it('sends as many in one bulk call as deliveries do: all it takes, or fewer where calls are plentiful', () => {
    const bulkWrites = (perMinute: number, perHour: number) => {
      const quotas = [
        quota('minute', perMinute, 60),
        { ...quota('bulk-hour', perHour, 3600), bucket: 'bulk' },
      ];
      const traits = { bulk: { ...bulk, maxRecords: 25_000 } };
      return callsFor(forecast(input(20_000, { traits, delivery: { quotas } })), 'bulk writes');
    };
    expect(bulkWrites(1_000_000, 1_000_000)).toBe(10);
    expect(bulkWrites(100, 10)).toBe(1);
  });

  describe('where what others own is learned from pages', () => {
    const census = { listed: false, total: 0, existing: 0, learns: { before: 2, after: 1 } };
    const business = [quota('minute', 75, 60), { ...quota('bulk-hour', 10, 3600), bucket: 'bulk' }];
    const whole = { bulk: { ...bulk, maxRecords: 25_000 } };
    const load = (more: object, records = 20_000) =>
      forecast(
        input(records, {
          lane: 'backfill',
          traits: { partialWrites: 'replace', ...whole },
          delivery: { readFirst: 1, quotas: business, census: { ...census, ...more } },
        }),
      );

    it('asks an empty project twice, looks once more, and writes all in one bulk call', () => {
      const played = load({});
      expect(callsFor(played, 'reads before writes')).toBe(0);
      expect(callsFor(played, 'customers listed')).toBe(2);
      expect(callsFor(played, 'changes asked for')).toBe(1);
      expect(callsFor(played, 'bulk writes')).toBe(1);
      expect(callsFor(played, 'writes that show what others keep')).toBe(3);
      expect(played.totals.destination).toBeLessThan(12);
      expect(played.minutes).toBeLessThan(3);
    });

    it('lists a half-full one, a hundred a call', () => {
      const played = load({ total: 10_000, existing: 0.5 });
      expect(callsFor(played, 'customers listed')).toBe(100);
      expect(callsFor(played, 'changes asked for')).toBe(2);
      expect(callsFor(played, 'reads before writes')).toBe(0);
      expect(played.bottleneck).not.toEqual({ side: 'destination', quota: 'bulk-hour' });
    });

    it('reads them one by one where the list is longer than they are many', () => {
      const played = load({ total: 100_000, existing: 1 }, 20);
      expect(callsFor(played, 'customers listed')).toBe(0);
      expect(callsFor(played, 'reads before writes')).toBe(20);
    });
  });

  it('goes on in bulk with those that could be read while the quota of reads is spent', () => {
    const quotas = [quota('minute', 30, 60)];
    const played = forecast(input(300, { delivery: { readFirst: 1, quotas } }));
    expect(callsFor(played, 'reads before writes')).toBe(300);
    expect(callsFor(played, 'bulk writes')).toBeGreaterThan(5);
    expect(played.bottleneck).toEqual({ side: 'destination', quota: 'minute' });
    expect(played.minutes).toBeGreaterThan(10);
    expect(played.minutes).toBeLessThan(13);
  });

  it('parts what is too large for one bulk call', () => {
    const played = forecast(
      input(2_000, { delivery: { bytesEach: 999 }, traits: { bulk: { ...bulk, maxBytes: 500_002 } } }),
    );
    expect(callsFor(played, 'bulk writes')).toBeGreaterThanOrEqual(4);
  });

  it('uses single calls while the bulk quota is used up', () => {
    const quotas = [quota('hour', 1, 3600, { bucket: 'bulk' }), quota('minute', 1000, 60)];
    const played = forecast(input(3_000, { delivery: { quotas } }));
    expect(callsFor(played, 'bulk writes')).toBe(1);
    expect(callsFor(played, 'single writes')).toBeGreaterThan(500);
  });

  it('names the quota that it waits for, with how long', () => {
    const quotas = [quota('burst', 10, 10), quota('daily', 100_000, 86_400)];
    const played = forecast(input(10_000, { reading: { quotas } }));
    expect(played.bottleneck).toEqual({ side: 'source', quota: 'burst' });
    // Ten windows of ten calls, of which the last need not be over.
    expect(played.readMinutes).toBeGreaterThan(90 / 60);
    expect(played.readMinutes).toBeLessThan(130 / 60);
    expect(line(played, 'burst').waitMinutes).toBeGreaterThan(1);
    expect(line(played, 'daily')).toMatchObject({ calls: 100, budget: 100_000, share: 0.001, fits: true });
    expect(forecast(input(10_000)).bottleneck).toBeNull();
  });

  it('waits for what is spent already, and for the end of an exhaustion', () => {
    const spent = [{ calls: 10, freeAt: at + 60_000 }];
    const waits = forecast(input(100, { reading: { quotas: [quota('q', 10, 120, { spent })] } }));
    expect(waits.readMinutes).toBeGreaterThanOrEqual(1);
    const exhausted = quota('q', 10, 120, { exhaustedUntil: at + 300_000 });
    expect(forecast(input(100, { reading: { quotas: [exhausted] } })).readMinutes).toBeGreaterThanOrEqual(5);
  });

  it('leaves a share to others: a backfill a twentieth, any lane what better ones spend, but never its least', () => {
    const limitOf = (lane: ForecastInput['lane'], others: number) =>
      line(forecast(input(100, { lane, reading: { quotas: [quota('q', 100, 60, { others })] } })), 'q').limit;
    expect(limitOf('schedule', 0)).toBe(100);
    expect(limitOf('backfill', 0)).toBe(95);
    expect(limitOf('schedule', 40)).toBe(60);
    expect(limitOf('schedule', 1_000)).toBe(10);
    expect(limitOf('backfill', 1_000)).toBe(5);
  });

  it('does not fit where a quota of a day has not so many calls left, and says when it would be done', () => {
    const spent = [{ calls: 950, freeAt: at + 3_600_000 }];
    const daily = (calls: typeof spent) => [quota('daily', 1_000, 86_400, { spent: calls })];
    const played = forecast(input(10_000, { reading: { quotas: daily(spent) } }));
    expect(line(played, 'daily')).toMatchObject({ calls: 100, budget: 50, fits: false });
    expect(played.readMinutes).toBeGreaterThan(60);
    expect(line(forecast(input(5_000, { reading: { quotas: daily(spent) } })), 'daily').fits).toBe(true);
    // What waits for an hour at most is slow, and no refusal.
    expect(line(forecast(input(5_000, { reading: { quotas: [quota('h', 10, 3600)] } })), 'h').fits).toBe(
      true,
    );
  });

  const quotas = fc
    .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.constantFrom(1, 10, 60, 600, 86_400)), {
      selector: ([, seconds]) => seconds,
      maxLength: 3,
    })
    .map((windows) =>
      windows.map(([limit, seconds]) =>
        quota(`${seconds}`, seconds > 3600 ? limit * 40 : limit, seconds, { all: true }),
      ),
    );
  const lanes = fc.constantFrom('webhook', 'manual', 'schedule', 'backfill' as const);

  it('never has more calls in a window than the quota allows, however many quotas there are at once', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4_000 }),
        quotas,
        quotas,
        lanes,
        fc.boolean(),
        (records, reading, delivery, lane, inBulk) => {
          const { calls } = traced(
            input(records, {
              lane,
              reading: { quotas: reading },
              delivery: { quotas: delivery, readFirst: 0.3 },
              traits: inBulk ? {} : { bulk: null },
            }),
          );
          for (const [side, all] of Object.entries({ source: reading, destination: delivery })) {
            const times = calls.filter((call) => call.side === side).map((call) => call.at);
            for (const { limit, seconds } of all)
              for (let index = limit; index < times.length; index += 1)
                expect(times[index]! - times[index - limit]!).toBeGreaterThan(seconds * 1000);
          }
        },
      ),
      { numRuns: times(40) },
    );
  });

  it('is never shorter than its calls need windows', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000 }), quotas, quotas, (records, reading, delivery) => {
        const played = forecast(
          input(records, { reading: { quotas: reading }, delivery: { quotas: delivery } }),
        );
        for (const { calls, limit, seconds } of played.quotas)
          expect(played.minutes * 60).toBeGreaterThanOrEqual((Math.ceil(calls / limit) - 1) * seconds);
      }),
      { numRuns: times(60) },
    );
  });

  it('of more records takes no fewer calls to read, and written one by one no fewer in all and no less time', () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 2_000 })),
        quotas,
        quotas,
        lanes,
        (both, reading, delivery, lane) => {
          const [fewer, more] = both
            .toSorted((a, b) => a - b)
            .map((records) => {
              const more = { reading: { quotas: reading }, delivery: { quotas: delivery } };
              return forecast(input(records, { lane, ...more, traits: { bulk: null } }));
            }) as [ReturnType<typeof forecast>, ReturnType<typeof forecast>];
          expect(more.totals.source).toBeGreaterThanOrEqual(fewer.totals.source);
          expect(more.totals.destination).toBeGreaterThanOrEqual(fewer.totals.destination);
          expect(more.readMinutes).toBeGreaterThanOrEqual(fewer.readMinutes);
          // What is cut into other groups may end a call or two earlier or later.
          expect(more.minutes).toBeGreaterThanOrEqual(fewer.minutes - 0.02);
        },
      ),
      { numRuns: times(60) },
    );
  });

  it('of a million records is made in a few seconds, and lets others have their turn', async () => {
    const begun = performance.now();
    let rests = 0;
    const rest = async () => {
      rests += 1;
    };
    const windows = [quota('minute', 1_600, 60), quota('hour', 9, 3600, { bucket: 'bulk' })];
    const reading = { quotas: [quota('burst', 90, 10)] };
    const played = await forecastInTurns(input(1_000_000, { reading, delivery: { quotas: windows } }), rest);
    expect(played.totals.source).toBe(10_000);
    expect(rests).toBeGreaterThan(20);
    expect(performance.now() - begun).toBeLessThan(20_000);
  });
});

describe('calls in all', () => {
  it.each([
    [[], null],
    [
      [
        { all: true as const, calls: 12 },
        { bucket: 'search', calls: 3 },
      ],
      12,
    ],
    [[{ calls: 7 }, { calls: 7 }, { bucket: 'bulk', calls: 2 }], 9],
  ])('of %j are %j', (quotas, total) => {
    expect(callsInAll(quotas)).toBe(total);
  });
});
