// Merged records that name their masters, from page to page.
import { expect, test } from 'vitest';
import type { Context, SourceRecord, Stream } from '#connector';
import { gone, type Mergeable, mergeId, readsMerges, withMasters, withMerges } from '#connector/merges';

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

test('a stream gives masters with its pages and with reads by ID, and asks for no more IDs at a time than one call may have', async () => {
  const row = (recordId: string, into?: string): SourceRecord => ({
    recordId,
    changedAt: 1,
    body: { into: into ?? null },
  });
  const all = [row('a'), row('b', 'a'), row('x'), row('y', 'x'), row('z')];
  const asked: (readonly string[])[] = [];
  const stream = withMerges<unknown>(
    {
      name: 'people',
      pull: async () => ({ records: [all[1]!, all[3]!, all[4]!], cursor: 1, done: true }),
      read: {
        maxIds: 1,
        async records(_, { recordIds }) {
          asked.push(recordIds);
          return { records: all.filter(({ recordId }) => recordIds.includes(recordId)), missing: ['q'] };
        },
      },
    } satisfies Stream<unknown>,
    ({ body }) => (body['into'] === null ? undefined : String(body['into'])),
  );
  const context = {} as Context<unknown>;
  const page = await stream.pull!(context, { cursor: null, until: 1, properties: [] });
  expect(page.records).toMatchObject([
    { recordId: 'b', deleted: true, body: {} },
    { recordId: 'y', deleted: true },
    { recordId: 'z', body: { into: null } },
    { recordId: 'a', merged: ['b'] },
    { recordId: 'x', merged: ['y'] },
  ]);
  expect([page.cursor, asked]).toEqual([1, [['a'], ['x']]]);
  const read = await stream.read!.records(context, { recordIds: ['b'], properties: [] });
  expect(read).toMatchObject({
    records: [
      { recordId: 'b', deleted: true },
      { recordId: 'a', merged: ['b'] },
    ],
    missing: ['q'],
  });
});

test('a merge that a webhook has told is read as the record that took over', async () => {
  const asked: string[][] = [];
  const { records: read, maxIds } = readsMerges({
    maxIds: 10,
    isId: (id) => /^[a-z]$/.test(id),
    some: async (_context, ids) => {
      asked.push([...ids]);
      return ids.filter((id) => id !== 'x').map((id) => living(id).record);
    },
  });
  const ids = [mergeId('m', 'a'), mergeId('m', 'b'), mergeId('x', 'c'), 'd', 'x', '1+2'];
  const { records, missing } = await read({} as Context<unknown>, { recordIds: ids, properties: [] });
  expect([maxIds, asked]).toEqual([10, [['d', 'x', 'm']]]);
  expect(records.map(({ recordId, merged }) => [recordId, merged])).toEqual([
    ['d', undefined],
    ['m', ['a', 'b']],
  ]);
  expect(missing).toEqual(['1+2', 'x', 'm+a', 'm+b', 'x+c']);
});
