// The two sums that hold at every moment, each side counted where it is kept, in one statement: all of it is as of one moment.
import { sql } from 'drizzle-orm';
import type { Balance } from '../../contract/balance.ts';
import type { Queryable } from '../../db/database.ts';

const names = ['received', 'changed', 'unchanged', 'superseded', 'filtered', 'rejected'] as const;

type Row = { [name in (typeof names)[number]]: number } & Balance['wanted'];

/** Dry runs receive nothing that stays. */
const isReal = sql`request ->> 'dryRun' is null`;

/** Reads whole tables, though narrow ones: not for every look at a large installation. */
export async function readBalance(db: Queryable): Promise<Balance> {
  const column = (name: string) => sql.raw(name);
  const of = (name: string) => sql`(select
    coalesce((select sum(${column(name)}) from runs where ${isReal}), 0)
    + coalesce((select sum((counts ->> ${sql.raw(`'${name}'`)})::bigint) from inbox where state = 'opened'), 0)
    + coalesce((select sum(${column(name)}) from read_counts), 0))::bigint`;
  const inState = (state: string) =>
    sql`(select count(*) from deliveries where state = ${sql.raw(`'${state}'`)})`;
  const [row] = await db.rows<Row>(sql`
    select ${sql.join(
      names.map((name) => sql`${of(name)} as ${column(name)}`),
      sql`, `,
    )},
      (select count(*) from customers) as customers, ${inState('delivered')} as delivered,
      ${inState('waiting')} as waiting, ${inState('held')} as held, ${inState('dead')} as dead`);
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
