// Whose acknowledgements are kept: the account of the destination that gave them. Another account is another project, or
// the same one with new keys; which of them is found out by asking it for customers that were acknowledged.
import type { Context, Destination } from '../../connector.ts';
import type { Database } from '../../db/database.ts';
import { acknowledgedCustomers, dropAcknowledged } from '../../tables/acknowledgements.ts';
import { revisionsOfAllAfter } from '../../tables/customers.ts';
import { upsertWanted } from '../../tables/deliveries.ts';
import { adoptAccount, adoptedAccount } from '../../tables/destination-accounts.ts';
import { endDrifts } from '../../tables/drifts.ts';

/** Customers that are enqueued by one transaction. */
const chunkCustomers = 1_000;

/** What is known of the account that the configuration names. */
export type ProjectFinding =
  /** The account that gave the acknowledgements, or one with the same customers. */
  | { kind: 'ours' }
  /** It does not hold customers that were acknowledged. A person decides. */
  | { kind: 'other'; account: string; asked: number; missing: number };

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

/**
 * A person's word that the account is a new project: nothing was acknowledged by it, so every customer is due. Done in
 * parts, and adopted last: where it ends half-way it is said again. Returns how many customers are due.
 */
export async function beginProject(db: Database, account: string, now: number): Promise<number> {
  let customers = 0;
  for (let after = ''; ; ) {
    const last = await db.transaction(async (tx) => {
      const rows = await revisionsOfAllAfter(tx, after, chunkCustomers);
      const ids = rows.map(({ sourceId }) => sourceId);
      await dropAcknowledged(tx, ids);
      await endDrifts(tx, ids);
      await upsertWanted(tx, rows, 'backfill', now);
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
