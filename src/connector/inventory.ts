// What a connector says of its vendor's cheapest list of all records: their IDs and clocks, and little else. A source proof reads it to
// find what differs from the stored records, and reads each such record by ID before it believes that.
import type { Context } from './api.ts';
import type { Json } from './json.ts';

/** One live record, as the list names it. */
export interface InventoryRow {
  recordId: string;
  /** The clock that `pull` gives the record, epoch milliseconds. Absent: the list proves only that the record exists. */
  changedAt?: number;
  /** Records that the vendor has merged into this one. */
  merged?: readonly string[];
}

export interface InventoryPage {
  rows: readonly InventoryRow[];
  /** How many rows of the page are rejected by `pull` too, and so are no records. */
  rejected?: number;
  /** Where the next page goes on. Stored as it is. */
  cursor: Json;
  done: boolean;
}

export interface Inventory<Settings> {
  /** Most rows of a page. */
  pageSize: number;
  /** Calls for one page. Default: 1. */
  calls?: number;
  /** The bucket of the quotas that a page draws on: see `ApiRequest.bucket`. */
  bucket?: string;
  /** How long after a change the list may still show the state before it, seconds. Default: as the stream's `settleLagSeconds`. */
  lagSeconds?: number;
  /** True where every row names the records that were merged into it, so that no other merge is known to the vendor. */
  merges?: true;
  /**
   * One page of every record that lives, in an order that no change moves; null: the first. Archived and deleted records are left out:
   * a stored record that is not listed is read by ID.
   */
  page(context: Context<Settings>, cursor: Json | null): Promise<InventoryPage>;
}
