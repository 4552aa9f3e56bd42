// The runs table: asked for, leased to one worker, counted page by page, ended once. It knows no vendor and no record.
import { type SQL, sql } from 'drizzle-orm';
import {
  bigint,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  smallint,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import type { Json, Note } from '../connector.ts';
import {
  type Columns,
  type Run,
  type RunMode,
  type RunRequest,
  type RunState,
  type RunTrigger,
  runModes,
  runStates,
  runTriggers,
} from '../contract/run.ts';
import { isOneOf, time } from '../db/column-types.ts';
import { json, jsonList, type Queryable, toEpochMs, toTimestamp } from '../db/database.ts';
import { notifying } from '../db/notifications.ts';
import { type Lane, laneNumber, lanes } from '../engine/quota/lanes.ts';
import { leasedBy } from '../engine/work/worker-registry.ts';
import { balances, type Counts } from './counts.ts';
import { mergeNotes } from './notes.ts';

/**
 * All pulls from a checkpoint to rest. Being worked on is a lease. `received` must equal the sum of the five counts
 * after it; `unbalanced` rows cannot finish.
 */
export const runs = pgTable(
  'runs',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    source: text().notNull(),
    mode: text({ enum: runModes }).notNull(),
    lane: smallint().notNull(),
    /** Why it exists. */
    trigger: text({ enum: runTriggers }).notNull(),
    /** The schedule's moment that asked for it: one run however many workers hold the cron. */
    slot: time('slot'),
    /** What else was asked: record IDs, a file, a dry run. */
    request: jsonb().notNull().default({}),
    state: text({ enum: runStates }).notNull().default('requested'),
    requestedAt: time('requested_at').notNull(),
    startedAt: time('started_at'),
    endedAt: time('ended_at'),
    pages: integer().notNull().default(0),
    received: bigint({ mode: 'number' }).notNull().default(0),
    changed: bigint({ mode: 'number' }).notNull().default(0),
    unchanged: bigint({ mode: 'number' }).notNull().default(0),
    superseded: bigint({ mode: 'number' }).notNull().default(0),
    filtered: bigint({ mode: 'number' }).notNull().default(0),
    rejected: bigint({ mode: 'number' }).notNull().default(0),
    /** Customers whose fields changed by it. */
    customers: bigint({ mode: 'number' }).notNull().default(0),
    /** What the vendor says there is in all, for progress. */
    expected: bigint({ mode: 'number' }),
    /** What is being done, in words. */
    step: text(),
    /** What a dry run found. */
    report: jsonb(),
    /** Findings for a person, each a code, a message and a count: sync/runs/notes. */
    notes: jsonb().notNull().default([]),
    error: text(),
    attempts: integer().notNull().default(0),
    dueAt: time('due_at').notNull(),
    lease: uuid(),
    leasedUntil: time('leased_until'),
    cancelRequestedAt: time('cancel_requested_at'),
  },
  (t) => [
    uniqueIndex('runs_slot').on(t.source, t.slot),
    // A run that is still going is not started twice.
    uniqueIndex('runs_one_going')
      .on(t.source, t.mode)
      .where(
        sql`${t.state} = 'requested' and ${t.mode} in ('incremental', 'full', 'remap') and ${t.request} ->> 'dryRun' is null`,
      ),
    index('runs_due').on(t.dueAt).where(sql`${t.state} = 'requested'`),
    index('runs_recent').on(t.source, t.id),
    check('runs_state', isOneOf(t.state, runStates)),
    check('runs_ended', sql`(${t.state} <> 'requested') = (${t.endedAt} is not null)`),
    check(
      'runs_balance',
      sql`${t.state} <> 'finished' or ${t.received} = ${t.changed} + ${t.unchanged} + ${t.superseded} + ${t.filtered} + ${t.rejected}`,
    ),
  ],
);

/** A dry run moves no reader. */
const isReading = sql`mode in ('incremental', 'full') and request ->> 'dryRun' is null`;

