// The door: the words a connector is written in. A connector says what its vendor is like; it never loops, waits,
// retries, stores, logs, schedules or opens a socket. This file knows no vendor and no machinery.
import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { Json, JsonObject } from './connector/json.ts';
import type { Locale, TimeUnit } from './connector/locale.ts';
import type { Probe } from './connector/probe.ts';
import type { Webhook } from './connector/webhook.ts';

export type { Json, JsonObject, Locale, TimeUnit };

// ── What a source gives ─────────────────────────────────────────────────────────────────────────────────────────

/** One row as the source has it. Within a stream the newest record of an ID replaces the older whole. */
export interface SourceRecord {
  /** The vendor's own ID of the row, unique in its stream. */
  recordId: string;
  /** The source's own clock for this state of the row, epoch milliseconds. Decides what is newer, wherever it came from. */
  changedAt: number;
  /** The source says the row is gone (archived, deleted). `body` is then whatever is still known, often nothing. */
  deleted?: true;
  /** Property names to values, as the vendor sent them. Absent and null are different things. */
  body: JsonObject;
  /** Records that the vendor has merged into this one: it speaks for their customers now, they no more. */
  merged?: readonly string[];
}

/** What one item of a webhook says. */
export type Change =
  /**
   * Fat: the record itself, as pull would give it. `partial`: only these keys of the body are told of; the others stay
   * as they are stored, each key has its own clock, and null clears one.
   */
  | { kind: 'record'; stream: string; record: SourceRecord; partial?: true }
  /**
   * Thin: this record may have changed, so it is read by ID. `changedAt`: the vendor's clock of the change, epoch
   * milliseconds. `gone`: the vendor says so, and reading proves it: `deleted`, or `erased` for privacy's sake.
   */
  | { kind: 'touch'; stream: string; recordId: string; changedAt: number; gone?: 'deleted' | 'erased' }
  /** Nothing for us. The reason is a sentence without values: such items are counted by it. */
  | { kind: 'ignored'; reason: string };

/** A row that cannot become a record. It is kept as a dead letter and counted, and the rest of its page goes on. */
export interface RejectedRow {
  /** Where it is, for a person: `row 17 of people.csv`. Unique in its stream, so that a repeat is the same dead letter. */
  position: string;
  /** What is wrong and what would be right, one sentence. */
  reason: string;
  /** The row as it was read. */
  raw: Json;
}

/** Something a person should know about a reading although no row was rejected for it. Added up over the run. */
export interface Note {
  /** What kind of finding it is, stable: `csv_short_rows`. */
  code: string;
  /** One sentence without personal data and without the count: notes with the same code and message become one. */
  message: string;
  /** How often it was found on this page. */
  count: number;
}

/** What one pull returns. */
export interface Page {
  records: SourceRecord[];
  rejected?: RejectedRow[];
  notes?: readonly Note[];
  /** Where the next pull goes on. Stored as it is, in the transaction that stores the records. */
  cursor: Json;
  /** True when nothing more is there for now: the next run goes on from `cursor`. */
  rest: boolean;
  /**
   * Present where this reading gives every record that lives, so that what it does not give is gone, without being asked
   * for. `asOf`: the time of that state by the source's own clock, epoch milliseconds. `begins`: this is its first page.
   */
  whole?: { asOf: number; begins: boolean };
  /** How many records the vendor says this reading holds in all, where it says so: for progress only. */
  total?: number;
  /** The names that the body of every record of this page may have, where the page itself says so (a file's header). */
  columns?: string[];
}

/** What a connector is handed with every call. */
export interface Context<Settings> {
  settings: Settings;
  api: Api;
  files: Files;
  /** How the source's values are written, by its configuration and else by the connector. Absent where nothing is read. */
  locale?: Locale;
  /** Epoch milliseconds; the only clock a connector may use. */
  now: number;
}

