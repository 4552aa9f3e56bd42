// What was given up until something changes, kept whole. One open row for one thing: a repeat counts up.
import { sql } from 'drizzle-orm';
import type { Json } from '../connector.ts';
import { at, json, type Queryable } from '../db/database.ts';

export type DeadLetterKind = 'inbox' | 'record' | 'delivery';

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

export async function keepDeadLetters(db: Queryable, letters: readonly DeadLetter[], now: number): Promise<void> {
  if (letters.length === 0) return;
  const unique = [...new Map(letters.map((letter) => [`${letter.kind}\n${letter.source}\n${letter.stream ?? ''}\n${letter.ref}`, letter])).values()];
  await db.rows(sql`
    insert into dead_letters (kind, source, stream, ref, run_id, code, message, detail, created_at, last_at)
    select kind, source, coalesce(stream, ''), ref, "runId", code, message, coalesce(detail, '{}'), ${at(now)}, ${at(now)}
    from jsonb_to_recordset(${json(unique)}) as row
      (kind text, source text, stream text, ref text, "runId" bigint, code text, message text, detail jsonb)
    order by kind, source, ref
    on conflict (kind, source, stream, ref) where settled_at is null do update set
      run_id = excluded.run_id, code = excluded.code, message = excluded.message, detail = excluded.detail,
      times = dead_letters.times + 1, last_at = excluded.last_at`);
}

/** Closes the open letters about these: they were accepted, or newer input overtook them. */
export async function settleDeadLetters(
  db: Queryable,
  about: { kind: DeadLetterKind; source: string; stream?: string; refs: readonly string[] },
  now: number,
): Promise<void> {
  if (about.refs.length === 0) return;
  await db.rows(sql`
    update dead_letters set settled_at = ${at(now)}
    where kind = ${about.kind} and source = ${about.source} and stream = ${about.stream ?? ''} and settled_at is null
      and ref in (select jsonb_array_elements_text(${json(about.refs)}))`);
}
