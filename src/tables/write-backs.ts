// The write_backs table: which facts of a customer a vendor is to have, which it has acknowledged, who carries them now, and what
// became of them. As deliveries, a level and no list; it knows no vendor and no fact.
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  uuid,
} from 'drizzle-orm/pg-core';
import type { Attributes } from '../connector.ts';
import { writeBackStates } from '../contract/write-back.ts';
import { isOneOf, time } from '../db/column-types.ts';
import { jsonList, type Queryable, texts, toTimestamp } from '../db/database.ts';
import { notifying } from '../db/notifications.ts';
import { type Lane, laneNumber, lanes } from '../engine/quota/lanes.ts';
import { activeTrace } from '../engine/trace/trace.ts';
import { leasedBy } from '../engine/work/worker-registry.ts';

/** The duty to bring the facts of one customer to one vendor: one row each, a level and no list. */
export const writeBacks = pgTable(
  'write_backs',
  {
    source: text().notNull(),
    sourceId: text('source_id').notNull(),
    /** Every declared attribute, as the facts are now. */
    wanted: jsonb().$type<Attributes>().notNull(),
    /** Grows by one each time `wanted` changes. */
    revision: integer().notNull(),
    /** What the vendor has acknowledged, by attribute. */
    acknowledged: jsonb().$type<Attributes>(),
    /** The revision acknowledged last. */
    acknowledgedRevision: integer('acknowledged_revision'),
    /** The vendor's record that was written last. */
    recordId: text('record_id'),
    state: text({ enum: writeBackStates }).notNull(),
    /** 0 webhook, 1 manual, 2 schedule, 3 backfill. */
    lane: smallint().notNull(),
    dueAt: time('due_at'),
    waitingSince: time('waiting_since'),
    attempts: integer().notNull().default(0),
    /** An attempt was begun whose end we do not know: the next one sends every attribute. */
    uncertain: boolean().notNull().default(false),
    /** Attributes that such an attempt may have filled. */
    inDoubt: jsonb('in_doubt').$type<string[]>().notNull().default([]),
    /** It is sent alone: a request that contained it was refused as a whole. */
    alone: boolean().notNull().default(false),
    lease: uuid(),
    /** The job at the vendor that carries it now. */
    jobId: uuid('job_id'),
    /** The destination's clock of the oldest change that is not yet acknowledged. */
    changedAt: time('changed_at'),
    /** From the change at the destination to the vendor's word, of the last write. */
    freshnessMs: bigint('freshness_ms', { mode: 'number' }),
    deliveredAt: time('delivered_at'),
    errorCode: text('error_code'),
    error: text(),
    /** The span that asked for it last, where it was traced; null once nothing is to be written. */
    traceparent: text(),
  },
  (t) => [
    primaryKey({ columns: [t.source, t.sourceId] }),
    index('write_backs_due')
      .on(t.source, t.lane, t.dueAt)
      .where(sql`${t.state} = 'waiting' and ${t.jobId} is null`),
    index('write_backs_source_id').on(t.sourceId),
    index('write_backs_job').on(t.jobId).where(sql`${t.jobId} is not null`),
    check('write_backs_state', isOneOf(t.state, writeBackStates)),
    check('write_backs_due_at', sql`(${t.state} = 'waiting') = (${t.dueAt} is not null)`),
  ],
);

type WriteBack = typeof writeBacks.$inferSelect;

/** Facts of a customer that a vendor is to have. `isEmpty`: none of them has a value. */
export interface WantedFacts {
  sourceId: string;
  wanted: Attributes;
  isEmpty: boolean;
  /** The destination's clock of the change, epoch milliseconds; absent where nothing is known to have changed now. */
  changedAt?: number | undefined;
  /** The span that it goes on from. Default: the active one. */
  traceparent?: string | undefined;
}

/** The vendor that is written, as rows need to know it. */
export interface WriteBackTarget {
  source: string;
  /** The stream whose records are the people. */
  stream: string;
  /** People without a record are created. */
  create: boolean;
}

