// The runs table: asked for, leased to one worker, counted page by page, ended once. It knows no vendor and no record.
import { sql } from 'drizzle-orm';
import type { JsonObject } from '../connector.ts';
import { at, json, ms, type Queryable } from '../db/database.ts';
import { type Lane, laneNumber, lanes } from '../engine/lanes.ts';
import { leasedBy } from '../engine/roster.ts';
import { balances, type Counts } from './ingest.ts';

/** incremental: what changed. full: everything. records: these IDs. import: one file, once. */
export type RunMode = 'incremental' | 'full' | 'records' | 'import';
export type RunTrigger = 'start' | 'schedule' | 'manual';
export type RunState = 'requested' | 'finished' | 'failed' | 'cancelled';

/** What else was asked for, by mode. */
export interface RunRequest {
  recordIds?: string[];
  /** A file on the machine `host`, and how the source's settings differ for it. */
  path?: string;
  host?: string;
  settings?: JsonObject;
}

export interface Run extends Counts {
  id: number;
  source: string;
  mode: RunMode;
  lane: Lane;
  trigger: RunTrigger;
  slot: number | null;
  request: RunRequest;
  state: RunState;
  requestedAt: number;
  startedAt: number | null;
  endedAt: number | null;
  pages: number;
  expected: number | null;
  /** What is being done, in words. */
  step: string | null;
  error: string | null;
  attempts: number;
  dueAt: number;
  /** A worker holds it. */
  leased: boolean;
  cancelRequestedAt: number | null;
}

const columns = sql`
  id::float8 as id, source, mode, lane, trigger, ${ms(sql`slot`)} as slot, request, state,
  ${ms(sql`requested_at`)} as "requestedAt", ${ms(sql`started_at`)} as "startedAt", ${ms(sql`ended_at`)} as "endedAt",
  pages, received::float8 as received, changed::float8 as changed, unchanged::float8 as unchanged,
  superseded::float8 as superseded, filtered::float8 as filtered, rejected::float8 as rejected,
  customers::float8 as customers, expected::float8 as expected, step, error, attempts, ${ms(sql`due_at`)} as "dueAt",
  lease is not null as leased, ${ms(sql`cancel_requested_at`)} as "cancelRequestedAt"`;

const toRun = ({ lane, ...row }: Omit<Run, 'lane'> & { lane: number }): Run => ({
  ...row,
  lane: lanes[lane]!,
});

export interface NewRun {
  source: string;
  mode: RunMode;
  trigger: RunTrigger;
  lane: Lane;
  slot?: number;
  request?: RunRequest;
  now: number;
}

/**
 * Asks for a run. Null where the slot has had its run or one of this source and mode is still going: then nothing is
 * written, and `goingRun` tells which.
 */
export async function requestRun(db: Queryable, run: NewRun): Promise<Run | null> {
  const [row] = await db.rows<Omit<Run, 'lane'> & { lane: number }>(sql`
    insert into runs (source, mode, lane, trigger, slot, request, requested_at, due_at)
    values (${run.source}, ${run.mode}, ${laneNumber(run.lane)}, ${run.trigger},
            ${run.slot === undefined ? null : at(run.slot)}, ${json(run.request ?? {})}, ${at(run.now)}, ${at(run.now)})
    on conflict do nothing returning ${columns}`);
  return row ? toRun(row) : null;
}

/** The run of this source and mode that has not ended. */
export async function goingRun(db: Queryable, source: string, mode: RunMode): Promise<Run | null> {
  const [row] = await db.rows<Omit<Run, 'lane'> & { lane: number }>(sql`
    select ${columns} from runs where source = ${source} and mode = ${mode} and state = 'requested' order by id desc limit 1`);
  return row ? toRun(row) : null;
}

export async function runById(db: Queryable, id: number): Promise<Run | null> {
  const [row] = await db.rows<Omit<Run, 'lane'> & { lane: number }>(
    sql`select ${columns} from runs where id = ${id}::bigint`,
  );
  return row ? toRun(row) : null;
}

