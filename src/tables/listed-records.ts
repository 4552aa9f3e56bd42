// The listed_records table: record IDs that a vendor's list showed to a source proof, until its stream is proven. It knows no vendor.
import { sql } from 'drizzle-orm';
import { bigint, pgTable, text } from 'drizzle-orm/pg-core';
import { type Queryable, texts } from '../db/database.ts';

/** Record IDs that a source proof has seen in a list: a row for some pages together, not for each record. */
export const listedRecords = pgTable('listed_records', {
  verificationId: bigint('verification_id', { mode: 'number' }).notNull(),
  source: text().notNull(),
  stream: text().notNull(),
  recordIds: text('record_ids').array().notNull(),
  /** Records that the vendor has merged into one of these. */
  mergedIds: text('merged_ids').array().notNull(),
});

/** One stream of a source, as one verification proves it. */
export interface Proving {
  verificationId: number;
  source: string;
  stream: string;
}

export async function noteListed(
  db: Queryable,
  { verificationId, source, stream }: Proving,
  { recordIds, mergedIds }: { recordIds: readonly string[]; mergedIds: readonly string[] },
): Promise<void> {
  await db.rows(sql`
    insert into listed_records (verification_id, source, stream, record_ids, merged_ids)
    values (${verificationId}::bigint, ${source}, ${stream}, ${texts(recordIds)}, ${texts(mergedIds)})`);
}

const ofStream = ({ verificationId, source, stream }: Proving) =>
  sql`verification_id = ${verificationId}::bigint and source = ${source} and stream = ${stream}`;

/** A subquery of one column, record_id. */
export const listedIds = (proving: Proving) => sql`
  select unnest(record_ids) as record_id from listed_records where ${ofStream(proving)}`;

/** The same of records that the list named as merged into others. */
export const listedMergedIds = (proving: Proving) => sql`
  select unnest(merged_ids) as record_id from listed_records where ${ofStream(proving)}`;

/** How many records were listed: one that was listed twice counts once. */
export async function countListed(db: Queryable, proving: Proving): Promise<number> {
  const [row] = await db.rows<{ count: number }>(sql`
    select count(*) as count from (select distinct record_id from (${listedIds(proving)}) as listed) as listed`);
  return row!.count;
}

/** The listing of a stream begins again, or has served its purpose. */
export async function forgetListed(db: Queryable, proving: Proving): Promise<void> {
  await db.rows(sql`delete from listed_records where ${ofStream(proving)}`);
}

/** The verification has ended. */
export async function forgetAllListed(db: Queryable, verificationId: number): Promise<void> {
  await db.rows(sql`delete from listed_records where verification_id = ${verificationId}::bigint`);
}
