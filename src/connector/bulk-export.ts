// Files with all records, or with those that changed, that a vendor makes in a job. The engine orders the job, waits for it,
// downloads the files and reads their rows; a connector says how each is asked for, and what a row means. It knows no vendor.
import { z } from 'zod';
import type { Context } from './api.ts';
import { RejectedError } from './errors.ts';
import type { Json, JsonObject } from './json.ts';
import { valueAt, wordOf } from './reading.ts';
import type { SourceRecord } from './record.ts';

/** What is ordered. */
export interface BulkExportRequest {
  /** Records that changed then or later, epoch milliseconds. Null: all records. */
  since: number | null;
  /** Records that changed after this time need not be among them, epoch milliseconds. */
  until: number;
  /** The properties that the mapping uses and those kept on purpose. Empty: all. */
  properties: readonly string[];
}

/** One file of an export. */
export interface BulkFile {
  /** Where it is: absolute, or a path below the base URL. */
  url: string;
  bucket?: string;
  /** Sent with POST, where the file is the answer to a request. */
  json?: Json;
  /**
   * The word for the file after it, null where there is none; or how the headers of this one say so (names in lower case),
   * undefined where they do not.
   */
  next: string | null | ((headers: { [name: string]: string }) => string | null | undefined);
}

/** What rows were exported for. */
export interface RowContext<Settings> {
  settings: Settings;
  job: Json;
  /** When the job was ordered, epoch milliseconds: the row is no older. */
  asOf: number;
  properties: readonly string[];
}

export interface BulkExport<Settings> {
  /**
   * A full reading of so many records or more is an export. Null: every full reading is by pages. Where the stream has no
   * `pull`, every reading is an export.
   */
  minRecords(settings: Settings): number | null;
  /**
   * `json lines`: an object on each line. `zipped`: the lines of every file in a ZIP archive. `json list`: one JSON text with a list
   * of rows.
   */
  format: 'csv' | 'json lines' | 'zipped json lines' | 'json list';
  /** The key of the list in a `json list`. Default: the text is the list. */
  list?: string;
  /** The names of the values of rows that are lists themselves, by what stands before the list of rows. */
  names?(head: JsonObject): readonly string[];
  /** What separates the columns of a CSV file: one ASCII character. Default: a comma. */
  delimiter?: string;
  /** Columns that the header of a CSV file must have, else it is not the vendor's. */
  columns?(job: Json): readonly string[];
  /** Orders a job; what is returned identifies it. Where the account has no exports: RejectedError or UnauthorizedError. */
  begin(context: Context<Settings>, request: BulkExportRequest): Promise<Json>;
  /**
   * The job that `begin` may have ordered for this request since a time (epoch milliseconds) and whose answer was lost; null
   * where there is none. Absent: the vendor lists no jobs, so that another one is ordered.
   */
  ordered?(context: Context<Settings>, request: BulkExportRequest, since: number): Promise<Json | null>;
  /** Null: it is still being made. `total`: how many rows it has, where the vendor says. Throws RejectedError where it came to nothing. */
  poll(context: Context<Settings>, job: Json): Promise<{ total?: number } | null>;
  /** The file of this word, null the first one. Asked again for each download, since addresses expire. Null: there is none any more. */
  file(context: Context<Settings>, job: Json, word: string | null): Promise<BulkFile | null>;
  /** Statuses by which the storage says that the first file is still being made. */
  notYet?: readonly number[];
  /**
   * How rows become records, asked once for each file. Undefined: the row is rejected, because it has no ID or no time. Null:
   * the row does not belong to the stream. Pure.
   */
  rowReader(of: RowContext<Settings>): (row: JsonObject) => SourceRecord | null | undefined;
  /** Ends the job, or deletes its files: they are full of people. One that is not there is accepted. */
  remove?(context: Context<Settings>, job: Json): Promise<void>;
  /** For how long a job is waited for, seconds. */
  maxWaitSeconds: number;
  /**
   * Present where the stream has no `pull` and changes are exported too. `lagSeconds`: what changed later than that may not be
   * in the vendor's index. `overlapSeconds`: so much of the time before is exported once more.
   */
  changes?: { lagSeconds: number; overlapSeconds: number };
  /** What an export costs, for forecasts: the most rows in a file, and the bucket of its calls. */
  cost: { rowsPerFile: number; bucket?: string };
}

/** How a vendor shows its jobs. */
export interface JobForm<Settings> {
  /** For messages: `Acme`, `export`. */
  vendor: string;
  noun: string;
  /** The job as an object. Throws RejectedError where the vendor does not know it. */
  show(context: Context<Settings>, job: Json): Promise<JsonObject>;
  /** Where the object has the state; how many rows there are, as a number or as text; why it came to nothing, and the code of that. */
  at: { state: string; total?: string; reason?: string; code?: string };
  /** The state of a job whose files are there, and the states of one that came to nothing. In any other it is still being made. */
  done: string;
  failed: readonly string[];
}

/** `poll` of such jobs. */
export function pollsJobs<Settings>(form: JobForm<Settings>): BulkExport<Settings>['poll'] {
  const { vendor, noun, show, at, done, failed } = form;
  return async (context, job) => {
    const shown = await show(context, job);
    const word = (path: string | undefined) =>
      path === undefined ? undefined : wordOf(valueAt(shown, path));
    const state = word(at.state);
    if (state !== undefined && failed.includes(state))
      throw new RejectedError(
        `${vendor} ended the ${noun} as ${state}: ${word(at.reason) ?? 'it gives no reason'}`,
        { code: word(at.code) ?? 'job_failed' },
      );
    if (state !== done) return null;
    const total = Number(word(at.total));
    return Number.isSafeInteger(total) ? { total } : {};
  };
}

/** The setting that says when a full reading is an export. `usual`: from how many records on, if it is left to Tributary. */
export function bulkExportSetting(usual: number) {
  return z
    .enum(['auto', 'always', 'never'])
    .default('auto')
    .describe(
      `Whether full readings are bulk exports: "auto" (from ${usual.toLocaleString('en-US')} records on, default), "always" or "never". If the vendor refuses, pages are read.`,
    );
}

/** The answer of `minRecords` to that setting. */
export function minRecordsOf(setting: 'auto' | 'always' | 'never', usual: number): number | null {
  return { auto: usual, always: 0, never: null }[setting];
}