export interface PullRequest {
  /** The cursor of the page before, or null for the first page of a full reading. */
  cursor: Json | null;
  /** Records changed after this time need not be returned yet, epoch milliseconds. A trailing reader stays behind. */
  until: number;
  /** The properties that the mapping uses and those kept on purpose: ask the vendor for no others. Empty: for all. */
  properties: readonly string[];
  /** The path of the source ID in a body, where the configuration names one. */
  sourceId?: string;
  /** True where the configuration maps the fields itself, so that the default mapping is not used. */
  mapped?: boolean;
  /** True for the first page that an attempt asks for: the cursor, where there is one, is of an earlier attempt. */
  resumes?: boolean;
  /** Present where a page was more than this process can hold: ask the vendor for no more records at a time. */
  maxRecords?: number;
}

/** A property that records of a stream may have. */
export interface Property {
  name: string;
  /** As the vendor's own screens name it. */
  label: string;
  /** The vendor's word for its type. */
  type: string;
}

/** Pages as they are asked for. */
export interface PageCost {
  /** Most records on a page. */
  records: number;
  /** Calls for one page. */
  calls: number;
  bucket?: string;
}

/** What readings of a stream cost, for forecasts. */
export interface ReadingCost {
  full: PageCost;
  /** Of what changed. Absent: as a full reading. */
  changes?: PageCost;
  tombstones?: PageCost;
  /** The bucket of reads by ID. */
  readBucket?: string;
}

/** A series of records. Facts that change apart are streams apart. */
export interface Stream<Settings> {
  name: string;
  /**
   * Paths of the objects in a body that always name everything they hold, `''` being the body itself: a property that is
   * absent from one of them has been removed. Anywhere else an absent property says nothing, and its last value stands.
   */
  exhaustive?: readonly string[] | ((settings: Settings) => readonly string[]);
  /**
   * How exact `changedAt` is. `second`: whole seconds where the vendor is read, so that of two states of one second the
   * one that was read later counts. `reading`: it may go backwards (a removed attribute takes its time with it), so that
   * what was read later is the later state, whatever its clock says. Default: `millisecond`, and the clock alone decides.
   */
  clock?: 'millisecond' | 'second' | 'reading';
  /**
   * Why a row of this kind is no customer (a lead, an anonymous visitor), in a sentence without values, or null. Such a
   * record is kept and counted as filtered, wherever it came from. Pure.
   */
  leftOut?(settings: Settings, body: JsonObject): string | null;
  /**
   * True where the vendor made up the source ID that this row names. It serves until the record names another, and never
   * sticks. Pure.
   */
  isProvisional?(settings: Settings, body: JsonObject): boolean;
  /**
   * How long the vendor's index may hide a change, seconds. The engine then keeps a second, trailing cursor that reads
   * again what has settled since.
   */
  settleLagSeconds?: number;
  /**
   * One page: from null all records there are, then only what changed. The cursor is the connector's own. Absent: the
   * vendor only pushes.
   */
  pull?(context: Context<Settings>, request: PullRequest): Promise<Page>;
  /**
   * Records by ID. IDs that are in neither answer are an error; `missing` are those the vendor says it does not have. A
   * record whose ID was not asked for is the one that an ID in `missing` stands for now.
   */
  read?: {
    maxIds: number;
    /**
     * How long after a change the vendor may still give the state before it, seconds: a touched record is read after that, and
     * one that is missing then is looked for again as much later.
     */
    lagSeconds?: number;
    records(
      context: Context<Settings>,
      request: { recordIds: readonly string[]; properties: readonly string[] },
    ): Promise<{ records: SourceRecord[]; missing: string[] }>;
  };
  /** The cursor from which changes after `to` (epoch milliseconds) are read again. */
  rewind?(settings: Settings, to: number): Json;
  /**
   * True where a full reading gives every record that lives, so that one it does not give may be gone. Each such record
   * is read by ID before that is believed.
   */
  sweeps?: boolean;
  /**
   * The share of rejected records above which a reading is stopped, 0 to 1: the rows are not what they were taken for.
   * Absent: it goes on whatever is rejected.
   */
  maxRejectedShare?(settings: Settings): number;
  /** What readings cost in calls, for forecasts. Pure. Absent: forecasts go by the pages of earlier runs. */
  cost?(settings: Settings, properties: readonly string[]): ReadingCost;
  /** How many records pulling from this cursor to rest would give, by one cheap call: for forecasts. */
  count?(context: Context<Settings>, request: PullRequest): Promise<number>;
  /** What a mapping may name; used to warn about names that do not exist. */
  properties?(context: Context<Settings>): Promise<Property[]>;
  /** One page of rows that the source says are gone, each a record with `deleted`. Read seldom: vendors list them all. */
  tombstones?: {
    everySeconds: number;
    pull(context: Context<Settings>, request: PullRequest): Promise<Page>;
  };
}

