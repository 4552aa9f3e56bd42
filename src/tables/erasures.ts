// The erasures table: receipts. Each says of every store whether it has forgotten a person, survives restarts until all
// have answered, and names nobody once they have. It does not know how anything is forgotten.

import { sql } from 'drizzle-orm';
import { boolean, check, index, integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import type { StoreAnswer as AnswerKind } from '../contract/erasure.ts';
import type { ErasureStatement, Signed } from '../contract/receipt.ts';
import { time } from '../db/column-types.ts';
import { json, type Queryable, texts, toTimestamp } from '../db/database.ts';
import { notifying } from '../db/notifications.ts';
import { leasedBy } from '../engine/work/worker-registry.ts';

/** Erasures asked for, with the answer of every store, until all have answered. */
export const erasures = pgTable(
  'erasures',
  {
    id: uuid().primaryKey(),
    /** A keyed hash of the source ID: the receipt names nobody. */
    subject: text().notNull(),
    /** The source ID itself; null once every store has answered. */
    sourceId: text('source_id'),
    permanent: boolean().notNull(),
    answers: jsonb().$type<Answers>().notNull(),
    requestedAt: time('requested_at').notNull(),
    dueAt: time('due_at'),
    lease: uuid(),
    attempts: integer().notNull().default(0),
    endedAt: time('ended_at'),
    /** What it says when it has ended, for whoever has the public key. */
    signed: jsonb().$type<Signed<ErasureStatement>>(),
  },
  (t) => [
    index('erasures_due').on(t.dueAt).where(sql`${t.endedAt} is null`),
    check('erasures_ended', sql`(${t.endedAt} is not null) = (${t.sourceId} is null)`),
  ],
);

/** What one store says. */
export interface Answer {
  answer: AnswerKind;
  /** When it said so, epoch milliseconds. */
  at: number;
  /** Rows, files or hashes; absent where it is not for us to count. */
  rows?: number;
  /** What it waits for, or why it refuses. Never with a person's data. */
  note?: string;
  /** What else the next step must know; it is not shown. */
  carrier?: string;
  inDoubt?: boolean;
  hashes?: string[];
  emails?: string[];
  /** A job may still write the person. */
  inJob?: true;
  /** What is to be cleared at a vendor, and of whom. `recordId` null: whom a write-back created. */
  clears?: { recordId: string | null; attributes: string[] };
}

/** By store, in the order in which they are shown. */
export type Answers = { [store: string]: Answer };

export type Erasure = Omit<typeof erasures.$inferSelect, 'lease'>;

const columns = sql`id, subject, source_id, permanent, answers, requested_at, due_at, attempts, ended_at, signed`;

/** The erasure of this subject that has not ended, locked. */
export async function lockOpenErasure(db: Queryable, subject: string): Promise<Erasure | null> {
  const [row] = await db.rows<Erasure>(
    sql`select ${columns} from erasures where subject = ${subject} and ended_at is null for update`,
  );
  return row ?? null;
}

/** Keeps a new receipt, or what has changed of one that is open: it is due at once. */
export async function keepErasure(
  db: Queryable,
  erasure: Pick<Erasure, 'id' | 'subject' | 'sourceId' | 'permanent' | 'answers' | 'requestedAt'>,
  now: number,
): Promise<Erasure> {
  const [row] = await db.rows<Erasure>(
    notifying(
      'erase',
      sql`
    insert into erasures (id, subject, source_id, permanent, answers, requested_at, due_at)
    values (${erasure.id}::uuid, ${erasure.subject}, ${erasure.sourceId}, ${erasure.permanent}, ${json(erasure.answers)},
            ${toTimestamp(erasure.requestedAt)}, ${toTimestamp(now)})
    on conflict (id) do update set permanent = excluded.permanent, answers = excluded.answers, due_at = excluded.due_at,
      lease = null, attempts = 0
    returning ${columns}`,
    ),
  );
  return row!;
}

/** Claims the next erasure that is due: it is due again when the lease has run out. */
export async function claimErasure(
  db: Queryable,
  claim: { lease: string; now: number; leaseMs: number },
): Promise<Erasure | null> {
  const [row] = await db.rows<Erasure>(sql`
    update erasures set lease = ${claim.lease}::uuid, due_at = ${toTimestamp(claim.now + claim.leaseMs)}
    where id = (select id from erasures where ended_at is null and due_at <= ${toTimestamp(claim.now)}
                order by due_at limit 1 for update skip locked)
    returning ${columns}`);
  return row ?? null;
}

/** Locks an erasure that is still ours to work on; null where it is not. */
export async function lockClaimed(db: Queryable, id: string, lease: string): Promise<Erasure | null> {
  const [row] = await db.rows<Erasure>(sql`
    select ${columns} from erasures where id = ${id}::uuid and lease = ${lease}::uuid and ended_at is null for update`);
  return row ?? null;
}

/** Keeps answers while the erasure is ours, and goes on with it. False where it is not ours any more. */
export async function keepAnswers(
  db: Queryable,
  held: { id: string; lease: string },
  answers: Answers,
): Promise<boolean> {
  const rows = await db.rows(sql`
    update erasures set answers = ${json(answers)} where id = ${held.id}::uuid and lease = ${held.lease}::uuid and ended_at is null
    returning id`);
  return rows.length > 0;
}

/** Keeps answers and puts the erasure off. `counted`: an attempt at the destination failed. */
export async function putOffErasure(
  db: Queryable,
  held: { id: string; lease: string },
  later: { answers: Answers; dueAt: number; counted: boolean },
): Promise<void> {
  await db.rows(sql`
    update erasures set answers = ${json(later.answers)}, due_at = ${toTimestamp(later.dueAt)}, lease = null,
      attempts = case when ${later.counted} then attempts + 1 else 0 end
    where id = ${held.id}::uuid and lease = ${held.lease}::uuid and ended_at is null`);
}

/** Every store has answered: from now on the receipt names nobody. */
export async function endErasure(
  db: Queryable,
  held: { id: string; lease: string },
  { answers, now, signed }: { answers: Answers; now: number; signed: Signed<ErasureStatement> | null },
): Promise<void> {
  await db.rows(sql`
    update erasures set answers = ${json(answers)}, source_id = null, ended_at = ${toTimestamp(now)}, due_at = null, lease = null,
      signed = ${signed === null ? null : json(signed)}
    where id = ${held.id}::uuid and lease = ${held.lease}::uuid and ended_at is null`);
}

/** What a dead worker was at may be taken up at once. */
export async function freeErasures(db: Queryable, worker: string, now: number): Promise<void> {
  await db.rows(sql`
    update erasures set lease = null, due_at = ${toTimestamp(now)} where ended_at is null and ${leasedBy(sql`lease`, worker)}`);
}

/** When the next one that has not ended is due. */
export const erasureDueAt = sql`select min(due_at) from erasures where ended_at is null`;

export async function erasureById(db: Queryable, id: string): Promise<Erasure | null> {
  const [row] = await db.rows<Erasure>(sql`select ${columns} from erasures where id = ${id}::uuid`);
  return row ?? null;
}

/** Receipts, the newest first, those asked for before the receipt `before`. */
export async function listErasures(
  db: Queryable,
  page: { open?: boolean | undefined; before?: string | undefined; limit: number },
): Promise<Erasure[]> {
  const { open, before, limit } = page;
  return db.rows(sql`
    select ${columns} from erasures
    where ${open === undefined ? sql`true` : open ? sql`ended_at is null` : sql`ended_at is not null`}
      and ${before === undefined ? sql`true` : sql`(requested_at, id) < (select requested_at, id from erasures where id = ${before}::uuid)`}
    order by requested_at desc, id desc limit ${limit}`);
}

/**
 * The hashes by which a subject is known, without those by which somebody else who was erased is known too; from now on
 * its receipts hold none. Null where one of them has not ended.
 */
export async function giveUpHashes(db: Queryable, subject: string, now: number): Promise<string[] | null> {
  const receipts = await db.rows<Erasure>(
    sql`select ${columns} from erasures where subject = ${subject} for update`,
  );
  if (receipts.some((receipt) => receipt.endedAt === null)) return null;
  const hashes = [
    ...new Set([subject, ...receipts.flatMap((receipt) => receipt.answers['suppression']?.hashes ?? [])]),
  ];
  await db.rows(sql`
    update erasures set answers = jsonb_set(answers, '{suppression}', ${json({
      answer: 'nothing',
      at: now,
      rows: 0,
      note: 'lifted: the person may come back',
    })})
    where subject = ${subject}`);
  const shared = await db.rows<{ hash: string }>(sql`
    select distinct hash from erasures, jsonb_array_elements_text(answers -> 'suppression' -> 'hashes') as hash
    where subject <> ${subject} and hash = any(${texts(hashes)})`);
  const others = new Set(shared.map((row) => row.hash));
  return hashes.filter((hash) => !others.has(hash));
}
