// The deliveries table: which customers are owed to the destination, who carries them now, and what became of it.
// It knows revisions and leases; what is sent is none of its business.

import { type SQL, sql } from 'drizzle-orm';
import { bigint, boolean, check, index, integer, pgTable, smallint, text, uuid } from 'drizzle-orm/pg-core';
import { deliveryStates } from '../contract/customer.ts';
import { isOneOf, time } from '../db/column-types.ts';
import { jsonList, type Queryable, texts, toTimestamp } from '../db/database.ts';
import { notify, notifying } from '../db/notifications.ts';
import { type Lane, laneNumber, lanes } from '../engine/quota/lanes.ts';
import { activeTrace } from '../engine/trace/trace.ts';
import { leasedBy } from '../engine/work/worker-registry.ts';

/**
 * The duty to bring one customer's newest revision to the destination: one narrow row per customer, a level and no
 * list. `due_at` moves to the lease's end when a row is claimed, so a lease that runs out is simply due again.
 *
 */
export const deliveries = pgTable(
  'deliveries',
  {
    sourceId: text('source_id').primaryKey(),
    /** The revision wanted. */
    revision: integer().notNull(),
    /** The revision acknowledged last. */
    acknowledged: integer(),
    state: text({ enum: deliveryStates }).notNull().default('waiting'),
    /** 0 webhook, 1 manual, 2 schedule, 3 backfill. */
    lane: smallint().notNull(),
    dueAt: time('due_at'),
    /** Since when something waits: a newer revision inherits it. */
    waitingSince: time('waiting_since'),
    attempts: integer().notNull().default(0),
    /** An attempt was begun whose end we do not know: the next one sends everything we own. */
    uncertain: boolean().notNull().default(false),
    lease: uuid(),
    /** The bulk action that carries it now. */
    batchId: uuid('batch_id'),
    /** The source's clock of the oldest change that is not yet delivered. */
    changedAt: time('changed_at'),
    /** From the source's change to the destination's word, of the last delivery. */
    freshnessMs: bigint('freshness_ms', { mode: 'number' }),
    deliveredAt: time('delivered_at'),
    errorCode: text('error_code'),
    error: text(),
    /** The span that asked for it last, where it was traced. */
    traceparent: text(),
  },
  (t) => [
    index('deliveries_due').on(t.lane, t.dueAt).where(sql`${t.state} = 'waiting' and ${t.batchId} is null`),
    index('deliveries_batch').on(t.batchId).where(sql`${t.batchId} is not null`),
    index('deliveries_dead').on(t.sourceId).where(sql`${t.state} = 'dead'`),
    check('deliveries_state', isOneOf(t.state, deliveryStates)),
    check('deliveries_due_at', sql`(${t.state} = 'waiting') = (${t.dueAt} is not null)`),
    check('deliveries_waiting_since', sql`(${t.state} = 'delivered') = (${t.waitingSince} is null)`),
    check('deliveries_acknowledged', sql`${t.state} <> 'delivered' or ${t.acknowledged} = ${t.revision}`),
  ],
);

type Delivery = typeof deliveries.$inferSelect;

/** As it was when it was claimed: `uncertain` where an earlier attempt's end is not known. */
export interface Claimed
  extends Pick<Delivery, 'sourceId' | 'revision' | 'attempts' | 'uncertain' | 'lane' | 'traceparent'> {
  /** It is to go by itself: batches with it were refused as a whole, or proved nothing of it. */
  alone: boolean;
}

/** So many are written by one statement: what is urgent goes in between. */
const rowsAtOnce = 250;

/** Stands in a waiting row's `error_code` where it is to go by itself. */
const aloneCode = 'alone';

/** What is due, by lane; counted only so far as a plan needs it. */
export interface Backlog {
  lane: Lane;
  due: number;
  /** Since when the longest of them has waited, epoch milliseconds. */
  oldest: number;
}

/** How one attempt ended. `revision` is the one that was sent. */
export type Settlement =
  | { sourceId: string; revision: number; end: 'delivered' }
  | { sourceId: string; revision: number; end: 'dead'; code: string; message: string; uncertain: boolean }
  | {
      sourceId: string;
      revision: number;
      end: 'again';
      dueAt: number;
      counted: boolean;
      message: string;
      uncertain: boolean;
      /** The next attempt is a request of its own. */
      alone?: boolean;
    };

