// How few calls a delivery takes, against the fewest that any plan could take: every way of listing, reading, waiting and
// sending of small cases is tried. It knows rules and numbers, no database and no vendor.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Lane } from '../../src/engine/quota/lanes.ts';
import {
  callsToList,
  isListWorthwhile,
  minLooked,
  pagesOf,
  planLook,
} from '../../src/sync/census/reading-plan.ts';
import { maxSingles, patienceMs, route, type Traits } from '../../src/sync/deliver/route.ts';

const slotMs = 5_000;

/** A run that brings so many customers in each slot, and what it meets at the destination. */
interface Mix {
  lane: Lane;
  arrivals: number[];
  /** What one bulk call takes. */
  capacity: number;
  /** How far apart bulk calls are that the quota allows for ever. */
  spacingMs: number;
  bulkCalls: number;
  /** Customers there, and which share of those that arrive is among them. */
  there: number;
  existing: number;
  /** Customers that others change in a slot. */
  others: number;
}

/** One bulk call, and one question what became of it. */
const callsPerBulk = 2;

/** What has happened so far. */
interface State {
  calls: number;
  listed: boolean;
  bulkLeft: number;
  /** Since the last look: customers that we have created and updated. */
  created: number;
  updated: number;
}

const begin = ({ bulkCalls }: Mix): State => ({
  calls: 0,
  listed: false,
  bulkLeft: bulkCalls,
  created: 0,
  updated: 0,
});

/** How it is learned what others own: `look` asks in pages. */
type Reading = 'look' | 'singles';

function read(mix: Mix, state: State, customers: number, how: Reading): State {
  const existing = Math.round(customers * mix.existing);
  if (how === 'singles') return { ...state, calls: state.calls + customers };
  const updated = state.updated + mix.others;
  const looked = { existing, fresh: customers - existing, created: state.created, updated };
  const plan = planLook(looked);
  const first = existing > 0 ? 2 : 1;
  const created = plan.created === 'count' ? 1 : Math.max(pagesOf(state.created) - 1, 0);
  const pages = Math.max(pagesOf(updated) - 1, 0);
  if (plan.created === 'read') return { ...state, calls: state.calls + first + customers };
  const rest = plan.updated === 'read' ? existing : existing > 0 ? pages : 0;
  return { ...state, calls: state.calls + first + created + rest, created: 0, updated: 0 };
}

function sent(mix: Mix, state: State, customers: number, by: 'single' | 'bulk', how: Reading): State {
  const known = read(mix, state, customers, how);
  const bulk = Math.ceil(customers / mix.capacity);
  const existing = Math.round(customers * mix.existing);
  return {
    ...known,
    calls: known.calls + (by === 'bulk' ? bulk * callsPerBulk : customers),
    bulkLeft: known.bulkLeft - (by === 'bulk' ? bulk : 0),
    created: known.created + customers - existing,
    updated: known.updated + existing,
  };
}

const listed = (mix: Mix, state: State): State => ({
  ...state,
  calls: state.calls + callsToList(mix.there),
  listed: true,
  created: 0,
  updated: 0,
});

/** The calls that our rules take. */
function planned(mix: Mix): number {
  const traits: Traits = {
    partialWrites: 'replace',
    bulk: { maxRecords: mix.capacity, maxBytes: 10_000_000 },
    singlesAtOnce: 1_000,
  };
  let state = begin(mix);
  let due: { customers: number; slot: number }[] = [];
  for (let slot = 0; ; slot += 1) {
    const isReading = slot < mix.arrivals.length;
    if (isReading) due.push({ customers: mix.arrivals[slot]!, slot });
    for (;;) {
      due = due.filter(({ customers }) => customers > 0);
      const waiting = due.reduce((sum, { customers }) => sum + customers, 0);
      if (waiting === 0) break;
      if (!state.listed && waiting >= minLooked && isListWorthwhile({ total: mix.there, waiting }))
        state = listed(mix, state);
      const plan = route(
        [{ lane: mix.lane, due: Math.min(waiting, mix.capacity), oldest: due[0]!.slot * slotMs }],
        {
          at: slot * slotMs,
          reading: slot + 1 < mix.arrivals.length,
          bulkUnderWay: 0,
          maxBulkAtOnce: 1,
          singleWaitMs: 0,
          bulkWaitMs: state.bulkLeft > 0 ? 0 : 3_600_000,
          bulkSpacingMs: mix.spacingMs,
        },
        traits,
      );
      if (plan.by === 'none') break;
      const taken = Math.min(waiting, plan.most);
      const how = state.listed && taken >= minLooked ? 'look' : 'singles';
      state = sent(mix, state, taken, plan.by === 'bulk' && taken > 1 ? 'bulk' : 'single', how);
      due = without(due, taken);
    }
    if (!isReading && due.length === 0) return state.calls;
  }
}