/** A record of these people that stands. */
const standing = ({ source, stream }: WriteBackTarget) => sql`
  records.source = ${source} and records.stream = ${stream} and records.filtered is null and records.merged_into is null
  and (records.deleted_at is null or records.deleted_at < records.changed_at)`;

/**
 * Wants these facts at a vendor. What is wanted already is left alone; what waits keeps its wait and takes the better lane.
 * A person whom the vendor does not know is not due before there is a record. Returns those for whom something else is wanted, with its revision.
 */
export async function wantFacts(
  db: Queryable,
  target: WriteBackTarget,
  rows: readonly WantedFacts[],
  { lane, now }: { lane: Lane; now: number },
): Promise<{ sourceId: string; revision: number }[]> {
  if (rows.length === 0) return [];
  const active = activeTrace();
  const traced = rows.map((row) => ({ ...row, traceparent: row.traceparent ?? active }));
  // Looked up for each row: the planner expects a hundred, and would read all records of a small stream for one of them.
  const linked = target.create
    ? sql`(select true as known) as record`
    : sql`(select true as known from records where records.source_id = row."sourceId" and ${standing(target)} limit 1) as record`;
  const wasWaiting = sql`write_backs.state = 'waiting'`;
  const goes = sql`(${wasWaiting} or excluded.state <> 'unlinked')`;
  return db.rows(
    notifying(
      'writeBack',
      sql`
    with row as materialized (
      select row.*, case when "isEmpty" then 'delivered' when known then 'waiting' else 'unlinked' end as state
      from json_to_recordset(${jsonList(traced)}) as row
        ("sourceId" text, wanted jsonb, "isEmpty" boolean, "changedAt" float8, traceparent text)
        left join lateral ${linked} on true
    )
    insert into write_backs (source, source_id, wanted, revision, state, lane, due_at, waiting_since, changed_at, traceparent)
    select ${target.source}, "sourceId", wanted, 1, state, ${laneNumber(lane)},
      case when state = 'waiting' then ${toTimestamp(now)} end, case when state = 'waiting' then ${toTimestamp(now)} end,
      to_timestamp("changedAt" / 1000), case when state = 'waiting' then traceparent end
    from row order by "sourceId"
    on conflict (source, source_id) do update set
      wanted = excluded.wanted, revision = write_backs.revision + 1,
      state = case when ${goes} then 'waiting' else 'unlinked' end,
      lane = case when ${wasWaiting} then least(write_backs.lane, excluded.lane) else excluded.lane end,
      due_at = case when ${wasWaiting} then write_backs.due_at when ${goes} then ${toTimestamp(now)} end,
      waiting_since = case when ${goes} then coalesce(write_backs.waiting_since, ${toTimestamp(now)}) end,
      changed_at = case when ${wasWaiting} then least(write_backs.changed_at, excluded.changed_at) else excluded.changed_at end,
      attempts = case when ${wasWaiting} then write_backs.attempts else 0 end,
      error_code = case when ${wasWaiting} then write_backs.error_code end,
      error = case when ${wasWaiting} then write_backs.error end,
      traceparent = case when ${goes} then coalesce(excluded.traceparent, write_backs.traceparent) end
    where write_backs.wanted is distinct from excluded.wanted
    returning source_id, revision`,
    ),
  );
}

/**
 * The source has brought records of these customers: people that waited for one are due, and so are those whose record that
 * was written stands no more. Returns how many fall due by it.
 */
