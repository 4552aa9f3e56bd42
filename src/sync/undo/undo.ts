// A run undone: its customers go back to what they were before it, some hundreds a transaction, each with its checkpoint. What
// comes of it is delivered as anything else. It asks no vendor.
import type { Run } from '../../contract/run.ts';
import { undoneFor } from '../../customer/undo.ts';
import type { Database, Queryable } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import { checkpoint, dropCheckpoint, moveCheckpoint } from '../../tables/checkpoints.ts';
import { noCounts } from '../../tables/counts.ts';
import { lockCustomersOf, type Revised, refold, turnCustomers } from '../../tables/customers.ts';
import { dropUndone, setUndone } from '../../tables/pins.ts';
import { countPage } from '../../tables/runs.ts';
import { keepSpared } from '../../tables/spared-values.ts';
import { enqueueDeliveries } from '../intake/enqueue.ts';
import { sourcesToRemap } from '../intake/mapping-fingerprint.ts';
import type { Rules } from '../intake/rules.ts';
import { undoCustomersAfter } from '../views/undo-customers.ts';
import { isBack, type Looked, look, undoing } from './look.ts';

const chunkCustomersDefault = 200;

export interface UndoRunning {
  deps: { database: Database; rules: Rules; clock: Clock; onIngested(): void };
  run: Run;
  lease: string;
  leaseMs: number;
  signal: AbortSignal;
  /** So many customers a transaction. Default: 200. */
  chunkCustomers?: number;
}

/** Undoes the run that the given one names. Throws where it loses its lease or is called off: then it goes on from its checkpoint. */
export async function undoRun(running: UndoRunning): Promise<void> {
  const { deps, signal } = running;
  for (let done = false; !done; ) {
    signal.throwIfAborted();
    done = await deps.database.transaction((tx) => undoChunk(tx, running));
    deps.onIngested();
  }
}

async function undoChunk(
  tx: Queryable,
  { deps, run, lease, leaseMs, chunkCustomers = chunkCustomersDefault }: UndoRunning,
): Promise<boolean> {
  const { rules, clock } = deps;
  const now = clock.now();
  const key = { source: run.source, stream: `run ${run.id}`, reader: 'undo' as const };
  const after = ((await checkpoint(tx, key.source, key.stream, key.reader))?.cursor ?? '') as string;
  const of = run.request.undo!;
  const what = await undoing(tx, of, run.request.created === true);
  const ids = await undoCustomersAfter(tx, what.family, after, chunkCustomers);
  await lockCustomersOf(tx, ids);
  const before = await look(tx, rules, what, ids);
  const remapped = await remapFirst(tx, rules, before, { run, now });
  const looked = remapped.length > 0 ? await look(tx, rules, what, ids) : before;
  const back = looked.filter(isBack);
  const brought = await bringBack(tx, rules, back, { run, of, now });
  // What only the mapping changed nobody asked for: the breaker may hold it.
  const others = remapped.filter(({ sourceId }) => !brought.has(sourceId));
  await enqueueDeliveries(tx, rules, others, { source: run.source, runId: run.id, lane: 'backfill', now });
  await keepSpared(
    tx,
    run.id,
    looked.flatMap(({ row, plan }) => plan.spared.map((one) => ({ ...one, sourceId: row.sourceId }))),
  );
  const spared = looked.filter((one) => !isBack(one) && one.plan.spared.length > 0);
  const done = ids.length < chunkCustomers;
  if (done) await dropCheckpoint(tx, key.source, key.stream, key.reader);
  else await moveCheckpoint(tx, key, { cursor: ids.at(-1)!, done: false, now });
  await countPage(
    tx,
    { id: run.id, lease },
    {
      counts: {
        ...noCounts,
        received: looked.length,
        changed: back.length,
        superseded: spared.length,
        unchanged: looked.length - back.length - spared.length,
        customers: back.length,
      },
      pages: 1,
      expected: null,
      step: `bringing customers back to what they were before run ${of}`,
      now,
      leaseMs,
    },
  );
  return done;
}

/**
 * Maps customers again whose mapping has changed since, if fields of theirs are brought back: those are folded anyway. In one
 * revision, what the mapping changed would be the undo's, and undoing the undo would take it away and keep it away.
 */
async function remapFirst(
  tx: Queryable,
  rules: Rules,
  looked: readonly Looked[],
  { run, now }: { run: Run; now: number },
): Promise<Revised[]> {
  const stale = looked.filter(({ isStale, plan }) => isStale && Object.keys(plan.fields).length > 0);
  if (stale.length === 0) return [];
  const changed = await sourcesToRemap(tx, rules);
  const source = changed.includes(run.source) ? run.source : (changed[0] ?? run.source);
  const cause = { by: 'remap' as const, source, runId: null };
  const ids = stale.map(({ row }) => row.sourceId);
  return refold(tx, ids, rules.fold, { cause, now });
}

/** Has values stand in place of what the records give, and enqueues what changed by it. Returns whom it changed. */
async function bringBack(
  tx: Queryable,
  rules: Rules,
  back: readonly Looked[],
  { run, of, now }: { run: Run; of: number; now: number },
): Promise<ReadonlySet<string>> {
  const cause = { by: 'undo' as const, source: run.source, runId: run.id, of };
  const kept = back
    .filter(({ own, plan }) => own !== null && Object.keys(plan.fields).length > 0)
    .map(({ row, own, plan }) => ({ sourceId: row.sourceId, ...undoneFor(own!, plan.fields, run.id) }));
  await dropUndone(
    tx,
    kept.flatMap(({ sourceId, drop }) => drop.map((field) => ({ sourceId, field }))),
  );
  const set = new Map(kept.map(({ sourceId, set: undone }) => [sourceId, undone]));
  await setUndone(tx, set, { note: `run ${of} was undone`, now });
  const revised = await refold(tx, [...set.keys()], rules.fold, { cause, now });
  const turns = back
    .filter(({ plan }) => plan.keep !== null || plan.withhold !== null)
    .map(({ row, plan }) => ({ sourceId: row.sourceId, keep: plan.keep, withhold: plan.withhold }));
  const turned = await turnCustomers(tx, turns, { cause, runId: run.id, now });
  // A customer may have both: the later revision counts.
  const newest = new Map([...revised, ...turned].map((row) => [row.sourceId, row]));
  const options = { source: run.source, runId: run.id, lane: run.lane, now, byPerson: true };
  await enqueueDeliveries(tx, rules, [...newest.values()], options);
  return new Set(newest.keys());
}
