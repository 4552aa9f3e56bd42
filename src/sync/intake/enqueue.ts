// Revised customers into duties: each is owed to the destination, unless so many change so much that a person should
// look first.
import type { Queryable } from '../../db/database.ts';
import type { Lane } from '../../engine/quota/lanes.ts';
import { forgetRefusals, type Revised } from '../../tables/customers.ts';
import { hold, releaseHeld, upsertWanted } from '../../tables/deliveries.ts';
import { dissolveHolds, keepHolds } from '../../tables/holds.ts';
import type { Rules } from './rules.ts';
import { noMoves, segmentMoves } from './segment-moves.ts';

export interface EnqueueOptions {
  source: string;
  runId: number | null;
  lane: Lane;
  now: number;
  /** A person asked for it: that is never too much. */
  byPerson?: boolean;
  /** The source's clock of the oldest of these changes, by source ID; absent for customers that no change of now revised. */
  changedAt?: ReadonlyMap<string, number>;
  /** The spans that their deliveries go on from, by source ID. Default: the active one. */
  traces?: ReadonlyMap<string, string>;
}

export async function enqueueDeliveries(
  db: Queryable,
  rules: Rules,
  revised: readonly Revised[],
  options: EnqueueOptions,
): Promise<void> {
  if (revised.length === 0) return;
  const wanted = revised.map(({ sourceId, revision }) => ({
    sourceId,
    revision,
    changedAt: options.changedAt?.get(sourceId),
    traceparent: options.traces?.get(sourceId),
  }));
  await upsertWanted(db, wanted, options.lane, options.now);
  const known = revised.filter((row) => row.revision > 1);
  await forgetRefusals(
    db,
    known.filter((row) => row.cameBack).map((row) => row.sourceId),
  );
  const { breaker } = rules;
  const moves = breaker === null ? noMoves : await segmentMoves(db, rules, revised);
  if (known.length > 0) {
    const { now } = options;
    await releaseHeld(db, await dissolveHolds(db, known, { ...moves, now }), now);
  }
  if (breaker === null || options.byPerson) return;
  const excess = await breaker.excess(db, revised, { ...options, moves: moves.fresh });
  await keepHolds(db, excess, options);
  await hold(
    db,
    excess.map((loss) => loss.sourceId),
  );
}
