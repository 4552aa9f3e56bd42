// Notes of a run: alike ones are one, and their number is bounded.
import { expect, it } from 'vitest';
import { maxNotes, mergeNotes } from '../../src/tables/notes.ts';

it('notes with the same code and message are added up, in the order in which they came', () => {
  const one = { code: 'a', message: 'One.', count: 1 };
  const two = { code: 'a', message: 'Two.', count: 1 };
  const kept = mergeNotes([], [one, two]);
  expect(mergeNotes(kept, [{ ...one, count: 5 }])).toEqual([{ ...one, count: 6 }, two]);
  expect(kept).toEqual([one, two]);
});

it('a run keeps a bounded number of notes, each of a bounded length', () => {
  const many = Array.from({ length: 200 }, (_, index) => ({ code: 'a', message: `Row ${index}.`, count: 1 }));
  const kept = mergeNotes(many, [
    { code: 'a', message: 'x'.repeat(5000), count: 1 },
    { code: 'a', message: 'Row 3.', count: 1 },
  ]);
  expect(kept).toHaveLength(maxNotes);
  expect(kept[3]).toEqual({ code: 'a', message: 'Row 3.', count: 2 });
  expect(mergeNotes([], [{ code: 'a', message: 'x'.repeat(5000), count: 1 }])[0]!.message).toHaveLength(1000);
});
