// What is wrong with requests of the inbox, as the open dead letters about them and their items say. It only reads.

import { sql } from 'drizzle-orm';
import type { InboxRequest } from '../../contract/inbox.ts';
import { jsonList, type Queryable } from '../../db/database.ts';

export interface InboxFault {
  request: number;
  /** The place of the item in the request, from 1; null where it is about the whole. */
  item: number | null;
  code: string;
  message: string;
}

/** Of these requests, the first `most` of each, in the order of their items. */
export async function faultsOf(
  db: Queryable,
  requests: readonly { id: number; source: string }[],
  most: number,
): Promise<Map<number, InboxFault[]>> {
  if (requests.length === 0) return new Map();
  const keys = requests.map(({ id, source }) => ({ id: String(id), source }));
  const faults = await db.rows<InboxFault>(sql`
    select request, item, code, message from (
      select key.id::float8 as request, nullif(split_part(ref, '#', 2), '')::float8 as item, code, message,
             row_number() over (partition by key.id order by nullif(split_part(ref, '#', 2), '')::bigint nulls first) as place
      from dead_letters
      join json_to_recordset(${jsonList(keys)}) as key (id text, source text)
        on dead_letters.source = key.source and split_part(ref, '#', 1) = key.id
      where kind = 'inbox' and settled_at is null) as fault
    where place <= ${most} order by request, place`);
  return Map.groupBy(faults, ({ request }) => request);
}

/** Each with the first of what is wrong with it. */
export async function withFirstFault<Request extends InboxRequest>(
  db: Queryable,
  requests: readonly Request[],
): Promise<Request[]> {
  const rejected = requests.filter(({ counts, error }) => error === null && (counts?.unreadable ?? 0) > 0);
  const faults = await faultsOf(db, rejected, 1);
  return requests.map((request) => ({
    ...request,
    error: request.error ?? faults.get(request.id)?.[0]?.message ?? null,
  }));
}
