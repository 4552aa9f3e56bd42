// The two sums that hold at every moment, each side counted where it is kept, in one statement: all of it is as of one moment.
import { sql } from 'drizzle-orm';
import type { Balance, Received } from '../../contract/balance.ts';
import type { Queryable } from '../../db/database.ts';

const names = ['received', 'changed', 'unchanged', 'superseded', 'filtered', 'rejected'] as const;

type Row = { [name in (typeof names)[number]]: number } & Balance['wanted'];

/** Dry runs receive nothing that stays. */
const isReal = sql`request ->> 'dryRun' is null`;

/** What became of the records that were brought, whatever brought them: one pass over each table that counts them. */
const brought = sql`(
  select ${sql.raw(names.map((name) => `coalesce(sum(${name}), 0)::bigint as ${name}`).join(', '))} from (
    select ${sql.raw(names.join(', '))} from runs where ${isReal}
    union all select ${sql.raw(names.map((name) => `(counts ->> '${name}')::bigint`).join(', '))} from inbox where state = 'opened'
    union all select ${sql.raw(names.join(', '))} from read_counts) as one)`;

/** Reads the tables of runs and of webhooks, but no customers. */
export async function readReceived(db: Queryable): Promise<Received> {
  const [row] = await db.rows<Row>(sql`select * from ${brought} as brought`);
  const { received: records, changed, unchanged, superseded, filtered, rejected } = row!;
  return { records, changed, unchanged, superseded, filtered, rejected };
}

/** Reads whole tables, though narrow ones: not for every look at a large installation. */
export async function readBalance(db: Queryable): Promise<Balance> {
  const inState = (state: string) => sql.raw(`count(*) filter (where state = '${state}') as ${state}`);
  const [row] = await db.rows<Row>(sql`
    select * from ${brought} as brought,
      (select count(*) as customers from customers) as wanted,
      (select ${sql.join(['delivered', 'waiting', 'held', 'dead'].map(inState), sql`, `)} from deliveries) as states`);
  return balanceOf(row!);
}

function balanceOf({
  received: records,
  customers,
  delivered,
  waiting,
  held,
  dead,
  ...counts
}: Row): Balance {
  const { changed, unchanged, superseded, filtered, rejected } = counts;
  return {
    received: { records, ...counts },
    wanted: { customers, delivered, waiting, held, dead },
    balances:
      records === changed + unchanged + superseded + filtered + rejected &&
      customers === delivered + waiting + held + dead,
  };
}
