// What a destination takes, and how it is read back.
import type { Context } from './api.ts';
import type { CustomerWrite, DestinationCustomer, Fields, Outcome, ShownCustomer } from './customer.ts';
import type { FactReading, Facts } from './facts.ts';
import type { Json, JsonObject } from './json.ts';
import type { MetadataSchema } from './metadata.ts';
import type { Probe, ProbeAnswers } from './probe.ts';
import type { Segments } from './segment.ts';
import type { Webhook } from './webhook.ts';

export interface Destination<Settings> {
  /** Calls that are worth grouping, and how far. `partialWrites`: see `PartialWrites`; `replace` is safe both ways. */
  traits(settings: Settings): {
    partialWrites: PartialWrites;
    /** Where it replaces: default all. */
    replacedGroups?: ReplacedGroups;
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
     * bisect. Its code `payload_too_large`, or status 413: smaller batches may be taken, of `details.maxRecords` where it
     * says how many; `missing_feature`: this account has no bulk, and singles may do.
     */
    submit(context: Context<Settings>, writes: readonly CustomerWrite[]): Promise<{ actionId: string }>;
    /**
     * One outcome for each source ID, once the action has ended. `sourceIds` reads them: an action that goes on needs none.
     * `sample`: what was accepted is believed only where a few of them are read back just as they were sent.
     */
    poll(
      context: Context<Settings>,
      actionId: string,
      sourceIds: () => Promise<readonly string[]>,
    ): Promise<EndedAction | ActionUnderWay>;
    /** Present where the vendor lists its actions: one whose ID never arrived is looked up there. */
    lookup?: ActionLookup<Settings>;
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
  /** Its segments: a change of a customer's fields may move it into one or out of one. */
  segments?: Segments<Settings>;
  /** What it knows of customers that can be written back to vendors. */
  facts?: Facts<Settings>;
  /** The destination's own webhooks: they tell of drift, and of changed facts. */
  webhook?(settings: Settings): Webhook<DestinationChange>;
  /** How ordinary writes show whether the vendor merges or replaces. Needs `probe`, whose answers it adds to. */
  learned?: LearnedWrites<Settings>;
  /** How it is found out what the vendor's documents leave open. Needs `remove`. */
  probe?: Probe<Settings>;
}

/** How the vendor treats what a write leaves out of an object (`metadata`, `address`). */
export type PartialWrites = 'merge' | 'replace';

/** How an action is found whose ID is not known, since the answer to `bulk.submit` or `firstLoad.submit` was lost. */
export interface ActionLookup<Settings> {
  /**
   * One page of the actions of this kind that were accepted in a time, by any caller: `from` inclusive, `until`
   * exclusive. `next`: what is older is listed by a call with `until: next`; null: there is no more.
   */
  list(
    context: Context<Settings>,
    request: { kind: ActionKind; from: number; until: number },
  ): Promise<{ actions: ListedAction[]; next: number | null }>;
  /** What an action says of its records. Null: it is still going on. One that the vendor does not know has 0 records. */
  show(
    context: Context<Settings>,
    actionId: string,
    sourceIds: readonly string[],
  ): Promise<ShownAction | null>;
}

/** What began an action: `bulk.submit`, or `firstLoad.submit` with a file. */
export type ActionKind = 'bulk' | 'file';

/** An action as a list shows it. Times are the vendor's clock, epoch milliseconds. */
export interface ListedAction {
  actionId: string;
  acceptedAt: number;
  /** When it ended; absent while it goes on, or where the list does not say. */
  endedAt?: number;
  isOver: boolean;
}

/** An action that has ended, as `bulk.poll` tells of the customers asked for. */
export interface EndedAction {
  outcomes: Outcome[];
  sample?: true;
  /** The vendor does not know the action, which may be carried out all the same. */
  isUnknown?: true;
}

/** An action that has not ended. */
export interface ActionUnderWay {
  outcomes: null;
  /** Of 100; 0 where the vendor does not tell. */
  progress: number;
}

/** An action that was found, and has ended: as of `bulk.poll`, had it been of the customers asked for. */
export interface ShownAction extends EndedAction {
  /** How many records it had: those done and those that failed. */
  records: number;
  /** Source IDs that its errors name: all of them, whether asked for or not. */
  named: string[];
}

/** The objects of a customer that a write may carry in part. */
export type ObjectGroup = 'address' | 'metadata';

export type LearnedBy = 'single' | 'bulk';

/**
 * The objects of which it is not known to merge, by how a customer is written. What is to go in bulk may go one by one after all, so
 * that `bulk` has those of single writes too.
 */
export type ReplacedGroups = { readonly [by in LearnedBy]: readonly ObjectGroup[] };

/** Whether writes of this kind merge this object, or replace it. */
export interface WritesQuestion {
  by: LearnedBy;
  group: ObjectGroup;
}

export interface LearnedWrites<Settings> {
  /** What is neither set nor known. Pure. */
  open(settings: Settings, answers: ProbeAnswers): WritesQuestion[];
  /** Those of this object that were answered with `merge`. Pure. */
  merged(answers: ProbeAnswers, group: ObjectGroup): WritesQuestion[];
  /** The answer as it is kept. Pure. */
  answer(question: WritesQuestion, answer: PartialWrites, evidence: string): ProbeAnswers;
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
    ): Promise<{ customers: ShownCustomer[]; cursor: Json; done: boolean; total?: number }>;
  };
  /**
   * Present where the vendor lists customers by when they were created and by when they were updated: then what others
   * own at the destination is learned from pages, not by reading each customer before it is written.
   */
  changes?: {
    /**
     * One page of the customers created, or updated, after `since`, the vendor's clock in epoch milliseconds, from null the
     * first. As `list.page` otherwise; `total` tells how many there are.
     */
    page(
      context: Context<Settings>,
      which: { by: 'created' | 'updated'; since: number },
      cursor: Json | null,
    ): Promise<{ customers: ShownCustomer[]; cursor: Json; done: boolean; total?: number }>;
  };
}

/** What one item of a destination's own webhook says. */
export type DestinationChange =
  /** `ours`: our own delivery caused it, so it ends there. `changedAt`: epoch milliseconds. */
  | { kind: 'customer'; customer: DestinationCustomer; changedAt: number; deleted?: true; ours: boolean }
  /**
   * Facts of a customer, by source ID or the destination's own ID, changed. `reading`: those that the item itself holds whole.
   * `ours`: our own delivery caused it, so nothing is to be read for it.
   */
  | { kind: 'facts'; customer: string; changedAt: number; reading?: FactReading; ours: boolean }
  | { kind: 'ignored'; reason: string };
