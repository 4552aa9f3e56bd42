// What was given up until something changes, kept whole. One open row for one thing: a repeat counts up.

import { sql } from 'drizzle-orm';
import { bigint, check, integer, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { Json } from '../connector.ts';
import {
  type DeadLetterKind,
  deadLetterKinds,
  type DeadLetter as KeptLetter,
} from '../contract/dead-letter.ts';
import { isOneOf, time } from '../db/column-types.ts';
import { jsonList, type Queryable, toTimestamp } from '../db/database.ts';

/** What was given up until something changes, kept whole so that it can be tried again. */
export const deadLetters = pgTable(
  'dead_letters',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    kind: text({ enum: deadLetterKinds }).notNull(),
    /** The source, or `destination` for deliveries. */
    source: text().notNull(),
    stream: text().notNull().default(''),
    /** The record ID, row or source ID it is about. */
    ref: text().notNull(),
    runId: bigint('run_id', { mode: 'number' }),
    code: text().notNull(),
    /** The vendor's words, or ours. */
    message: text().notNull(),
    detail: jsonb().notNull().default({}),
    times: integer().notNull().default(1),
    createdAt: time('created_at').notNull(),
    lastAt: time('last_at').notNull(),
    /** When it was retried with success, overtaken by newer input, or discarded. */
    settledAt: time('settled_at'),
  },
  (t) => [
    uniqueIndex('dead_letters_open').on(t.kind, t.source, t.stream, t.ref).where(sql`${t.settledAt} is null`),
    check('dead_letters_kind', isOneOf(t.kind, deadLetterKinds)),
  ],
);

export interface DeadLetter {
  kind: DeadLetterKind;
  source: string;
  stream?: string;
  ref: string;
  runId?: number | null;
  code: string;
  message: string;
  detail?: Json;
}

export async function keepDeadLetters(
  db: Queryable,
  letters: readonly DeadLetter[],
  now: number,
): Promise<void> {
  if (letters.length === 0) return;
  const unique = [
    ...new Map(
      letters.map((letter) => [
        `${letter.kind}\n${letter.source}\n${letter.stream ?? ''}\n${letter.ref}`,
        letter,
      ]),
    ).values(),
  ];
  await db.rows(sql`
    insert into dead_letters (kind, source, stream, ref, run_id, code, message, detail, created_at, last_at)
    select kind, source, coalesce(stream, ''), ref, "runId", code, message, coalesce(detail, '{}'), ${toTimestamp(now)}, ${toTimestamp(now)}
    from json_to_recordset(${jsonList(unique)}) as row
      (kind text, source text, stream text, ref text, "runId" bigint, code text, message text, detail jsonb)
    order by kind, source, ref
    on conflict (kind, source, stream, ref) where settled_at is null do update set
      run_id = case when ${isNewer} then excluded.run_id else dead_letters.run_id end,
      code = case when ${isNewer} then excluded.code else dead_letters.code end,
      message = case when ${isNewer} then excluded.message else dead_letters.message end,
      detail = case when ${isNewer} then excluded.detail else dead_letters.detail end,
      times = dead_letters.times + 1, last_at = excluded.last_at`);
}

/** The clock of the record that a letter keeps, epoch milliseconds; null where it keeps none. */
const clockOf = (letter: 'excluded' | 'dead_letters') => {
  const { kind, detail } = { kind: sql.raw(`${letter}.kind`), detail: sql.raw(`${letter}.detail`) };
  return sql`case when ${kind} = 'record' then (${detail} ->> 'changedAt')::float8 end`;
};

/** Of two bad versions of a record the newer one is kept, whichever came first. */
const isNewer = sql`coalesce((${clockOf('excluded')}) >= (${clockOf('dead_letters')}), true)`;