function without(due: readonly { customers: number; slot: number }[], taken: number) {
  let left = taken;
  return due.map(({ customers, slot }) => {
    const some = Math.min(customers, left);
    left -= some;
    return { customers: customers - some, slot };
  });
}

/** The fewest calls of all plans: to list or not, to wait or not, in bulk or one by one, read in whatever way. */
function fewest(mix: Mix): number {
  const patience = patienceMs(mix.lane, mix.spacingMs);
  const last = mix.arrivals.length - 1;
  let best = Number.POSITIVE_INFINITY;
  const go = (slot: number, waiting: number, oldest: number, state: State): void => {
    if (state.calls >= best) return;
    if (slot > last) {
      best = Math.min(best, state.calls);
      return;
    }
    const arrived = mix.arrivals[slot]!;
    const all = waiting + arrived;
    const since = waiting === 0 ? slot : oldest;
    const mayWait = slot < last && (slot + 1 - since) * slotMs <= patience;
    if (all === 0) {
      go(slot + 1, 0, slot, state);
      return;
    }
    if (mayWait) go(slot + 1, all, since, state);
    const full = Math.floor(all / mix.capacity) * mix.capacity;
    for (const before of state.listed ? [state] : [state, listed(mix, state)])
      for (const how of before.listed ? (['look', 'singles'] as const) : (['singles'] as const))
        for (const inBulk of new Set([0, full, all])) {
          // Few go one by one, for the sake of their answer.
          if (inBulk > 0 && (inBulk <= maxSingles || before.bulkLeft < Math.ceil(inBulk / mix.capacity)))
            continue;
          const after = inBulk > 0 ? sent(mix, before, inBulk, 'bulk', how) : before;
          const rest = all - inBulk;
          if (rest === 0) go(slot + 1, 0, slot, after);
          else {
            for (const again of after.listed ? (['look', 'singles'] as const) : (['singles'] as const))
              go(slot + 1, 0, slot, sent(mix, after, rest, 'single', again));
            if (inBulk > 0 && slot < last) go(slot + 1, rest, slot, after);
          }
        }
  };
  go(0, 0, 0, begin(mix));
  return best;
}

const some = (max: number) => fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max }));

/** The closer bulk calls may be, the more of them are left. */
const quotas = fc.oneof(
  fc.record({ spacingMs: fc.constant(0), bulkCalls: fc.constant(1_000) }),
  fc.record({ spacingMs: fc.constant(36_000), bulkCalls: fc.integer({ min: 3, max: 100 }) }),
  fc.record({ spacingMs: fc.constant(360_000), bulkCalls: fc.integer({ min: 1, max: 10 }) }),
);

const mixes: fc.Arbitrary<Mix> = fc
  .record({
    quota: quotas,
    lane: fc.constantFrom('schedule' as const, 'backfill' as const),
    arrivals: fc.array(some(3_000), { minLength: 1, maxLength: 6 }),
    capacity: fc.constantFrom(2_000, 25_000),
    there: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 20_000 })),
    existing: fc.constantFrom(0, 0.5, 1),
    others: fc.integer({ min: 0, max: 300 }),
  })
  .map(({ quota, ...mix }) => ({ ...mix, ...quota }));

describe('the calls of a delivery', () => {
  it('are within a tenth of the fewest there could be, over a thousand mixes', () => {
    const all = fc.sample(mixes, { numRuns: 1_000, seed: 20_261_129 });
    const taken = all.map((mix) => ({ mix, ours: planned(mix), best: fewest(mix) }));
    const sum = (of: 'ours' | 'best') => taken.reduce((total, one) => total + one[of], 0);
    // Else the fewest were not the fewest.
    for (const { mix, ours, best } of taken) expect(ours, JSON.stringify(mix)).toBeGreaterThanOrEqual(best);
    expect(sum('ours') / sum('best')).toBeLessThanOrEqual(1.1);
  });
});