// ── What a destination takes ────────────────────────────────────────────────────────────────────────────────────

/** A customer's values by field name: `name`, `email`, `address.city`, `metadata.plan`. Null means: to be cleared. */
export type Fields = { [field: string]: Json };

/** One customer to write: only the fields that are to change, plus what the vendor needs with them. */
export interface CustomerWrite {
  sourceId: string;
  /** The body as the vendor takes it, made by `Destination.payload`. */
  payload: JsonObject;
}

/** What became of one customer of a batch. `unknown`: it may have arrived; it is sent again, whole. */
export type Outcome =
  | { sourceId: string; result: 'accepted' }
  | { sourceId: string; result: 'rejected'; code: string; message: string; details?: Json }
  | { sourceId: string; result: 'unknown'; message: string };

/** A customer read back from the destination. */
export interface DestinationCustomer {
  sourceId: string;
  /** The vendor's own ID. */
  id: string;
  fields: Fields;
}

/** A customer as a whole reading shows it. `sourceId` is null where it has none. */
export interface ShownCustomer {
  sourceId: string | null;
  /** The vendor's own ID. */
  id: string;
  fields: Fields;
}

/** How everything that a destination holds is read back. The engine loops, waits and downloads. */
export interface ReadBack<Settings> {
  /**
   * Present where the vendor writes all customers into a file. Where it refuses (RejectedError, UnauthorizedError), the
   * list is read instead.
   */
  export?: {
    begin(context: Context<Settings>): Promise<{ exportId: string }>;
    /** Null: it is still being made. Throws RejectedError where it came to nothing. `url`: absolute. */
    poll(context: Context<Settings>, exportId: string): Promise<{ url: string } | null>;
    /**
     * The customers of the file, in its order. `fields` holds every field that the file shows, null where it is empty: a
     * field that is not in it cannot be seen in this file. Throws RejectedError where the file is none of the vendor's.
     */
    parse(bytes: AsyncIterable<Uint8Array>, schema: MetadataSchema | null): AsyncIterable<ShownCustomer>;
    /** Why a field may be missing in the file, in words. */
    omits: string;
    /** Deletes the file at the vendor: it is full of people. One that is not there is accepted. */
    remove?(context: Context<Settings>, exportId: string): Promise<void>;
    /** IDs of exports that `begin` may have ordered since this time, epoch milliseconds, and whose answer was lost. */
    orderedSince?(context: Context<Settings>, since: number): Promise<string[]>;
  };
  list: {
    /**
     * One page of all customers, from null the first. None that was there all along is left out; one may come twice.
     * `total`: how many the vendor says there are.
     */
    page(
      context: Context<Settings>,
      cursor: Json | null,
    ): Promise<{ customers: ShownCustomer[]; cursor: Json; rest: boolean; total?: number }>;
  };
}

/** What one item of a destination's own webhook says. */
export type DestinationChange =
  /** `ours`: our own delivery caused it, so it ends there. `changedAt`: epoch milliseconds. */
  | { kind: 'customer'; customer: DestinationCustomer; changedAt: number; deleted?: true; ours: boolean }
  | { kind: 'ignored'; reason: string };

