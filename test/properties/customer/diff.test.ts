// What holds of every history of writes: whatever was lost or arrived unseen, the next accepted write makes the
// destination what it should be, and nothing that is not ours is touched.

import { expect, it } from 'vitest';
import type { Fields, Json, PartialWrites } from '../../../src/connector.ts';
import { acknowledge, changes, unknownValue } from '../../../src/customer/diff.ts';
import { groupOf } from '../../../src/customer/fields.ts';
import { fc, times } from '../../support/properties.ts';

const ours = ['name', 'email', 'address.city', 'address.country', 'metadata.a', 'metadata.b'];
const foreign: Fields = { phone: 'theirs', 'address.state': 'theirs', 'metadata.theirs': ['theirs'] };

const anyValue = fc.constantFrom<Json[]>(null, 'x', 'y', 1, ['x', 'y'], { k: 1 });
const anyFields: fc.Arbitrary<Fields> = fc.dictionary(fc.constantFrom(...ours), anyValue, {
  noNullPrototype: true,
});

/** What becomes of an attempt. `lost` and `arrived` look the same from here. */
const fate = fc.constantFrom('accepted', 'lost', 'arrived', 'rejected');
const history = fc.array(fc.record({ fields: fc.option(anyFields), fate }), { minLength: 1, maxLength: 12 });

/** A destination: it holds what others wrote, and keeps or loses what a write leaves out of an object. */
function apply(destination: Fields, write: Fields, semantics: PartialWrites): Fields {
  const groups = new Set(Object.keys(write).map(groupOf));
  const kept = Object.entries(destination).filter(([field]) => {
    const group = groupOf(field);
    return semantics === 'merge' || group === null || !groups.has(group);
  });
  return { ...Object.fromEntries(kept), ...write };
}

interface World {
  partialWrites: PartialWrites;
  semantics: PartialWrites;
  withdrawn: 'keep' | 'clear';
  start: Fields;
}

/** `replace` is safe at either destination; `merge` is for one that merges. */
const world: fc.Arbitrary<World> = fc
  .record({
    ...{ withdrawn: fc.constantFrom('keep' as const, 'clear' as const), start: anyFields },
    kind: fc.constantFrom<[PartialWrites, PartialWrites][]>(
      ['merge', 'merge'],
      ['replace', 'merge'],
      ['replace', 'replace'],
    ),
  })
  .map(({ kind: [partialWrites, semantics], ...rest }) => ({ partialWrites, semantics, ...rest }));

/** Plays a history against a destination and calls `settled` after each write that was accepted or not needed. */
function play(
  { partialWrites, semantics, withdrawn, start }: World,
  steps: readonly { fields: Fields | null; fate: string }[],
  settled: (state: {
    destination: Fields;
    fields: Fields;
    acknowledged: Fields;
    written: Set<string>;
    dropped: string[];
  }) => void,
): void {
  let destination: Fields = { ...foreign, ...start };
  let acknowledged: Fields | null = null;
  let fields: Fields = {};
  let uncertain = false;
  const once = new Set<string>();
  const written = new Set<string>();
  for (const step of steps) {
    fields = step.fields ?? fields;
    for (const field of Object.keys(fields)) once.add(field);
    const dropped = [...once].filter((field) => !Object.hasOwn(fields, field));
    const write = changes({ fields, dropped }, acknowledged, { uncertain, partialWrites, withdrawn });
    if (write !== null) {
      if (step.fate === 'accepted' || step.fate === 'arrived') {
        destination = apply(destination, write, semantics);
        for (const [field, value] of Object.entries(write)) if (value !== null) written.add(field);
      }
      if (step.fate !== 'accepted') {
        uncertain ||= step.fate !== 'rejected';
        continue;
      }
    }
    acknowledged = acknowledge(acknowledged, write ?? {}, { uncertain, dropped });
    uncertain = false;
    settled({ destination, fields, acknowledged, written, dropped });
    expect(changes({ fields, dropped }, acknowledged, { uncertain, partialWrites, withdrawn })).toBeNull();
  }
}

it('After an accepted write the destination has every value of the customer, and nothing where we wrote and it is now null.', () => {
  fc.assert(
    fc.property(world, history, (world, steps) => {
      play(world, steps, ({ destination, fields, written, dropped }) => {
        for (const [field, value] of Object.entries(fields)) {
          if (value !== null || written.has(field)) expect(destination[field] ?? null).toEqual(value);
        }
        if (world.withdrawn === 'keep') return;
        for (const field of dropped) if (written.has(field)) expect(destination[field] ?? null).toBeNull();
      });
    }),
    { numRuns: times(1_600) },
  );
});

it('What counts as acknowledged is what the destination holds, kept fields included.', () => {
  fc.assert(
    fc.property(world, history, (world, steps) => {
      play(world, steps, ({ destination, acknowledged }) => {
        for (const [field, value] of Object.entries(acknowledged)) {
          if (value !== unknownValue) expect(destination[field] ?? null).toEqual(value);
        }
      });
    }),
    { numRuns: times(1_600) },
  );
});

it('A destination that merges keeps every foreign field, and a standard attribute that is not ours is never touched.', () => {
  fc.assert(
    fc.property(world, history, (world, steps) => {
      play(world, steps, ({ destination }) => {
        for (const [field, value] of Object.entries(foreign)) {
          if (world.semantics === 'merge' || groupOf(field) === null)
            expect(destination[field]).toEqual(value);
        }
      });
    }),
    { numRuns: times(800) },
  );
});

it('A null never blanks what we have not written, as long as no attempt was uncertain.', () => {
  const certain = history.map((steps) =>
    steps.filter((step) => step.fate === 'accepted' || step.fate === 'rejected'),
  );
  const merging = world.filter(({ semantics }) => semantics === 'merge');
  fc.assert(
    fc.property(merging, certain, (world, steps) => {
      play(world, steps, ({ destination, written }) => {
        for (const [field, value] of Object.entries(world.start)) {
          if (!written.has(field)) expect(destination[field]).toEqual(value);
        }
      });
    }),
    { numRuns: times(800) },
  );
});

it('With certainty and a vendor that merges, a write holds no field that the destination already has as we left it.', () => {
  fc.assert(
    fc.property(anyFields, anyFields, (fields, acknowledged) => {
      const write = changes({ fields, dropped: [] }, acknowledged, {
        uncertain: false,
        partialWrites: 'merge',
        withdrawn: 'clear',
      });
      for (const [field, value] of Object.entries(write ?? {}))
        expect(acknowledged[field] ?? null).not.toEqual(value);
    }),
    { numRuns: times(800) },
  );
});
