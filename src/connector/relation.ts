// A table or view of a database, as a connector reads it: it names columns and values, and the engine makes the statements.
import type { JsonObject } from './json.ts';

/** Where the relation is. A relation is what PostgreSQL calls a table or a view. */
export interface RelationDescription {
  /** `postgres://user:password@host:5432/database`. It holds the credentials and is never logged. */
  url: string;
  /** Absent: the first schema of the user's search path that has it. */
  schema?: string;
  name: string;
  /** The server ends a statement after so many seconds. */
  statementTimeoutSeconds: number;
  /** False: a policy that would hide rows from the user is an error. True: its rows are all there is. */
  rowSecurity: boolean;
}

/** Each call is a read-only transaction of its own. Throws `TransientError`, `RejectedError` or `UnauthorizedError`. */
export interface Relation {
  describe(): Promise<RelationShape>;
  horizon(): Promise<Horizon>;
  rows(query: RowQuery): Promise<Row[]>;
}

/** What the catalog says of a relation. */
export interface RelationShape {
  schema: string;
  name: string;
  /** Only of a table and a materialised view does the catalog know keys, only of a table what is never null. */
  kind: 'table' | 'materialised view' | 'view' | 'foreign table';
  columns: Column[];
  /** The columns of each unique index that holds for every row. */
  uniqueKeys: string[][];
  /** The first column of each index that holds for every row. */
  indexed: string[];
}

export interface Column {
  name: string;
  /** Of a domain its base type, by its name in the catalog: `int8`, `timestamptz`, `varchar`. */
  type: string;
  /** False only where the catalog says so. */
  nullable: boolean;
  /** False where the user may not read it. */
  readable: boolean;
}

/** Up to when everything that was written has become visible, as far as the server shows it. */
export interface Horizon {
  /** The server's clock, epoch milliseconds; of a standby the time up to which it has replayed. */
  now: number;
  /** When the oldest transaction began that may still write, epoch milliseconds; null where there is none. */
  oldest: number | null;
  /** False where transactions of others are not shown: on a standby, or for lack of the role pg_read_all_stats. */
  seesAll: boolean;
}

export interface RowQuery {
  /** What bodies hold; a column that there is not is left out of them. Absent: all that the user may read. */
  columns?: readonly string[];
  /** Ascending. Rows in which the first of them is null come last. */
  order: readonly string[];
  /** Only rows behind this position: `Row.at` of an earlier row in the same order. Those with a null in it never are. */
  after?: readonly string[];
  /** Only rows in which this column is at least `value`. */
  from?: { column: string; value: string };
  /** Only rows with one of these positions in the order. */
  positions?: readonly (readonly string[])[];
  /** Only rows in which one of these columns is null. */
  anyNull?: readonly string[];
  limit: number;
}

export interface Row {
  /** The values of the order as texts, with all their digits. Null where they are null. */
  at: (string | null)[];
  /** By column. A number that JavaScript cannot hold exactly is a text; times have microseconds, and UTC where they have a zone. */
  body: JsonObject;
}
