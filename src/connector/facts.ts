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
  list: {
    groups: readonly string[];
    /** Customers on one page. */
    pageSize: number;
    page(
      context: Context<Settings>,
      cursor: Json | null,
    ): Promise<{ readings: FactReading[]; cursor: Json; done: boolean }>;
  };
}
