// What a connector needs to write attributes of people back to its vendor: points, tiers, codes. It addresses people by the
// IDs that the pull gave, and writes nothing but the attributes that it is handed.
import type { Context, Permission } from './api.ts';
import type { Outcome } from './customer.ts';
import type { Json, JsonObject } from './json.ts';

/** What the destination knows of a customer, as one value. Null: it has none. */
export type FactValue = string | number | boolean | readonly string[] | null;

/** Values by the vendor's names of them. Null: to be cleared. */
export type Attributes = { [attribute: string]: FactValue };

/** One person to write: only the declared attributes that are to change. */
export interface PersonWrite {
  sourceId: string;
  /** The vendor's ID of the person, as the pull gave it. Null: to be created, where the writer creates. */
  recordId: string | null;
  attributes: Attributes;
}

/**
 * What became of one person. `missing`: the vendor has no such person (any more). `unknown`: it may have arrived, and is sent
 * again with all attributes. Who is in no outcome counts as unknown.
 */
export type WriteOutcome = Outcome | { sourceId: string; result: 'missing'; message: string };

/** A job that the vendor works on after it has answered. */
export interface WriteJob {
  jobId: string;
}

export interface WriterTraits {
  /** Requests with many people. Null: one by one only. */
  bulk: {
    maxRecords: number;
    /** Of the JSON body. */
    maxBytes: number;
    /** The bucket of the quotas that it draws on: see `ApiRequest.bucket`. */
    bucket?: string;
    /** True where the vendor answers with a job, so that what is urgent goes one by one. */
    isJob?: true;
  } | null;
  /** At most this many requests for one person each under way at once. */
  singlesAtOnce: number;
  /** Calls that a request with many costs besides its own, such as for looking people up, so that a forecast knows. Default: 0. */
  calls?: { perPerson?: number; perRequest?: number };
  /**
   * `each`: the answer, or that of the job, tells what became of each person. `none`: it tells of the request only, so a few
   * people are read back before the others are believed.
   */
  answers: 'each' | 'none';
}

/** The code of a `RejectedError` that is about everybody: the vendor does not know one of the attributes. */
export const unknownAttribute = 'unknown_attribute';

export interface WriteOptions {
  /** Whoever the vendor does not have (any more) may be created. Absent: nobody may. */
  create?: boolean;
}

export interface Writer<Settings> {
  /** The stream whose records are the people that are written. */
  stream: string;
  traits(settings: Settings, options: { create: boolean }): WriterTraits;
  /**
   * Present where people that the vendor does not know can be created. `by`: the property of a record that holds the source ID.
   * `find`: the vendor's ID of such a person, null where there is none. Absent: it is the source ID itself.
   */
  creates?: { by: string; find?(context: Context<Settings>, sourceId: string): Promise<string | null> };
  /** The keys under which an attribute stands in the body of a record: `['properties', 'tier']`. Pure. */
  bodyPath(attribute: string): readonly string[];
  /** Properties of a record that our own write changes besides: the time of its last change. */
  movedByWrites: readonly string[];
  /** Why no attribute can have this name, or null. Pure. */
  attributeFault?(attribute: string): string | null;
  /** A value as the vendor stores and returns it. Pure. Default: as it is. */
  stored?(value: FactValue): Json;
  /**
   * The body of the request that writes these people together: previews show exactly this. `now`: the time of the request, epoch
   * milliseconds, for a vendor that wants it in the body; absent where only the size counts. Pure.
   */
  payload(writes: readonly PersonWrite[], settings: Settings, now?: number): JsonObject;
  /**
   * Writes these people, in one request within the limits of `traits`, or one of them where `bulk` is null. A refusal of the
   * whole is thrown: a `RejectedError` is for the caller to bisect, unless its code is `unknownAttribute`.
   */
  write(
    context: Context<Settings>,
    writes: readonly PersonWrite[],
    options?: WriteOptions,
  ): Promise<WriteOutcome[] | WriteJob>;
  /** Present where one person is written in another way than many. */
  single?: {
    payload(write: PersonWrite, settings: Settings): JsonObject;
    write(context: Context<Settings>, write: PersonWrite): Promise<WriteOutcome>;
  };
  /** What became of a job. Null: it is still going on. */
  poll?(
    context: Context<Settings>,
    jobId: string,
    writes: readonly PersonWrite[],
  ): Promise<WriteOutcome[] | null>;
  read: {
    /** At most this many people at once. */
    maxIds: number;
    /** The calls that a reading of so many costs, so that a forecast knows. Default: 1. */
    calls?: number;
    /** How long what was written may be missing from a reading, seconds. Default: 0. */
    lagSeconds?: number;
    /** The attributes of these people, as the vendor has them now; null where one is empty. Whom it does not have is left out. */
    people(
      context: Context<Settings>,
      request: { recordIds: readonly string[]; attributes: readonly string[] },
    ): Promise<{ recordId: string; attributes: { [attribute: string]: Json } }[]>;
  };
  /**
   * Tries what the credentials allow for writing, and whether these attributes exist. It changes nobody's data:
   * `unknownBeforeWriting` where the vendor has no such request.
   */
  check(context: Context<Settings>, attributes: readonly string[]): Promise<Permission[]>;
  /** Whether an item of the vendor's webhook tells of nothing but a change of these attributes. Pure. */
  isOwnChange?(item: Json, attributes: readonly string[]): boolean;
}