/** When the reading began that came to rest at this time, epoch milliseconds; 0 where no run tells. */
export async function readingBegan(db: Queryable, source: string, restedAt: number): Promise<number> {
  const [row] = await db.rows<{ began: number | null }>(sql`
    select min(started_at) as began from runs
    where source = ${source} and ${isReading} and ${toEpochMs(sql`started_at`)} <= ${restedAt}::float8
      and id > coalesce((
        select max(id) from runs where source = ${source} and ${isReading} and state = 'finished'
          and ${toEpochMs(sql`ended_at`)} < ${restedAt}::float8), 0)`);
  return row?.began ?? 0;
}

const columns = sql`
  id, source, mode, lane, trigger, slot, request, state, requested_at, started_at, ended_at, pages, received, changed, unchanged,
  superseded, filtered, rejected, customers, expected, step, error, notes, attempts, due_at,
  lease is not null as working, cancel_requested_at`;

/** A dry run stands in for no other. */
const isReal = sql`request ->> 'dryRun' is null`;

type Row = Omit<Run, 'lane'> & { lane: number };

const toRun = ({ lane, ...row }: Row): Run => ({ ...row, lane: lanes[lane]! });

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
  // A full reading takes the slot of a run that brings less.
  if (run.mode === 'full' && run.slot !== undefined)
    await db.rows(
      sql`update runs set slot = null where source = ${run.source} and slot = ${toTimestamp(run.slot)} and mode <> 'full'`,
    );
  const [row] = await db.rows<Row>(
    notifying(
      'pull',
      sql`
    insert into runs (source, mode, lane, trigger, slot, request, requested_at, due_at)
    values (${run.source}, ${run.mode}, ${laneNumber(run.lane)}, ${run.trigger},
            ${run.slot === undefined ? null : toTimestamp(run.slot)}, ${json(run.request ?? {})}, ${toTimestamp(run.now)}, ${toTimestamp(run.now)})
    on conflict do nothing returning ${columns}`,
    ),
  );
  return row ? toRun(row) : null;
}

/** Slots may be so far ahead: the clocks of workers differ a little. */
const aheadMs = 60_000;

/**
 * For a clock that showed a later time by mistake: slots that are still to come have had no run, and what was asked for then
 * is due now.
 */
export async function releaseFuture(db: Queryable, now: number): Promise<void> {
  const ahead = toTimestamp(now + aheadMs);
  await db.rows(sql`update runs set slot = null where slot > ${ahead}`);
  await db.rows(sql`
    update runs set due_at = ${toTimestamp(now)}
    where state = 'requested' and lease is null and requested_at > ${ahead} and due_at > ${toTimestamp(now)}`);
}

/** The run of this source and mode that has not ended. */
export async function goingRun(db: Queryable, source: string, mode: RunMode): Promise<Run | null> {
  const [row] = await db.rows<Row>(sql`
    select ${columns} from runs where source = ${source} and mode = ${mode} and state = 'requested' and ${isReal} order by id desc limit 1`);
  return row ? toRun(row) : null;
}

/** Any run of this source that has not ended, the one in hand first. */
export async function someGoingRun(db: Queryable, source: string): Promise<Run | null> {
  const [row] = await db.rows<Row>(sql`
    select ${columns} from runs where source = ${source} and state = 'requested' order by lease is null, id limit 1`);
  return row ? toRun(row) : null;
}

/** Until this transaction ends no worker takes up a run; see `claimRun`. */
export async function blockRunClaims(db: Queryable): Promise<void> {
  await db.rows(sql`select pg_advisory_xact_lock(7225120)`);
}

export async function runById(db: Queryable, id: number): Promise<Run | null> {
  const [row] = await db.rows<Row>(sql`select ${columns} from runs where id = ${id}::bigint`);
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
  const rows = await db.rows<Row>(sql`
    select ${columns} from runs
    where ${filter.source === undefined ? sql`true` : sql`source = ${filter.source}`}
      and ${filter.state === undefined ? sql`true` : sql`state = ${filter.state}`}
      and ${filter.before === undefined ? sql`true` : sql`id < ${filter.before}::bigint`}
    order by id desc limit ${filter.limit}`);
  return rows.map(toRun);
}

