// What holds of every set of contributions: the fold knows no order, and explains exactly what it does.

import { expect, it } from 'vitest';
import type { Fields, Json } from '../../../src/connector.ts';
import {
  type Contribution,
  compileMerge,
  explainMerge,
  type MergeConfig,
  merge,
} from '../../../src/customer/merge.ts';
import { fc, times } from '../../support/properties.ts';

const sources = ['hubspot', 'klaviyo', 'csv'];
const fieldNames = ['name', 'email', 'address.city', 'metadata.a', 'metadata.b'];

const anyFields: fc.Arbitrary<Fields> = fc.dictionary(
  fc.constantFrom(...fieldNames),
  fc.constantFrom<Json[]>(null, 'a', 'b', 1, ['a'], { a: 1, b: 2 }, { b: 2, a: 1 }),
  { noNullPrototype: true },
);

/** Few names and moments, so that ties and repeated records are common. */
const contribution: fc.Arbitrary<Contribution> = fc.record(
  {
    source: fc.constantFrom(...sources, 'unlisted', 'another'),
    stream: fc.constantFrom('contacts', 'deals'),
    recordId: fc.constantFrom('1', '2'),
    changedAt: fc.nat(3),
    fields: anyFields,
  },
  { noNullPrototype: true },
);
const contributions = fc.array(contribution, { maxLength: 9 });

const policyName = fc.constantFrom('newest' as const, 'precedence' as const, 'first' as const);
const order = fc.shuffledSubarray(sources);
const fieldPolicy = fc.oneof(
  fc.constantFrom('newest' as const, 'first' as const),
  order,
  fc.record({ policy: policyName, sources: order }),
);
const anyConfig: fc.Arbitrary<MergeConfig> = fc.record(
  {
    default: policyName,
    sources: order,
    fields: fc.dictionary(fc.constantFrom(...fieldNames, 'metadata.*', 'address.*', '*'), fieldPolicy, {
      maxKeys: 3,
    }),
  },
  { requiredKeys: [] },
);
const anyPins = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Fields>({}) },
  { weight: 1, arbitrary: anyFields },
);

const idOf = ({ source, stream, recordId }: Omit<Contribution, 'changedAt' | 'fields'>) =>
  `${source}/${stream}/${recordId}`;

it('The order of contributions and a repeat of one change nothing.', () => {
  const shuffled = contributions.chain((list) =>
    fc.tuple(
      fc.constant(list),
      fc.shuffledSubarray([...list, ...list], { minLength: list.length * 2, maxLength: list.length * 2 }),
    ),
  );
  fc.assert(
    fc.property(shuffled, anyConfig, anyPins, ([list, others], config, pins) => {
      const policy = compileMerge(config, sources);
      const fields = merge(list, policy, pins);
      expect(merge(others, policy, pins)).toEqual(fields);
      expect(Object.keys(merge(others, policy, pins))).toEqual(Object.keys(fields).toSorted());
      expect(explainMerge(others, policy, pins)).toEqual(explainMerge(list, policy, pins));
    }),
    { numRuns: times(1_000) },
  );
});

it('Older states of a record change nothing: only its newest counts.', () => {
  fc.assert(
    fc.property(contributions, anyConfig, (list, config) => {
      const policy = compileMerge(config, sources);
      const newest = new Map<string, Contribution>();
      for (const one of list) {
        const held = newest.get(idOf(one));
        // Two states of one moment are another property's matter.
        if (held?.changedAt === one.changedAt) return;
        if (!held || held.changedAt < one.changedAt) newest.set(idOf(one), one);
      }
      expect(merge(list, policy)).toEqual(merge([...newest.values()], policy));
    }),
    { numRuns: times(1_000) },
  );
});

it('The explanation agrees with the merge, field by field, and accounts for every record that speaks.', () => {
  fc.assert(
    fc.property(contributions, anyConfig, anyPins, (list, config, pins) => {
      const policy = compileMerge(config, sources);
      const explained = explainMerge(list, policy, pins);
      const values = Object.entries(explained).map(([field, { value }]) => [field, value]);
      expect(Object.fromEntries(values)).toEqual(merge(list, policy, pins));
      for (const [field, { winner, losers, value }] of Object.entries(explained)) {
        const speakers = [...losers, ...(winner === 'pin' ? [] : [winner])].map(idOf);
        expect(new Set(speakers).size).toBe(speakers.length);
        expect(winner === 'pin').toBe(Object.hasOwn(pins, field));
        if (winner === 'pin') continue;
        expect(list.some((one) => idOf(one) === idOf(winner) && one.fields[field] === value)).toBe(true);
        expect(losers.every((loser) => loser.reason.endsWith('.'))).toBe(true);
      }
    }),
    { numRuns: times(1_000) },
  );
});

it('Where the winner goes, the best of the losers takes its place, and with the last one the field goes.', () => {
  fc.assert(
    fc.property(contributions, anyConfig, (list, config) => {
      const policy = compileMerge(config, sources);
      for (const [field, { winner, losers }] of Object.entries(explainMerge(list, policy))) {
        if (winner === 'pin') throw new Error('nothing was pinned');
        const without = list.filter((one) => idOf(one) !== idOf(winner));
        const then = explainMerge(without, policy)[field];
        expect(then?.value).toEqual(losers[0]?.value);
        expect(then?.losers.map(idOf)).toEqual(losers.length ? losers.slice(1).map(idOf) : undefined);
      }
    }),
    { numRuns: times(800) },
  );
});

it('Each policy does what it says: none changed later, none stands before, none is filled where the winner is empty.', () => {
  fc.assert(
    fc.property(contributions, policyName, order, (list, policy, listed) => {
      const ranks = [...new Set([...listed, ...sources])];
      const rankOf = (source: string) => (ranks.includes(source) ? ranks.indexOf(source) : ranks.length);
      const explained = explainMerge(list, compileMerge({ default: policy, sources: listed }, sources));
      for (const { winner, losers, value } of Object.values(explained)) {
        if (winner === 'pin') throw new Error('nothing was pinned');
        for (const loser of losers) {
          if (policy === 'newest') expect(loser.changedAt).toBeLessThanOrEqual(winner.changedAt);
          const isBefore = rankOf(loser.source) < rankOf(winner.source);
          if (policy === 'precedence') expect(isBefore).toBe(false);
          if (policy === 'first' && loser.value !== null) expect(isBefore || value === null).toBe(false);
        }
      }
    }),
    { numRuns: times(800) },
  );
});