/** How the vendor treats what a write leaves out of an object (`metadata`, `address`). */
export type PartialWrites = 'merge' | 'replace';

export interface MetadataDefinition {
  type: 'string' | 'number' | 'boolean' | 'date' | 'datetime' | 'image_url' | 'geopoint' | 'object';
  array: boolean;
  required: boolean;
  /** Values allowed, where the list is closed. */
  oneOf?: Json[];
  notEqual?: number;
  /** Values refused. */
  noneOf?: Json[];
  lessThan?: number;
  atMost?: number;
  moreThan?: number;
  atLeast?: number;
  minLength?: number;
  maxLength?: number;
  exactLength?: number;
  /** For `object`: the definitions of its own keys, one level deep. */
  properties?: { [key: string]: MetadataDefinition };
}

export interface MetadataSchema {
  /** True: a key without a definition is refused by the vendor. */
  definedOnly: boolean;
  definitions: { [key: string]: MetadataDefinition };
}

export interface Destination<Settings> {
  /** Calls that are worth grouping, and how far. `partialWrites`: see `PartialWrites`; `replace` is safe both ways. */
  traits(settings: Settings): {
    partialWrites: PartialWrites;
    /** Null: singles only. */
    bulk: {
      maxRecords: number;
      maxBytes: number;
      bucket?: string;
      /** How long the vendor works on a bulk action, about: for forecasts. */
      takes?: { seconds: number; secondsPerRecord: number };
    } | null;
    /** What a file of the first load may hold, where the settings ask for one. Draws on the bucket of bulk. */
    firstLoad?: { maxRecords: number; maxBytes: number } | null;
    /** At most this many single writes under way at once. */
    singlesAtOnce: number;
  };
  /** The body that writes these fields. Pure: previews show exactly this. The settings may say how a value is cleared. */
  payload(sourceId: string, fields: Fields, settings?: Settings): JsonObject;
  /**
   * The payload completed with what others hold in the objects it writes (`metadata`, `address`), so that a vendor who
   * replaces them loses nothing. Pure.
   */
  preserve?(payload: JsonObject, current: DestinationCustomer): JsonObject;
  /** Writes one customer, creating it where there is none of this source ID. */
  upsert(context: Context<Settings>, write: CustomerWrite): Promise<Outcome>;
  bulk?: {
    /**
     * One batch within the limits of `traits`. A refusal of the whole is thrown: a `RejectedError` is for the caller to
     * bisect. Its code `payload_too_large`, or status 413: smaller batches may be taken; `missing_feature`: this account has
     * no bulk, and singles may do.
     */
    submit(context: Context<Settings>, writes: readonly CustomerWrite[]): Promise<{ actionId: string }>;
    /**
     * Null: still going on. Otherwise one outcome for each source ID. `sample`: what was accepted is believed only where a
     * few of them are read back just as they were sent.
     */
    poll(
      context: Context<Settings>,
      actionId: string,
      sourceIds: readonly string[],
    ): Promise<{ outcomes: Outcome[]; sample?: true } | null>;
  };
  /**
   * For a vendor whose import of files takes many more customers than a bulk call, but may write over whole customers: used
   * only for the first load of an empty destination, and only where `traits` ask for it. Needs `bulk`, whose `poll` is asked
   * about its actions too, and a `readBack.list` that tells the `total`.
   */
  firstLoad?: {
    /**
     * The file that creates those of them that it can carry without loss, in their order, in at most `maxBytes`. The others
     * go in bulk. `schema`: as the vendor has it now. Pure.
     */
    file(
      writes: readonly CustomerWrite[],
      limits: { maxBytes: number },
      schema: MetadataSchema | null,
    ): { content: string; sourceIds: string[] };
    /** Throws as `bulk.submit` does; after a `RejectedError` no file is sent any more, and its customers go in bulk. */
    submit(context: Context<Settings>, content: string): Promise<{ actionId: string }>;
  };
  /**
   * Takes one customer away: so that it may come back (its key is free again), or for good with all that hangs on it.
   * One that is not there is accepted.
   */
  remove?(context: Context<Settings>, sourceId: string, options: { permanent: boolean }): Promise<Outcome>;
  /**
   * The cheapest call that needs the credentials and changes nothing: it tells a refusal of one customer from one of
   * everybody. Throws what the call throws.
   */
  reach?(context: Context<Settings>): Promise<void>;
  /** The customer as the destination has it now, or null. */
  read(context: Context<Settings>, sourceId: string): Promise<DestinationCustomer | null>;
  /** Absent: customers can be read only one by one. */
  readBack?: ReadBack<Settings>;
  /** The schema of metadata, or null where none is defined. */
  metadataSchema?(context: Context<Settings>): Promise<MetadataSchema | null>;
  /** The destination's own webhooks: they tell of drift. */
  webhook?(settings: Settings): Webhook<DestinationChange>;
  /** How it is found out what the vendor's documents leave open. Needs `remove`. */
  probe?: Probe<Settings>;
}

