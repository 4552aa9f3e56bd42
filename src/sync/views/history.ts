// What a customer was: its revisions undone from the present, as far back as is asked. It only reads.
import { sql } from 'drizzle-orm';
import type { Fields } from '../../connector.ts';
import type { Changed } from '../../customer/undo.ts';
import type { Queryable } from '../../db/database.ts';
import { type Cause, type Revision, revisionsOf } from '../../tables/revisions.ts';
import { writeBackEventsOf } from '../../tables/write-back-events.ts';

/** A customer as it is or was. Times are epoch milliseconds. */
export interface State {
  revision: number;
  fields: Fields;
}

/** One line of a history. The first revision made the customer; what it held then is `changed`, from nothing. */
export interface HistoryEntry {
  revision: number;
  at: number;
  changed: Changed;
  /** Null for the creation, of which no cause is kept. */
  cause: Cause | null;
}

const revisionsAtOnce = 500;

/** The fields before a revision. Pure. */
export function undo(fields: Fields, changed: Changed): Fields {
  const next = { ...fields };
  for (const [field, { from }] of Object.entries(changed)) {
    if (from === undefined) delete next[field];
    else next[field] = from;
  }
  return next;
}

/**
 * The state as of a time, from the present and its revisions, the newest first. Null before it was created. Revisions at
 * that very moment count as made. Pure.
 */
export function stateAt(
  present: State & { createdAt: number },
  revisions: readonly Pick<Revision, 'revision' | 'at' | 'changed'>[],
  at: number,
): State | null {
  if (at < present.createdAt) return null;
  let { revision, fields } = present;
  for (const made of revisions) {
    if (made.at <= at) break;
    fields = undo(fields, made.changed);
    revision = made.revision - 1;
  }
  return { revision, fields };
}

type Present = State & { createdAt: number };

async function presentOf(db: Queryable, sourceId: string): Promise<Present | null> {
  const [row] = await db.rows<Present>(sql`
    select revision, fields, created_at from customers where source_id = ${sourceId}`);
  return row ?? null;
}

/** Undefined where there is no such customer, null where there was none yet. */
export async function customerAt(
  db: Queryable,
  sourceId: string,
  at: number,
): Promise<State | null | undefined> {
  let present = await presentOf(db, sourceId);
  if (!present) return undefined;
  for (;;) {
    const before = present.revision + 1;
    const revisions: Revision[] = await revisionsOf(db, sourceId, { before, limit: revisionsAtOnce });
    const state = stateAt(present, revisions, at);
    const oldest = revisions.at(-1);
    if (state === null || revisions.length < revisionsAtOnce || oldest!.at <= at) return state;
    present = { ...state, createdAt: present.createdAt };
  }
}

/** A page of a customer's history, the newest first; its creation comes last. Null where there is no such customer. */
export async function historyOf(
  db: Queryable,
  sourceId: string,
  page: { before?: number | undefined; limit: number },
): Promise<{ entries: HistoryEntry[]; next: number | null } | null> {
  const present = await presentOf(db, sourceId);
  if (!present) return null;
  const found = await revisionsOf(db, sourceId, page);
  const entries: HistoryEntry[] = found.map(({ sourceId: _, ...entry }) => entry);
  if (entries.length < page.limit && (page.before === undefined || page.before > 1))
    entries.push(await creationOf(db, sourceId, present));
  const last = entries.at(-1);
  return { entries, next: last && last.revision > 1 ? last.revision : null };
}

/** What the customer held at first: all its revisions undone. */
async function creationOf(db: Queryable, sourceId: string, present: Present): Promise<HistoryEntry> {
  let { fields, revision } = present;
  for (;;) {
    const made = await revisionsOf(db, sourceId, { before: revision + 1, limit: revisionsAtOnce });
    for (const { changed } of made) fields = undo(fields, changed);
    if (made.length < revisionsAtOnce) break;
    revision = made.at(-1)!.revision - 1;
  }
  const changed = Object.fromEntries(Object.entries(fields).map(([field, to]) => [field, { to }]));
  return { revision: 1, at: present.createdAt, changed, cause: null };
}

/** What became of write-backs in the time of this page of revisions, the newest first. `more`: it was not all. */
export async function writeBackHistory(
  db: Queryable,
  sourceId: string,
  { entries, next }: { entries: readonly HistoryEntry[]; next: number | null },
  { before, limit }: { before?: number | undefined; limit: number },
) {
  const [later] =
    before === undefined ? [] : await revisionsOf(db, sourceId, { before: before + 1, limit: 1 });
  const span = { from: next === null ? null : entries.at(-1)!.at, to: later?.at ?? null };
  const found = await writeBackEventsOf(db, sourceId, { ...span, limit: limit + 1 });
  return { events: found.slice(0, limit), more: found.length > limit };
}

/** What made a revision, in words that follow "changed". */
export function causeWords(cause: Cause | null): string {
  if (cause === null) return 'by its creation';
  switch (cause.by) {
    case 'records':
      return cause.runId === null
        ? `by ${cause.source} (${cause.stream}), without a run`
        : `by run ${cause.runId} of ${cause.source} (${cause.stream})`;
    case 'pin': {
      const what = cause.released ? `released ${cause.field}` : `pinned ${cause.field}`;
      return `by a person, who ${what}${cause.note ? `: ${cause.note}` : ''}`;
    }
    case 'unmerge':
      return `by a person, who parted record ${cause.recordId} of ${cause.source} (${cause.stream})`;
    case 'remap':
      return `by the new mapping of ${cause.source}`;
    case 'verification':
      return `by verification ${cause.verificationId}, which folded its records again`;
    case 'undo':
      return `by run ${cause.runId}, which undid run ${cause.of}`;
    default:
      return `by ${(cause as { by: string }).by}`;
  }
}
