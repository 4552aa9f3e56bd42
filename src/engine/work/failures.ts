// What an error means for the work that it ended: one table for all kinds of work. Pure: it knows neither rows nor clocks.
import { RejectedError, TransientError, UnauthorizedError } from '../../connector.ts';
import { isOutage, unavailableReason } from '../../db/availability.ts';
import { DatabaseError } from '../../db/database.ts';

/**
 * - `pause`: the source or destination is paused as soon as the refusal is confirmed; the work waits.
 * - `postpone`: the work is tried again, and no attempt is used up.
 * - `count alone`: an attempt is used up where the vendor answers others meanwhile, else the work is postponed.
 * - `count`: an attempt is used up; after the last one (`attemptsMax`) the work is given up.
 * - `give up`: another attempt would end alike.
 */
export type Effect = 'pause' | 'postpone' | 'count alone' | 'count' | 'give up';

/**
 * Why the rows differ: docs/decisions/0050-one-table-of-failures.md. An outage uses up no attempt:
 * docs/decisions/0069-an-outage-of-the-database-uses-up-no-attempt.md.
 */
// biome-ignore format: a table
const table = {
  kinds:        ['refused', 'rejected', 'unproven',    'quota',       'conflict',    'transient',   'content',  'unexpected', 'outage'],
  run:          ['pause',   'give up',  'count',       'count alone', 'count alone', 'count alone', 'count',    'count',      'postpone'],
  touch:        ['pause',   'give up',  'count alone', 'count alone', 'count alone', 'count alone', 'give up',  'count',      'postpone'],
  delivery:     ['pause',   'give up',  'count alone', 'postpone',    'count',       'count alone', 'count',    'count',      'postpone'],
  batch:        ['pause',   'give up',  'postpone',    'postpone',    'postpone',    'postpone',    'postpone', 'postpone',   'postpone'],
  lostBatch:    ['give up', 'give up',  'postpone',    'postpone',    'postpone',    'postpone',    'postpone', 'postpone',   'postpone'],
  verification: ['pause',   'give up',  'count',       'postpone',    'count',       'count',       'count',    'count',      'postpone'],
  erasure:      ['pause',   'postpone', 'count',       'count',       'count',       'count',       'count',    'count',      'postpone'],
} as const;

export type Work = Exclude<keyof typeof table, 'kinds'>;

/**
 * - `refused`: the credentials.
 * - `rejected`: what was asked for, however often it is asked.
 * - `unproven`: the same, in an answer that may be a gateway's.
 * - `quota`: the vendor, or a quota of ours, allows no call for now.
 * - `conflict`: the vendor rejects this one request for a reason that may pass.
 * - `transient`: no answer, or one that does not tell.
 * - `content`: what was answered cannot be stored or processed.
 * - `outage`: the database is away, or takes no writes.
 * - `unexpected`: everything else.
 */
type Classified =
  | { kind: 'refused'; error: UnauthorizedError }
  | { kind: 'rejected' | 'unproven'; error: RejectedError }
  | { kind: 'quota' | 'conflict' | 'transient'; error: TransientError }
  | { kind: 'content' | 'outage' | 'unexpected'; error: unknown };

/** `retryAfterMs`: the vendor's word. */
export type Failure = Classified & { effect: Effect; message: string; retryAfterMs: number | undefined };

export function failureOf(work: Work, error: unknown): Failure {
  const classified = classify(error);
  return {
    ...classified,
    effect: table[work][table.kinds.indexOf(classified.kind)]!,
    message: messageOf(error),
    retryAfterMs: error instanceof TransientError ? error.retryAfterMs : undefined,
  };
}

export function classify(error: unknown): Classified {
  if (error instanceof UnauthorizedError) return { kind: 'refused', error };
  if (error instanceof RejectedError) return { kind: error.unproven ? 'unproven' : 'rejected', error };
  if (error instanceof TransientError) {
    if (error.rejectedAs !== undefined) return { kind: 'conflict', error };
    return { kind: error.status === 429 || error.quota !== undefined ? 'quota' : 'transient', error };
  }
  if (isOutage(error)) return { kind: 'outage', error };
  return { kind: concernsContent(error) ? 'content' : 'unexpected', error };
}

/** Whether a request was never sent because our own quota has no room for it: nothing has failed. */
export function isOwnQuotaWait(error: unknown): error is TransientError {
  return error instanceof TransientError && error.quota !== undefined && error.status === undefined;
}

/**
 * Whether a failure is for the sake of what was to be kept: the server refused a value (SQLSTATE classes 22, 23 and 54), or
 * our own code failed at it. Everything else (no connection, no room, a lease that was lost) has nothing to do with it.
 */
export function concernsContent(error: unknown): boolean {
  if (error instanceof DatabaseError) return /^(22|23|54)/.test(error.code ?? '');
  return error instanceof RangeError || error instanceof TypeError || error instanceof SyntaxError;
}

/** Whether the vendor has answered no. */
export function isRefusal(error: unknown): error is RejectedError | UnauthorizedError {
  return error instanceof RejectedError || error instanceof UnauthorizedError;
}

/** How long a vendor may still be at work on a request that we gave up, milliseconds: longer than any of their limits (180 s). */
export const lateWriteMs = 240_000;

/** Whether it is certain that the vendor carries out nothing of the request, now or later. */
export function isUndone(error: unknown): boolean {
  return isRefusal(error) || (error instanceof TransientError && !error.uncertain);
}

export function messageOf(error: unknown): string {
  if (isOutage(error)) return `the database: ${unavailableReason(error)}`;
  return error instanceof Error ? error.message : String(error);
}