// ── How a field is mapped ───────────────────────────────────────────────────────────────────────────────────────

export type Normaliser = 'text' | 'email' | 'phone' | 'date' | 'datetime' | 'number' | 'boolean' | 'list';
export type NullPolicy = 'clear' | 'ignore';
/** Which telephone numbers are taken: those in a range that is in use, or all of a possible length. */
export type PhoneRule = 'valid' | 'possible';

/** Where a field comes from: a path into the record's body, or several joined by blanks, or a function of the body. */
export type MappingEntry =
  | string
  | readonly string[]
  | (Locale & {
      readonly from: string | readonly string[];
      readonly as?: Normaliser;
      /** Default region of phone numbers without a country code, ISO 3166-1 alpha-2. */
      readonly region?: string;
      readonly onNull?: NullPolicy;
      /** What splits a text into a list, for `as: 'list'`. Default `;`. */
      readonly separator?: string;
      /** Which telephone numbers are taken. Default `valid`. */
      readonly phones?: PhoneRule;
    })
  | ((body: JsonObject) => Json | undefined);

export type Mapping = { readonly [field: string]: MappingEntry };

/** What the default mapping makes of the columns of a file. */
export interface ColumnPlan {
  mapping: Mapping;
  /** By field of the mapping, the columns it is read from. */
  uses: { [field: string]: string[] };
  /** The export that was recognised by its columns: `HubSpot contact export`. Null: each column by its own name. */
  recognised: string | null;
  /** Columns that become nothing, each with the reason in a few words. */
  leftOut: { column: string; reason: string }[];
  /**
   * True where every field is of a column with the field's own name: its values were written for us. Otherwise a value that
   * fails is left out and its row stays.
   */
  isOwn: boolean;
}

// ── How the vendor's API is reached ─────────────────────────────────────────────────────────────────────────────

/** A file sent as the only part of a form. */
export interface ApiFile {
  /** The name of the form's field, and of the file. */
  field: string;
  name: string;
  /** Of the file: `text/csv`. */
  contentType: string;
  content: string | Uint8Array;
}

export interface ApiRequest {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the base URL; each variable segment percent-encoded by the connector. */
  path: string;
  query?: { [name: string]: string | number | boolean | undefined };
  json?: Json;
  /** Sent as `multipart/form-data`, in place of `json`. */
  file?: ApiFile;
  /** Draws on the quotas of this bucket and on those for `all`; absent: on those without a bucket and on those for `all`. */
  bucket?: string;
  /** Statuses other than 2xx that are an answer here, not an error. */
  answers?: readonly number[];
  /**
   * Whether the body of a success is an answer to this request. One that is not came from something in between: the call
   * throws a `TransientError` that is `foreign`, and proves nothing.
   */
  isAnswer?: (json: Json | undefined) => boolean;
  timeoutSeconds?: number;
}