/** The carrier of a claim: a lease of one worker, or a bulk action. */
export type Carrier = { lease: string } | { batchId: string };

/** A customer with a new revision. `changedAt`: the source's clock of the oldest change in it, epoch milliseconds. */
export interface Wanted {
  sourceId: string;
  revision: number;
  changedAt?: number | undefined;
  /** The span that it goes on from. Default: the active one. */
  traceparent?: string | undefined;
}

/** Whether a delivery is in a bulk call whose action is looked up. */
const leavesLost = sql`(deliveries.state = 'waiting' and deliveries.batch_id is not null
  and exists (select 1 from batches where batches.id = deliveries.batch_id and batches.lost is not null))`;

/** Asks for the delivery of these revisions. What waits already keeps its wait and takes the better lane. */
export async function upsertWanted(
  db: Queryable,
  revised: readonly Wanted[],
  lane: Lane,
  now: number,
): Promise<void> {
  if (revised.length === 0) return;
  const active = activeTrace();
  const rows = revised.map(({ sourceId, revision, changedAt, traceparent = active }) => ({
    sourceId,
    revision,
    changedAt,
    traceparent,
  }));
  // What is urgent does not wait until a lost action is found: it is sent again where that comes after it.
  const isUrgent = laneNumber(lane) < laneNumber('schedule');
  const leaves = isUrgent ? leavesLost : sql`false`;
  await db.rows(sql`
    with wanted as (insert into deliveries (source_id, revision, state, lane, due_at, waiting_since, changed_at, traceparent)
    select "sourceId", revision, 'waiting', ${laneNumber(lane)}, ${toTimestamp(now)}, ${toTimestamp(now)}, to_timestamp("changedAt" / 1000), traceparent
    from json_to_recordset(${jsonList(rows)}) as row ("sourceId" text, revision int, "changedAt" float8, traceparent text)
    order by "sourceId"
    on conflict (source_id) do update set
      revision = greatest(deliveries.revision, excluded.revision),
      lane = case when deliveries.state in ('waiting', 'held') then least(deliveries.lane, excluded.lane) else excluded.lane end,
      changed_at = case when deliveries.state in ('waiting', 'held') then least(deliveries.changed_at, excluded.changed_at) else excluded.changed_at end,
      due_at = case when deliveries.state in ('waiting', 'held') and not ${leaves} then deliveries.due_at else excluded.due_at end,
      batch_id = case when ${leaves} then null else deliveries.batch_id end,
      uncertain = deliveries.uncertain or ${leaves},
      waiting_since = coalesce(case when deliveries.state in ('waiting', 'held') then deliveries.waiting_since end, excluded.waiting_since),
      attempts = case when deliveries.state = 'dead' then 0 else deliveries.attempts end,
      error_code = case when deliveries.state = 'dead' then null else deliveries.error_code end,
      error = case when deliveries.state = 'dead' then null else deliveries.error end,
      traceparent = coalesce(excluded.traceparent, deliveries.traceparent),
      state = case when deliveries.state = 'held' then 'held' else 'waiting' end)
    select ${notify(isUrgent ? 'deliver' : 'deliverLater')}`);
}

/** What is due now in these lanes, at most `most` rows counted in each. */
export async function backlog(
  db: Queryable,
  now: number,
  most: number,
  among: readonly Lane[] = lanes,
): Promise<Backlog[]> {
  const rows = await db.rows<{ lane: number; due: number; oldest: number }>(sql`
    select known.lane, count(*) as due, min(waiting_since) as oldest
    from json_array_elements_text(${jsonList(among.map(laneNumber))}) as number,
      lateral (select number::int as lane) as known,
      lateral (select waiting_since from deliveries
               where state = 'waiting' and batch_id is null and lane = known.lane and due_at <= ${toTimestamp(now)}
               order by due_at limit ${most}) as due
    group by known.lane order by known.lane`);
  return rows.map(({ lane, ...rest }) => ({ lane: lanes[lane]!, ...rest }));
}

