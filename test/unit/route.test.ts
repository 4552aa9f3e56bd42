// How what is due is sent: one by one, in bulk, or not yet.

import { describe, expect, it } from 'vitest';
import { type Lane, lanes } from '../../src/engine/quota/lanes.ts';
import { route, type Traffic, type Traits, worthwhile } from '../../src/sync/deliver/route.ts';
import type { Backlog } from '../../src/tables/deliveries.ts';
import { fc, times } from '../support/properties.ts';

const at = Date.UTC(2026, 0, 1);

const bulkTraits: Traits = {
  partialWrites: 'merge',
  bulk: { maxRecords: 2000, maxBytes: 10_000_000 },
  singlesAtOnce: 8,
};

const singleTraits: Traits = { ...bulkTraits, bulk: null };

const resting: Traffic = {
  at,
  reading: false,
  bulkUnderWay: 0,
  maxBulkAtOnce: 4,
  singleWaitMs: 0,
  bulkWaitMs: 0,
};

const reading = { ...resting, reading: true };

const busy = { ...resting, bulkUnderWay: 4 };

/** So many due in a lane, the oldest for so many seconds. */
const due = (lane: Lane, count: number, seconds = 0): Backlog => ({
  lane,
  due: count,
  oldest: at - seconds * 1000,
});

/** The quota of one kind allows nothing for longer than it is worth waiting. */
const noBulk: Traffic = { ...resting, bulkWaitMs: 600_000 };

const noSingles: Traffic = { ...resting, singleWaitMs: 600_000 };

describe('What is worthwhile in one bulk call', () => {
  const large: Traits = { ...bulkTraits, bulk: { maxRecords: 25_000, maxBytes: 10_000_000 } };
  const most = (traits: Traits, bulk: number, single: number) =>
    worthwhile(traits, { bulk, single }).bulk?.maxRecords;

  it('is all that it takes, where bulk calls or the questions about them are scarce', () => {
    expect(most(large, 360_000, 600)).toBe(25_000);
    expect(most(large, 360_000, 1)).toBe(25_000);
    expect(most(large, 4, 600)).toBe(25_000);
  });

  it('is 2,000 customers where calls of both kinds are plentiful, so that memory stays flat', () => {
    expect(most(large, 4, 1)).toBe(2_000);
    expect(most({ ...large, bulk: { ...large.bulk!, maxRecords: 500 } }, 4, 1)).toBe(500);
  });

  it('is all that it takes where the destination replaces objects, since each batch costs a look', () => {
    expect(most({ ...large, partialWrites: 'replace' }, 4, 1)).toBe(25_000);
  });
});