export interface ApiResponse {
  status: number;
  /** Names in lower case. */
  headers: { [name: string]: string };
  /** The parsed body, or undefined where it is no JSON. */
  json: Json | undefined;
}

export interface Api {
  /**
   * Sends one request, after its quotas have room. Throws `TransientError`, `RejectedError` or `UnauthorizedError` for
   * every status that is neither 2xx nor in `answers`, and for a status in `answers` that is not the vendor's own (see
   * `ApiDescription.isOwn`).
   */
  request(request: ApiRequest): Promise<ApiResponse>;
}

/** Local files, opened by the engine. */
export interface Files {
  /** Size in bytes and time of last change, epoch milliseconds. Throws where there is no such file. */
  stat(path: string): Promise<{ bytes: number; changedAt: number }>;
  open(path: string, fromByte: number): Readable;
}

/** At most `requests` calls in any `seconds` seconds. */
export interface Quota {
  name: string;
  requests: number;
  seconds: number;
  /** Only calls of this bucket draw on it; absent: only calls without a bucket. */
  bucket?: string;
  /** Every call draws on it, whatever its bucket. */
  all?: true;
  /** Share left to others who use the same account, 0 to 1. */
  reserve?: number;
}

/** What a response tells about a quota. */
export interface QuotaReading {
  quota: string;
  limit?: number;
  remaining?: number;
  /** Epoch milliseconds until which nothing is left. */
  exhaustedUntil?: number;
}

/** Access tokens that run out: the engine gets new ones, once for all workers, and keeps them sealed. */
export interface OAuth {
  /** Where tokens are got, whole; form-encoded. */
  tokenUrl: string;
  /** Sent with the grant: `client_id`, `client_secret`. */
  fields: { readonly [name: string]: string };
  /** The first refresh token; the vendor may hand out another each time. Null: by the client's credentials alone. */
  refreshToken: string | null;
}

export interface ApiDescription {
  baseUrl: string;
  /** Sent with every request; holds the credentials. Never logged. */
  headers: { [name: string]: string };
  /** Present where tokens run out: each request then carries `Authorization: Bearer` with the present one. */
  oauth?: OAuth;
  /** Whose quotas these are: two sources of one account share them. No secret: it is stored and shown. */
  account: string;
  quotas: Quota[];
  /** What the response's headers say of the quotas. */
  readQuotas?(response: ApiResponse, request: ApiRequest, now: number): QuotaReading[];
  /**
   * Whether an answer that is no success was given by the vendor itself. What was not (a gateway's or firewall's page) says
   * nothing of the credentials or of a record: the vendor counts as down. Default: its body is a JSON object or array, or
   * it is a 401 without a body. Temporary redirects are never the vendor's, permanent ones only where this says so.
   */
  isOwn?(response: ApiResponse, request: ApiRequest): boolean;
  /** How an error of this vendor is to be taken where its status alone misleads. Asked only of the vendor's own answers. */
  refusal?(
    response: ApiResponse,
    request: ApiRequest,
    now: number,
  ): TransientError | RejectedError | UnauthorizedError | undefined;
}

/** One thing that the credentials should allow, tried by `tributary check`. */
export interface Permission {
  what: string;
  /** Null: not tried. */
  allowed: boolean | null;
  /** What was answered, and what to do where it is not allowed; or why it was not tried. */
  note: string;
}

// ── The connector ───────────────────────────────────────────────────────────────────────────────────────────────

