// What is written of one person, and when a vendor holds it.
import { expect, test } from 'vitest';
import type { FactValue } from '../../src/connector.ts';
import { isHeld } from '../../src/sync/write-back/difference.ts';
import { judgeReadBack } from '../../src/sync/write-back/read-back.ts';

const asItIs = (value: FactValue) => value;

test.each<[FactValue, unknown, boolean]>([
  ['2026-03-01T10:00:00.000Z', '2026-03-01 10:00:00 +00:00', true],
  ['2026-03-01T10:00:00.123Z', '2026-03-01T11:00:00+01:00', true],
  ['2026-03-01T10:00:00.000Z', '2026-03-01T10:00:01.000Z', false],
  ['2026-03-01', '2026-03-01T00:00:00.000Z', true],
  ['2026', 2026, true],
  ['20260301', '2026-03-01', false],
  ['Gold', 'gold', false],
  [null, '', true],
  [[], null, true],
  [['A', 'B'], ['B', 'A'], false],
])('%j is held as %j: %j', (wanted, found, held) => {
  expect(isHeld(wanted, found, asItIs)).toBe(held);
});

const reader = { read: { maxIds: 2, people: async () => [] } };
const written = ['a', 'b', 'c'].map((id) => ({
  sourceId: id,
  recordId: `r-${id}`,
  attributes: { points: 5 },
}));

test('people beyond the sample count as written only if nobody of the sample differs', () => {
  const found = [
    { recordId: 'r-a', attributes: { points: 5 } },
    { recordId: 'r-b', attributes: { points: 4 } },
  ];
  const results = (shown: typeof found) => judgeReadBack(written, shown, reader).map(({ result }) => result);
  expect(results(found)).toEqual(['accepted', 'unknown', 'unknown']);
  expect(results([found[0]!])).toEqual(['accepted', 'missing', 'accepted']);
});

test('who differs time after time is rejected, since a vendor that is only late would have caught up', () => {
  const found = [{ recordId: 'r-a', attributes: { points: 4 } }];
  const outcome = (attempts: number) => judgeReadBack([{ ...written[0]!, attempts }], found, reader)[0];
  expect([0, 4, 5].map((attempts) => outcome(attempts)!.result)).toEqual(['unknown', 'unknown', 'rejected']);
  expect(outcome(5)).toMatchObject({ code: 'not_stored', message: expect.stringContaining('points') });
});