export async function linkWriteBacks(
  db: Queryable,
  target: WriteBackTarget,
  sourceIds: readonly string[],
  now: number,
): Promise<number> {
  if (sourceIds.length === 0) return 0;
  const rows = await db.rows(
    notifying(
      'writeBack',
      sql`
    update write_backs set state = 'waiting', due_at = ${toTimestamp(now)}, waiting_since = coalesce(waiting_since, ${toTimestamp(now)}),
      uncertain = uncertain or record_id is not null, attempts = 0, error_code = null, error = null,
      traceparent = coalesce(${activeTrace() ?? null}, traceparent)
    where source = ${target.source} and source_id = any(${texts(sourceIds)})
      and exists (select 1 from records where records.source_id = write_backs.source_id and ${standing(target)})
      and (state = 'unlinked' or (state = 'delivered' and record_id is not null and not exists (
        select 1 from records where records.source_id = write_backs.source_id and records.record_id = write_backs.record_id and ${standing(target)})))
    returning source_id`,
    ),
  );
  return rows.length;
}

// ── Claims ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** As it was when it was claimed: `uncertain` and `inDoubt` where an earlier attempt's end is not known. */
export interface ClaimedWriteBack
  extends Pick<
    WriteBack,
    | 'sourceId'
    | 'revision'
    | 'wanted'
    | 'acknowledged'
    | 'attempts'
    | 'uncertain'
    | 'inDoubt'
    | 'alone'
    | 'lane'
    | 'traceparent'
  > {
  /** The record that was written last; null where none is known. */
  writtenTo: string | null;
  /** The vendor's ID of the person; null where the source has no record that stands. */
  recordId: string | null;
}

/** How many are due in each of these lanes, at most `most` counted in each. */
export async function dueWriteBacks(
  db: Queryable,
  source: string,
  { now, most, among = lanes }: { now: number; most: number; among?: readonly Lane[] },
): Promise<{ lane: Lane; due: number }[]> {
  const rows = await db.rows<{ lane: number; due: number }>(sql`
    select number::int as lane, count(*)::int as due
    from json_array_elements_text(${jsonList(among.map(laneNumber))}) as number,
      lateral (select 1 from write_backs
               where state = 'waiting' and job_id is null and source = ${source} and lane = number::int and due_at <= ${toTimestamp(now)}
               limit ${most}) as due
    group by number order by number`);
  return rows.map(({ lane, due }) => ({ lane: lanes[lane]!, due }));
}

/** When the next one of these lanes falls due, epoch milliseconds, or null. */
export async function nextWriteBackDue(
  db: Queryable,
  source: string,
  among: readonly Lane[] = lanes,
): Promise<number | null> {
  const [row] = await db.rows<{ next: number | null }>(sql`
    select min(first.due_at) as next
    from json_array_elements_text(${jsonList(among.map(laneNumber))}) as number,
      lateral (select due_at from write_backs
               where state = 'waiting' and job_id is null and source = ${source} and lane = number::int
               order by due_at limit 1) as first`);
  return row?.next ?? null;
}

/**
 * Claims up to so many rows of each lane for `leaseMs`. A person of whom several records stand stays with the one that was
 * written: what is acknowledged is of that one. Two workers never wait for one another, and what they claim is
 * disjoint. One that is to go by itself is claimed with others, and sent apart.
 */
export async function claimWriteBacks(
  db: Queryable,
  target: WriteBackTarget,
  request: { lease: string; now: number; leaseMs: number; most: readonly { lane: Lane; most: number }[] },
): Promise<ClaimedWriteBack[]> {
  const { lease, now, leaseMs } = request;
  const claimed: ClaimedWriteBack[] = [];
  for (const { lane, most } of request.most) {
    if (most <= 0) continue;
    const rows = await db.rows<ClaimedWriteBack>(sql`
      with due as (
        select source, source_id, uncertain, in_doubt from write_backs
        where state = 'waiting' and job_id is null and source = ${target.source} and lane = ${laneNumber(lane)}
          and due_at <= ${toTimestamp(now)}
        order by due_at limit ${most} for update skip locked),
      taken as (
        update write_backs set lease = ${lease}::uuid, due_at = ${toTimestamp(now + leaseMs)}, uncertain = true, in_doubt = (
          select coalesce(jsonb_agg(attribute), '[]') from (
            select jsonb_array_elements_text(write_backs.in_doubt) as attribute
            union select key from jsonb_each(wanted) where value <> 'null') as attributes)
        from due where write_backs.source = due.source and write_backs.source_id = due.source_id
        returning write_backs.source_id, revision, wanted, acknowledged, attempts, due.uncertain, due.in_doubt, alone, lane,
          traceparent, record_id as written_to)
      select taken.*, (
        select record_id from records where records.source_id = taken.source_id and ${standing(target)}
        order by record_id is not distinct from taken.written_to desc, changed_at desc, record_id limit 1) as record_id
      from taken`);
    claimed.push(...rows);
  }
  return claimed;
}

