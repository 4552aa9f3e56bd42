// What became of the records that were received, counted: the five counts add up to what was received.

/** What became of every record received: `received` is the sum of the other five. */
export interface Counts {
  received: number;
  changed: number;
  unchanged: number;
  superseded: number;
  filtered: number;
  rejected: number;
  /** Customers whose fields changed by it; not part of the sum. */
  customers: number;
}

export const noCounts: Counts = {
  received: 0,
  changed: 0,
  unchanged: 0,
  superseded: 0,
  filtered: 0,
  rejected: 0,
  customers: 0,
};

/** True when every record received is accounted for. */
export function balances(counts: Counts): boolean {
  return (
    counts.received ===
    counts.changed + counts.unchanged + counts.superseded + counts.filtered + counts.rejected
  );
}
