// What waits, what is delivered and what was given up, in figures. It only reads; each figure is one pass over a table,
// so that asking often stays cheap for whoever asks (see web/remembered).
import { sql } from 'drizzle-orm';
import type { DeadLetterKind } from '../../contract/dead-letter.ts';
import type { DriftKind } from '../../contract/drift.ts';
import { type Queryable, toTimestamp } from '../../db/database.ts';
import { type Lane, lanes } from '../../engine/quota/lanes.ts';
import { type Coverage, coverageSince } from '../../tables/coverage.ts';
import { countDeadLetters } from '../../tables/dead-letters.ts';
import { countAcknowledgedDrifts, countDrifts } from '../../tables/drifts.ts';
import { countHolds } from '../../tables/holds.ts';
import { countRequests } from '../../tables/inbox.ts';
import { listSubscriptions, type SubscriptionRow } from '../../tables/subscriptions.ts';
import { countTouches } from '../../tables/touches.ts';
import { countWriteBacks } from '../../tables/write-backs.ts';
import { countClashes } from './clashes.ts';
import { countQuarantine } from './quarantine.ts';

const dayMs = 86_400_000;

/** Customers of one lane that are not yet delivered. Times are epoch milliseconds. */
export interface LaneBacklog {
  lane: Lane;
  waiting: number;
  /** Of them those that are due now and that nobody carries. */
  due: number;
  /** Since when the longest of them has waited, or null where none waits. */
  oldestAt: number | null;
}

export interface Figures {
  /** Every customer has one delivery, so these four are all customers. */
  customers: { total: number; waiting: number; delivered: number; held: number; dead: number };
  /** Customers that a bulk action carries now; they are waiting too. */
  inBatches: number;
  /** All lanes, the best first. */
  backlog: LaneBacklog[];
  /** Since when the oldest change that is not delivered has waited. */
  oldestWaitingAt: number | null;
  lastDeliveredAt: number | null;
  /** Customers that are tried again in some minutes only, and what was said of the one that waits longest. Null: none. */
  putOff: { customers: number; nextAt: number; lastAt: number; why: string | null } | null;
  /** Records kept, by source. */
  records: { [source: string]: number };
  /** Losses held until a person decides, and of how many customers. */
  holds: { open: number; customers: number };
  deadLetters: { kind: DeadLetterKind; source: string; code: string; open: number }[];
  /** Values left out because they failed their type or rule, and those of them that a person has acknowledged. */
  quarantine: { open: number; acknowledged: number };
  /** Customers that two records of one source and stream claim. */
  clashes: number;
  /** Webhook requests that wait to be opened, and dead ones, by source. */
  inbox: { source: string; waiting: number; oldestAt: number | null; dead: number }[];
  /** Records that webhooks named and that wait to be read, by source. */
  touches: { source: string; records: number; oldestAt: number }[];
  /** How the changes of the last 24 hours became known, by source. */
  coverage: Map<string, Coverage>;
  /** Subscriptions at vendors that are kept alive. */
  subscriptions: SubscriptionRow[];
  /** Customers that the destination holds otherwise than it acknowledged. */
  drifts: { kind: DriftKind; count: number }[];
  /** Customers of whom a person has acknowledged that; `drifts` does not count them. */
  acknowledgedDrifts: number;
  /** Customers by the state of what is written back, by source. */
  writeBacks: Awaited<ReturnType<typeof countWriteBacks>>;
}

interface DeliveryGroup {
  state: 'waiting' | 'held' | 'delivered' | 'dead';
  lane: number;
  count: number;
  due: number;
  inBatches: number;
  oldestAt: number | null;
  lastDeliveredAt: number | null;
}

/** All figures as of `now`. */
export async function figures(db: Queryable, now: number): Promise<Figures> {
  const groups = await db.rows<DeliveryGroup>(sql`
    select state, lane, count(*) as count, count(batch_id) as in_batches,
           (count(*) filter (where batch_id is null and due_at <= ${toTimestamp(now)}))::int as due,
           min(waiting_since) as oldest_at, max(delivered_at) as last_delivered_at
    from deliveries group by state, lane`);
  const records = await db.rows<{ source: string; count: number }>(sql`
    select source, count(*) as count from records group by source`);
  const waiting = groups.filter((group) => group.state === 'waiting');
  const sum = (of: readonly DeliveryGroup[]) => of.reduce((total, group) => total + group.count, 0);
  const inState = (state: string) => sum(groups.filter((group) => group.state === state));
  return {
    customers: {
      total: sum(groups),
      waiting: sum(waiting),
      delivered: inState('delivered'),
      held: inState('held'),
      dead: inState('dead'),
    },
    inBatches: groups.reduce((total, group) => total + group.inBatches, 0),
    backlog: lanes.map((lane, number) => {
      const group = waiting.find((candidate) => candidate.lane === number);
      return { lane, waiting: group?.count ?? 0, due: group?.due ?? 0, oldestAt: group?.oldestAt ?? null };
    }),
    oldestWaitingAt: least(waiting.map((group) => group.oldestAt)),
    lastDeliveredAt: greatest(groups.map((group) => group.lastDeliveredAt)),
    putOff: await readPutOff(db, now),
    records: Object.fromEntries(records.map(({ source, count }) => [source, count])),
    holds: await countHolds(db),
    deadLetters: await countDeadLetters(db),
    quarantine: await countQuarantine(db),
    clashes: await countClashes(db),
    inbox: await countRequests(db),
    touches: await countTouches(db),
    coverage: await coverageSince(db, now - dayMs),
    subscriptions: await listSubscriptions(db),
    drifts: await countDrifts(db),
    acknowledgedDrifts: await countAcknowledgedDrifts(db),
    writeBacks: await countWriteBacks(db),
  };
}

/** A shorter wait is not worth telling. */
const toldWaitMs = 180_000;

async function readPutOff(db: Queryable, now: number): Promise<Figures['putOff']> {
  const isPutOff = sql`state = 'waiting' and batch_id is null and lease is null and due_at > ${toTimestamp(now + toldWaitMs)}`;
  const [row] = await db.rows<{ customers: number; nextAt: number; lastAt: number; why: string | null }>(sql`
    select count(*) as customers, min(due_at) as next_at, max(due_at) as last_at,
           (select error from deliveries where ${isPutOff} order by due_at desc limit 1) as why
    from deliveries where ${isPutOff}`);
  return row && row.customers > 0 ? row : null;
}

function least(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length ? Math.min(...known) : null;
}

function greatest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length ? Math.max(...known) : null;
}
