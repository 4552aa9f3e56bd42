// What the door makes of a list that a connector describes by its pages.
import { expect, test } from 'vitest';
import { type Context, RejectedError } from '#connector';
import { type ListedPage, pullsOf } from '#connector/listing';

const person = { recordId: 'a', changedAt: 1, body: {} };
const context = { settings: {}, now: 1_000_000 } as Context<unknown>;

function pulls(next: ListedPage['next']) {
  const page = async () => ({ records: [], next });
  return pullsOf({
    what: 'people',
    pageSize: 50,
    settleLagSeconds: 60,
    oldestFirst: true,
    all: page,
    changes: page,
  });
}

const pullFrom = (next: ListedPage['next'], cursor: { phase: string; [name: string]: unknown } | null) =>
  pulls(next).pull(context, { cursor: cursor as never, until: context.now, properties: [] });

test('a page that names itself as the next one, or no next one where more follow, ends no reading', async () => {
  const all = { phase: 'all', start: 0, page: 'b' };
  const changes = {
    phase: 'changes',
    from: 0,
    given: [],
    reading: { until: 1, page: 'b', newest: null, given: [] },
  };
  for (const cursor of [all, changes])
    for (const next of ['b', null])
      await expect(pullFrom(next, cursor)).rejects.toMatchObject({ name: 'TransientError', foreign: true });
  await expect(pullFrom(null, null)).rejects.toThrow('A page of people was answered after which');
  expect(await pullFrom('c', all)).toMatchObject({ done: false, cursor: { page: 'c' } });
});

test('a lag both keeps changes unsettled and makes the stream trail', async () => {
  expect(pulls(undefined).settleLagSeconds).toBe(60);
  const { cursor } = await pullFrom(undefined, null);
  expect(cursor).toEqual({ phase: 'changes', from: context.now - 60_000, given: [] });
});

test('where nothing is said of changes, each run reads everything, with one time for what has none', async () => {
  const starts: number[] = [];
  const { pull, rewind } = pullsOf({
    what: 'people',
    pageSize: 50,
    async all(_context, { page, start }) {
      starts.push(start);
      return { records: [], next: page === undefined ? 'b' : undefined };
    },
  });
  expect(rewind).toBeUndefined();
  const request = { until: 0, properties: [] };
  const first = await pull(context, { cursor: null, ...request });
  const last = await pull({ ...context, now: 2_000_000 }, { cursor: first.cursor, ...request });
  expect([first.done, last.done]).toEqual([false, true]);
  await pull({ ...context, now: 3_000_000 }, { cursor: last.cursor, ...request });
  expect(starts).toEqual([1_000_000, 1_000_000, 3_000_000]);
});

test('a page costs a call', () => {
  expect(pulls(undefined).cost({}, [])).toEqual({ full: { records: 50, calls: 1 } });
});

test('whose account it is can be asked before the first page of a full reading, and of no other page', async () => {
  let asked = 0;
  const { pull } = pullsOf({
    what: 'people',
    pageSize: 50,
    begins: async () => {
      asked += 1;
    },
    all: async (_context, { page }) => ({ records: [], next: page === undefined ? 'b' : undefined }),
  });
  const request = { until: 0, properties: [] };
  const { cursor } = await pull(context, { cursor: null, ...request });
  await pull(context, { cursor, ...request });
  expect(asked).toBe(1);
});

test.each([[true], [false]])(
  'a page that is refused restarts the reading where the list can be read: %s',
  async (canBeRead) => {
    const refused = () => new RejectedError('The page is not known', { code: 'no_page', status: 404 });
    const { pull } = pullsOf({
      what: 'people',
      pageSize: 50,
      async all(_context, { page }) {
        if (page !== undefined || !canBeRead) throw refused();
        return { records: [person], next: 'b' };
      },
    });
    const cursor = { phase: 'all', start: 0, page: 'c' };
    const restarted = pull(context, { cursor, until: 0, properties: [] });
    // Who refuses every page has forgotten none: the cursor stays as it was stored.
    if (!canBeRead) return expect(restarted).rejects.toThrow('The page is not known');
    expect(await restarted).toEqual({
      records: [person],
      cursor: { phase: 'all', start: 0, page: 'b', restarts: 1 },
      done: false,
    });
  },
);