/** Every run that has not ended, those in a worker's hands first. */
export async function goingRuns(db: Queryable): Promise<Run[]> {
  const rows = await db.rows<Row>(sql`
    select ${columns} from runs where state = 'requested' order by lease is null, lane, id limit 500`);
  return rows.map(toRun);
}

/** The run, and the undos of it, of those, and so on. */
export async function undoFamily(db: Queryable, id: number): Promise<number[]> {
  const rows = await db.rows<{ id: number }>(sql`
    with recursive family (id) as (
      select ${id}::bigint
      union select runs.id from runs join family on (request ->> 'undo')::bigint = family.id where mode = 'undo')
    select id from family order by id`);
  return rows.map((row) => row.id);
}

/** Undos, the newest first, before `before` where given. */
export async function listUndos(
  db: Queryable,
  page: { before?: number | undefined; limit: number },
): Promise<Run[]> {
  const rows = await db.rows<Row>(sql`
    select ${columns} from runs
    where mode = 'undo' and ${page.before === undefined ? sql`true` : sql`id < ${page.before}::bigint`}
    order by id desc limit ${page.limit}`);
  return rows.map(toRun);
}

/** Of each of these sources the newest run that has ended. */
export async function lastRuns(db: Queryable, sources: readonly string[]): Promise<Run[]> {
  const rows = await db.rows<Row>(sql`
    select last.* from json_array_elements_text(${jsonList(sources)}) as name,
      lateral (select ${columns} from runs where source = name and state <> 'requested' and ${isReal} order by id desc limit 1) as last`);
  return rows.map(toRun);
}

/** True while a worker is reading some source: deliveries may wait a little for company. */
export async function someRunIsGoing(db: Queryable): Promise<boolean> {
  const [row] = await db.rows<{ going: boolean }>(sql`
    select exists(select 1 from runs where state = 'requested' and lease is not null and mode <> 'records' and ${isReal}) as going`);
  return row?.going ?? false;
}

/** Which runs a worker carries. */
export interface Claimable {
  /** Its machine: files given to another are not here. */
  host: string;
  sources: readonly string[];
  /** Real runs are left to other workers. */
  dryRunsOnly?: boolean;
}

/** A run (`due`) that this worker may carry, now or later. */
const isClaimable = ({ host, sources, dryRunsOnly }: Claimable): SQL => sql`
  due.state = 'requested' and due.cancel_requested_at is null
  -- An undo asks no vendor: it goes on while its source is paused, or is configured no more.
  and (due.mode = 'undo' or due.source in (select json_array_elements_text(${jsonList(sources)})))
  and coalesce(due.request ->> 'host', ${host}) = ${host}
  and ${dryRunsOnly ? sql`due.request ->> 'dryRun' is not null` : sql`true`}`;

/**
 * Claims the next run that is due, of a source that has no run in hand and is not paused, or whose trial is due (the caller
 * takes that one, see `takeTrial`). The source's rows are serialised by an advisory lock for the statement's length, so that
 * two workers never take two runs of one source.
 */
