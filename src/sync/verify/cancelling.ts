// A verification that a person wants no longer. What it has found until then stays to be seen, as it is not signed.
import type { Database } from '../../db/database.ts';
import { cancelVerification } from '../../tables/verifications.ts';
import { forgetMet } from '../../tables/verified-customers.ts';
import { forgetProving } from './proof.ts';

/** False where it has ended. The worker that carries it out notices with its next page. */
export async function cancel(database: Database, id: number, now: number): Promise<boolean> {
  return database.transaction(async (tx) => {
    if (!(await cancelVerification(tx, id, now))) return false;
    await forgetMet(tx, id);
    await forgetProving(tx, id);
    return true;
  });
}
