// Whether everything is done that can be done now, by whatever worker.
import type { Database } from '../db/database.ts';
import type { Clock } from '../engine/clock.ts';
import { isUnderWay } from '../tables/deliveries.ts';
import { nextRequestDue } from '../tables/inbox.ts';
import { nextRunDue } from '../tables/runs.ts';
import { someTouchesWait } from '../tables/touches.ts';

/**
 * True when no run is going, nothing is due, and no bulk action is under way. What is put off to later is not waited
 * for. Looked at in the direction of the path, so that nothing slips by between two looks.
 */
export async function isAtRest(database: Database, clock: Clock): Promise<boolean> {
  if ((await nextRunDue(database)) !== null) return false;
  const toOpen = await nextRequestDue(database);
  if (toOpen !== null && toOpen <= clock.now()) return false;
  if (await someTouchesWait(database)) return false;
  return !(await isUnderWay(database, clock.now()));
}