/** The newest runs, before `before` where given. */
export async function listRuns(
  db: Queryable,
  filter: {
    source?: string | undefined;
    state?: RunState | undefined;
    before?: number | undefined;
    limit: number;
  },
): Promise<Run[]> {
  const rows = await db.rows<Omit<Run, 'lane'> & { lane: number }>(sql`
    select ${columns} from runs
    where ${filter.source === undefined ? sql`true` : sql`source = ${filter.source}`}
      and ${filter.state === undefined ? sql`true` : sql`state = ${filter.state}`}
      and ${filter.before === undefined ? sql`true` : sql`id < ${filter.before}::bigint`}
    order by id desc limit ${filter.limit}`);
  return rows.map(toRun);
}

/** Every run that has not ended, those in a worker's hands first. */
export async function goingRuns(db: Queryable): Promise<Run[]> {
  const rows = await db.rows<Omit<Run, 'lane'> & { lane: number }>(sql`
    select ${columns} from runs where state = 'requested' order by lease is null, lane, id limit 500`);
  return rows.map(toRun);
}

/** Of each of these sources the newest run that has ended. */
export async function lastRuns(db: Queryable, sources: readonly string[]): Promise<Run[]> {
  const rows = await db.rows<Omit<Run, 'lane'> & { lane: number }>(sql`
    select last.* from jsonb_array_elements_text(${json(sources)}) as name,
      lateral (select ${columns} from runs where source = name and state <> 'requested' order by id desc limit 1) as last`);
  return rows.map(toRun);
}

/** True while a worker is reading some source: deliveries may wait a little for company. */
export async function someRunIsGoing(db: Queryable): Promise<boolean> {
  const [row] = await db.rows<{ going: boolean }>(sql`
    select exists(select 1 from runs where state = 'requested' and lease is not null and mode <> 'records') as going`);
  return row?.going ?? false;
}

/**
 * Claims the next run that is due, of a source that is not paused and has no run in hand. The source's rows are
 * serialised by an advisory lock for the statement's length, so that two workers never take two runs of one source.
 */
export async function claimRun(
  db: Queryable,
  claim: { lease: string; now: number; leaseMs: number; host: string; sources: readonly string[] },
): Promise<Run | null> {
  await db.rows(sql`select pg_advisory_xact_lock(7225120)`);
  const [row] = await db.rows<Omit<Run, 'lane'> & { lane: number }>(sql`
    update runs set lease = ${claim.lease}::uuid, leased_until = ${at(claim.now + claim.leaseMs)}, started_at = coalesce(started_at, ${at(claim.now)})
    where id = (
      select id from runs as due
      where state = 'requested' and due_at <= ${at(claim.now)} and (leased_until is null or leased_until < ${at(claim.now)})
        and source in (select jsonb_array_elements_text(${json(claim.sources)}))
        and coalesce(request ->> 'host', ${claim.host}) = ${claim.host}
        and not exists (select 1 from pauses where name = due.source)
        and not exists (select 1 from runs as other where other.source = due.source and other.id <> due.id
                        and other.state = 'requested' and other.leased_until >= ${at(claim.now)})
      order by lane, id limit 1)
    returning ${columns}`);
  return row ? toRun(row) : null;
}

export class LostLeaseError extends Error {
  override name = 'LostLeaseError';
  constructor(run: number) {
    super(`run ${run} is held by another worker by now`);
  }
}

export class CancelledError extends Error {
  override name = 'CancelledError';
}

/**
 * Adds one page's counts, in the page's own transaction, and holds the lease further. Throws LostLeaseError where the
 * run is no longer ours (the page is then rolled back) and CancelledError where a person has called it off.
 */