/** Holds claimed rows further. False where none is ours any more. */
export async function extendWriteBacks(
  db: Queryable,
  source: string,
  held: { lease: string; sourceIds: readonly string[]; until: number },
): Promise<boolean> {
  const rows = await db.rows(sql`
    update write_backs set due_at = ${toTimestamp(held.until)}
    where source = ${source} and source_id = any(${texts(held.sourceIds)}) and lease = ${held.lease}::uuid and state = 'waiting'
    returning source_id`);
  return rows.length > 0;
}

/** Hands claimed rows over to a job. */
export async function assignToJob(
  db: Queryable,
  source: string,
  carried: { lease: string; jobId: string; sourceIds: readonly string[] },
): Promise<void> {
  await db.rows(sql`
    update write_backs set job_id = ${carried.jobId}::uuid, lease = null
    where source = ${source} and source_id = any(${texts(carried.sourceIds)}) and lease = ${carried.lease}::uuid and state = 'waiting'`);
}

// ── Settlements ─────────────────────────────────────────────────────────────────────────────────────────────────

/** How one attempt ended. `revision` is the one that was sent. */
export type WriteBackSettlement = { sourceId: string; revision: number } & (
  | { end: 'delivered'; acknowledged: Attributes; recordId: string | null; sent: boolean }
  | { end: 'unlinked'; message: string }
  | { end: 'dead'; code: string; message: string; uncertain: boolean }
  | { end: 'again'; dueAt: number; counted: boolean; message: string; uncertain: boolean; alone: boolean }
);

/** The carrier of a claim: a lease of one worker, or a job. */
export type WriteBackCarrier = { lease: string } | { jobId: string };

export type SettledWriteBack = Pick<WriteBack, 'sourceId' | 'lane' | 'freshnessMs'>;

/**
 * Settles attempts, each only while its carrier still holds the row. A newer revision than the one sent stays due, whatever
 * became of the old one. Returns those settled.
 */
