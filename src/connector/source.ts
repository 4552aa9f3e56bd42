// What a source gives: streams of records, pulled page by page or pushed.
import type { Context } from './api.ts';
import type { BulkExport } from './bulk-export.ts';
import type { RejectedError, TransientError } from './errors.ts';
import type { Inventory } from './inventory.ts';
import type { Json, JsonObject } from './json.ts';
import type { TimeUnit } from './locale.ts';
import type { ColumnPlan, Mapping } from './mapping.ts';
import type { SourceRecord } from './record.ts';
import type { PageAddress, PagedRecord } from './record-page.ts';
import type { Webhook } from './webhook.ts';

export type { SourceRecord } from './record.ts';

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

/** A record that may have changed, and is read by ID. */
export type Touched = Extract<Change, { kind: 'touch' }>;

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
  done: boolean;
  /**
   * Present where this reading gives every record that lives. `asOf`: the time of that state by the source's own clock, epoch
   * milliseconds; what the reading does not give was deleted then. Absent: what it does not give is read by ID before that is
   * believed, which takes `read`. `begins`: this is its first page. What is gone is settled before the cursor of a last page
   * without records is stored, otherwise after.
   */
  whole?: { asOf?: number; begins: boolean };
  /** How many records the vendor says this reading holds in all, where it says so: for progress only. */
  total?: number;
  /** The names that the body of every record of this page may have, where the page itself says so (a file's header). */
  columns?: string[];
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
   * vendor has no list of them.
   */
  pull?(context: Context<Settings>, request: PullRequest): Promise<Page>;
  /** Full readings by files that the vendor makes in a job. Without `pull` and this the vendor only pushes. */
  bulkExport?: BulkExport<Settings>;
  /**
   * Records by ID. IDs that are in no answer are an error; `missing` are those the vendor says it does not have. A
   * record whose ID was not asked for is the one that an ID in `missing` stands for now. `unreadable`: those that were not
   * given, for reasons of their own, while others can be read. One that is asked for alone throws its error instead.
   */
  read?: {
    maxIds: number;
    /**
     * How long after a change the vendor may still give the state before it, seconds: a touched record is read after that, and
     * one that is missing then is looked for again as much later.
     */
    lagSeconds?: number;
    /** The form in which records have the ID that a person wrote in another. Pure. Default: as it was written. */
    idOf?(written: string): string;
    records(
      context: Context<Settings>,
      request: { recordIds: readonly string[]; properties: readonly string[] },
    ): Promise<ReadRecords>;
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
  /** The vendor's cheapest list of all IDs with their clocks, for source proofs. Absent: they pull everything. */
  inventory?: Inventory<Settings>;
  /** What readings cost in calls, for forecasts. Pure. Absent: forecasts go by the pages of earlier runs. */
  cost?(settings: Settings, properties: readonly string[]): ReadingCost;
  /** How many records pulling from this cursor until `done` would give, by one cheap call: for forecasts. */
  count?(context: Context<Settings>, request: PullRequest): Promise<number>;
  /** What a mapping may name; used to warn about names that do not exist. `used`: the names that it does use; none where nobody knows. */
  properties?(context: Context<Settings>, used?: readonly string[]): Promise<Property[]>;
  /** One page of rows that the source says are gone, each a record with `deleted`. Read seldom: vendors list them all. */
  tombstones?: {
    everySeconds: number;
    pull(context: Context<Settings>, request: PullRequest): Promise<Page>;
  };
}

/** False where the vendor only pushes the records of this stream. */
export function isPulled({ pull, bulkExport }: Pick<Stream<never>, 'pull' | 'bulkExport'>): boolean {
  return pull !== undefined || bulkExport !== undefined;
}

/** What a reading of records by ID returns. */
export interface ReadRecords {
  records: SourceRecord[];
  missing: string[];
  unreadable?: Unreadable[];
}

/** A record that was not given: the vendor rejects it, or what was answered for it is in words that nobody knows. */
export interface Unreadable {
  recordId: string;
  error: RejectedError | TransientError;
}

/** What one pull of a journal returns. */
export interface JournalPage {
  /** The records that it names, in any order. They are read by ID, as those that a webhook names. */
  touches: readonly Touched[];
  notes?: readonly Note[];
  /** Where the next pull goes on. Stored as it is, in the transaction that stores the touches. */
  cursor: Json;
  /** True when nothing more is there for now. */
  done: boolean;
  /** Why changes may be missing, in a sentence: a full reading of the source is requested. */
  gap?: string;
}

