// Who enters and leaves segments by what waits to be delivered now, and by a dry run where there was one.
import type { BlastRadius } from '../../contract/segment.ts';
import type { Queryable } from '../../db/database.ts';
import { customersBesideAcknowledged } from '../../tables/acknowledgements.ts';
import { waitingAfter } from '../../tables/deliveries.ts';
import type { Sending } from '../deliver/difference.ts';
import { BlastRadiusCount, fieldsAfter } from '../intake/blast-radius.ts';
import type { Rules } from '../intake/rules.ts';

const pageCustomers = 1000;

/** Of more customers, it is told of these only. */
export const maxWaiting = 50_000;

/** `customers`: how many wait or are held, at most `maxWaiting`. */
export async function waitingRadius(
  db: Queryable,
  rules: Rules,
  { onOrphaned }: Sending,
): Promise<{ customers: number; radius: BlastRadius }> {
  const count = new BlastRadiusCount(rules.segments, rules.owns);
  let customers = 0;
  for (let last: string | null = null; customers < maxWaiting; ) {
    const ids: string[] = await waitingAfter(db, last, pageCustomers);
    const rows = await customersBesideAcknowledged(db, ids);
    for (const [sourceId, { fields, orphaned, deletionRefused, acknowledged }] of rows) {
      const after = fieldsAfter({ fields, gone: orphaned && !deletionRefused, acknowledged }, onOrphaned);
      count.add({ sourceId, before: acknowledged, after });
    }
    customers += ids.length;
    if (ids.length < pageCustomers) break;
    last = ids.at(-1)!;
  }
  return { customers, radius: count.report() };
}
