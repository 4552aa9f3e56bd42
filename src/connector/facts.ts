// What a destination knows of its customers and no source supplies: points, tiers, codes, segments.
import type { Context } from './api.ts';
import type { Json } from './json.ts';
import type { FactValue } from './writer.ts';

/**
 * What was read of one customer at one time, in groups that are read together. A group that is absent was not read; what is
 * in one that was is all that there is.
 */
export interface FactReading {
  /** Null: the destination has no source ID for this customer. */
  sourceId: string | null;
  groups: FactGroups;
}

export type FactGroups = { [group: string]: Json };

export interface Facts<Settings> {
  /** Values that can be written back, by path, each with a sentence. `NAME` in a path stands for any name. */
  paths: { readonly [path: string]: string };
  /** The groups that the value at this path is read from; null where there is no such path. Pure. */
  groupsOf(path: string): readonly string[] | null;
  /** The value at a path. Undefined where it cannot be told, since a group was not read. Pure. */
  value(path: string, groups: FactGroups): FactValue | undefined;
  /** Reads these groups of one customer, by source ID or by the destination's own ID. Null: there is none. */
  read(context: Context<Settings>, customer: string, groups: readonly string[]): Promise<FactReading | null>;
  /** The calls that reading these groups of one customer takes. Pure. */
  callsFor(groups: readonly string[]): number;
  /** What one page of all customers shows, from null the first. As `ReadBack.list.page`. */
  /** Present where the vendor writes what everybody has into files, so that the first reading of all is fewer calls. */
  exports?: FactExports<Settings>;
  list: {
    groups: readonly string[];
    /** Customers on one page. */
    pageSize: number;
    page(
      context: Context<Settings>,
      cursor: Json | null,
    ): Promise<{ readings: FactReading[]; cursor: Json; done: boolean; total?: number }>;
  };
}

/**
 * Exports that tell groups of most customers. The engine orders each kind, waits, downloads, keeps the rows of each customer
 * and deletes the export. It believes nothing of them before the rows are as many as the vendor counted, and some customers
 * were read one by one with the same result; customers that they do not cover are read one by one.
 */
export interface FactExports<Settings> {
  /** Groups that are told together, and the kinds of exports that it takes. */
  bundles: readonly { groups: readonly string[]; kinds: readonly string[] }[];
  /** Groups that exports never tell of a customer who is listed like this. Pure. */
  hidden(reading: FactReading): readonly string[];
  /** Orders an export; returns its ID. Where the account has none: RejectedError or UnauthorizedError. */
  begin(context: Context<Settings>, kind: string): Promise<string>;
  /** Null: it is still being made. `url`: absolute. Throws RejectedError where it came to nothing. */
  poll(context: Context<Settings>, kind: string, exportId: string): Promise<{ url: string } | null>;
  /**
   * The rows of the file. `sourceId` null: it belongs to no customer that has one. `value` null: it tells nothing. Throws
   * RejectedError where the file is none of this kind.
   */
  rows(
    bytes: AsyncIterable<Uint8Array>,
    kind: string,
  ): AsyncIterable<{ sourceId: string | null; value: Json | null }>;
  /** How many rows there are to be at least, asked before the export is ordered. Null: `tell` proves each customer itself. */
  count(context: Context<Settings>, kind: string): Promise<number | null>;
  /** Deletes the export at the vendor: it is full of people. One that is not there is accepted. */
  remove(context: Context<Settings>, exportId: string): Promise<void>;
  /** IDs of exports that `begin` may have ordered since this time, epoch milliseconds, and whose answer was lost. */
  orderedSince(context: Context<Settings>, since: number): Promise<string[]>;
  /**
   * The groups that are proven of one customer, given what the list shows of them (all of `list.groups`) and the values of their
   * rows by kind. A kind that is absent was not read. Pure.
   */
  tell(reading: FactReading, rows: { [kind: string]: readonly Json[] | undefined }): FactGroups;
}