export async function claimRun(
  db: Queryable,
  claim: Claimable & { lease: string; now: number; leaseMs: number },
): Promise<Run | null> {
  await blockRunClaims(db);
  const [row] = await db.rows<Row>(sql`
    update runs set lease = ${claim.lease}::uuid, leased_until = ${toTimestamp(claim.now + claim.leaseMs)}, started_at = coalesce(started_at, ${toTimestamp(claim.now)})
    where id = (
      select id from runs as due
      where ${isClaimable(claim)} and due_at <= ${toTimestamp(claim.now)} and (leased_until is null or leased_until < ${toTimestamp(claim.now)})
        and (mode = 'undo' or not exists (select 1 from pauses where name = due.source and (trial_at is null or trial_at > ${toTimestamp(claim.now)})))
        and not exists (select 1 from runs as other where other.source = due.source and other.id <> due.id
                        and other.state = 'requested' and other.leased_until >= ${toTimestamp(claim.now)})
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

/** Its source was paused: the run is put down, and goes on from its checkpoint when the source is resumed. */
export class PausedError extends Error {
  override name = 'PausedError';
}

/**
 * Adds one page's counts, in the page's own transaction, and holds the lease further. Throws LostLeaseError where the
 * run is no longer ours (the page is then rolled back), CancelledError where a person has called it off, and PausedError.
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
  const [row] = await db.rows<{ cancelled: boolean; paused: boolean }>(sql`
    update runs set
      pages = pages + ${page.pages}, received = received + ${counts.received}, changed = changed + ${counts.changed},
      unchanged = unchanged + ${counts.unchanged}, superseded = superseded + ${counts.superseded},
      filtered = filtered + ${counts.filtered}, rejected = rejected + ${counts.rejected},
      customers = customers + ${counts.customers}, expected = coalesce(${page.expected}::bigint, expected),
      step = ${page.step}, attempts = 0, error = null, leased_until = ${toTimestamp(page.now + page.leaseMs)}
    where id = ${run.id}::bigint and lease = ${run.lease}::uuid and state = 'requested'
    returning cancel_requested_at is not null as cancelled,
      mode <> 'undo' and exists(select 1 from pauses where name = runs.source) as paused`);
  if (!row) throw new LostLeaseError(run.id);
  if (row.cancelled) throw new CancelledError(`run ${run.id} was cancelled`);
  if (row.paused) throw new PausedError(`the source of run ${run.id} was paused`);
}

/** Adds notes to those of the run, in the page's own transaction. */
export async function addNotes(db: Queryable, runId: number, notes: readonly Note[]): Promise<void> {
  if (notes.length === 0) return;
  const [row] = await db.rows<{ notes: Note[] }>(
    sql`select notes from runs where id = ${runId}::bigint for update`,
  );
  if (!row) return;
  await db.rows(
    sql`update runs set notes = ${json(mergeNotes(row.notes, notes))} where id = ${runId}::bigint`,
  );
}

/** What a run has counted so far counts no more: a dry run that is taken up again begins anew. */
export async function countFromZero(db: Queryable, run: { id: number; lease: string }): Promise<void> {
  await db.rows(sql`
    update runs set pages = 0, received = 0, changed = 0, unchanged = 0, superseded = 0, filtered = 0, rejected = 0, customers = 0,
      notes = '[]'
    where id = ${run.id}::bigint and lease = ${run.lease}::uuid and state = 'requested' and pages > 0`);
}

/** Keeps what a dry run found, or what became of the columns of a file. */
export async function keepReport(
  db: Queryable,
  run: { id: number; lease: string },
  report: object,
): Promise<void> {
  await db.rows(sql`
    update runs set report = ${json(report)}
    where id = ${run.id}::bigint and lease = ${run.lease}::uuid and state = 'requested'`);
}

/** What a dry run found, when it has ended, and of a reading of files what became of their columns; else null. */
export async function reportOf(db: Queryable, id: number): Promise<Json> {
  const [row] = await db.rows<{ report: Json }>(sql`select report from runs where id = ${id}::bigint`);
  return row?.report ?? null;
}

/** Of those of these runs that read files, what became of the columns. */
export async function columnsOfRuns(db: Queryable, ids: readonly number[]): Promise<Map<number, Columns>> {
  if (ids.length === 0) return new Map();
  const rows = await db.rows<{ id: number; columns: Columns }>(sql`
    select id, report -> 'columns' as columns from runs
    where id in (select value::text::bigint from json_array_elements(${jsonList(ids)}))
      and jsonb_typeof(report -> 'columns') = 'object'`);
  return new Map(rows.map((row) => [row.id, row.columns]));
}

/** Holds the lease further while a page takes long. */
export async function holdRun(
  db: Queryable,
  run: { id: number; lease: string },
  until: number,
): Promise<boolean> {
  const rows = await db.rows(sql`
    update runs set leased_until = ${toTimestamp(until)} where id = ${run.id}::bigint and lease = ${run.lease}::uuid and state = 'requested' returning id`);
  return rows.length > 0;
}

/** What its worker must know of a run while a call is under way: whether it is still to go on. */
export async function runStanding(
  db: Queryable,
  run: { id: number; lease: string },
): Promise<'going' | 'cancelled' | 'paused' | 'lost'> {
  const [row] = await db.rows<{ cancelled: boolean; paused: boolean }>(sql`
    select cancel_requested_at is not null as cancelled,
      mode <> 'undo' and exists(select 1 from pauses where name = runs.source and cause = 'person') as paused
    from runs where id = ${run.id}::bigint and lease = ${run.lease}::uuid and state = 'requested'`);
  if (!row) return 'lost';
  return row.cancelled ? 'cancelled' : row.paused ? 'paused' : 'going';
}

/** Ends the run. A run whose counts do not balance fails, and says so. */
export async function endRun(
  db: Queryable,
  run: { id: number; lease: string },
  end: { state: 'finished' | 'failed' | 'cancelled'; error: string | null; now: number },
): Promise<Run | null> {
  const [row] = await db.rows<Row>(sql`
    select ${columns} from runs where id = ${run.id}::bigint and lease = ${run.lease}::uuid and state = 'requested' for update`);
  if (!row) return null;
  const balanced = end.state !== 'finished' || balances(row);
  const state = balanced ? end.state : 'failed';
  const error = balanced
    ? end.error
    : `The run received ${row.received} records and can account for ${row.changed + row.unchanged + row.superseded + row.filtered + row.rejected} of them. This is a defect of Tributary; please report it.`;
  const [ended] = await db.rows<Row>(sql`
    update runs set state = ${state}, error = ${error}, ended_at = ${toTimestamp(end.now)}, lease = null, leased_until = null, step = null
    where id = ${run.id}::bigint returning ${columns}`);
  return ended ? toRun(ended) : null;
}

/** Nobody carries the run any more. One that was called off meanwhile ends by it: no page would come to say so. */
const withoutLease = sql`lease = null, leased_until = null,
  state = case when cancel_requested_at is null then state else 'cancelled' end, ended_at = cancel_requested_at`;

/** Gives the run back to be taken up again later, from its checkpoint. `counted`: it used up an attempt. */
export async function putOffRun(
  db: Queryable,
  run: { id: number; lease: string },
  later: { dueAt: number; counted: boolean; error: string | null },
): Promise<void> {
  await db.rows(sql`
    update runs set ${withoutLease}, due_at = ${toTimestamp(later.dueAt)}, error = ${later.error}, attempts = attempts + ${later.counted ? 1 : 0}
    where id = ${run.id}::bigint and lease = ${run.lease}::uuid and state = 'requested'`);
}

/** Calls a run off: at once where no worker holds it, or none for as long as a lease, else at its next page. Null where it is not going. */
export async function cancelRun(db: Queryable, id: number, now: number): Promise<Run | null> {
  const isFree = sql`(lease is null or leased_until < ${toTimestamp(now)})`;
  const [row] = await db.rows<Row>(sql`
    update runs set cancel_requested_at = ${toTimestamp(now)},
      state = case when ${isFree} then 'cancelled' else state end,
      ended_at = case when ${isFree} then ${toTimestamp(now)} else ended_at end,
      lease = case when ${isFree} then null else lease end,
      leased_until = case when ${isFree} then null else leased_until end
    where id = ${id}::bigint and state = 'requested' returning ${columns}`);
  return row ? toRun(row) : null;
}

/** A person does not wait for the moment that a run was put off to. Null where none of this source and mode is put off. */
export async function pullRunForward(
  db: Queryable,
  { source, mode, now }: Pick<NewRun, 'source' | 'mode' | 'now'>,
): Promise<Run | null> {
  const [row] = await db.rows<Row>(
    notifying(
      'pull',
      sql`
    update runs set due_at = ${toTimestamp(now)}, error = null
    where source = ${source} and mode = ${mode} and state = 'requested' and lease is null and ${isReal}
      and (due_at > ${toTimestamp(now)} or error is not null)
    returning ${columns}`,
    ),
  );
  return row ? toRun(row) : null;
}

/** Ends what was called off and whose worker let its lease run out: nobody else does. */
export async function endCancelledRuns(db: Queryable, now: number): Promise<void> {
  await db.rows(sql`
    update runs set ${withoutLease}
    where state = 'requested' and cancel_requested_at is not null and (leased_until is null or leased_until < ${toTimestamp(now)})`);
}

/** When the next run that no worker holds falls due, epoch milliseconds. */
export async function nextRunDue(db: Queryable): Promise<number | null> {
  const [row] = await db.rows<{ next: number | null }>(sql`
    select min(greatest(due_at, coalesce(leased_until, due_at))) as next from runs where state = 'requested'`);
  return row?.next ?? null;
}

/**
 * When a worker can claim its next run as things stand: not while its source is paused, nor while another run of its source goes on.
 * Infinity where a person has to resume the source first.
 */
export const runClaimableAt = (claimable: Claimable): SQL => sql`
  select min(greatest(due.due_at, due.leased_until, paused.until, busy.until)) from runs as due
  left join lateral (
    select coalesce(trial_at, 'infinity') as until from pauses where name = due.source and due.mode <> 'undo') as paused on true
  left join lateral (
    select max(leased_until) as until from runs as other
    where other.source = due.source and other.id <> due.id and other.state = 'requested') as busy on true
  where ${isClaimable(claimable)}`;

/** What a dead worker was carrying may be taken up at once. */
export async function freeRuns(db: Queryable, worker: string): Promise<void> {
  await db.rows(sql`
    update runs set ${withoutLease} where state = 'requested' and ${leasedBy(sql`lease`, worker)}`);
}

/**
 * Forgets in the runs' requests and reports the record IDs of one who is erased, and whatever report names them.
 * `changed`: runs it was forgotten in; `going`: those that name them and cannot be changed until they have ended.
 */
export async function forgetInRuns(
  db: Queryable,
  names: { sourceId: string; emails: readonly string[] },
  records: readonly { source: string; recordId: string }[],
): Promise<{ changed: number; going: number }> {
  const keys = records.map(({ source, recordId }) => ({ source, recordId }));
  const ids = sql`(select array_agg(id) from (
    select "recordId" as id from json_to_recordset(${jsonList(keys)}) as row (source text, "recordId" text) where row.source = runs.source
    union select ${names.sourceId}::text where state <> 'requested') as ids)`;
  const asked = sql`mode = 'records' and jsonb_exists_any(request -> 'recordIds', ${ids})`;
  const [requests] = await db.rows<{ changed: number }>(sql`
    with changed as (
      update runs set request = jsonb_set(request, '{recordIds}', (request -> 'recordIds') - ${ids})
      where ${asked} and (state <> 'requested' or (lease is null and pages = 0)) returning id)
    select count(*) as changed from changed`);
  const quoted = [names.sourceId, ...names.emails].map((name) => JSON.stringify(name).toLowerCase());
  const reports = await db.rows(sql`
    update runs set report = null
    where report is not null and exists (
      select 1 from json_array_elements_text(${jsonList(quoted)}) as name where strpos(lower(report::text), name) > 0)
    returning id`);
  const [left] = await db.rows<{ going: number }>(
    sql`select count(*) as going from runs where ${asked} and state = 'requested'`,
  );
  return { changed: (requests?.changed ?? 0) + reports.length, going: left?.going ?? 0 };
}

/** Files that were given to be imported, by the machine they lie on. `ended`: nobody reads them any more. */
export async function importedFiles(
  db: Queryable,
  before: number,
): Promise<{ host: string; path: string; ended: boolean }[]> {
  return db.rows(sql`
    select coalesce(request ->> 'host', '') as host, request ->> 'path' as path, state <> 'requested' as ended from runs
    where mode = 'import' and request ->> 'path' is not null and requested_at <= ${toTimestamp(before)} order by id`);
}

/** The source has a new name. */
export async function renameSourceInRuns(db: Queryable, from: string, to: string): Promise<void> {
  await db.rows(sql`update runs set source = ${to} where source = ${from}`);
}
