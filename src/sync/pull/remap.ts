// Stored records mapped again where the mapping of their source has changed: in chunks, each with
// its checkpoint, with no new pull. It knows no vendor.
import type { Run } from '../../contract/run.ts';
import type { Database, Queryable } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Log } from '../../engine/log/log.ts';
import { checkpoint, dropCheckpoint, moveCheckpoint } from '../../tables/checkpoints.ts';
import { noCounts } from '../../tables/counts.ts';
import { fieldsOfCustomers, refold } from '../../tables/customers.ts';
import { requeueDead } from '../../tables/deliveries.ts';
import { keepMapping, listMappings, removedRules } from '../../tables/mappings.ts';
import {
  countRecords,
  hasRecords,
  type MappedState,
  type RemapRow,
  recordsOf,
  recordsToRemap,
  remapRecords,
} from '../../tables/records.ts';
import { countPage, requestRun } from '../../tables/runs.ts';
import { enqueueDeliveries } from '../intake/enqueue.ts';
import { goodOfBefore, type Mapped, mapAgain, sameState } from '../intake/mapped.ts';
import { rulesOf, schemaOf } from '../intake/mapping-fingerprint.ts';
import type { Rules } from '../intake/rules.ts';
import type { Source } from '../intake/source.ts';
import { retryDeadLetters } from '../retry/retry.ts';

const chunkRecords = 500;

/** Checkpoints are kept by stream; a remap walks all streams of its source as one. */
const allStreams = '*';

/** What ingest refuses for the mapping's sake, and may take when that changes. */
const refusedCodes = ['bad_value', 'source_id'];

// ── When it has changed ─────────────────────────────────────────────────────────────────────────────────────────

export interface Comparison {
  /** Runs that were asked for, by source. */
  requested: string[];
  /** Sources that a person or the configuration has withdrawn, and whose contributions are still to go. */
  removed: string[];
  /** The destination's schema is another than last time: what it refused is due again, so many customers. */
  revived: number;
}

/**
 * Compares how each source is mapped with how its records were mapped last, and asks for a run where that differs. A
 * source met for the first time is only noted, unless it has records. `force`: sources whose records were perhaps taken in
 * under another schema, by this worker or by one that did not know of it yet.
 */
export async function compareMappings(
  database: Database,
  rules: Rules,
  context: { now: number; force?: ReadonlySet<string> },
): Promise<Comparison> {
  const { now, force } = context;
  return database.transaction(async (tx) => {
    const kept = new Map((await listMappings(tx)).map((row) => [row.source, row]));
    const comparison: Comparison = { requested: [], removed: [], revived: 0 };
    let schemaChanged = false;
    for (const source of rules.sources) {
      const fingerprint = rulesOf(rules, source);
      const known = kept.get(source.name);
      if (!known?.fingerprint && !(await hasRecords(tx, source.name))) {
        await keepMapping(tx, source.name, `${fingerprint} ${schemaOf(rules)}`, source.properties, now);
        continue;
      }
      const [knownRules = '', knownSchema] = known?.fingerprint.split(' ') ?? [];
      const unfinished = await checkpoint(tx, source.name, allStreams, 'remap');
      if (knownRules !== fingerprint || unfinished !== null || force?.has(source.name)) {
        if (await ask(tx, source.name, now)) comparison.requested.push(source.name);
      }
      if (knownSchema === schemaOf(rules)) continue;
      schemaChanged ||= knownRules !== removedRules;
      await keepMapping(tx, source.name, `${knownRules} ${schemaOf(rules)}`, known?.properties ?? [], now);
    }
    for (const { source, fingerprint, withdrawn } of kept.values()) {
      if (rules.source(source) || fingerprint.startsWith(removedRules)) continue;
      if (!withdrawn && !rules.config.removedSources?.includes(source)) continue;
      comparison.removed.push(source);
      if (await ask(tx, source, now)) comparison.requested.push(source);
    }
    if (schemaChanged) comparison.revived = await requeueDead(tx, null, 'backfill', now);
    return comparison;
  });
}

async function ask(db: Queryable, source: string, now: number): Promise<boolean> {
  return (
    (await requestRun(db, { source, mode: 'remap', trigger: 'mapping', lane: 'backfill', now })) !== null
  );
}

// ── Mapping again ───────────────────────────────────────────────────────────────────────────────────────────────

export interface Remapping {
  deps: { database: Database; rules: Rules; clock: Clock; onIngested(): void };
  run: Run;
  lease: string;
  leaseMs: number;
  signal: AbortSignal;
  log: Log;
}

/** Where a remap goes on, and under which rules it came so far: under others it begins anew. */
type Cursor = {
  rules: string;
  stream: string;
  recordId: string;
  /** Properties that were never asked for and that some body has all the same. */
  met: string[];
};

/**
 * Maps every stored record of the run's source again and folds their customers anew, 500 records a transaction. A source
 * that is configured no longer says nothing: its customers are folded without it. Then what was refused for the old
 * mapping's sake is tried again.
 */
export async function remap(remapping: Remapping): Promise<void> {
  const { deps, run, signal, log } = remapping;
  for (;;) {
    signal.throwIfAborted();
    const { done, unread } = await deps.database.transaction((tx) => remapChunk(tx, remapping));
    deps.onIngested();
    if (unread.length > 0)
      log.info(
        { properties: unread.join(', ') },
        'the mapping reads what was never asked for: a full run follows',
      );
    if (done) break;
  }
  if (!deps.rules.source(run.source)) return;
  for (const code of refusedCodes) await retryDeadLetters(deps, { kind: 'record', source: run.source, code });
}

