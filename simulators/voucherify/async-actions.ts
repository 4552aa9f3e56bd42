// Bulk work that is accepted now and done later: its queue, its states and its results. It does not know HTTP or how a
// customer is written.
import type { CustomerBody } from './customer-body.ts';
import type { Written } from './customer-writes.ts';
import { ErrorResponse, invalidQuery, notFound } from './error-response.ts';
import { instant, wholeNumber } from './listing.ts';
import type { AsyncActionType, BulkFault, VoucherifyOptions } from './options.ts';

type RowError = { source_id: string; row: number; key: string; message: string; details: string };

/** Plain JSON, so that a snapshot can hold it. */
export type StoredAction = {
  id: string;
  type: AsyncActionType;
  requestId: string;
  createdAtMs: number;
  /** From when on the list shows it; absent: at once. */
  listedAtMs?: number;
  /** When it leaves ENQUEUED. */
  startsAtMs: number;
  /** When it is DONE or FAILED, unless it never ends. */
  endsAtMs: number;
  fault?: Exclude<BulkFault, undefined>;
  /** What is still to be written; gone once it is. */
  records?: unknown[];
  doneCount: number;
  errors: RowError[];
};

const REPORT_DAYS = 7;

// not documented; the field is required

export class AsyncActions {
  readonly #options: VoucherifyOptions;
  readonly #write: (type: AsyncActionType, record: unknown, nowMs: number) => Written | ErrorResponse;
  #actions = new Map<string, StoredAction>();
  #waiting: StoredAction[] = [];
  #freeAtMs = 0;

  constructor(
    options: VoucherifyOptions,
    write: (type: AsyncActionType, record: unknown, nowMs: number) => Written | ErrorResponse,
  ) {
    this.#options = options;
    this.#write = write;
  }

  /** Queues the records behind all that is queued already, and answers the action's ID. */
  accept(type: AsyncActionType, records: unknown[], requestId: string, nowMs: number): string {
    const timing = this.#options.bulkProcessing ?? 'immediate';
    const { waitMs, recordMs } = timing === 'immediate' ? { waitMs: 0, recordMs: 0 } : timing;
    const startsAtMs = Math.max(nowMs, this.#freeAtMs) + waitMs;
    const fault = this.#options.bulkChaos?.(records as CustomerBody[], type);
    const lagMs = this.#options.actionListLagMs?.(type) ?? 0;
    const action: StoredAction = {
      id: `aa_${(this.#actions.size + 1).toString(16).padStart(18, '0')}`,
      type,
      requestId,
      createdAtMs: nowMs,
      ...(lagMs > 0 && { listedAtMs: nowMs + lagMs }),
      startsAtMs,
      endsAtMs: startsAtMs + records.length * recordMs,
      ...(fault && { fault }),
      records,
      doneCount: 0,
      errors: [],
    };
    this.#actions.set(action.id, action);
    if (fault !== 'never-ends') {
      this.#freeAtMs = action.endsAtMs;
      this.#waiting.push(action);
    }
    return action.id;
  }

  /** Does what is due, in order. Each action is written as a whole at the instant it ends. */
  settle(nowMs: number): void {
    while (this.#waiting[0] && this.#waiting[0].endsAtMs <= nowMs) this.#apply(this.#waiting.shift()!);
  }

  #apply(action: StoredAction): void {
    const records = action.fault ? [] : action.records!;
    delete action.records;
    records.forEach((record, index) => {
      const outcome = this.#write(action.type, record, action.endsAtMs);
      if (!(outcome instanceof ErrorResponse)) {
        action.doneCount += 1;
        return;
      }
      const { key, message, details } = outcome;
      const named = (record as CustomerBody | null)?.source_id;
      const source_id = typeof named === 'string' ? named : '';
      action.errors.push({ source_id, row: index + 1, key, message, details });
    });
  }

  /** `GET /v1/async-actions/{id}`. */
  show(id: string, nowMs: number): Record<string, unknown> | ErrorResponse {
    const action = this.#actions.get(id);
    if (!action) return notFound('async_action', id);
    const { object, ...base } = baseOf(action, nowMs);
    return { ...base, ...(base.status === 'DONE' && { result: resultOf(action) }), object };
  }

  /** `GET /v1/async-actions`: newest first, without results. `end_date` itself is not included. */
  list(query: Record<string, string>, nowMs: number): Record<string, unknown> | ErrorResponse {
    const limit = wholeNumber(query, 'limit', 10, 100);
    const before = instant(query, 'end_date');
    if (limit instanceof ErrorResponse) return limit;
    if (before instanceof ErrorResponse) return invalidQuery(before.details);
    const listed = [...this.#actions.values()]
      .reverse()
      .filter(
        ({ createdAtMs, listedAtMs }) => createdAtMs < (before ?? Infinity) && (listedAtMs ?? 0) <= nowMs,
      );
    return {
      object: 'list',
      data_ref: 'async_actions',
      async_actions: listed.slice(0, limit).map((action) => baseOf(action, nowMs)),
      has_more: listed.length > limit,
    };
  }

  snapshot(): StoredAction[] {
    return structuredClone([...this.#actions.values()]);
  }

  restore(stored: StoredAction[]): void {
    this.#actions = new Map(structuredClone(stored).map((action) => [action.id, action]));
    this.#waiting = [...this.#actions.values()].filter(
      (action) => action.records && action.fault !== 'never-ends',
    );
    this.#freeAtMs = Math.max(0, ...this.#waiting.map((action) => action.endsAtMs));
  }
}

function baseOf(action: StoredAction, nowMs: number) {
  const { startsAtMs, endsAtMs, fault } = action;
  const ended = nowMs >= endsAtMs && fault !== 'never-ends';
  const started = nowMs >= startsAtMs;
  const shareDone = endsAtMs > startsAtMs ? (nowMs - startsAtMs) / (endsAtMs - startsAtMs) : 1;
  const failed = fault === 'fail';
  return {
    id: action.id,
    type: action.type,
    status: ended ? (failed ? 'FAILED' : 'DONE') : started ? 'IN_PROGRESS' : 'ENQUEUED',
    ...(ended &&
      action.type !== 'CUSTOMERS.IMPORT_CSV' && { operation_status: failed ? 'FAILED' : 'SUCCESS' }),
    created_at: iso(action.createdAtMs),
    updated_at: iso(ended ? endsAtMs : started ? startsAtMs : action.createdAtMs),
    request_id: action.requestId,
    progress: ended ? 100 : started ? Math.min(99, Math.floor(100 * shareDone)) : 0,
    ...(ended && { processing_time: Math.round(endsAtMs - action.createdAtMs) }),
    object: 'async_action' as const,
  };
}

/** The three shapes of the contract; only bulk errors say whose they are. */
function resultOf({ type, doneCount, errors, endsAtMs }: StoredAction) {
  if (type === 'CUSTOMERS.IMPORT_CSV')
    return {
      message: `${doneCount} customer(s) imported successfully, ${errors.length} failed.`,
      failed: errors.map(({ source_id, row, details }) => ({ source_id, row, reason: details })),
      done_count: doneCount,
      failed_count: errors.length,
    };
  return {
    done_count: doneCount,
    failed_count: errors.length,
    reports: [], // the files' format and address are not documented, so none is made up
    reports_available_till: iso(endsAtMs + REPORT_DAYS * 86_400_000),
    errors: errors.map(({ source_id, key, message, details }) =>
      type === 'CUSTOMERS.BULK_UPDATE' ? { source_id, key, message, details } : { key, message, details },
    ),
  };
}

const iso = (ms: number) => new Date(ms).toISOString();
