// Bodies that are put together from what was told of them at different times.

import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../src/connector.ts';
import {
  clockAt,
  composed,
  type KnownRecord,
  type RecordUpdate,
  says,
} from '../../src/customer/composing.ts';
import { fc, times } from '../support/properties.ts';

const told = (changedAt: number, body: JsonObject): RecordUpdate => ({ changedAt, body });

const bodyOf = (tellings: readonly RecordUpdate[], exhaustive: string[] = []) =>
  composed(null, tellings, exhaustive).body;

describe('Partial states of a record', () => {
  it('leaves what it does not name, in objects within too', () => {
    const first = told(1, { name: 'Ann', place: { city: 'Lyon', zip: '69001' } });
    expect(bodyOf([first, told(2, { place: { city: 'Nice' } })])).toEqual({
      name: 'Ann',
      place: { city: 'Nice', zip: '69001' },
    });
  });

  it('names everything within an object that the stream calls exhaustive', () => {
    const first = told(1, { place: { city: 'Lyon', zip: '69001' }, own: { a: 1, b: 2 } });
    const second = told(2, { place: { zip: '06000' }, own: { a: 3 } });
    expect(bodyOf([first, second], ['own'])).toEqual({
      place: { city: 'Lyon', zip: '06000' },
      own: { a: 3 },
    });
  });

  it('replaces lists, and objects by null, and null by objects', () => {
    expect(
      bodyOf([told(1, { tags: [1, 2], place: { city: 'Lyon' } }), told(2, { tags: [3], place: null })]),
    ).toEqual({
      tags: [3],
      place: null,
    });
    expect(bodyOf([told(1, { place: null }), told(2, { place: { zip: '1' } })])).toEqual({
      place: { zip: '1' },
    });
  });

  it('goes with a deletion that came after it', () => {
    const deletion: RecordUpdate = { changedAt: 2, body: {}, deleted: true };
    expect(bodyOf([told(1, { a: 1 }), told(3, { b: 2 }), deletion])).toEqual({ b: 2 });
  });

  it('keeps one clock for each value only where they differ', () => {
    const one = composed(null, [told(1, { a: 1, b: { c: 2 } })]);
    expect(one.clocks).toBeNull();
    const two = composed(one, [told(2, { b: { d: 3 } })]);
    expect([
      clockAt(two, ['a']),
      clockAt(two, ['b', 'c']),
      clockAt(two, ['b', 'd']),
      clockAt(two, ['b']),
    ]).toEqual([1, 1, 2, 2]);
    expect(composed(two, [told(3, { a: 1, b: { c: 2, d: 3 } })]).clocks).toBeNull();
  });

  it('sets no prototype', () => {
    const body = composed(null, [told(1, JSON.parse('{"__proto__":{"x":1}}')), told(2, { a: 1 })]).body;
    expect(Object.getPrototypeOf(body)).toBe(Object.prototype);
    expect(Object.keys(body)).toContain('__proto__');
  });

  it('says more than another where it names what that does not', () => {
    expect(says({ a: 1, b: { c: 1 } }, { a: 2, b: { c: 2 } }, [])).toBe(false);
    expect(says({ b: { d: 1 } }, { b: { c: 2 } }, [])).toBe(true);
    expect(says({ b: { d: 1 } }, { b: { c: 2 } }, ['b'])).toBe(false);
  });
});

describe('In any order and any portions', () => {
  const leaf = fc.constantFrom<Json>(null, 1, 'x', [], ['y'], {});
  const place = fc.dictionary(fc.constantFrom('u', 'v'), leaf, { maxKeys: 2 });
  const body: fc.Arbitrary<JsonObject> = fc.dictionary(
    fc.constantFrom('a', 'b', 'own'),
    fc.oneof(leaf, place, fc.dictionary(fc.constantFrom('u', 'v'), place, { maxKeys: 2 })),
    { maxKeys: 3 },
  );
  const tellings = fc
    .uniqueArray(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 6 })
    .chain((clocks) =>
      fc.tuple(
        ...clocks.map((changedAt) =>
          fc
            .tuple(body, fc.integer({ min: 0, max: 5 }))
            .map(
              ([one, kind]): RecordUpdate =>
                kind === 0 ? { changedAt, body: {}, deleted: true } : { changedAt, body: one },
            ),
        ),
      ),
    );

  it('gives the same body and clocks, stored between as JSON', () => {
    fc.assert(
      fc.property(tellings, fc.array(fc.nat()), (all, picks) => {
        const sorted = all.toSorted((a, b) => a.changedAt - b.changedAt);
        const shuffled = all.map((one, index) => [picks[index] ?? 0, one] as const).sort(([a], [b]) => a - b);
        const whole = standing(composed(null, sorted, ['own']));
        let known: KnownRecord | null = null;
        for (const [, telling] of shuffled) {
          known = composed(known, [telling], ['own']);
          known = JSON.parse(
            JSON.stringify({ ...known, changedAt: Math.max(known.changedAt, 0) }),
          ) as KnownRecord;
        }
        expect(standing(known!)).toEqual(whole);
      }),
      { numRuns: times(400) },
    );
  });

  /** Of what has been deleted nothing is asked. */
  function standing({ body, clocks, changedAt, deletedAt }: KnownRecord): unknown {
    if (deletedAt !== null && changedAt <= deletedAt) return { deletedAt };
    return { body, clocks: clocks ?? 'one', changedAt, deletedAt };
  }
});