export interface Connector<Settings = unknown> {
  name: string;
  /** Checked once at start. Everything in it has a description. */
  settings: z.ZodType<Settings>;
  api?(settings: Settings): ApiDescription;
  /** Present where the vendor can be read. */
  source?: {
    streams: Stream<Settings>[];
    mapping: Mapping;
    /** What a number means where a date or a time is wanted, by the vendor's documents. Default: milliseconds. */
    timeUnit?: TimeUnit | ((settings: Settings) => TimeUnit | undefined);
    /** Said of files that people write: nothing tells whether a point is the decimal sign or separates thousands. */
    decimal?: 'unknown';
    /** The default mapping where it depends on what the rows hold: `columns` are the names of the body's properties. */
    mappingFor?(settings: Settings, columns: readonly string[]): Mapping;
    /** The same for files, with what a person should know of each column. Takes the place of `mappingFor`. */
    columnsFor?(settings: Settings, columns: readonly string[]): ColumnPlan;
    /**
     * Names that are equal by this are one property under several names: where two states of a record call it differently,
     * the newer one stands. Only asked where the configuration has no mapping, which names properties itself.
     */
    identityOf?(column: string): string;
    /** Raised when `mappingFor` or `columnsFor` come to answer otherwise: stored records are then mapped again. */
    mappingVersion?: number;
    /** Settings that hold for what the source reads by itself only: a file that is imported begins with these. */
    importDefaults?: JsonObject;
    /**
     * What only a full reading shows, as a sentence; null where these settings leave nothing out. `tributary check` says it
     * where `fullSchedule` is not set.
     */
    needsFullReadings?: string | ((settings: Settings) => string | null);
    /** The path of the source ID in a record's body, where the configuration names none. */
    sourceId: string;
    /** The same where it depends on what the rows hold. */
    sourceIdFor?(settings: Settings, columns: readonly string[]): string;
    /** Present where the vendor pushes. */
    webhook?(settings: Settings): Webhook<Change>;
  };
  /** Present where customers can be written. */
  destination?: Destination<Settings>;
  /** Tries what the credentials allow. It writes nothing. */
  check?(context: Context<Settings>): Promise<Permission[]>;
}

/** Keeps the settings' type while the connector is written, and forgets it for the list. */
export function defineConnector<Settings>(connector: Connector<Settings>): Connector {
  return connector as unknown as Connector;
}

// ── Errors, named by what happens next ──────────────────────────────────────────────────────────────────────────

/** Tried again: after the vendor's word, or after our own delay. */
export class TransientError extends Error {
  override name = 'TransientError';
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  /** The quota that refused, where it is known. */
  readonly quota: string | undefined;
  /** False where the vendor surely did nothing (a refusal); true where it may have done what was asked. */
  readonly uncertain: boolean;
  /**
   * The answer was not the vendor's: a proxy, firewall or gateway spoke. It says nothing of what was asked, so it is a
   * failure of the way there. Only where others get through at the same time can one request be to blame.
   */
  readonly foreign: boolean;
  /**
   * The vendor refused this one request for a reason that may pass (a conflict). Each refusal counts as an attempt, and after
   * a few of them it is rejected with this code.
   */
  readonly rejectedAs: string | undefined;

  constructor(
    message: string,
    options: {
      status?: number;
      retryAfterMs?: number;
      quota?: string;
      uncertain?: boolean;
      foreign?: boolean;
      rejectedAs?: string;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
    this.quota = options.quota;
    this.uncertain = options.uncertain ?? false;
    this.foreign = options.foreign ?? false;
    this.rejectedAs = options.rejectedAs;
  }
}

/** This one request cannot succeed as it is; others may. */
export class RejectedError extends Error {
  override name = 'RejectedError';
  readonly status: number | undefined;
  /** The vendor's own key of the error, for grouping: `metadata_validation_failed`. */
  readonly code: string;
  readonly details: Json | undefined;

  constructor(message: string, options: { code: string; status?: number; details?: Json; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.code = options.code;
    this.status = options.status;
    this.details = options.details;
  }
}

/**
 * The credentials are refused: the source or destination is paused, and tried again now and then. `final`: the vendor took
 * the grant back (`invalid_grant`), so that only a person can mend it.
 */
export class UnauthorizedError extends Error {
  override name = 'UnauthorizedError';
  readonly final: boolean;
  readonly status: number | undefined;

  constructor(message?: string, options: { final?: boolean; status?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.final = options.final ?? false;
    this.status = options.status;
  }
}