export async function countPage(
  db: Queryable,
  run: { id: number; lease: string },
  page: {
    counts: Counts;
    pages: number;
    expected: number | null;
    step: string;
    now: number;
    leaseMs: number;
  },
): Promise<void> {
  const { counts } = page;
  const [row] = await db.rows<{ cancelled: boolean }>(sql`
    update runs set
      pages = pages + ${page.pages}, received = received + ${counts.received}, changed = changed + ${counts.changed},
      unchanged = unchanged + ${counts.unchanged}, superseded = superseded + ${counts.superseded},
      filtered = filtered + ${counts.filtered}, rejected = rejected + ${counts.rejected},
      customers = customers + ${counts.customers}, expected = coalesce(${page.expected}::bigint, expected),
      step = ${page.step}, attempts = 0, error = null, leased_until = ${at(page.now + page.leaseMs)}
    where id = ${run.id}::bigint and lease = ${run.lease}::uuid and state = 'requested'
    returning cancel_requested_at is not null as cancelled`);
  if (!row) throw new LostLeaseError(run.id);
  if (row.cancelled) throw new CancelledError(`run ${run.id} was cancelled`);
}

/** Holds the lease further while a page takes long. */
export async function holdRun(
  db: Queryable,
  run: { id: number; lease: string },
  until: number,
): Promise<boolean> {
  const rows = await db.rows(sql`
    update runs set leased_until = ${at(until)} where id = ${run.id}::bigint and lease = ${run.lease}::uuid and state = 'requested' returning id`);
  return rows.length > 0;
}

/** Ends the run. A run whose counts do not balance fails, and says so. */
export async function endRun(
  db: Queryable,
  run: { id: number; lease: string },
  end: { state: 'finished' | 'failed' | 'cancelled'; error: string | null; now: number },
): Promise<Run | null> {
  const [row] = await db.rows<Omit<Run, 'lane'> & { lane: number }>(sql`
    select ${columns} from runs where id = ${run.id}::bigint and lease = ${run.lease}::uuid and state = 'requested' for update`);
  if (!row) return null;
  const balanced = end.state !== 'finished' || balances(row);
  const state = balanced ? end.state : 'failed';
  const error = balanced
    ? end.error
    : `The run received ${row.received} records and can account for ${row.changed + row.unchanged + row.superseded + row.filtered + row.rejected} of them. This is a defect of Tributary; please report it.`;
  const [ended] = await db.rows<Omit<Run, 'lane'> & { lane: number }>(sql`
    update runs set state = ${state}, error = ${error}, ended_at = ${at(end.now)}, lease = null, leased_until = null, step = null
    where id = ${run.id}::bigint returning ${columns}`);
  return ended ? toRun(ended) : null;
}

/** Gives the run back to be taken up again later, from its checkpoint. `counted`: it used up an attempt. */
export async function putOffRun(
  db: Queryable,
  run: { id: number; lease: string },
  later: { dueAt: number; counted: boolean; error: string | null },
): Promise<void> {
  await db.rows(sql`
    update runs set lease = null, leased_until = null, due_at = ${at(later.dueAt)}, error = ${later.error},
      attempts = attempts + ${later.counted ? 1 : 0}
    where id = ${run.id}::bigint and lease = ${run.lease}::uuid and state = 'requested'`);
}

/** Calls a run off: at once where no worker holds it, else at its next page. Null where it is not going. */
export async function cancelRun(db: Queryable, id: number, now: number): Promise<Run | null> {
  const [row] = await db.rows<Omit<Run, 'lane'> & { lane: number }>(sql`
    update runs set cancel_requested_at = ${at(now)},
      state = case when lease is null then 'cancelled' else state end,
      ended_at = case when lease is null then ${at(now)} else ended_at end
    where id = ${id}::bigint and state = 'requested' returning ${columns}`);
  return row ? toRun(row) : null;
}

/** When the next run that no worker holds falls due, epoch milliseconds. */
export async function nextRunDue(db: Queryable): Promise<number | null> {
  const [row] = await db.rows<{ next: number | null }>(sql`
    select ${ms(sql`min(greatest(due_at, coalesce(leased_until, due_at)))`)} as next from runs where state = 'requested'`);
  return row?.next ?? null;
}

/** What a dead worker was carrying may be taken up at once. */
export async function freeRuns(db: Queryable, worker: string): Promise<void> {
  await db.rows(sql`
    update runs set lease = null, leased_until = null where state = 'requested' and ${leasedBy(sql`lease`, worker)}`);
}
