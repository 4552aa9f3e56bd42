// Clocks of sources that run ahead of ours. A time far in the future would hide every later change for good, so that what
// bears one is taken to have changed when it came. The one place for all connectors; it knows no rows.
import type { Note } from '../../connector.ts';
import type { ComposedRecord } from '../../tables/records.ts';

/** By so much clocks differ. */
const maxAheadMs = 600_000;

/** `latest`: the latest time that a clock shows, epoch milliseconds. */
export function isAhead(changedAt: number, latest: number): boolean {
  return changedAt > latest + maxAheadMs;
}

/**
 * The record as it is where its clock can be believed; else with the time of its receipt, epoch milliseconds. `latest`: the latest time
 * that a clock showed then, where ours may be behind.
 */
export function asReceived<Told extends ComposedRecord>(
  record: Told,
  receivedAt: number,
  latest = receivedAt,
): Told {
  if (!isAhead(record.changedAt, latest)) return record;
  return { ...record, changedAt: receivedAt, undated: true as const };
}

/** What a person is told of such records. */
export function aheadNote(count: number): Note {
  return {
    code: 'clock_ahead',
    message: `Some records have a time of change more than ${maxAheadMs / 60_000} minutes in the future. The time of receipt is used instead.`,
    count,
  };
}