export async function settleWriteBacks(
  db: Queryable,
  source: string,
  carrier: WriteBackCarrier,
  settlements: readonly WriteBackSettlement[],
  now: number,
): Promise<SettledWriteBack[]> {
  if (settlements.length === 0) return [];
  const holds =
    'lease' in carrier ? sql`held.lease = ${carrier.lease}::uuid` : sql`held.job_id = ${carrier.jobId}::uuid`;
  const isNewer = sql`write_backs.revision > row.revision`;
  const isDelivered = sql`row."end" = 'delivered'`;
  const freshness = sql`case when row.sent and row.was_changed_at is not null
    then greatest(round(extract(epoch from ${toTimestamp(now)} - row.was_changed_at) * 1000), 0)::float8 end`;
  return db.rows(sql`
    with row as materialized (
      select sent.*, held.changed_at as was_changed_at from json_to_recordset(${jsonList(settlements)}) as sent
        ("sourceId" text, revision int, "end" text, acknowledged jsonb, "recordId" text, sent boolean, "dueAt" float8,
         counted boolean, uncertain boolean, alone boolean, code text, message text)
      cross join lateral (
        select state, lease, job_id, changed_at from write_backs
        where source = ${source} and source_id = sent."sourceId" limit 1 for update) as held
      where ${holds} and held.state = 'waiting')
    update write_backs set
      state = case when row."end" = 'again' or (${isNewer} and row."end" <> 'unlinked') then 'waiting'
                   when ${isDelivered} then 'delivered' else row."end" end,
      due_at = case when row."end" = 'again' then to_timestamp(row."dueAt" / 1000)
                    when ${isNewer} and row."end" <> 'unlinked' then ${toTimestamp(now)} end,
      waiting_since = case when ${isDelivered} then case when ${isNewer} then ${toTimestamp(now)} end
                           when row."end" = 'unlinked' then null else coalesce(waiting_since, ${toTimestamp(now)}) end,
      acknowledged = case when ${isDelivered} then coalesce(write_backs.acknowledged, '{}') || row.acknowledged else write_backs.acknowledged end,
      acknowledged_revision = case when ${isDelivered} then row.revision else acknowledged_revision end,
      record_id = case when ${isDelivered} then coalesce(row."recordId", record_id) else record_id end,
      delivered_at = case when ${isDelivered} and row.sent then ${toTimestamp(now)} else delivered_at end,
      attempts = case when ${isDelivered} or (row."end" = 'dead' and ${isNewer}) then 0
                      when row.counted then attempts + 1 else attempts end,
      uncertain = coalesce(row.uncertain, false),
      in_doubt = case when row.uncertain then write_backs.in_doubt else '[]' end, alone = coalesce(row.alone, false),
      changed_at = case when ${isDelivered} and not ${isNewer} then null else write_backs.changed_at end,
      freshness_ms = case when ${isDelivered} then ${freshness} else freshness_ms end,
      error_code = row.code, error = row.message, lease = null, job_id = null,
      traceparent = case when row."end" = 'unlinked' or (${isDelivered} and not ${isNewer}) then null else traceparent end
    from row where write_backs.source = ${source} and write_backs.source_id = row."sourceId"
    returning write_backs.source_id, lane, case when ${isDelivered} then ${freshness} end as freshness_ms`);
}

/** What a dead worker had claimed is due again at once, and returned. Its attempts are in doubt already, since the claim. */
export async function freeWriteBacks(
  db: Queryable,
  worker: string,
  now: number,
): Promise<{ source: string; sourceId: string; revision: number }[]> {
  return db.rows(sql`
    update write_backs set lease = null, due_at = ${toTimestamp(now)}
    where state = 'waiting' and job_id is null and ${leasedBy(sql`lease`, worker)}
    returning source, source_id, revision`);
}

/**
 * Has people written again, with every attribute: something may have written older values over what was acknowledged, or the
 * vendor holds something else. What waits is left as it is, but written whole too. Returns how many fall due by it.
 */
export async function writeAgain(
  db: Queryable,
  source: string,
  sourceIds: readonly string[],
  { lane, now }: { lane: Lane; now: number },
): Promise<number> {
  if (sourceIds.length === 0) return 0;
  const rows = await db.rows<{ due: boolean }>(
    notifying(
      'writeBack',
      sql`
    update write_backs set uncertain = true, state = 'waiting',
      lane = case when state = 'waiting' then least(lane, ${laneNumber(lane)}) else ${laneNumber(lane)} end,
      due_at = coalesce(due_at, ${toTimestamp(now)}), waiting_since = coalesce(waiting_since, ${toTimestamp(now)})
    where source = ${source} and source_id = any(${texts(sourceIds)}) and state in ('waiting', 'delivered')
    returning waiting_since = ${toTimestamp(now)} as due`,
    ),
  );
  return rows.filter((row) => row.due).length;
}

/** Of these, those of whom the vendor has acknowledged a later revision. */
export async function acknowledgedLater(
  db: Queryable,
  source: string,
  sent: readonly { sourceId: string; revision: number }[],
): Promise<string[]> {
  const rows = await db.rows<{ sourceId: string }>(sql`
    select sent."sourceId" as source_id from json_to_recordset(${jsonList(sent.map(({ sourceId, revision }) => ({ sourceId, revision })))}) as sent ("sourceId" text, revision int)
    join write_backs on write_backs.source = ${source} and write_backs.source_id = sent."sourceId"
    where write_backs.acknowledged_revision > sent.revision`);
  return rows.map((row) => row.sourceId);
}

