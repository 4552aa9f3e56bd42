// Whose acknowledgements are kept: the account of the destination that gave them. Another account is another project, or
// the same one with new keys; which of them is found out by asking it for customers that were acknowledged.
import { sql } from 'drizzle-orm';
import type { Context, Destination } from '../../connector.ts';
import { at, type Database, type Queryable } from '../../db/database.ts';
import { endDrifts } from '../proof/drifts.ts';
import { dropAcknowledged } from './acknowledgements.ts';
import { want } from './deliveries.ts';

/** So many acknowledged customers are asked for. */
const samples = 5;
/** Customers that are enqueued by one transaction. */
const chunkCustomers = 1_000;

/** What is known of the account that the configuration names. */
export type ProjectFinding =
  /** The account that gave the acknowledgements, or one with the same customers. */
  | { kind: 'ours' }
  /** It does not hold customers that were acknowledged. A person decides. */
  | { kind: 'other'; account: string; asked: number; missing: number };

/** The account whose acknowledgements these are; null before the first start. */
async function adoptedAccount(db: Queryable): Promise<string | null> {
  const [row] = await db.rows<{ account: string }>(
    sql`select account from destination_accounts order by adopted_at desc, account limit 1`,
  );
  return row?.account ?? null;
}

/** From now on acknowledgements are this account's. */
export async function adoptAccount(db: Queryable, account: string, now: number): Promise<void> {
  await db.rows(sql`
    insert into destination_accounts (account, adopted_at) values (${account}, ${at(now)})
    on conflict (account) do update set adopted_at = excluded.adopted_at`);
}

/**
 * Whether the acknowledgements are those of this account. An account that holds the customers that were acknowledged is
 * adopted. Throws what reading the destination throws.
 */
export async function findProject(
  db: Database,
  account: string,
  {
    destination,
    context,
    now,
  }: { destination: Destination<unknown>; context: Context<unknown>; now: number },
): Promise<ProjectFinding> {
  const adopted = await adoptedAccount(db);
  if (adopted === account) return { kind: 'ours' };
  const asked = adopted === null ? [] : await acknowledgedCustomers(db);
  let missing = 0;
  for (const sourceId of asked) if ((await destination.read(context, sourceId)) === null) missing += 1;
  if (missing > 0) return { kind: 'other', account: adopted!, asked: asked.length, missing };
  await adoptAccount(db, account, now);
  return { kind: 'ours' };
}

/** Customers that the destination has said it holds, taken from all over the table. */
async function acknowledgedCustomers(db: Queryable): Promise<string[]> {
  const rows = await db.rows<{ sourceId: string }>(sql`
    (select source_id as "sourceId" from acknowledgements order by acknowledged_at desc limit ${samples})
    union (select source_id from acknowledgements order by source_id limit 1)`);
  return rows.map(({ sourceId }) => sourceId).slice(0, samples);
}

/**
 * A person's word that the account is a new project: nothing was acknowledged by it, so every customer is due. Done in
 * parts, and adopted last: where it ends half-way it is said again. Returns how many customers are due.
 */
export async function beginProject(db: Database, account: string, now: number): Promise<number> {
  let customers = 0;
  for (let after = ''; ; ) {
    const last = await db.transaction(async (tx) => {
      const rows = await tx.rows<{ sourceId: string; revision: number }>(sql`
        select source_id as "sourceId", revision from customers
        where source_id > ${after} order by source_id limit ${chunkCustomers}`);
      const ids = rows.map(({ sourceId }) => sourceId);
      await dropAcknowledged(tx, ids);
      await endDrifts(tx, ids);
      await want(tx, rows, 'backfill', now);
      customers += rows.length;
      return rows.at(-1)?.sourceId;
    });
    if (last === undefined) break;
    after = last;
  }
  await adoptAccount(db, account, now);
  return customers;
}

/** What a person is told of an account that does not hold what was acknowledged. */
export function otherProjectSentence(
  { account, asked, missing }: Extract<ProjectFinding, { kind: 'other' }>,
  present: string,
): string {
  return (
    `The configuration names another project (${present}; the acknowledgements come from ${account}), and ${missing} of ${asked} customers ` +
    'that were acknowledged do not exist there. Nothing is sent until you decide: "tributary project --new" sends every ' +
    'customer to it; "tributary project --same" continues with the existing acknowledgements.'
  );
}
