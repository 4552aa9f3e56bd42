// Revised customers into duties: each is owed to the destination, unless so many change so much that a person should
// look first.
import type { Queryable } from '../db/database.ts';
import type { Lane } from '../engine/lanes.ts';
import type { Revised } from './customers.ts';
import { want } from './deliveries.ts';

export interface Debt {
  source: string;
  runId: number | null;
  lane: Lane;
  now: number;
}

export async function owe(db: Queryable, revised: readonly Revised[], debt: Debt): Promise<void> {
  await want(db, revised, debt.lane, debt.now);
}