/** Whether one of these is on its way by another carrier than this job, with something newer than it carried. */
export async function newerUnderWay(
  db: Queryable,
  source: string,
  job: { id: string; items: readonly { sourceId: string; revision: number }[] },
): Promise<boolean> {
  const [row] = await db.rows<{ some: boolean }>(sql`
    select exists (
      select 1 from json_to_recordset(${jsonList(job.items.map(({ sourceId, revision }) => ({ sourceId, revision })))}) as sent ("sourceId" text, revision int)
      join write_backs on write_backs.source = ${source} and write_backs.source_id = sent."sourceId"
      where write_backs.revision > sent.revision and (lease is not null or (job_id is not null and job_id <> ${job.id}::uuid))) as some`);
  return row?.some ?? false;
}

/** Makes dead ones due again. Returns how many. */
export async function requeueWriteBacks(
  db: Queryable,
  source: string,
  sourceIds: readonly string[],
  { lane, now }: { lane: Lane; now: number },
): Promise<number> {
  const rows = await db.rows(
    notifying(
      'writeBack',
      sql`
    update write_backs set state = 'waiting', due_at = ${toTimestamp(now)}, lane = ${laneNumber(lane)}, attempts = 0
    where source = ${source} and source_id = any(${texts(sourceIds)}) and state = 'dead' returning source_id`,
    ),
  );
  return rows.length;
}

/** Puts dead ones aside until the facts change, with a person's reason. Returns how many. */
export async function discardWriteBacks(
  db: Queryable,
  source: string,
  sourceIds: readonly string[],
  reason: string,
): Promise<number> {
  const rows = await db.rows(sql`
    update write_backs set error_code = 'discarded', error = ${reason}
    where source = ${source} and source_id = any(${texts(sourceIds)}) and state = 'dead' returning source_id`);
  return rows.length;
}

/** What waits for a later moment is due now, since somebody asks or what it waited for is over. */
export async function pullWriteBacksForward(db: Queryable, source: string, now: number): Promise<void> {
  await db.rows(
    notifying(
      'writeBack',
      sql`
    update write_backs set due_at = ${toTimestamp(now)} where source = ${source} and source_id in (
      select source_id from write_backs
      where source = ${source} and state = 'waiting' and job_id is null and lease is null and due_at > ${toTimestamp(now)}
      order by lane, due_at limit 10000 for update skip locked)
    returning source_id`,
    ),
  );
}

// ── What is told of them ────────────────────────────────────────────────────────────────────────────────────────

/** Counts by source and state. */
export async function countWriteBacks(db: Queryable): Promise<
  {
    source: string;
    state: WriteBack['state'];
    count: number;
    inJobs: number;
    oldestAt: number | null;
    lastAt: number | null;
  }[]
> {
  return db.rows(sql`
    select source, state, count(*)::int as count, count(job_id)::int as in_jobs, min(waiting_since) as oldest_at, max(delivered_at) as last_at
    from write_backs group by source, state order by source, state`);
}

/** How many customers the vendor has of whom nothing was ever wanted there. */
export async function countUnwritten(db: Queryable, target: WriteBackTarget): Promise<number> {
  const [row] = await db.rows<{ count: number }>(sql`
    select count(distinct source_id)::int as count from records
    where ${standing(target)} and source_id is not null
      and not exists (select 1 from write_backs where write_backs.source = ${target.source} and write_backs.source_id = records.source_id)`);
  return row?.count ?? 0;
}

export type WriteBackRow = Omit<WriteBack, 'lane' | 'lease' | 'jobId'> & {
  lane: Lane;
  carriedBy: 'worker' | 'job' | null;
  /** The record of the person that stands now. */
  standing: string | null;
};

