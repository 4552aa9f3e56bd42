// Pages that are read ahead of those being ingested, and joined.
import { describe, expect, it } from 'vitest';
import type { Page } from '../../src/connector.ts';
import { ReadAhead, type ReadAheadOptions } from '../../src/sync/pull/read-ahead.ts';
import { ManualClock } from '../support/manual-clock.ts';

const clock = new ManualClock(1_000_000);

function pageOf(
  number: number,
  last: number,
  records = 100,
  body: Page['records'][number]['body'] = {},
): Page {
  const ids = Array.from({ length: records }, (_, index) => `${number}-${index}`);
  return {
    records: ids.map((recordId) => ({ recordId, changedAt: number, body })),
    cursor: number,
    done: number === last,
  };
}

function readingOf(options: Partial<ReadAheadOptions> & { last: number; make?: typeof pageOf }) {
  const { last, make = pageOf } = options;
  const asked: number[] = [];
  const ahead = new ReadAhead({
    clock,
    signal: new AbortController().signal,
    begun: null,
    joins: true,
    isHeavy: () => false,
    ask: async (cursor) => {
      const number = typeof cursor === 'number' ? cursor + 1 : 1;
      asked.push(number);
      return { page: make(number, last), readAt: clock.now() };
    },
    ...options,
  });
  return { ahead, asked };
}

async function all(ahead: ReadAhead): Promise<number[]> {
  const sizes: number[] = [];
  for (let read = await ahead.next(); read !== null; read = await ahead.next()) sizes.push(read.pages);
  return sizes;
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('Reading ahead', () => {
  it('joins pages up to 500 records, in their order, with the cursor of the last', async () => {
    const { ahead } = readingOf({ last: 13 });
    await ahead.next();
    const joined = await ahead.next();
    expect(joined).toMatchObject({ pages: 5, page: { cursor: 6, done: false } });
    expect(joined?.page.records.map(({ changedAt }) => changedAt)).toEqual(
      [2, 3, 4, 5, 6].flatMap((number) => Array.from({ length: 100 }, () => number)),
    );
    expect(await all(ahead)).toEqual([5, 2]);
  });

  it('gives the first page alone, so that a process that dies again and again gets on', async () => {
    const { ahead } = readingOf({ last: 12 });
    expect(await ahead.next()).toMatchObject({ pages: 1, page: { cursor: 1 } });
  });

  it('joins nothing where it matters when a page was read, and then reads one page ahead', async () => {
    const { ahead, asked } = readingOf({ last: 12, joins: false });
    expect(await ahead.next()).toMatchObject({ pages: 1 });
    await settled();
    expect(asked).toEqual([1, 2]);
  });

  it('joins neither pages that end a whole reading nor pages that name their columns', async () => {
    const make: typeof pageOf = (number, last) => ({
      ...pageOf(number, last),
      ...(number === 3 && { columns: ['id'] }),
    });
    const { ahead } = readingOf({ last: 5, make });
    expect(await all(ahead)).toEqual([1, 1, 1, 2]);
  });

  it('joins pages up to four megabytes', async () => {
    const make: typeof pageOf = (number, last) => pageOf(number, last, 20, { note: 'x'.repeat(100_000) });
    const { ahead } = readingOf({ last: 6, make });
    expect(await all(ahead)).toEqual([1, 2, 2, 1]);
  });

  it('holds one page at a time where pages are almost too large', async () => {
    const { ahead, asked } = readingOf({ last: 4, isHeavy: () => true });
    await ahead.next();
    await settled();
    expect(asked).toEqual([1]);
    expect(await all(ahead)).toEqual([1, 1, 1]);
  });

  it('reads no further than two groups ahead of what is ingested', async () => {
    const { ahead, asked } = readingOf({ last: 100 });
    await ahead.next();
    for (let turn = 0; turn < 50; turn += 1) await settled();
    expect(asked.length).toBe(11);
  });

  it('waits a tenth of a second for a slow page, and no longer', async () => {
    const { ahead } = readingOf({
      last: 4,
      ask: async (cursor) => {
        const number = typeof cursor === 'number' ? cursor + 1 : 1;
        if (number === 4) await clock.sleep(60_000);
        return { page: pageOf(number, 4), readAt: clock.now() };
      },
    });
    await ahead.next();
    const joined = ahead.next();
    for (let turn = 0; turn < 10; turn += 1) await settled();
    await clock.advance(100);
    expect(await joined).toMatchObject({ pages: 2 });
    const last = ahead.next();
    await clock.advance(60_000);
    expect(await last).toMatchObject({ pages: 1, page: { done: true } });
  });

  it('gives what was read before a page that failed, and then throws why it failed', async () => {
    const { ahead } = readingOf({
      last: 9,
      ask: async (cursor) => {
        const number = typeof cursor === 'number' ? cursor + 1 : 1;
        if (number === 3) throw new Error('the vendor is down');
        return { page: pageOf(number, 9), readAt: clock.now() };
      },
    });
    expect(await ahead.next()).toMatchObject({ pages: 1 });
    expect(await ahead.next()).toMatchObject({ pages: 1 });
    await expect(ahead.next()).rejects.toThrow('the vendor is down');
  });

  it('reads nothing more once it is stopped', async () => {
    const { ahead, asked } = readingOf({ last: 9, joins: false });
    await ahead.next();
    ahead.stop();
    await settled();
    expect(asked).toEqual([1, 2]);
  });
});