/**
 * When the next waiting row of these lanes falls due. Of each lane the index tells it at once; of all lanes together every waiting row
 * would be read (measured: 30 ms beside a backfill of 80,000, at every webhook).
 */
export function deliveryDueAt(among: readonly Lane[]): SQL {
  return sql`
    select min(first.due_at)
    from json_array_elements_text(${jsonList(among.map(laneNumber))}) as number,
      lateral (select due_at from deliveries
               where state = 'waiting' and batch_id is null and lane = number::int
               order by due_at limit 1) as first`;
}

/** Whether anything is due, or in somebody's hands, or in a bulk action: at one moment, since it goes from one to the other. */
export async function isUnderWay(db: Queryable, now: number): Promise<boolean> {
  const [row] = await db.rows<{ underWay: boolean }>(sql`
    select exists(select 1 from deliveries where state = 'waiting' and batch_id is null and lease is not null)
      or exists(select 1 from batches where action_id is not null or lost is not null)
      or exists(select 1 from json_array_elements_text(${jsonList(lanes.map(laneNumber))}) as number,
        lateral (select 1 from deliveries
                 where state = 'waiting' and batch_id is null and lane = number::int and due_at <= ${toTimestamp(now)} limit 1) as due) as under_way`);
  return row?.underWay ?? false;
}

/**
 * Where claims of one lane begin to look. Rows that were claimed move away from the head of the due index but leave
 * dead entries there until the next vacuum; beginning where the last claim ended skips them (measured: 28,000 claims/s and flat
 * under an old snapshot, 0.17× without). Transactions that commit late bring rows below the bound: it trails behind by
 * a minute and is forgotten from time to time.
 */
export class DueBounds {
  #bounds = new Map<number, number>();
  #forgottenAt = 0;