/**
 * A log of changes that the vendor keeps for some days. It is read after the streams, in every run that reads changes or
 * everything, and never from its beginning again.
 */
export interface Journal<Settings> {
  /** One page from the cursor of the page before; null: from as far back as the vendor keeps it. */
  pull(context: Context<Settings>, cursor: Json | null): Promise<JournalPage>;
}

/** What a vendor keeps in order to send webhooks to an address, where it ends by itself: the engine renews it in time. */
export interface Subscription<Settings> {
  /** The longest that it lasts, seconds. It is renewed after half of the time that it was given. */
  lastsSeconds: number;
  /**
   * Has the vendor send webhooks to this address until then (epoch milliseconds), whether it does so already or not: done twice,
   * it is one subscription. Returns when it ends, as the vendor says.
   */
  renew(context: Context<Settings>, request: { address: string; until: number }): Promise<number>;
}

/** What a vendor that can be read is like. */
export interface Source<Settings> {
  streams: Stream<Settings>[];
  /** The same where the settings say what the vendor is like. Pure. Takes the place of `streams`. */
  streamsFor?(settings: Settings): Stream<Settings>[];
  mapping: Mapping;
  /**
   * What a number means where a date or a time is wanted, by the vendor's documents. Default: milliseconds. `unknown`: said of
   * files that people write, whose days nothing tells from seconds.
   */
  timeUnit?: TimeUnit | 'unknown' | ((settings: Settings) => TimeUnit | undefined);
  /** Said of files that people write: nothing tells whether a point is the decimal sign or separates thousands. */
  decimal?: 'unknown';
  /** The default mapping where it depends on what the rows hold: `columns` are the names of the body's properties. */
  mappingFor?(settings: Settings, columns: readonly string[]): Mapping;
  /** The same for files, with what a person should know of each column. Takes the place of `mappingFor`. */
  columnsFor?(settings: Settings, columns: readonly string[]): ColumnPlan;
  /**
   * Names that are equal by this are one property under several names: where two states of a record call it differently,
   * the newer one stands. `name/first` is a part of `name`: the whole replaces older parts, and all parts together an older whole.
   * `columns`: all that the body has. Only asked where the configuration has no mapping, which names properties itself.
   */
  identityOf?(column: string, columns: readonly string[]): string;
  /** Raised when `mappingFor` or `columnsFor` come to answer otherwise: stored records are then mapped again. */
  mappingVersion?: number;
  /**
   * What `mappingFor`, `columnsFor` and `sourceIdFor` go by: these settings are stored, for the time when the source is configured
   * no longer. None of them may hold a credential. Default: none.
   */
  storedSettings?: readonly (keyof Settings & string)[];
  /** Settings that hold for what the source reads by itself only: a file that is imported begins with these. */
  importDefaults?: JsonObject;
  /**
   * What only a full reading shows, as a sentence; null where these settings leave nothing out. `tributary check` says it
   * where `fullSchedule` is not set.
   */
  needsFullReadings?: string | ((settings: Settings) => string | null);
  /** The path of the source ID in a record's body, where the configuration names none. */
  sourceId: string;
  /**
   * Kinds of associated records whose properties a mapping may name: `{association: "company", property: "name"}` asks for the
   * property `company:name`, and the body has it under that name.
   */
  associations?: readonly string[];
  /**
   * The property with a person's e-mail addresses besides the one of the default mapping, a list or a text split at `;`. They are
   * mapped by configuration only; `tributary check --people` compares them.
   */
  additionalEmails?: string;
  /** The same where it depends on what the rows hold. */
  sourceIdFor?(settings: Settings, columns: readonly string[]): string;
  /** Where people see a record in the vendor's own pages, as its documents give the address. Null: settings and record do not tell. Pure. */
  recordPage?: PageAddress | ((settings: Settings, record: PagedRecord) => string | null);
  /** Present where the vendor pushes. */
  webhook?(settings: Settings): Webhook<Change>;
  /** Present where the vendor keeps a journal; null where these settings do not read it. */
  journal?(settings: Settings): Journal<Settings> | null;
  /** Present where the vendor's subscriptions end by themselves. Null: these settings want none. Pure. */
  subscription?(settings: Settings): Subscription<Settings> | null;
}