async function remapChunk(
  tx: Queryable,
  { deps, run, lease, leaseMs }: Remapping,
): Promise<{ done: boolean; unread: string[] }> {
  const { rules, clock } = deps;
  const now = clock.now();
  const source = rules.source(run.source) ?? null;
  const fingerprint = source ? rulesOf(rules, source) : removedRules;
  const key = { source: run.source, stream: allStreams, reader: 'remap' as const };
  const known = (await checkpoint(tx, key.source, key.stream, key.reader))?.cursor as Cursor | undefined;
  const from =
    known?.rules === fingerprint ? known : { rules: fingerprint, stream: '', recordId: '', met: [] };
  const rows = await recordsToRemap(tx, run.source, from, chunkRecords);

  const changed = source ? await updateChanged(tx, rules, source, rows) : new Map<RemapRow, MappedState>();
  const affected = new Set<string>();
  for (const row of rows)
    for (const sourceId of [row.sourceId, changed.get(row)?.sourceId]) if (sourceId) affected.add(sourceId);
  const cause = { by: 'remap' as const, source: run.source, runId: run.id };
  const revised = await refold(tx, affected, rules.fold, { cause, now });
  const options = { source: run.source, runId: run.id, lane: run.lane, now };
  await enqueueDeliveries(tx, rules, revised, options);

  const revisedIds = new Set(revised.map(({ sourceId }) => sourceId));
  const changes = rows.filter((row) => changed.has(row) || revisedIds.has(row.sourceId ?? '')).length;
  const done = rows.length < chunkRecords;
  const met = source ? await metProperties(tx, source, rows, from.met) : [];
  const last = rows.at(-1);
  if (!done && last) {
    const cursor: Cursor = { rules: fingerprint, stream: last.stream, recordId: last.recordId, met };
    await moveCheckpoint(tx, key, { cursor, done: false, now });
  } else await dropCheckpoint(tx, key.source, key.stream, key.reader);
  const unread = done ? await endMapping(tx, { rules, source, run, fingerprint, met, now }) : [];
  await countPage(
    tx,
    { id: run.id, lease },
    {
      counts: {
        ...noCounts,
        received: rows.length,
        changed: changes,
        unchanged: rows.length - changes,
        customers: revised.length,
      },
      pages: 1,
      expected: known ? null : await countRecords(tx, run.source),
      step: source ? 'mapping stored records again' : 'withdrawing what a removed source contributed',
      now,
      leaseMs,
    },
  );
  return { done, unread };
}

/** Updates the rows that the mapping decides otherwise now. Returns those, with what they are now. */
async function updateChanged(
  tx: Queryable,
  rules: Rules,
  source: Source,
  rows: readonly RemapRow[],
): Promise<Map<RemapRow, MappedState>> {
  // A row without a hash is a stub: only its deletion or its merge is known, there is nothing to map.
  const mapped = rows.filter((row) => row.hash !== '').map((row) => ({ row, next: mapAgain(source, row) }));
  await keepGoodOfBefore(tx, rules, mapped);
  const differing = mapped.filter(({ row, next }) => !sameState(row, next));
  await remapRecords(
    tx,
    source.name,
    differing.map(({ row: { stream, recordId }, next: { sourceId, filtered, faults, good } }) => ({
      stream,
      recordId,
      sourceId,
      filtered,
      faults,
      good,
    })),
  );
  return new Map(differing.map(({ row, next }) => [row, next]));
}

/** Values that fail only now: what the customer has of them stays on. */
async function keepGoodOfBefore(
  tx: Queryable,
  rules: Rules,
  mapped: readonly { row: RemapRow; next: Mapped }[],
): Promise<void> {
  const failing = mapped.filter(({ next }) => next.newlyFaulty.length > 0 && next.sourceId !== null);
  if (failing.length === 0) return;
  const ids = failing.map(({ next }) => next.sourceId!);
  const fields = await fieldsOfCustomers(tx, ids);
  const records = Map.groupBy(await recordsOf(tx, ids), ({ sourceId }) => sourceId);
  for (const { row, next } of failing) {
    const sourceId = next.sourceId!;
    const record = { ...row, sourceId, good: next.good };
    next.good = goodOfBefore(
      rules,
      record,
      next.newlyFaulty,
      records.get(sourceId) ?? [],
      fields.get(sourceId) ?? {},
    );
  }
}

async function metProperties(
  tx: Queryable,
  source: Source,
  rows: readonly RemapRow[],
  met: readonly string[],
): Promise<string[]> {
  const open = (await neverAsked(tx, source)).filter((name) => !met.includes(name));
  return [...met, ...open.filter((name) => rows.some(({ body }) => Object.hasOwn(body, name)))];
}

async function neverAsked(tx: Queryable, source: Source): Promise<string[]> {
  const kept = (await listMappings(tx)).find((row) => row.source === source.name);
  return source.properties.filter((name) => !kept?.properties.includes(name));
}

/** Notes by what the records are mapped now; asks for a full run where that reads what no record has. Returns those names. */
async function endMapping(
  tx: Queryable,
  end: { rules: Rules; source: Source | null; run: Run; fingerprint: string; met: string[]; now: number },
): Promise<string[]> {
  const { rules, source, run, fingerprint, met, now } = end;
  // Files hold what they hold: only what is asked of an API or a database can be asked for again.
  const unread = source?.isAsked ? (await neverAsked(tx, source)).filter((name) => !met.includes(name)) : [];
  await keepMapping(tx, run.source, `${fingerprint} ${schemaOf(rules)}`, source?.properties ?? [], now);
  if (unread.length > 0)
    await requestRun(tx, { source: run.source, mode: 'full', trigger: 'mapping', lane: 'backfill', now });
  return unread;
}