const shownColumns = sql`
  source, source_id, wanted, revision, acknowledged, acknowledged_revision, record_id, state, lane, due_at, waiting_since, attempts,
  uncertain, in_doubt, alone, changed_at, freshness_ms, delivered_at, error_code, error,
  case when job_id is not null then 'job' when lease is not null then 'worker' end as carried_by,
  (select record_id from records where records.source_id = write_backs.source_id and records.source = write_backs.source
     and filtered is null and merged_into is null and (deleted_at is null or deleted_at < records.changed_at)
   order by records.record_id is not distinct from write_backs.record_id desc, records.changed_at desc, record_id limit 1) as standing`;

/** A customer at every vendor. */
export async function writeBacksOfOne(db: Queryable, sourceId: string): Promise<WriteBackRow[]> {
  const rows = await db.rows<Omit<WriteBackRow, 'lane'> & { lane: number }>(sql`
    select ${shownColumns} from write_backs where source_id = ${sourceId} order by source`);
  return rows.map((row) => ({ ...row, lane: lanes[row.lane]! }));
}

/** Those of one source, in the order of their source IDs. `state`: only those. */
export async function writeBacksAfter(
  db: Queryable,
  source: string,
  page: { after: string | undefined; limit: number; state?: WriteBack['state'] | undefined },
): Promise<WriteBackRow[]> {
  const rows = await db.rows<Omit<WriteBackRow, 'lane'> & { lane: number }>(sql`
    select ${shownColumns} from write_backs
    where source = ${source} and ${page.after === undefined ? sql`true` : sql`source_id > ${page.after}`}
      and ${page.state === undefined ? sql`true` : sql`state = ${page.state}`}
    order by source_id limit ${page.limit}`);
  return rows.map((row) => ({ ...row, lane: lanes[row.lane]! }));
}

/** Whether anything of these sources is due, or in somebody's hands. */
export async function writeBacksUnderWay(
  db: Queryable,
  sources: readonly string[],
  now: number,
): Promise<boolean> {
  if (sources.length === 0) return false;
  const [row] = await db.rows<{ underWay: boolean }>(sql`
    select exists (select 1 from write_backs where source = any(${texts(sources)}) and state = 'waiting' and (due_at <= ${toTimestamp(now)} or lease is not null or job_id is not null)) as under_way`);
  return row?.underWay ?? false;
}

/** Some of those whom a vendor has acknowledged, taken at random, and not since `before`. */
export async function sampleWriteBacks(
  db: Queryable,
  source: string,
  { most, before }: { most: number; before: number },
): Promise<{ sourceId: string; recordId: string; acknowledged: Attributes }[]> {
  return db.rows(sql`
    select source_id, record_id, acknowledged from write_backs
    where source = ${source} and state = 'delivered' and not uncertain and record_id is not null and acknowledged is not null
      and delivered_at <= ${toTimestamp(before)}
    order by random() limit ${most}`);
}

// ── Erasure ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** The rows of a customer, locked. `recordId`: whom the vendor knows, by the last write or else by a record. */
export async function lockWriteBacks(
  db: Queryable,
  sourceId: string,
): Promise<
  Pick<WriteBack, 'source' | 'recordId' | 'acknowledged' | 'uncertain' | 'lease' | 'jobId' | 'wanted'>[]
> {
  return db.rows(sql`
    select source, coalesce(record_id, (
      select record_id from records
      where records.source_id = write_backs.source_id and records.source = write_backs.source and filtered is null
      order by changed_at desc, record_id limit 1)) as record_id,
      acknowledged, wanted, uncertain, lease, job_id
    from write_backs where source_id = ${sourceId} order by source for update`);
}

export async function dropWriteBacks(db: Queryable, sourceId: string): Promise<void> {
  await db.rows(sql`delete from write_backs where source_id = ${sourceId}`);
}

/** The source has a new name. */
export async function renameSourceInWriteBacks(db: Queryable, from: string, to: string): Promise<void> {
  await db.rows(sql`update write_backs set source = ${to} where source = ${from}`);
}
