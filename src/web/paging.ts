// One page of a list and where the next one begins.

/**
 * Reads one row more than the page holds: it tells whether there is another page. `next` is the cursor of the last row of
 * this one, or null where it is the last page.
 */
export async function pageOf<Row, Cursor>(
  limit: number,
  read: (limit: number) => Promise<Row[]>,
  cursorOf: (row: Row) => Cursor,
): Promise<{ page: Row[]; next: Cursor | null }> {
  const rows = await read(limit + 1);
  const page = rows.slice(0, limit);
  return { page, next: rows.length > limit ? cursorOf(page.at(-1)!) : null };
}

export const byId = ({ id }: { id: number }) => id;

export const bySourceId = ({ sourceId }: { sourceId: string }) => sourceId;