describe('A route', () => {
  it('is none where nothing is due, and looks again in a second', () => {
    expect(route([], resting, bulkTraits)).toEqual({ by: 'none', againMs: 1000 });
    expect(route([], resting, singleTraits)).toEqual({ by: 'none', againMs: 1000 });
  });

  it('is one by one for a few, whose answer is then known at once', () => {
    for (const count of [1, 25])
      expect(route([due('schedule', count)], resting, bulkTraits)).toEqual({ by: 'single', most: count });
  });

  it('is in bulk for more than a few, as many as one call takes', () => {
    for (const count of [26, 2000, 90_000])
      expect(route([due('backfill', count)], resting, bulkTraits)).toEqual({ by: 'bulk', most: 2000 });
  });

  it('counts the few over all lanes', () => {
    const both = (count: number) => [due('schedule', 13), due('backfill', count)];
    expect(route(both(13), resting, bulkTraits)).toMatchObject({ by: 'bulk' });
    expect(route(both(12), resting, bulkTraits)).toEqual({ by: 'single', most: 25 });
  });

  it.each(['webhook', 'manual'] as const)(
    'takes the few of a %s first, alone, before a whole backfill',
    (lane) => {
      const backlog = [due(lane, 2), due('backfill', 2000, 600)];
      for (const traffic of [resting, reading, busy, noBulk])
        expect(route(backlog, traffic, bulkTraits)).toEqual({ by: 'single', most: 2 });
    },
  );

  it('sends many requested customers in bulk like all others, without waiting for more', () => {
    for (const traffic of [resting, reading])
      expect(route([due('webhook', 26)], traffic, bulkTraits)).toEqual({ by: 'bulk', most: 2000 });
  });

  it('sends requested customers one by one while all bulk calls are in progress, without waiting for one to end', () => {
    expect(route([due('webhook', 30), due('backfill', 1000)], busy, bulkTraits)).toEqual({
      by: 'single',
      most: 30,
    });
    expect(route([due('manual', 500)], busy, bulkTraits)).toEqual({ by: 'single', most: 32 });
    expect(route([due('manual', 500)], { ...busy, singleWaitMs: 600_000 }, bulkTraits)).toMatchObject({
      by: 'none',
    });
  });

  it('waits for more customers while a run is reading, whether few or many are due', () => {
    for (const count of [1, 25, 26, 1999])
      expect(route([due('schedule', count)], reading, bulkTraits)).toEqual({ by: 'none', againMs: 250 });
  });

  it('waits no longer than ten seconds for it', () => {
    expect(route([due('schedule', 100, 9.999)], reading, bulkTraits)).toMatchObject({ by: 'none' });
    expect(route([due('schedule', 100, 10)], reading, bulkTraits)).toMatchObject({ by: 'bulk' });
    expect(route([due('schedule', 100), due('backfill', 1, 10)], reading, bulkTraits)).toMatchObject({
      by: 'bulk',
    });
  });

  it('waits as long as bulk calls are apart where they are scarce, and no longer than its lane allows', () => {
    const scarce = { ...reading, bulkSpacingMs: 360_000 };
    expect(route([due('schedule', 1000, 59.9)], scarce, bulkTraits)).toMatchObject({ by: 'none' });
    expect(route([due('schedule', 1000, 60)], scarce, bulkTraits)).toMatchObject({ by: 'bulk' });
    expect(route([due('backfill', 1000, 299)], scarce, bulkTraits)).toMatchObject({ by: 'none' });
    expect(route([due('backfill', 1000, 300)], scarce, bulkTraits)).toMatchObject({ by: 'bulk' });
    expect(
      route([due('backfill', 1000, 20)], { ...scarce, bulkSpacingMs: 20_000 }, bulkTraits),
    ).toMatchObject({
      by: 'bulk',
    });
    expect(route([due('backfill', 2000)], scarce, bulkTraits)).toMatchObject({ by: 'bulk' });
  });

  it('spends no scarce bulk call on a few dozen while more are coming', () => {
    const scarce = { ...reading, bulkSpacingMs: 360_000 };
    expect(route([due('schedule', 40, 60)], scarce, bulkTraits)).toEqual({ by: 'single', most: 32 });
    expect(route([due('schedule', 101, 60)], scarce, bulkTraits)).toMatchObject({ by: 'bulk' });
    expect(route([due('schedule', 40, 60)], { ...scarce, reading: false }, bulkTraits)).toMatchObject({
      by: 'bulk',
    });
    expect(route([due('schedule', 40, 60)], { ...scarce, singleWaitMs: 60_000 }, bulkTraits)).toMatchObject({
      by: 'bulk',
    });
  });

  it('waits no longer than until a whole bulk call is together', () => {
    expect(route([due('backfill', 1999)], reading, bulkTraits)).toMatchObject({ by: 'none' });
    expect(route([due('backfill', 2000)], reading, bulkTraits)).toMatchObject({ by: 'bulk' });
    expect(route([due('schedule', 1000), due('backfill', 1000)], reading, bulkTraits)).toMatchObject({
      by: 'bulk',
    });
  });

  it('waits while the maximum of bulk calls is in progress', () => {
    expect(route([due('backfill', 2000)], { ...resting, bulkUnderWay: 3 }, bulkTraits)).toMatchObject({
      by: 'bulk',
    });
    expect(route([due('backfill', 2000)], busy, bulkTraits)).toEqual({ by: 'none', againMs: 250 });
    expect(route([due('backfill', 5)], busy, bulkTraits)).toEqual({ by: 'single', most: 5 });
  });

  it('is one by one, without waiting, for a destination that takes no bulk', () => {
    for (const traffic of [resting, reading, busy, noBulk])
      expect(route([due('backfill', 9000)], traffic, singleTraits)).toEqual({ by: 'single', most: 32 });
  });

  it('avoids a quota that is spent for long: by single calls without bulk calls, in bulk without single calls', () => {
    expect(route([due('backfill', 2000)], noBulk, bulkTraits)).toEqual({ by: 'single', most: 32 });
    expect(route([due('manual', 2)], noSingles, bulkTraits)).toEqual({ by: 'bulk', most: 2000 });
    expect(route([due('schedule', 10)], { ...resting, singleWaitMs: 5_000 }, bulkTraits)).toMatchObject({
      by: 'single',
    });
  });

  describe('of a first load', () => {
    const fileTraits: Traits = { ...bulkTraits, firstLoad: { maxRecords: 50_000, maxBytes: 10_000_000 } };
    const first = { ...resting, firstLoad: true };
    const stillReading = { ...reading, firstLoad: true };

    it('is a file where it is asked for, there are many, and the destination is empty', () => {
      expect(route([due('backfill', 4000)], first, fileTraits)).toEqual({ by: 'file', most: 50_000 });
      expect(route([due('schedule', 90_000)], first, fileTraits)).toEqual({ by: 'file', most: 50_000 });
      expect(route([due('backfill', 3999)], first, fileTraits)).toMatchObject({ by: 'bulk' });
      expect(route([due('backfill', 4000)], resting, fileTraits)).toMatchObject({ by: 'bulk' });
      expect(route([due('backfill', 4000)], first, bulkTraits)).toMatchObject({ by: 'bulk' });
      expect(route([due('backfill', 4000)], first, { ...fileTraits, bulk: null })).toMatchObject({
        by: 'single',
      });
    });

    it('is waited for while it is read, until it fills a file or a quarter of an hour has passed', () => {
      const none = { by: 'none', againMs: 1000 };
      for (const count of [1, 2000, 49_999])
        expect(route([due('backfill', count, 899)], stillReading, fileTraits)).toEqual(none);
      expect(route([due('backfill', 50_000)], stillReading, fileTraits)).toMatchObject({ by: 'file' });
      expect(route([due('backfill', 4000, 900)], stillReading, fileTraits)).toMatchObject({ by: 'file' });
      expect(route([due('backfill', 2000, 900)], stillReading, fileTraits)).toMatchObject({ by: 'bulk' });
    });

    it('delays nobody who waits for an answer, and is not sent if bulk calls are not allowed', () => {
      const backlog = [due('webhook', 2), due('backfill', 9000)];
      expect(route(backlog, stillReading, fileTraits)).toEqual({ by: 'single', most: 2 });
      expect(route([due('webhook', 30), due('backfill', 9000)], first, fileTraits)).toMatchObject({
        by: 'bulk',
      });
      expect(route([due('backfill', 9000)], { ...noBulk, firstLoad: true }, fileTraits)).toMatchObject({
        by: 'single',
      });
      expect(route([due('backfill', 9000)], { ...busy, firstLoad: true }, fileTraits)).toMatchObject({
        by: 'none',
      });
    });
  });

  describe('whatever is due', () => {
    const backlogs = fc
      .uniqueArray(
        fc.record({
          lane: fc.constantFrom(...lanes),
          due: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 5000 })),
          oldest: fc.integer({ min: at - 60_000, max: at }),
        }),
        { selector: (lane) => lane.lane, maxLength: 4 },
      )
      .map((found) => lanes.flatMap((lane) => found.filter((one) => one.lane === lane)));
    const wait = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 20_000 }));
    const traffics: fc.Arbitrary<Traffic> = fc.record({
      at: fc.constant(at),
      reading: fc.boolean(),
      bulkUnderWay: fc.integer({ min: 0, max: 9 }),
      maxBulkAtOnce: fc.integer({ min: 1, max: 8 }),
      singleWaitMs: wait,
      bulkWaitMs: wait,
    });
    const traits = fc.record({
      partialWrites: fc.constantFrom('merge' as const, 'replace' as const),
      bulk: fc.option(
        fc.record({ maxRecords: fc.integer({ min: 2, max: 3000 }), maxBytes: fc.constant(10_000_000) }),
      ),
      singlesAtOnce: fc.integer({ min: 1, max: 20 }),
    });
    const always = (holds: (backlog: Backlog[], traffic: Traffic, traits: Traits) => void) =>
      fc.assert(fc.property(backlogs, traffics, traits, holds), { numRuns: times(600) });

    it('nothing goes in bulk where there is no bulk', () => {
      always((backlog, traffic, traits) => {
        if (traits.bulk === null) expect(route(backlog, traffic, traits).by).not.toBe('bulk');
      });
    });

    it('no webhook and no person waits while a single call can be made', () => {
      always((backlog, traffic, traits) => {
        const isUrgent = backlog.some(({ lane }) => lane === 'webhook' || lane === 'manual');
        if (isUrgent && traffic.singleWaitMs <= 5_000)
          expect(route(backlog, traffic, traits).by).not.toBe('none');
      });
    });

    it('something is sent or a time to look again is named, sooner where anything is due', () => {
      always((backlog, traffic, traits) => {
        const plan = route(backlog, traffic, traits);
        if (plan.by !== 'none') expect(plan.most).toBeGreaterThan(0);
        else expect(plan.againMs).toBe(backlog.length ? 250 : 1000);
      });
    });

    it('a bulk call is as large as it may be, and never one too many', () => {
      always((backlog, traffic, traits) => {
        const plan = route(backlog, traffic, traits);
        if (plan.by !== 'bulk') return;
        expect(plan.most).toBe(traits.bulk?.maxRecords);
        expect(traffic.bulkUnderWay).toBeLessThan(traffic.maxBulkAtOnce);
      });
    });

    it('what has waited ten seconds is held back by nothing but bulk calls under way', () => {
      always((backlog, traffic, traits) => {
        const waited = backlog.some((lane) => lane.oldest <= traffic.at - 10_000);
        if (waited && traffic.bulkUnderWay < traffic.maxBulkAtOnce)
          expect(route(backlog, traffic, traits).by).not.toBe('none');
      });
    });

    it('what goes one by one is no more than is due, nor than can be sent soon', () => {
      always((backlog, traffic, traits) => {
        const plan = route(backlog, traffic, traits);
        if (plan.by !== 'single') return;
        expect(plan.most).toBeLessThanOrEqual(traits.singlesAtOnce * 4);
        expect(plan.most).toBeLessThanOrEqual(backlog.reduce((sum, lane) => sum + lane.due, 0));
      });
    });
  });
});
