// Lists that the API gives page by page, read up to a number. It knows no route.
import { type Command, InvalidArgumentError } from 'commander';

const largestPage = 200;

export function addLimit(command: Command, usual: number): Command {
  return command.option('--limit <n>', 'the maximum number', wholeNumber, usual);
}

function wholeNumber(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError('Write a whole number of 1 or more.');
  return Number(value);
}

export const moreSentence = 'There are more: raise --limit.';

type Cursor = string | number;

/** The first `limit` items, or all. `read`: one page behind the cursor, which is undefined for the first. */
export async function readUpTo<Item>(
  limit: number,
  read: (page: { limit: number; cursor: Cursor | undefined }) => Promise<{
    items: Item[];
    nextCursor: Cursor | null;
  }>,
): Promise<{ items: Item[]; hasMore: boolean }> {
  const items: Item[] = [];
  for (let cursor: Cursor | undefined; ; ) {
    const page = await read({ limit: Math.min(limit - items.length, largestPage), cursor });
    items.push(...page.items);
    if (page.nextCursor === null || items.length >= limit)
      return { items, hasMore: page.nextCursor !== null };
    cursor = page.nextCursor;
  }
}
