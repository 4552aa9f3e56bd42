// Merged records that name their masters, from page to page.
import { expect, test } from 'vitest';
import { gone, type Mergeable, withMasters } from '#connector/merges';

const living = (recordId: string): Mergeable => ({ record: { recordId, changedAt: 1, body: { recordId } } });
const merged = (recordId: string, mergedInto: string): Mergeable => ({
  record: gone({ recordId, changedAt: 2 }),
  mergedInto,
});

/** A vendor that shows these. */
function vendorOf(all: readonly Mergeable[]) {
  const asked: string[][] = [];
  const read = async (ids: readonly string[]) => {
    asked.push([...ids]);
    return all.filter(({ record }) => ids.includes(record.recordId));
  };
  return { asked, read };
}

test('a master among the records takes over those that were merged into it, and nothing is requested', async () => {
  const { asked, read } = vendorOf([]);
  const { records, beside } = await withMasters([living('a'), merged('b', 'a'), merged('c', 'a')], read);
  expect(records.map(({ recordId, merged }) => [recordId, merged])).toEqual([
    ['a', ['b', 'c']],
    ['b', undefined],
    ['c', undefined],
  ]);
  expect([beside, asked]).toEqual([[], []]);
});

test('masters elsewhere are read along the whole chain, each once', async () => {
  const { asked, read } = vendorOf([living('a'), merged('b', 'a')]);
  const { records, beside } = await withMasters([merged('c', 'b'), merged('d', 'b')], read);
  expect(records.map(({ deleted }) => deleted)).toEqual([true, true]);
  expect(beside).toEqual([
    { recordId: 'a', changedAt: 1, body: { recordId: 'a' }, merged: ['b'] },
    { recordId: 'b', changedAt: 2, deleted: true, body: {}, merged: ['c', 'd'] },
  ]);
  expect(asked).toEqual([['b'], ['a']]);
});

test('a master that is not shown, or a circle of merges, ends', async () => {
  expect((await withMasters([merged('b', 'a')], vendorOf([]).read)).beside).toEqual([]);
  const { asked, read } = vendorOf([merged('a', 'b'), merged('b', 'a')]);
  await withMasters([merged('a', 'b')], read);
  expect(asked).toEqual([['b']]);
});
