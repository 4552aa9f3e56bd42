// Pages behind the last row of the page before, by queries in the manner of SQL.
import { expect, test } from 'vitest';
import { type Context, type Json, RejectedError, type SourceRecord } from '#connector';
import { type KeysetQuery, pullsByKeyset } from '#connector/keyset';

const start = 1_800_000_000_000;
const row = (recordId: string, changedAt = start - 1_000): SourceRecord => ({
  recordId,
  changedAt,
  body: {},
});

/** A vendor that answers these pages in turn. One of two rows is full. */
function vendor(pages: SourceRecord[][]) {
  const queries: KeysetQuery[] = [];
  const refusals: string[] = [];
  let described = 0;
  const pulls = pullsByKeyset<object>({
    what: 'people',
    pageSize: 2,
    settleLagSeconds: 60,
    id: 'Id',
    time: 'Time',
    isId: (id) => /^\w+$/.test(id),
    timeOf: String,
    columns: async () => {
      described += 1;
      return { name: ['Name'] };
    },
    isColumnRefused: (error) => error instanceof RejectedError && error.code === 'no_column',
    async read(_, query) {
      const code = refusals.shift();
      if (code) throw new RejectedError('No', { code, status: 400 });
      queries.push(query);
      const records = pages.shift() ?? [];
      return { records, last: records.length === query.limit ? records.at(-1) : undefined };
    },
    count: async (_, { changes, where }) => (changes ? where.length : 100),
  });
  const pull = (cursor: Json | null, until = start) =>
    pulls.pull({ settings: {}, now: start } as Context<object>, { cursor, until, properties: ['name'] });
  return { queries, refusals, pulls, pull, described: () => described };
}

test('all rows are read by ID, and then changes by time and ID; the columns are looked up once for a reading', async () => {
  const late = start - 1;
  const { queries, pull, described } = vendor([
    [row('a'), row('b')],
    [row('c')],
    [row('d', late), row('e', late)],
    [],
  ]);
  let cursor: Json | null = null;
  for (const _ of [1, 2, 3, 4]) ({ cursor } = await pull(cursor));
  expect(queries.map(({ changes, order, where }) => [changes, order, where])).toEqual([
    [false, 'Id', []],
    [false, 'Id', ["Id > 'b'"]],
    [true, 'Time,Id', [`Time >= ${start - 60_000}`]],
    [true, 'Time,Id', [`((Time = ${late} AND Id > 'e') OR Time > ${late})`]],
  ]);
  expect(described()).toBe(2);
});

test('a reader that trails asks for nothing later', async () => {
  const { queries, pull, pulls } = vendor([[]]);
  await pull(pulls.rewind({}, start - 5_000), start - 1_000);
  expect(queries[0]!.where).toEqual([`Time >= ${start - 5_000}`, `Time <= ${start - 1_000}`]);
});

test('columns that are refused on a later page are looked up again, and any other refusal stands', async () => {
  const { refusals, pull, described } = vendor([[row('a'), row('b')], [row('c')]]);
  const { cursor } = await pull(null);
  refusals.push('no_column');
  expect((await pull(cursor)).records).toHaveLength(1);
  expect(described()).toBe(2);
  refusals.push('no_column');
  await expect(pull(null)).rejects.toMatchObject({ code: 'no_column' });
});

test('a cursor whose ID is none becomes part of no query', async () => {
  const { queries, pull } = vendor([]);
  const page = JSON.stringify({ id: "a' OR Id > '", stamp: 1, columns: {} });
  await expect(pull({ phase: 'all', start, page })).rejects.toMatchObject({ code: 'cursor' });
  expect(queries).toEqual([]);
});

test('rows are counted: all of them, or those that changed', async () => {
  const { pulls } = vendor([]);
  const context = { settings: {}, now: start } as Context<object>;
  const count = (cursor: Json | null) => pulls.count!(context, { cursor, until: start, properties: [] });
  expect(await count(null)).toBe(100);
  expect(await count(pulls.rewind({}, start))).toBe(1);
});