  from(lane: number, now: number): number {
    // Either way, since a clock may be set back.
    if (Math.abs(now - this.#forgottenAt) > 15_000) {
      this.#bounds.clear();
      this.#forgottenAt = now;
    }
    return this.#bounds.get(lane) ?? 0;
  }

  reached(lane: number, dueAt: number): void {
    this.#bounds.set(lane, Math.max(this.#bounds.get(lane) ?? 0, dueAt - 60_000));
  }
}

/**
 * Claims up to so many rows of each lane, best lane first, for `leaseMs`, some at a time. `for update skip locked` inside the subselect, and only the
 * narrow row: two workers never wait for one another, and what they claim is disjoint. A row whose lease has run out is
 * due again by itself, because the claim moved its `due_at` to the lease's end.
 */
export async function claim(
  db: Queryable,
  request: {
    lease: string;
    now: number;
    leaseMs: number;
    most: readonly number[];
    bounds: DueBounds;
    /** Awaited between two parts. */
    yieldToUrgent?: () => Promise<void>;
  },
): Promise<Claimed[]> {
  const claimed: Claimed[] = [];
  for (const [lane, all] of request.most.entries()) {
    // What is committed late with an earlier `due_at` is found by the next claim.
    let from = request.bounds.from(lane, request.now);
    for (let left = all; left > 0; ) {
      const most = Math.min(left, rowsAtOnce);
      const rows = await claimSome(db, request, { lane, from, most });
      for (const { dueAt, ...row } of rows) {
        claimed.push(row);
        from = Math.max(from, dueAt);
      }
      if (rows.length === most) request.bounds.reached(lane, from);
      left = rows.length < most ? 0 : left - most;
      if (left > 0) await request.yieldToUrgent?.();
    }
  }
  return claimed;
}

async function claimSome(
  db: Queryable,
  request: Parameters<typeof claim>[1],
  { lane, from, most }: { lane: number; from: number; most: number },
): Promise<(Claimed & { dueAt: number })[]> {
  return db.rows(sql`
      with due as (
        select source_id, due_at, uncertain, coalesce(error_code = ${aloneCode}, false) as alone from deliveries
        where state = 'waiting' and batch_id is null and lane = ${lane}
          and due_at <= ${toTimestamp(request.now)} and due_at >= ${toTimestamp(from)}
        order by due_at limit ${most} for update skip locked)
      update deliveries set lease = ${request.lease}::uuid, due_at = ${toTimestamp(request.now + request.leaseMs)}, uncertain = true
      from due where deliveries.source_id = due.source_id
      returning deliveries.source_id, revision, attempts, due.uncertain, due.alone, lane, due.due_at, traceparent`);
}

/**
 * Holds claimed rows further. What was settled or handed over meanwhile is left alone. False where none is ours any
 * more.
 */
export async function extendLease(
  db: Queryable,
  held: { lease: string; sourceIds: readonly string[]; until: number },
): Promise<boolean> {
  const rows = await db.rows(sql`
    with row as materialized (
      select wanted.id from json_array_elements_text(${jsonList(held.sourceIds)}) as wanted (id)
      cross join lateral (select state, lease from deliveries where source_id = wanted.id limit 1 for update) as held
      where held.lease = ${held.lease}::uuid and held.state = 'waiting')
    update deliveries set due_at = ${toTimestamp(held.until)} from row where source_id = row.id returning source_id`);
  return rows.length > 0;
}

/**
 * Hands claimed rows over to a bulk action. Returns how many were still ours. Here, as in the other statements on many rows, each row
 * is looked up and locked by its key first: a plain join, without statistics, reads all rows of the lease for each of them (measured: three times the CPU of a whole first sync).
 */
export async function assignToBatch(
  db: Queryable,
  {
    lease,
    batchId,
    sourceIds,
    yieldToUrgent = async () => {},
  }: {
    lease: string;
    batchId: string;
    sourceIds: readonly string[];
    /** Awaited between two parts. */
    yieldToUrgent?: () => Promise<void>;
  },
): Promise<number> {
  let carried = 0;
  for (let from = 0; from < sourceIds.length; from += rowsAtOnce) {
    if (from > 0) await yieldToUrgent();
    const rows = await db.rows(sql`
      with row as materialized (
        select wanted.id from json_array_elements_text(${jsonList(sourceIds.slice(from, from + rowsAtOnce))}) as wanted (id)
        cross join lateral (select state, lease from deliveries where source_id = wanted.id limit 1 for update) as held
        where held.lease = ${lease}::uuid and held.state = 'waiting')
      update deliveries set batch_id = ${batchId}::uuid, lease = null
      from row where source_id = row.id
      returning source_id`);
    carried += rows.length;
  }
  return carried;
}

/** A delivery that was settled; with its freshness where it was delivered and the change had a clock. */
export type Settled = Pick<Delivery, 'sourceId' | 'lane' | 'freshnessMs'>;

/** Settles attempts; see `settleEach`. Returns the source IDs settled. */
export async function settle(
  db: Queryable,
  carrier: Carrier,
  settlements: readonly Settlement[],
  now: number,
): Promise<Set<string>> {
  return new Set((await settleEach(db, carrier, settlements, now)).map((row) => row.sourceId));
}

/**
 * The source's clock of the oldest change after the revision that was delivered. A record that changed more than once
 * since tells only of its last change.
 */
const changedSince = sql`(
  select min(case when deleted_at >= changed_at then deleted_at else changed_at end)
  from revisions join records on records.source_id = revisions.source_id and records.received_at = revisions.at
  where revisions.source_id = deliveries.source_id and revisions.revision > row.revision)`;

/**
 * Settles attempts, each only while its carrier still holds the row. A newer revision than the one sent stays due,
 * whatever became of the old one. Returns those settled.
 */
export async function settleEach(
  db: Queryable,
  carrier: Carrier,
  settlements: readonly Settlement[],
  now: number,
): Promise<Settled[]> {
  if (settlements.length === 0) return [];
  const freshness = sql`case when row.was_changed_at is not null
    then greatest(round(extract(epoch from ${toTimestamp(now)} - row.was_changed_at) * 1000), 0)::float8 end`;
  const holds =
    'lease' in carrier
      ? sql`held.lease = ${carrier.lease}::uuid`
      : sql`held.batch_id = ${carrier.batchId}::uuid`;
  return db.rows(sql`
    with row as materialized (
      select sent.*, held.changed_at as was_changed_at from json_to_recordset(${jsonList(settlements)}) as sent
        ("sourceId" text, revision int, "end" text, "dueAt" float8, counted boolean, uncertain boolean, alone boolean, code text, message text)
      cross join lateral (select state, lease, batch_id, changed_at from deliveries where source_id = sent."sourceId" limit 1 for update) as held
      where ${holds} and held.state = 'waiting')
    update deliveries set
      state = case when deliveries.revision > row.revision or row."end" = 'again' then 'waiting'
                   when row."end" = 'delivered' then 'delivered' else 'dead' end,
      due_at = case when row."end" = 'again' then to_timestamp(row."dueAt" / 1000)
                    when deliveries.revision > row.revision then ${toTimestamp(now)} end,
      waiting_since = case when row."end" = 'delivered' then case when deliveries.revision > row.revision then ${toTimestamp(now)} end
                           else coalesce(waiting_since, ${toTimestamp(now)}) end,
      acknowledged = case when row."end" = 'delivered' then row.revision else acknowledged end,
      delivered_at = case when row."end" = 'delivered' then ${toTimestamp(now)} else delivered_at end,
      attempts = case when row."end" = 'delivered' or (row."end" = 'dead' and deliveries.revision > row.revision) then 0
                      when row.counted then attempts + 1 else attempts end,
      uncertain = coalesce(row.uncertain, false),
      changed_at = case when row."end" <> 'delivered' then deliveries.changed_at
                        when deliveries.revision > row.revision and deliveries.lane < ${laneNumber('backfill')} then ${changedSince} end,
      freshness_ms = case when row."end" = 'delivered' then ${freshness} else freshness_ms end,
      error_code = coalesce(row.code, case when row.alone then ${aloneCode} end),
      error = row.message, lease = null, batch_id = null,
      traceparent = case when row."end" = 'delivered' and deliveries.revision <= row.revision then null else traceparent end
    from row where source_id = row."sourceId"
    returning source_id, lane, case when row."end" = 'delivered' then ${freshness} end as freshness_ms`);
}

/** What a dead worker was sending in bulk is the action's that is looked up now: it may have begun. */
export async function carryUnheard(db: Queryable, worker: string): Promise<void> {
  await db.rows(sql`
    update deliveries set batch_id = batches.id, lease = null
    from batches join batch_items on batches.id = batch_items.batch_id cross join lateral jsonb_array_elements(items) as item
    where ${leasedBy(sql`batches.lease`, worker)} and batches.action_id is null and batches.polls = 0
      and deliveries.source_id = item ->> 'sourceId' and deliveries.lease = batches.lease
      and deliveries.state = 'waiting' and deliveries.batch_id is null`);
}

/** What a dead worker had claimed is due again at once. Its attempts are in doubt already, since the claim. */
export async function freeDeliveries(
  db: Queryable,
  worker: string,
  now: number,
): Promise<{ sourceId: string; acknowledged: number | null }[]> {
  return db.rows(sql`
    update deliveries set lease = null, due_at = ${toTimestamp(now)}
    where state = 'waiting' and batch_id is null and ${leasedBy(sql`lease`, worker)} returning source_id, acknowledged`);
}

/**
 * Takes these deliveries out of the queue until they are let go. Whoever carries one now loses it: what comes of that
 * attempt is not heard, and stays in doubt.
 */
export async function hold(db: Queryable, sourceIds: readonly string[]): Promise<void> {
  if (sourceIds.length === 0) return;
  await db.rows(sql`
    update deliveries set state = 'held', due_at = null, lease = null, batch_id = null
    where source_id = any(${texts(sourceIds)}) and state = 'waiting'`);
}

/**
 * Puts held deliveries back where no hold of the customer is open any more. The rows are locked by a statement of their
 * own: only the next one sees a hold that was committed while we waited for them.
 */
export async function releaseHeld(
  db: Queryable,
  sourceIds: readonly string[],
  now: number,
): Promise<string[]> {
  if (sourceIds.length === 0) return [];
  await db.rows(
    sql`select 1 from deliveries where source_id = any(${texts(sourceIds)}) order by source_id for update`,
  );
  const rows = await db.rows<{ sourceId: string }>(
    notifying(
      'deliver',
      sql`
    update deliveries set state = 'waiting', due_at = ${toTimestamp(now)}
    where source_id = any(${texts(sourceIds)}) and state = 'held'
      and not exists (select 1 from holds where holds.source_id = deliveries.source_id and decided_at is null)
    returning source_id`,
    ),
  );
  return rows.map((row) => row.sourceId);
}

/** Makes dead deliveries due again. Without source IDs: all but those a person has put aside. Returns how many. */
export async function requeueDead(
  db: Queryable,
  sourceIds: readonly string[] | null,
  lane: Lane,
  now: number,
): Promise<number> {
  const which = sourceIds
    ? sql`and source_id in (select json_array_elements_text(${jsonList(sourceIds)}))`
    : sql`and error_code is distinct from ${asideCode}`;
  const rows = await db.rows(
    notifying(
      'deliver',
      sql`
    update deliveries set state = 'waiting', due_at = ${toTimestamp(now)}, lane = ${laneNumber(lane)}, attempts = 0
    where state = 'dead' ${which} returning source_id`,
    ),
  );
  return rows.length;
}

/** Stands in a dead row's `error_code` where a person has put it aside: it is sent again when the customer changes. */
const asideCode = 'discarded';

/** Puts dead deliveries aside, with a person's reason. What waits again is left alone. Returns how many it put aside. */
export async function putAside(db: Queryable, sourceIds: readonly string[], reason: string): Promise<number> {
  if (sourceIds.length === 0) return 0;
  const rows = await db.rows(sql`
    update deliveries set error_code = ${asideCode}, error = ${reason}
    where source_id in (select json_array_elements_text(${jsonList(sourceIds)})) and state = 'dead'
    returning source_id`);
  return rows.length;
}

/**
 * Has delivered customers sent again, whole: the destination no longer holds what it acknowledged. What waits already is
 * left as it is, but sent whole too. Returns how many fall due by it.
 */
export async function redeliver(
  db: Queryable,
  sourceIds: readonly string[],
  { lane, now }: { lane: Lane; now: number },
): Promise<number> {
  if (sourceIds.length === 0) return 0;
  const rows = await db.rows<{ due: boolean }>(
    notifying(
      'deliver',
      sql`
    update deliveries set uncertain = true,
      lane = case when state = 'delivered' then ${laneNumber(lane)} else least(lane, ${laneNumber(lane)}) end,
      due_at = case when state = 'delivered' then ${toTimestamp(now)} else due_at end,
      waiting_since = case when state = 'delivered' then ${toTimestamp(now)} else waiting_since end,
      state = case when state = 'delivered' then 'waiting' else state end
    where source_id = any(${texts(sourceIds)}) and state in ('waiting', 'delivered')
    returning waiting_since = ${toTimestamp(now)} as due`,
    ),
  );
  return rows.filter((row) => row.due).length;
}

/**
 * Has customers sent again, whole, whom something may have written to that did not carry them any more. Returns those
 * that something else carries now: whether it writes before or after is not known, so they are to be asked for again.
 */
export async function sendAgain(
  db: Queryable,
  sourceIds: readonly string[],
  now: number,
): Promise<Set<string>> {
  if (sourceIds.length === 0) return new Set();
  const carried = await db.rows<{ sourceId: string }>(sql`
    select source_id from deliveries
    where source_id = any(${texts(sourceIds)}) and state = 'waiting' and (batch_id is not null or (lease is not null and due_at > ${toTimestamp(now)}))
    order by source_id for update`);
  const busy = new Set(carried.map((row) => row.sourceId));
  await redeliver(
    db,
    sourceIds.filter((sourceId) => !busy.has(sourceId)),
    { lane: 'schedule', now },
  );
  return busy;
}

/** Those of whom the destination has acknowledged a later revision than this. */
export async function acknowledgedAfter(
  db: Queryable,
  sent: readonly { sourceId: string; revision: number }[],
): Promise<Set<string>> {
  const rows = await db.rows<{ sourceId: string }>(sql`
    select sent."sourceId" from json_to_recordset(${jsonList(sent)}) as sent ("sourceId" text, revision int)
    join deliveries on deliveries.source_id = sent."sourceId" where deliveries.acknowledged > sent.revision`);
  return new Set(rows.map((row) => row.sourceId));
}

/** Those who were delivered as this revision, and of whom nothing newer is wanted. */
export async function deliveredAs(
  db: Queryable,
  sent: readonly { sourceId: string; revision: number }[],
): Promise<Set<string>> {
  if (sent.length === 0) return new Set();
  const rows = await db.rows<{ sourceId: string }>(sql`
    select sent."sourceId" from json_to_recordset(${jsonList(sent)}) as sent ("sourceId" text, revision int)
    join deliveries on deliveries.source_id = sent."sourceId"
    where state = 'delivered' and deliveries.revision = sent.revision and acknowledged = sent.revision`);
  return new Set(rows.map((row) => row.sourceId));
}

/** So many customers are pulled forward at once: of more, the first of them are told soon enough. */
const maxPulledForward = 10_000;

/** What waits for a later moment is due now, since somebody asks or what it waited for is over. Returns how many. */
export async function pullForward(db: Queryable, now: number): Promise<number> {
  const rows = await db.rows(
    notifying(
      'deliver',
      sql`
    update deliveries set due_at = ${toTimestamp(now)} where source_id in (
      select source_id from deliveries
      where state = 'waiting' and batch_id is null and lease is null and due_at > ${toTimestamp(now)}
      order by lane, due_at limit ${maxPulledForward} for update skip locked)
    returning source_id`,
    ),
  );
  return rows.length;
}

/** What carries a customer's delivery now; neither where nothing does. */
export type Carried = Pick<Delivery, 'lease' | 'batchId' | 'uncertain'>;

/** The delivery of a customer, locked, or null where there is none. */
export async function lockDelivery(db: Queryable, sourceId: string): Promise<Carried | null> {
  const [row] = await db.rows<Carried>(sql`
    select lease, batch_id, uncertain from deliveries
    where source_id = ${sourceId} for update`);
  return row ?? null;
}

export async function dropDelivery(db: Queryable, sourceId: string): Promise<void> {
  await db.rows(sql`delete from deliveries where source_id = ${sourceId}`);
}

/** Nobody else takes up what a worker carries before `until`, though its lease runs out: its end is waited for. */
export async function keepFromOthers(db: Queryable, sourceId: string, until: number): Promise<void> {
  await db.rows(sql`
    update deliveries set due_at = ${toTimestamp(until)} where source_id = ${sourceId} and state = 'waiting' and lease is not null`);
}

/** Customers that wait to be delivered, in no bulk action. */
export async function waitingCustomers(db: Queryable): Promise<number> {
  const [row] = await db.rows<{ waiting: number }>(
    sql`select count(*) as waiting from deliveries where state = 'waiting' and batch_id is null`,
  );
  return row?.waiting ?? 0;
}

/** Customers that wait to be delivered or are held, in the order of their source IDs. */
export async function waitingAfter(db: Queryable, last: string | null, limit: number): Promise<string[]> {
  const rows = await db.rows<{ sourceId: string }>(sql`
    select source_id from deliveries
    where state in ('waiting', 'held') and ${last === null ? sql`true` : sql`source_id > ${last}`}
    order by source_id limit ${limit}`);
  return rows.map((row) => row.sourceId);
}

/** How many of these customers wait to be delivered. */
export async function countWaiting(db: Queryable, sourceIds: readonly string[]): Promise<number> {
  const [row] = await db.rows<{ due: number }>(sql`
    select count(*) as due from deliveries where source_id = any(${texts(sourceIds)}) and state = 'waiting'`);
  return row?.due ?? 0;
}

/** Of a lane since `from`: whether something of before `until` still waits, and when the last was delivered. */
export async function deliveriesInLane(
  db: Queryable,
  lane: number,
  from: number,
  until: number,
): Promise<{ waiting: boolean; lastAt: number | null }> {
  const [row] = await db.rows<{ waiting: boolean; lastAt: number | null }>(sql`
    select coalesce(bool_or(state = 'waiting' and waiting_since between ${toTimestamp(from)} and ${toTimestamp(until)}), false) as waiting,
      max(delivered_at) as last_at
    from deliveries where lane = ${lane} and (state = 'waiting' or delivered_at >= ${toTimestamp(from)})`);
  return row!;
}