/** Closes the open letters about records of which no older version than the letter's was accepted. */
export async function settleRecordLetters(
  db: Queryable,
  about: { source: string; stream: string },
  accepted: readonly { recordId: string; changedAt: number }[],
  now: number,
): Promise<void> {
  if (accepted.length === 0) return;
  const rows = accepted.map(({ recordId, changedAt }) => ({ recordId, changedAt }));
  await db.rows(sql`
    update dead_letters set settled_at = ${toTimestamp(now)}
    from json_to_recordset(${jsonList(rows)}) as row ("recordId" text, "changedAt" float8)
    where kind = 'record' and source = ${about.source} and stream = ${about.stream} and settled_at is null
      and ref = row."recordId" and coalesce((${clockOf('dead_letters')}) <= row."changedAt", true)`);
}

/** Closes the open letters about these: they were accepted, or newer input overtook them. */
export async function settleDeadLetters(
  db: Queryable,
  about: { kind: DeadLetterKind; source: string; stream?: string; refs: readonly string[] },
  now: number,
): Promise<void> {
  if (about.refs.length === 0) return;
  await db.rows(sql`
    update dead_letters set settled_at = ${toTimestamp(now)}
    where kind = ${about.kind} and source = ${about.source} and stream = ${about.stream ?? ''} and settled_at is null
      and ref in (select json_array_elements_text(${jsonList(about.refs)}))`);
}

/** Open letters that a run has written, in the order of their rows. */
export async function lettersOfRun(
  db: Queryable,
  runId: number,
  limit: number,
): Promise<{ ref: string; message: string }[]> {
  return db.rows(sql`
    select ref, message from dead_letters where run_id = ${runId}::bigint and settled_at is null
    order by length(ref), ref limit ${limit}`);
}

/** Of these records those that an open letter is about. */
export async function rejectedAmong(
  db: Queryable,
  { source, stream }: { source: string; stream: string },
  recordIds: readonly string[],
): Promise<Set<string>> {
  const rows = await db.rows<{ ref: string }>(sql`
    select ref from dead_letters
    where kind = 'record' and source = ${source} and stream = ${stream} and settled_at is null
      and ref in (select json_array_elements_text(${jsonList(recordIds)}))`);
  return new Set(rows.map(({ ref }) => ref));
}

/** Closes the open letters about these requests of the inbox and about their items: they are opened anew. */
export async function settleRequestLetters(
  db: Queryable,
  source: string,
  requestIds: readonly number[],
  now: number,
): Promise<void> {
  if (requestIds.length === 0) return;
  await db.rows(sql`
    update dead_letters set settled_at = ${toTimestamp(now)}
    where kind = 'inbox' and source = ${source} and settled_at is null
      and split_part(ref, '#', 1) in (select json_array_elements_text(${jsonList(requestIds.map(String))}))`);
}

/** Closes these open letters for a person's reason, which they keep. Returns the IDs of those closed. */
export async function discardLetters(
  db: Queryable,
  ids: readonly number[],
  reason: string,
  now: number,
): Promise<number[]> {
  if (ids.length === 0) return [];
  const rows = await db.rows<{ id: number }>(sql`
    update dead_letters set settled_at = ${toTimestamp(now)},
      detail = jsonb_build_object('discarded', ${reason}::text)
        || case when jsonb_typeof(detail) = 'object' then detail else jsonb_build_object('kept', detail) end
    where id in (select value::bigint from json_array_elements_text(${jsonList(ids)})) and settled_at is null
    returning id`);
  return rows.map(({ id }) => id);
}

/** Which of the open letters; what is left out does not matter. */
export interface DeadLetterFilter {
  ids?: readonly number[] | undefined;
  kind?: DeadLetterKind | undefined;
  source?: string | undefined;
  code?: string | undefined;
  /** Of letters whose last time was at or after this, and before that; epoch milliseconds. */
  since?: number | undefined;
  until?: number | undefined;
  /** In what it is about or in the words that were said, whatever its letter case. */
  text?: string | undefined;
}

