// Whom a person means by an ID: a customer by its source ID, else by a record's ID, else by its e-mail. It only reads.

import { sql } from 'drizzle-orm';
import type { Meant } from '../../contract/customer.ts';
import { jsonList, type Queryable } from '../../db/database.ts';
import type { Rules } from '../intake/rules.ts';

/** As many are told, where several fit. */
const most = 20;

/** The customers that this ID may mean, in the first sense in which there is one; none where there is none in any. */
export async function findCustomers(db: Queryable, rules: Rules, id: string): Promise<Meant[]> {
  const own = await db.rows<Meant>(sql`
    select source_id, 'source ID' as by from customers where source_id = ${id}`);
  if (own.length > 0) return own;
  const byRecord = await findByRecord(db, rules, id);
  if (byRecord.length > 0) return byRecord;
  return db.rows(sql`
    select source_id, 'e-mail' as by from customers
    where (fields ->> 'email') = ${id.trim().toLowerCase()} order by source_id limit ${most}`);
}

/**
 * As `findCustomers`, and of a source ID also where only a record or an acknowledgement has it: what is to be erased need
 * not be a customer any more.
 */
export async function findPeople(db: Queryable, rules: Rules, id: string): Promise<Meant[]> {
  const [known] = await db.rows<{ known: boolean }>(sql`
    select exists(select 1 from records where source_id = ${id})
      or exists(select 1 from acknowledgements where source_id = ${id}) as known`);
  return known?.known ? [{ sourceId: id, by: 'source ID' }] : findCustomers(db, rules, id);
}

/** By the whole key of each stream that is configured: one indexed read. */
function findByRecord(db: Queryable, rules: Rules, recordId: string): Promise<Meant[]> {
  const keys = rules.sources.flatMap((source) =>
    source.streams.map((stream) => ({ source: source.name, stream: stream.name })),
  );
  return db.rows(sql`
    select records.source_id,
           min('record ' || record_id || ' of ' || records.source || ' (' || records.stream || ')') as by
    from json_to_recordset(${jsonList(keys)}) as key (source text, stream text)
    join records on records.source = key.source and records.stream = key.stream and record_id = ${recordId}
    join customers on customers.source_id = records.source_id
    group by records.source_id order by records.source_id limit ${most}`);
}
