// The door: the words a connector is written in. A connector says what its vendor is like; it never loops, waits,
// retries, stores, logs, schedules or opens a socket. Nothing here knows a vendor or any machinery.
import type { z } from 'zod';
import type { ApiDescription, Context, Permission } from './connector/api.ts';
import type { ApiVersion } from './connector/api-version.ts';
import type { Destination } from './connector/destination.ts';
import type { RelationDescription } from './connector/relation.ts';
import type { Source } from './connector/source.ts';
import type { Writer } from './connector/writer.ts';

export type {
  Api,
  ApiDescription,
  ApiFile,
  ApiRequest,
  ApiResponse,
  Context,
  Files,
  Permission,
  Query,
  Quota,
  QuotaReader,
  QuotaReading,
} from './connector/api.ts';
export type { ApiVersion } from './connector/api-version.ts';
export type { Auth, Grant, OAuth, StaticAuth } from './connector/auth.ts';
export type { BulkExport, BulkExportRequest, BulkFile } from './connector/bulk-export.ts';
export type {
  CustomerWrite,
  DestinationCustomer,
  Fields,
  Outcome,
  ShownCustomer,
} from './connector/customer.ts';
export type {
  ActionKind,
  ActionLookup,
  ActionUnderWay,
  Destination,
  DestinationChange,
  EndedAction,
  LearnedBy,
  LearnedWrites,
  ListedAction,
  ObjectGroup,
  PartialWrites,
  ReadBack,
  ReplacedGroups,
  ShownAction,
  WritesQuestion,
} from './connector/destination.ts';
export { RejectedError, TransientError, UnauthorizedError, withAdvice } from './connector/errors.ts';
export type { FactExports, FactGroups, FactReading, Facts } from './connector/facts.ts';
export type { Inventory, InventoryPage, InventoryRow } from './connector/inventory.ts';
export type { Json, JsonObject } from './connector/json.ts';
export type { Locale, TimeUnit } from './connector/locale.ts';
export type {
  ColumnPlan,
  Mapping,
  MappingEntry,
  Normaliser,
  NullPolicy,
  PhoneRule,
} from './connector/mapping.ts';
export type { MetadataDefinition, MetadataSchema } from './connector/metadata.ts';
export type {
  Column,
  Horizon,
  Relation,
  RelationDescription,
  RelationShape,
  Row,
  RowQuery,
} from './connector/relation.ts';
export type {
  Segment,
  SegmentCondition,
  SegmentFilter,
  SegmentOperator,
  Segments,
  SegmentType,
} from './connector/segment.ts';
export type {
  Change,
  Journal,
  JournalPage,
  Note,
  Page,
  PageCost,
  Property,
  PullRequest,
  ReadingCost,
  ReadRecords,
  RejectedRow,
  Source,
  SourceRecord,
  Stream,
  Subscription,
  Touched,
  Unreadable,
} from './connector/source.ts';
export {
  type Attributes,
  type FactValue,
  type PersonWrite,
  unknownAttribute,
  type WriteJob,
  type WriteOptions,
  type WriteOutcome,
  type Writer,
  type WriterTraits,
} from './connector/writer.ts';

export interface Connector<Settings = unknown> {
  name: string;
  /**
   * What the connector was checked against: recorded traffic of the vendor, its documentation, or facts of which some are
   * second-hand: `tributary check` says so. Absent where no vendor is spoken to.
   */
  evidence?: 'recorded' | 'documented' | 'experimental';
  /** Checked once at start. Everything in it has a description. */
  settings: z.ZodType<Settings>;
  api?(settings: Settings): ApiDescription;
  /** The version of the API that is spoken, and when it ends. Every connector with an API says so. Pure. */
  apiVersion?(settings: Settings): ApiVersion;
  /** Present where a database is read: `Context.relation` is what it describes. */
  relation?(settings: Settings): RelationDescription;
  /** Present where the vendor can be read. */
  source?: Source<Settings>;
  /** Present where attributes of people can be written back to the vendor. */
  writer?: Writer<Settings>;
  /** Present where customers can be written. */
  destination?: Destination<Settings>;
  /** Tries what the credentials allow. It writes nothing. */
  check?(context: Context<Settings>): Promise<Permission[]>;
}

/** Keeps the settings' type while the connector is written, and forgets it for the list. */
export function defineConnector<Settings>(connector: Connector<Settings>): Connector {
  return connector as unknown as Connector;
}