const columns = sql`
  id, kind, source, stream, ref, run_id, code, message, detail, times, created_at, last_at`;

/** The condition of a statement over dead_letters. */
export const openLetters = ({
  ids,
  kind,
  source,
  code,
  since,
  until,
  text,
}: DeadLetterFilter) => sql`settled_at is null
  and ${ids === undefined ? sql`true` : sql`id in (select value::bigint from json_array_elements_text(${jsonList(ids)}))`}
  and ${kind === undefined ? sql`true` : sql`kind = ${kind}`}
  and ${source === undefined ? sql`true` : sql`source = ${source}`}
  and ${code === undefined ? sql`true` : sql`code = ${code}`}
  and ${since === undefined ? sql`true` : sql`last_at >= ${toTimestamp(since)}`}
  and ${until === undefined ? sql`true` : sql`last_at < ${toTimestamp(until)}`}
  and ${text === undefined ? sql`true` : sql`strpos(lower(ref || ' ' || message), ${text.toLowerCase()}) > 0`}`;

/** Open letters, the newest first, those before the ID `before` where given. */
export async function listDeadLetters(
  db: Queryable,
  filter: DeadLetterFilter,
  page: { before?: number | undefined; limit: number },
): Promise<KeptLetter[]> {
  return db.rows(sql`
    select ${columns} from dead_letters
    where ${openLetters(filter)} and ${page.before === undefined ? sql`true` : sql`id < ${page.before}::bigint`}
    order by id desc limit ${page.limit}`);
}

/** Open letters, the oldest first, those after the ID `after`. */
export async function deadLettersAfter(
  db: Queryable,
  filter: DeadLetterFilter,
  page: { after: number; limit: number },
): Promise<KeptLetter[]> {
  return db.rows(sql`
    select ${columns} from dead_letters where ${openLetters(filter)} and id > ${page.after}::bigint order by id limit ${page.limit}`);
}

/** Open letters by what they are about and why, the most frequent first. */
export async function countDeadLetters(
  db: Queryable,
): Promise<{ kind: DeadLetterKind; source: string; code: string; open: number }[]> {
  return db.rows(sql`
    select kind, source, code, count(*) as open from dead_letters
    where settled_at is null group by kind, source, code order by count(*) desc, kind, source, code`);
}

/** Every letter of a source, settled ones too, that holds one of these texts anywhere, whatever its letter case. */
export async function lettersHolding(db: Queryable, needles: readonly string[]): Promise<KeptLetter[]> {
  const parts = needles.map((needle) => JSON.stringify(needle.toLowerCase()).slice(1, -1));
  return db.rows(sql`
    select ${columns} from dead_letters
    where kind not in ('delivery', 'writeBack') and exists (
      select 1 from json_array_elements_text(${jsonList(parts)}) as needle
      where strpos(lower(ref || ' ' || message || ' ' || detail::text), needle) > 0)`);
}

/** Forgets letters of one who is erased, settled ones too: these, those about these records, and those of the delivery. */
export async function forgetLetters(
  db: Queryable,
  sourceId: string,
  about: {
    ids: readonly number[];
    records: readonly { source: string; stream: string; recordId: string }[];
  },
): Promise<number> {
  const keys = about.records.map(({ source, stream, recordId }) => ({ source, stream, ref: recordId }));
  const rows = await db.rows(sql`
    delete from dead_letters
    where (kind in ('delivery', 'writeBack') and ref = ${sourceId})
      or id in (select value::bigint from json_array_elements_text(${jsonList(about.ids)}))
      or (kind = 'record' and (source, stream, ref) in (
        select source, stream, ref from json_to_recordset(${jsonList(keys)}) as row (source text, stream text, ref text)))
    returning id`);
  return rows.length;
}

/** The source has a new name. */
export async function renameSourceInDeadLetters(db: Queryable, from: string, to: string): Promise<void> {
  await db.rows(sql`update dead_letters set source = ${to} where source = ${from}`);
}
