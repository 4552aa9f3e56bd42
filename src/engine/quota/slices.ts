// The rows by which processes share a quota: slices of its slots, each held by one process until it is free, and what is
// known of the quota. It knows neither calls nor lanes.
//
// Times are the callers' clocks. They need to agree within a second, which `quota.ts` adds where another's clock matters.
import { randomUUID } from 'node:crypto';
import { type SQL, sql } from 'drizzle-orm';
import { index, integer, pgTable, primaryKey, real, text, uuid } from 'drizzle-orm/pg-core';
import { time } from '../../db/column-types.ts';
import { type Database, jsonList, type Queryable, texts, toTimestamp } from '../../db/database.ts';
import { cutsAfter, cutTo, fadeMs, type Learned, minShare } from './learning.ts';

/** Slots of a quota held by a process: each may carry one call per window. */
export const quotaSlices = pgTable(
  'quota_slices',
  {
    id: uuid().primaryKey(),
    account: text().notNull(),
    quota: text().notNull(),
    slots: integer().notNull(),
    /** The worker that holds it. */
    holder: uuid().notNull(),
    /** From then on the vendor has forgotten every call made with it. Moved on while the holder lives. */
    freeAt: time('free_at').notNull(),
  },
  (t) => [index('quota_slices_account').on(t.account, t.quota, t.freeAt)],
);

/** What is known of a quota beyond its description: spent in long windows, and until when it is exhausted. */
export const quotaStates = pgTable(
  'quota_states',
  {
    account: text().notNull(),
    quota: text().notNull(),
    exhaustedUntil: time('exhausted_until'),
    /** What the vendor said last. */
    limit: integer('limit_seen'),
    remaining: integer('remaining_seen'),
    seenAt: time('seen_at'),
    /** The share of the limit that refusals have left us, 0 to 1: it grows back with what goes well, and with time. */
    learnedShare: real('learned_share'),
    learnedAt: time('learned_at'),
  },
  (t) => [primaryKey({ columns: [t.account, t.quota] })],
);

export interface QuotaKey {
  account: string;
  quota: string;
}

export interface TakeRequest extends QuotaKey {
  holder: string;
  now: number;
  /** Slots that may be held by all together, as far as is known of the quota. Told under its lock, maybe again. */
  limit(known: QuotaKnowledge): number;
  /** Slots wanted in all, and how many make one slice: what is given back is given back by the slice. */
  slots: number;
  sliceSlots: number;
  /** When the vendor has forgotten the calls made with them, if the holder is not heard of again. Epoch milliseconds. */
  freeAt: number;
  /** Where there is no room, a row of no slots says until then that this holder wants some. */
  want?: { id: string; until: number };
}

export interface SlicesTaken {
  slices: { id: string; slots: number }[];
  /** When the first slot of others is free, where less was taken than wanted; null where all was. */
  nextFreeAt: number | null;
  /** Slots held by all after this. */
  held: number;
  /** What is ours while others lack slots too: an even part of the limit. */
  share: number;
}

/** What any process has learned of a quota. */
export interface QuotaKnowledge {
  /** Epoch milliseconds, or null. */
  exhaustedUntil: number | null;
  /** The limit the vendor named last, or null. */
  limit: number | null;
  /** What refusals have taught, or null. */
  learned: Learned | null;
}

/**
 * Takes what there is room for. One transaction per account and quota at a time: the row of `quota_states` is its lock,
 * so the sum cannot change between reading it and adding to it. Rows that are free are deleted under the same lock; a
 * holder that renews one of them in the meantime either finds it gone or has moved it on, in which case the delete
 * looks at it again and leaves it.
 *
 * While others want slots a holder takes no more than its even part: what one gives back for the sake of two is not for
 * the quicker of them.
 */
export function takeSlices(database: Database, request: TakeRequest): Promise<SlicesTaken> {
  const { account, quota, holder, now, want } = request;
  return database.transaction(async (tx) => {
    // Sent at once, and done one after the other: what the lock is held for is a trip of the network shorter each.
    const [known, , [found]] = await Promise.all([
      lockQuota(tx, request),
      tx.rows(sql`
      delete from quota_slices where id in (${inOrder(sql`
        account = ${account} and quota = ${quota} and (free_at <= ${toTimestamp(now)} or id = ${want?.id ?? null}::uuid)`)})`),
      tx.rows<Holdings>(sql`
      select coalesce(sum(slots), 0)::int as held, min(free_at) filter (where slots > 0) as free,
        coalesce(sum(slots) filter (where holder = ${holder}::uuid), 0)::int as own,
        count(distinct holder) filter (where holder <> ${holder}::uuid)::int as others,
        coalesce(bool_or(slots = 0), false) as wanted
      from quota_slices where account = ${account} and quota = ${quota}`),
    ]);
    const limit = request.limit(known);
    const { held, free, own, others, wanted } = found ?? nobody;
    const share = Math.ceil(limit / (others + 1));
    const most = wanted ? Math.min(limit - held, share - own) : limit - held;
    const available = Math.max(Math.min(request.slots, most), 0);
    const slices = cut(available, request.sliceSlots);
    if (slices.length) {
      await tx.rows(sql`
        insert into quota_slices (id, account, quota, slots, holder, free_at)
        select id, ${account}, ${quota}, slots, ${holder}::uuid, ${toTimestamp(request.freeAt)}
        from json_to_recordset(${jsonList(slices)}) as slice (id uuid, slots int)`);
    }
    const short = available < request.slots;
    if (want && short) {
      await tx.rows(sql`
        insert into quota_slices (id, account, quota, slots, holder, free_at)
        values (${want.id}::uuid, ${account}, ${quota}, 0, ${holder}::uuid, ${toTimestamp(want.until)})`);
    }
    return { slices, nextFreeAt: short ? (free ?? now) : null, held: held + available, share };
  });
}

