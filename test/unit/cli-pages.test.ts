import { describe, expect, it } from 'vitest';
import { readUpTo } from '../../src/cli/pages.ts';

describe('a list of the command line', () => {
  const all = Array.from({ length: 450 }, (_, index) => index + 1);
  const asked: number[] = [];
  const read = async ({ limit, cursor = 0 }: { limit: number; cursor?: string | number | undefined }) => {
    asked.push(limit);
    const items = all.filter((item) => item > Number(cursor)).slice(0, limit);
    const last = items.at(-1)!;
    return { items, nextCursor: last < all.length ? last : null };
  };

  it.each([
    [10, 10, true, [10]],
    [200, 200, true, [200]],
    [410, 410, true, [200, 200, 10]],
    [450, 450, false, [200, 200, 50]],
    [9_999, 450, false, [200, 200, 200]],
  ])('of at most %i is read page by page', async (limit, length, hasMore, pages) => {
    asked.length = 0;
    const found = await readUpTo(limit, read);
    expect(found).toEqual({ items: all.slice(0, length), hasMore });
    expect(asked).toEqual(pages);
  });
});
