// What a test may choose about the simulated Voucherify. Every unverified behaviour of the real one is a choice here.
// It does not know how a choice is carried out.
import type { BetweenAnswer } from './between.ts';
import type { CustomerBody, TruthCustomer } from './customer-body.ts';
import type { MetadataSchema } from './metadata-schema.ts';
import type { SegmentBody } from './segment-body.ts';
import type { WebhookEnvelope } from './webhooks.ts';
import type { WriteOptions } from './write-options.ts';

export type AsyncActionType = 'CUSTOMERS.BULK_UPDATE' | 'CUSTOMERS.METADATA_UPDATE' | 'CUSTOMERS.IMPORT_CSV';

/** At most `requests` in any span of `seconds`; `false` is no limit. */
export type Quota = { requests: number; seconds: number } | false;

export type Quotas = {
  /** `api_calls`: per minute on current plans, per hour on older ones and in sandbox projects. Default off. */
  apiCalls?: Quota;
  /** `bulk_api_calls`: bulk/async, metadata/async and importCSV draw from it instead. Default off. */
  bulkCalls?: Quota;
  /** `api_calls_cycle`: the billing cycle, `seconds` being its length. Default off. */
  cycle?: Quota;
  /** Whether a bulk call is paid from `api_calls` and the cycle as well (unverified). Default false. */
  bulkCountsAsApiCall?: boolean;
};

/**
 * What goes wrong with one request. A `Response` is answered as it is; `drop` cuts the connection (`Response.error()`) with
 * nothing applied. The others apply the request and lose the answer, so that the caller cannot know: `apply-then-drop`
 * answers 502, `apply-then-cut` cuts the connection, and `apply-then-hang` answers nothing until the caller gives up.
 */
export type Fault = Response | 'drop' | 'apply-then-drop' | 'apply-then-cut' | 'apply-then-hang' | undefined;

/**
 * What goes wrong with one accepted bulk action. `accepted-but-empty`: DONE, with nothing counted and nothing applied;
 * `fail`: FAILED, nothing applied; `never-ends`: IN_PROGRESS for ever, nothing applied, later actions go on.
 */
export type BulkFault = 'accepted-but-empty' | 'fail' | 'never-ends' | undefined;

export type VoucherifyOptions = WriteOptions & {
  /** Milliseconds since 1970. */
  now: () => number;
  appId: string;
  appToken: string;
  quotas?: Quotas;

  /** What PUT's `source_id` does to a customer that has none (unverified). One that has it keeps it. Default `ignored`. */
  lateSourceId?: 'ignored' | 'adopted';
  /** What POST does with an `id` nobody has (unverified). Default `not-found`. */
  unknownId?: 'not-found' | 'create';
  /** Segments of customers. Default: none. */
  segments?: readonly SegmentBody[];
  /** Of the resource `customer`. Absent: the project has none, and its schema routes answer 404. */
  metadataSchema?: MetadataSchema;
  /** When an update must leave all required keys in place (unverified): of what is held after it, of what was sent, or never. Default `result`. */
  requiredMetadata?: 'result' | 'payload' | 'creation-only';

  /** How long bulk takes: `waitMs` in ENQUEUED, then `recordMs` per record in IN_PROGRESS; one action after the other. Default `immediate`. */
  bulkProcessing?: 'immediate' | { waitMs: number; recordMs: number };
  /**
   * How long after its acceptance an action appears in `GET /v1/async-actions`, milliseconds (unverified); its own address
   * shows it at once. Default 0.
   */
  actionListLagMs?: (type: AsyncActionType) => number;
  /** The cap of 100 records the API had until 2024 (`too_many_customers`). Default none. */
  bulkRecordCap?: number;
  /** Whether one bad record fails alone, in the result, or the whole request, with 400 (unverified). Default `fails-alone`. */
  badBulkRecord?: 'fails-alone' | 'fails-all';
  /** What importCSV does to columns it does not name: the documents say both. Default `overwrite`, the destructive one. */
  csvWrites?: 'overwrite' | 'update';
  /** Default 10 MB, 10 485 760. */
  bodyLimitBytes?: number;

  /** Whether the record at `starting_after` itself is listed again (unverified). Default `exclusive`, which loses ties. */
  cursor?: 'exclusive' | 'inclusive';
  /** How a never updated customer is ordered and filtered by `updated_at` (unverified): last and unmatched, or by its `created_at`. Default `absent`. */
  neverUpdated?: 'absent' | 'as-created';
  /** At most so many writes share a millisecond: later ones are stamped later, even ahead of a clock that stands. Default 8. */
  writesPerMillisecond?: number;
  /** From SCHEDULED to DONE. Default 0. */
  exportMs?: number;
  /** No export of vouchers, publications or redemptions has more rows (unverified). Default: no limit. */
  exportMaxRows?: number;
  /**
   * How an export names the columns of fields: `Source ID` as in the only published example of a file, or `source_id`
   * (unverified for customers). Default `labels`.
   */
  exportHeaders?: 'labels' | 'names';
  /** How an export names metadata: columns `key` or `metadata.key`, or one column of JSON (unverified). Default `columns`. */
  exportMetadata?: 'columns' | 'prefixed-columns' | 'json';

  /** Asked before every request; `route` is `POST /v1/customers/bulk/async` and so on, `GET ?` when there is none. */
  faults?: (request: Request, route: string) => Fault | Promise<Fault>;
  /**
   * Asked before every request: what stands between the caller and Voucherify, if it answers in its place. The body may be read
   * from a clone of the request.
   */
  between?: (
    request: Request,
    route: string,
  ) => BetweenAnswer | undefined | Promise<BetweenAnswer | undefined>;
  /** Asked when a bulk action is accepted. */
  bulkChaos?: (customers: readonly CustomerBody[], type: AsyncActionType) => BulkFault;
  /** Told of each write after it, in order. */
  onWrite?: (customer: TruthCustomer, kind: 'created' | 'updated' | 'deleted') => void;
  /** Told of what single calls cause; bulk sends no webhooks. Delivering, signing and repeating it is the caller's. */
  webhooks?: (envelope: WebhookEnvelope) => void;
  /** `source.target_url` of the envelope. */
  webhookTargetUrl?: string;
};
