// Revised customers into duties: each is owed to the destination, unless so many change so much that a person should
// look first.
import type { Queryable } from '../../db/database.ts';
import type { Lane } from '../../engine/quota/lanes.ts';
import type { Breaker } from '../../tables/breaker.ts';
import { forgetRefusals, type Revised } from '../../tables/customers.ts';
import { hold, releaseHeld, upsertWanted } from '../../tables/deliveries.ts';
import { dissolveHolds, keepHolds } from '../../tables/holds.ts';

export interface EnqueueOptions {
  source: string;
  runId: number | null;
  lane: Lane;
  now: number;
  /** Counts what customers lose. Absent where a person asked for it: that is never too much. */
  breaker?: Breaker | null;
  /** The source's clock of the oldest of these changes, by source ID; absent for customers that no change of now revised. */
  changedAt?: ReadonlyMap<string, number>;
}

export async function enqueueDeliveries(
  db: Queryable,
  revised: readonly Revised[],
  options: EnqueueOptions,
): Promise<void> {
  const wanted = revised.map(({ sourceId, revision }) => ({
    sourceId,
    revision,
    changedAt: options.changedAt?.get(sourceId),
  }));
  await upsertWanted(db, wanted, options.lane, options.now);
  const known = revised.filter((row) => row.revision > 1);
  if (known.length === 0) return;
  await forgetRefusals(
    db,
    known.filter((row) => row.cameBack).map((row) => row.sourceId),
  );
  await releaseHeld(db, await dissolveHolds(db, known, options.now), options.now);
  const excess = (await options.breaker?.excess(db, known, options)) ?? [];
  await keepHolds(db, excess, options);
  await hold(
    db,
    excess.map((loss) => loss.sourceId),
  );
}