interface Holdings {
  held: number;
  free: number | null;
  own: number;
  others: number;
  /** Some other lacks slots. */
  wanted: boolean;
}

const nobody: Holdings = { held: 0, free: null, own: 0, others: 0, wanted: false };

/** Moves the given slices on, wherever they are still this holder's, and returns the IDs of those. */
export async function renewSlices(
  database: Database,
  renewal: { ids: readonly string[]; holder: string; now: number; freeIn: readonly number[] },
): Promise<Set<string>> {
  const slices = renewal.ids.map((id, index) => ({ id, free: renewal.now + (renewal.freeIn[index] ?? 0) }));
  const rows = await database.rows<{ id: string }>(sql`
    update quota_slices q set free_at = to_timestamp(slice.free / 1000)
    from json_to_recordset(${jsonList(slices)}) as slice (id uuid, free float8)
    where q.id = slice.id and q.id in (${inOrder(sql`
      id = any(${texts(renewal.ids)}::uuid[]) and holder = ${renewal.holder}::uuid and free_at > ${toTimestamp(renewal.now)}`)})
    returning q.id`);
  return new Set(rows.map((row) => row.id));
}

/** Gives slices back: what was used of each stays until `freeAt`; without any use the row goes at once. */
export async function returnSlices(
  database: Database,
  returned: readonly { id: string; used: number; freeAt: number }[],
): Promise<void> {
  if (!returned.length) return;
  const slices = jsonList(returned.map(({ id, used, freeAt }) => ({ id, used, free: freeAt })));
  await database.rows(sql`
    with slice as (
      select * from json_to_recordset(${slices}) as slice (id uuid, used int, free float8)
    ), ours as materialized (
      ${inOrder(sql`id in (select id from slice)`)}
    ), gone as (
      delete from quota_slices q using slice, ours where q.id = ours.id and q.id = slice.id and slice.used = 0
    )
    update quota_slices q set slots = slice.used, free_at = to_timestamp(slice.free / 1000)
    from slice, ours where q.id = ours.id and q.id = slice.id and slice.used > 0`);
}

/**
 * Locks rows one after the other in the order of their IDs. Every statement that writes several slices does, because two that lock
 * the same rows in different orders wait for each other.
 */
function inOrder(condition: SQL): SQL {
  return sql`select id from quota_slices where ${condition} order by id for update`;
}

/**
 * What a dead process held is free when the vendor has forgotten its last call, which it made before `now`. Prepaid
 * slices of long windows stay as they are: nobody knows how much of them was spent.
 */
export async function freeSlices(
  database: Queryable,
  dead: QuotaKey & { holder: string; now: number; windowMs: number },
): Promise<void> {
  await database.rows(sql`
    update quota_slices set free_at = least(free_at, ${toTimestamp(dead.now + dead.windowMs)})
    where id in (${inOrder(sql`
      account = ${dead.account} and quota = ${dead.quota} and holder = ${dead.holder}::uuid`)})`);
}

export interface QuotaState extends QuotaKey, QuotaKnowledge {
  /** Slots held by all, by how many holders (those that want some included), and whether another than us wants some. */
  held: number;
  holders: number;
  wanted: boolean;
}

/** What is known of every quota of these accounts. */
export async function readQuotaStates(
  database: Queryable,
  { accounts, holder, now }: { accounts: readonly string[]; holder: string; now: number },
): Promise<QuotaState[]> {
  const rows = await database.rows<Omit<QuotaState, keyof QuotaKnowledge> & KnowledgeRow>(sql`
    select s.account, s.quota, ${knowledge},
      coalesce(h.held, 0)::int as held, coalesce(h.holders, 0)::int as holders, coalesce(h.wanted, false) as wanted
    from quota_states s
    left join lateral (
      select sum(slots) as held, count(distinct holder) as holders, bool_or(slots = 0 and holder <> ${holder}::uuid) as wanted
      from quota_slices q where q.account = s.account and q.quota = s.quota and q.free_at > ${toTimestamp(now)}
    ) h on true
    where s.account in (select json_array_elements_text(${jsonList(accounts)}))`);
  return rows.map(({ share, cutAt, ...row }) => ({ ...row, learned: learnedOf({ share, cutAt }) }));
}

