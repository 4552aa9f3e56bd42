// Customers by e-mail address, each with the sources whose records speak of it. It only reads.
import { sql } from 'drizzle-orm';
import { jsonList, type Queryable } from '../../db/database.ts';

export interface EmailHolder {
  source: string;
  email: string;
  sourceId: string;
}

/** Who has one of these addresses, in lower case, and a standing record of one of these sources: an indexed read of each address. */
export function emailHolders(
  db: Queryable,
  { emails, sources }: { emails: readonly string[]; sources: readonly string[] },
): Promise<EmailHolder[]> {
  return db.rows(sql`
    select distinct records.source, wanted.email, customers.source_id
    from json_array_elements_text(${jsonList(emails)}) as wanted (email)
    join customers on (customers.fields ->> 'email') = wanted.email
    join records on records.source_id = customers.source_id
    where records.source in (select json_array_elements_text(${jsonList(sources)}))
      and (records.deleted_at is null or records.deleted_at < records.changed_at) and records.merged_into is null
      and records.filtered is null
    order by records.source, wanted.email, customers.source_id`);
}
