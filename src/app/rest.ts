// Whether everything is done that can be done now, by whatever worker.
import type { Database } from '../db/database.ts';
import { moment } from '../db/moments.ts';
import type { Clock } from '../engine/clock.ts';
import type { WriteBackRules } from '../sync/facts/write-back-rules.ts';
import { isUnderWay } from '../tables/deliveries.ts';
import { requestDueAt } from '../tables/inbox.ts';
import { listPauses, writeBackName } from '../tables/pauses.ts';
import { nextRunDue } from '../tables/runs.ts';
import { someTouchesWait } from '../tables/touches.ts';
import { writeBacksUnderWay } from '../tables/write-backs.ts';

/**
 * True when no run is going, no request of the sources `opened` waits, nothing is due, and no bulk action is under way. What
 * is put off to later is not waited for, nor what is written back to a vendor that is paused. Looked at in the direction of
 * the path, so that nothing slips by between two looks.
 */
export async function isAtRest(
  database: Database,
  clock: Clock,
  opened: readonly string[],
  { rules }: Pick<WriteBackRules, 'rules'>,
): Promise<boolean> {
  if ((await nextRunDue(database)) !== null) return false;
  const toOpen = await moment(database, requestDueAt(opened));
  if (toOpen !== null && toOpen <= clock.now()) return false;
  if (await someTouchesWait(database)) return false;
  if (await isUnderWay(database, clock.now())) return false;
  if (rules.length === 0) return true;
  const paused = await listPauses(database);
  const written = rules.filter(
    ({ source, dryRun }) => !dryRun && !paused.has(source) && !paused.has(writeBackName(source)),
  );
  const sources = written.map(({ source }) => source);
  return !(await writeBacksUnderWay(database, sources, clock.now()));
}
