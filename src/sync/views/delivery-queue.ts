// Deliveries in the order in which they go, and batches on their way. It only reads, by the indexes that claims use.
import { sql } from 'drizzle-orm';
import type { DeliveryView } from '../../contract/customer.ts';
import type { Queryable } from '../../db/database.ts';
import { type Lane, laneNumber, lanes } from '../../engine/quota/lanes.ts';

export interface QueuedDelivery {
  sourceId: string;
  lane: Lane;
  revision: number;
  acknowledged: number | null;
  /** Null: a batch carries it. */
  dueAt: number | null;
  waitingSince: number | null;
  attempts: number;
  carriedBy: DeliveryView['carriedBy'];
  error: string | null;
}

/** Those that wait and that no batch carries, the best lane first, then what is due first. `lane`: only that one. */
export async function nextDeliveries(
  db: Queryable,
  { lane, limit }: { lane?: Lane | undefined; limit: number },
): Promise<QueuedDelivery[]> {
  const rows = await db.rows<Omit<QueuedDelivery, 'lane'> & { lane: number }>(sql`
    select source_id, lane, revision, acknowledged, due_at, waiting_since, attempts, error,
           case when lease is not null then 'worker' end as carried_by
    from deliveries
    where state = 'waiting' and batch_id is null and ${lane === undefined ? sql`true` : sql`lane = ${laneNumber(lane)}`}
    order by lane, due_at limit ${limit}`);
  return rows.map((row) => ({ ...row, lane: lanes[row.lane]! }));
}

export interface ListedBatch {
  id: string;
  /** The destination's name of it; null until it is known. */
  actionId: string | null;
  kind: string;
  submittedAt: number;
  polls: number;
  dueAt: number;
  customers: number;
  /** What was said when the answer that names it was lost; null where it was not. */
  lost: string | null;
}

/** The newest first. */
export async function listBatches(db: Queryable, limit: number): Promise<ListedBatch[]> {
  return db.rows(sql`
    select id, action_id, kind, submitted_at, polls, due_at, lost ->> 'message' as lost,
           (select count(*) from deliveries where batch_id = batches.id) as customers
    from batches where kind <> 'single' order by submitted_at desc limit ${limit}`);
}