/** Keeps what the vendor said. An exhaustion is only ever prolonged: who said it first may know less. */
export async function noteQuota(
  database: Queryable,
  note: QuotaKey & {
    now: number;
    exhaustedUntil?: number | null;
    limit?: number | null;
    remaining?: number | null;
  },
): Promise<void> {
  const until = note.exhaustedUntil ?? null;
  await database.rows(sql`
    insert into quota_states (account, quota, exhausted_until, limit_seen, remaining_seen, seen_at)
    values (${note.account}, ${note.quota}, to_timestamp(${until}::float8 / 1000), ${note.limit ?? null}::int,
      ${note.remaining ?? null}::int, ${toTimestamp(note.now)})
    on conflict (account, quota) do update set
      exhausted_until = greatest(quota_states.exhausted_until, excluded.exhausted_until),
      limit_seen = coalesce(excluded.limit_seen, quota_states.limit_seen),
      remaining_seen = coalesce(excluded.remaining_seen, quota_states.remaining_seen),
      seen_at = excluded.seen_at`);
}

/** Forgets until when these quotas allow no call: somebody asks for it to be tried. */
export async function forgetExhaustion(
  database: Queryable,
  { account, quotas }: { account: string; quotas: readonly string[] },
): Promise<void> {
  await database.rows(sql`
    update quota_states set exhausted_until = null where account = ${account} and quota = any(${texts(quotas)})`);
}

/**
 * Cuts the share that is ours after a refusal, once for all that one burst refused: whoever is first writes the time of
 * the cut, and the condition on that time holds off the others, in this process and in all. Returns what it left, or
 * null where another refusal has cut it already.
 */
export async function cutShare(
  database: Queryable,
  refusal: QuotaKey & { sentAt: number; now: number; windowMs: number },
): Promise<Learned | null> {
  const { account, quota, now } = refusal;
  const age = sql`greatest(extract(epoch from ${toTimestamp(now)} - s.learned_at), 0) * 1000`;
  const share = sql`least(1, coalesce(s.learned_share + ${age} / ${fadeMs}::float8, 1))`;
  const [row] = await database.rows<LearnedRow>(sql`
    insert into quota_states as s (account, quota, learned_share, learned_at)
    values (${account}, ${quota}, ${cutTo}::float8, ${toTimestamp(now)})
    on conflict (account, quota) do update set
      learned_share = greatest(${minShare}::float8, ${cutTo}::float8 * ${share}), learned_at = excluded.learned_at
    where s.learned_at is null or s.learned_at <= ${toTimestamp(cutsAfter(refusal))}
    returning ${learnedColumns}`);
  return row ? learnedOf(row) : null;
}

/**
 * Adds to the share of a quota whose last cut was at `cutAt`; where it was cut again since, what went well before that
 * no longer counts. The time of the cut stays, so that what time adds goes on.
 */
export async function growShare(
  database: Queryable,
  growth: QuotaKey & { by: number; cutAt: number },
): Promise<void> {
  await database.rows(sql`
    update quota_states set learned_share = least(1, learned_share + ${growth.by}::float8)
    where account = ${growth.account} and quota = ${growth.quota} and learned_at < ${toTimestamp(growth.cutAt + 1)}`);
}

interface LearnedRow {
  share: number | null;
  cutAt: number | null;
}

type KnowledgeRow = Omit<QuotaKnowledge, 'learned'> & LearnedRow;

const learnedColumns = sql`s.learned_share::float8 as share, s.learned_at as cut_at`;

const knowledge = sql`s.exhausted_until, s.limit_seen as limit, ${learnedColumns}`;

/** The column is a `real`: its 0.7 is a little less. */
function learnedOf({ share, cutAt }: LearnedRow): Learned | null {
  return share === null || cutAt === null ? null : { share: Math.round(share * 1e6) / 1e6, at: cutAt };
}

async function lockQuota(tx: Queryable, { account, quota }: QuotaKey): Promise<QuotaKnowledge> {
  const [, [row]] = await Promise.all([
    tx.rows(sql`
      insert into quota_states (account, quota) values (${account}, ${quota}) on conflict do nothing`),
    tx.rows<KnowledgeRow>(sql`
      select ${knowledge} from quota_states s where account = ${account} and quota = ${quota} for update`),
  ]);
  if (!row) return { exhaustedUntil: null, limit: null, learned: null };
  const { share, cutAt, ...known } = row;
  return { ...known, learned: learnedOf({ share, cutAt }) };
}

function cut(slots: number, sliceSlots: number): { id: string; slots: number }[] {
  const slices: { id: string; slots: number }[] = [];
  for (let left = slots; left > 0; left -= sliceSlots) {
    slices.push({ id: randomUUID(), slots: Math.min(left, sliceSlots) });
  }
  return slices;
}

/** Calls of long windows, each until the vendor has forgotten it: those paid for in advance count as made. */
export async function countedSlices(
  db: Queryable,
  account: string,
  now: number,
): Promise<{ quota: string; calls: number; freeAt: number }[]> {
  return db.rows(sql`
    select quota, slots as calls, free_at from quota_slices
    where account = ${account} and slots > 0 and free_at > ${toTimestamp(now)}`);
}
