// The touches table: records that may have changed and wait to be read, one row each however often it is said. It knows
// no vendor.
import { type SQL, sql } from 'drizzle-orm';
import { boolean, index, integer, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { time } from '../db/column-types.ts';
import { jsonList, type Queryable, toTimestamp } from '../db/database.ts';
import { notify } from '../db/notifications.ts';
import { activeTrace } from '../engine/trace/trace.ts';
import { leasedBy } from '../engine/work/worker-registry.ts';

/** Records that may have changed and wait to be read, one row each however often it is said. */
export const touches = pgTable(
  'touches',
  {
    source: text().notNull(),
    stream: text().notNull(),
    recordId: text('record_id').notNull(),
    /** The vendor's newest clock of a change. */
    changedAt: time('changed_at').notNull(),
    /** The vendor says that it is gone: deleted or erased. */
    gone: text().$type<Gone>(),
    /** When it was first told of since it was last read. */
    since: time('since').notNull(),
    /** How often it was told of since then. */
    times: integer().notNull().default(1),
    /** Counts up with each telling: who has read settles only what it read for. */
    version: integer().notNull().default(1),
    dueAt: time('due_at').notNull(),
    lease: uuid(),
    attempts: integer().notNull().default(0),
    /** It made the vendor refuse others that were asked for with it: it is asked for alone. */
    alone: boolean().notNull().default(false),
    /** A source proof found it to be stored otherwise than the vendor has it: what is read takes the place of what is stored. */
    proven: boolean().notNull().default(false),
    error: text(),
    /** The span that told of it last, where it was traced. */
    traceparent: text(),
  },
  (t) => [
    primaryKey({ columns: [t.source, t.stream, t.recordId] }),
    index('touches_due').on(t.source, t.stream, t.dueAt),
  ],
);

export type Gone = 'deleted' | 'erased';

export interface Touch {
  stream: string;
  recordId: string;
  /** The vendor's clock of the change, epoch milliseconds. */
  changedAt: number;
  gone: Gone | null;
  /** For how long it is not read yet, milliseconds: the vendor may still give the state before it, or more may be told. */
  waitMs?: number;
  /** A source proof found it to be stored otherwise than the vendor has it. */
  proven?: true;
  /** The span that reading it goes on from. Default: the active one. */
  traceparent?: string | undefined;
}

/** `attempts` includes this one. */
export type ClaimedTouch = Pick<
  typeof touches.$inferSelect,
  'recordId' | 'changedAt' | 'gone' | 'version' | 'attempts' | 'proven' | 'traceparent'
>;

/** Notes that these records may have changed. A thousand tellings of one record are one row. */
export async function touch(
  db: Queryable,
  source: string,
  touched: readonly Touch[],
  now: number,
): Promise<void> {
  if (touched.length === 0) return;
  const active = activeTrace();
  const byRecord = new Map<string, Touch & { times: number }>();
  for (const one of touched) {
    const key = JSON.stringify([one.stream, one.recordId]);
    const known = byRecord.get(key);
    const newest = known && known.changedAt > one.changedAt ? known : one;
    // Erased is for good, whatever is told besides.
    const gone = known?.gone === 'erased' || one.gone === 'erased' ? 'erased' : newest.gone;
    byRecord.set(key, {
      ...newest,
      gone,
      traceparent: newest.traceparent ?? active,
      waitMs: Math.max(one.waitMs ?? 0, known?.waitMs ?? 0),
      ...((one.proven ?? known?.proven) && { proven: true as const }),
      times: (known?.times ?? 0) + 1,
    });
  }
  await db.rows(sql`
    with noted as (insert into touches (source, stream, record_id, changed_at, gone, since, times, due_at, proven, traceparent)
    select ${source}, stream, "recordId", to_timestamp("changedAt" / 1000), gone, ${toTimestamp(now)}, times, to_timestamp((${now}::float8 + "waitMs") / 1000), coalesce(proven, false), traceparent
    from json_to_recordset(${jsonList([...byRecord.values()])}) as row
      (stream text, "recordId" text, "changedAt" float8, gone text, "waitMs" float8, times int, proven boolean, traceparent text)
    order by stream, "recordId"
    on conflict (source, stream, record_id) do update set
      changed_at = greatest(touches.changed_at, excluded.changed_at),
      gone = case when touches.gone = 'erased' then 'erased'
                  when excluded.changed_at >= touches.changed_at then excluded.gone else touches.gone end,
      times = touches.times + excluded.times, version = touches.version + 1, proven = touches.proven or excluded.proven,
      traceparent = coalesce(excluded.traceparent, touches.traceparent))
    select ${notify('hydrate')}`);
}

/** Takes touches that are due, those waiting longest first, for `leaseMs`. One that is to be read alone comes alone. */
export async function claimTouches(
  db: Queryable,
  claim: { source: string; stream: string; lease: string; now: number; leaseMs: number; most: number },
): Promise<ClaimedTouch[]> {
  const { source, stream, lease, now } = claim;
  const take = (alone: boolean, most: number) =>
    db.rows<ClaimedTouch>(sql`
      with due as (
        select record_id from touches
        where source = ${source} and stream = ${stream} and due_at <= ${toTimestamp(now)} and alone = ${alone}
        order by due_at limit ${most} for update skip locked)
      update touches set lease = ${lease}::uuid, due_at = ${toTimestamp(now + claim.leaseMs)}, attempts = attempts + 1
      from due where source = ${source} and stream = ${stream} and touches.record_id = due.record_id
      returning touches.record_id, changed_at, gone, version, attempts, proven, traceparent`);
  const together = await take(false, claim.most);
  return together.length > 0 ? together : take(true, 1);
}

/** Takes away what was read, where it was told of no more since; the rest is due again at once. Only while the lease is ours. */
export async function settleTouches(
  db: Queryable,
  held: { source: string; stream: string; lease: string; now: number },
  read: readonly Pick<ClaimedTouch, 'recordId' | 'version'>[],
): Promise<Set<string>> {
  if (read.length === 0) return new Set();
  const rows = jsonList(read.map(({ recordId, version }) => ({ recordId, version })));
  const settled = await db.rows<{ recordId: string }>(sql`
    with row as (select * from json_to_recordset(${rows}) as row ("recordId" text, version int)),
    gone as (
      delete from touches using row
      where source = ${held.source} and stream = ${held.stream} and record_id = row."recordId"
        and lease = ${held.lease}::uuid and touches.version = row.version
      returning record_id),
    again as (
      update touches set lease = null, due_at = ${toTimestamp(held.now)}, attempts = 0, alone = false, since = ${toTimestamp(held.now)}, times = 1
      from row
      where source = ${held.source} and stream = ${held.stream} and record_id = row."recordId"
        and lease = ${held.lease}::uuid and touches.version > row.version
      returning record_id)
    select record_id from gone union all select record_id from again`);
  return new Set(settled.map((row) => row.recordId));
}

/** Of touches that were claimed those that nobody else can have taken up since, locked. */
export async function holdTouches(
  db: Queryable,
  held: { source: string; stream: string; lease: string; now: number },
  recordIds: readonly string[],
): Promise<Set<string>> {
  const rows = await db.rows<{ recordId: string }>(sql`
    select record_id from touches
    where source = ${held.source} and stream = ${held.stream} and lease = ${held.lease}::uuid and due_at > ${toTimestamp(held.now)}
      and record_id in (select json_array_elements_text(${jsonList(recordIds)}))
    order by record_id for update`);
  return new Set(rows.map((row) => row.recordId));
}

/** Gives touches back to be read later. `counted` false: the attempt was not theirs. */
export async function putOffTouches(
  db: Queryable,
  held: { source: string; stream: string; lease: string },
  later: {
    recordIds: readonly string[];
    dueAt: number;
    counted: boolean;
    error: string | null;
    alone?: boolean;
  },
): Promise<void> {
  await db.rows(sql`
    update touches set lease = null, due_at = ${toTimestamp(later.dueAt)}, error = ${later.error},
      attempts = attempts - ${later.counted ? 0 : 1}, alone = alone or ${later.alone === true}
    where source = ${held.source} and stream = ${held.stream} and lease = ${held.lease}::uuid
      and record_id in (select json_array_elements_text(${jsonList(later.recordIds)}))`);
}

/** What a dead worker was reading may be read at once. */
export async function freeTouches(db: Queryable, worker: string, now: number): Promise<void> {
  await db.rows(
    sql`update touches set lease = null, due_at = ${toTimestamp(now)} where ${leasedBy(sql`lease`, worker)}`,
  );
}

/** Of these records those that wait to be read. */
export async function touchedAmong(
  db: Queryable,
  source: string,
  stream: string,
  recordIds: readonly string[],
): Promise<Set<string>> {
  const rows = await db.rows<{ recordId: string }>(sql`
    select record_id from touches where source = ${source} and stream = ${stream}
      and record_id in (select json_array_elements_text(${jsonList(recordIds)}))`);
  return new Set(rows.map((row) => row.recordId));
}

/** When the next touch of these streams falls due: of each the index tells it at once. */
export function touchDueAt(streams: readonly { source: string; stream: string }[]): SQL {
  return sql`
    select min(first.due_at) from json_to_recordset(${jsonList(streams)}) as read (source text, stream text),
      lateral (select due_at from touches where touches.source = read.source and touches.stream = read.stream
               order by due_at limit 1) as first`;
}

/** By source: how many records wait to be read, how often they were told of, and since when. */
export async function countTouches(
  db: Queryable,
): Promise<{ source: string; records: number; times: number; oldestAt: number }[]> {
  return db.rows(sql`
    select source, count(*) as records, sum(times)::int as times, min(since) as oldest_at
    from touches group by source order by source`);
}

/** How many records of a stream wait to be read. */
export async function countStreamTouches(db: Queryable, source: string, stream: string): Promise<number> {
  const [row] = await db.rows<{ count: number }>(sql`
    select count(*)::int as count from touches where source = ${source} and stream = ${stream}`);
  return row?.count ?? 0;
}

/** Forgets what waits of these records, of one who is erased. */
export async function forgetTouches(
  db: Queryable,
  records: readonly { source: string; stream: string; recordId: string }[],
): Promise<void> {
  const keys = records.map(({ source, stream, recordId }) => ({ source, stream, recordId }));
  await db.rows(sql`
    delete from touches using json_to_recordset(${jsonList(keys)}) as row (source text, stream text, "recordId" text)
    where touches.source = row.source and touches.stream = row.stream and record_id = row."recordId"`);
}

/** Whether something that webhooks named waits to be read, but what is put off. */
export async function someTouchesWait(db: Queryable): Promise<boolean> {
  const [row] = await db.rows<{ waits: boolean }>(sql`
    select exists(select 1 from touches where attempts = 0 or lease is not null) as waits`);
  return row?.waits ?? false;
}

/** The source has a new name. */
export async function renameSourceInTouches(db: Queryable, from: string, to: string): Promise<void> {
  await db.rows(sql`update touches set source = ${to} where source = ${from}`);
}
