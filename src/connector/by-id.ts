// Reading records by ID from a vendor whose lists leave out what they do not show, whatever the reason. It knows no vendor.
import type { Api, ApiRequest, Context } from './api.ts';
import { RejectedError, TransientError, UnauthorizedError } from './errors.ts';
import type { Json } from './json.ts';
import { valueAt } from './reading.ts';
import type { SourceRecord, Stream, Unreadable } from './source.ts';

/** So many records of a list are tried before none counts as readable: one or another may have been deleted meanwhile. */
const maxSampled = 3;

/** How a vendor reads records by ID. */
export type ById<Settings, Known> = {
  /** The most IDs of one call. */
  maxIds: number;
  /** What `some` and `one` both need to know, such as the columns that there are. Asked once for all the IDs. */
  known?: (context: Context<Settings>, properties: readonly string[]) => Promise<Known>;
  /** What an ID of the vendor looks like. Others are reported missing without a call, which they could break. */
  isId?: (id: string) => boolean;
  /** The form in which records have an ID, undefined where it is none of the vendor's. Default: as it was written, where it `isId`. */
  idOf?: (written: string) => string | undefined;
  /** As `Stream.read.lagSeconds`. */
  lagSeconds?: number;
  /**
   * A request that succeeds only where records can be read. It is sent before a record is reported missing, because a wrong base
   * URL, or a gateway that gives every request the same answer, may answer as the vendor does for a missing record; and where one
   * record cannot be read, which may concern that record alone: it is hidden from the user, or answered for in unknown words.
   */
  proof?: (context: Context<Settings>) => Promise<unknown>;
  /**
   * In place of `proof` of a vendor whose errors have no form of their own: some records of a list. Another one of them is read by
   * its ID before a record is reported missing, because a gateway may have lost the address of single records only, and a search
   * may find nothing for a while.
   */
  sample?: (context: Context<Settings>) => Promise<{ records: readonly SourceRecord[] }>;
} & (
  | {
      /** The records of these IDs, at least one, that the vendor shows in one call. Without `one`: all that exist. */
      some: Some<Settings, Known>;
      one?: One<Settings, Known>;
    }
  | { some?: undefined; one: One<Settings, Known> }
);

type Some<Settings, Known> = (
  context: Context<Settings>,
  ids: readonly string[],
  properties: readonly string[],
  known: Known,
) => Promise<readonly SourceRecord[]>;

/**
 * One record, or null where the vendor itself says that it does not exist; undefined where nothing can be said of it now. A record
 * of another ID is the one that the requested ID stands for, such as an e-mail address that a webhook names.
 */
type One<Settings, Known> = (
  context: Context<Settings>,
  id: string,
  properties: readonly string[],
  known: Known,
) => Promise<SourceRecord | null | undefined>;

/**
 * `read` of a stream: several records at a time. Each one that is not among them is requested alone where `one` is there, because
 * an absent row may be deleted, or invisible to the user, or not in an index yet.
 */
export function readsById<Settings, Known = undefined>({
  maxIds,
  lagSeconds,
  known: learn,
  isId = () => true,
  idOf = (written) => (isId(written) ? written : undefined),
  proof: proofOfList,
  sample,
  some,
  one,
}: ById<Settings, Known>): NonNullable<Stream<Settings>['read']> {
  const proof = sample ?? proofOfList;
  return {
    maxIds,
    ...(lagSeconds !== undefined && { lagSeconds }),
    idOf: (written) => idOf(written) ?? written,
    async records(context, { recordIds, properties }) {
      const ids = [...new Set(recordIds)];
      const asked = [...new Set(ids.flatMap((id) => idOf(id) ?? []))];
      if (asked.length === 0) return { records: [], missing: ids };
      const known = (await learn?.(context, properties)) as Known;
      const listed = some ? await unlessLost(some(context, asked, properties, known)) : [];
      const records = listed.filter(({ recordId }) => asked.includes(recordId));
      const given = new Set(records.map(({ recordId }) => recordId));
      const hidden = asked.filter((id) => !given.has(id));
      const single = proof ? { ...context, api: readingOne(context.api) } : context;
      const answers = await Promise.all(
        hidden.map((id) => (one ? orFailure(one(single, id, properties, known)) : null)),
      );
      const failures = answers.filter((answer) => answer instanceof Error);
      const isProven = some !== undefined || proof !== undefined;
      const isShown = answers.some((answer) => answer && !(answer instanceof Error));
      const decisive = failures.find((failure) =>
        failure instanceof UnauthorizedError ? failure.final || !isProven : !(isProven || isShown),
      );
      if (decisive) throw decisive;
      if (proof && (failures.length > 0 || answers.includes(null))) {
        const isRead = one ? isShown : records.length > 0;
        const sampled = await prove<unknown>(proof(context));
        if (sample && !isRead)
          await proveOne(idsIn(sampled, asked), async (id) =>
            one ? one(single, id, properties, known) : (await some?.(context, [id], properties, known))?.[0],
          );
      }
      const unreadable = hidden.flatMap((recordId, at): Unreadable[] => {
        const answer = answers[at];
        return answer instanceof Error ? [{ recordId, error: ofItsOwn(answer) }] : [];
      });
      if (unreadable.length > 0 && asked.length === 1) throw unreadable[0]!.error;
      const told = answers.map((answer) => (answer instanceof Error ? undefined : answer));
      const missing = hidden.filter((_, at) => told[at] === null);
      const found = told.filter((record) => record != null);
      const renamed = hidden.filter((id, at) => (told[at]?.recordId ?? id) !== id);
      return {
        records: withoutRepeats([...records, ...found]),
        missing: [...ids.filter((id) => idOf(id) !== id), ...missing, ...renamed],
        ...(unreadable.length > 0 && { unreadable }),
      };
    },
  };
}

/** For `some`: a list that is not found is none of the vendor's, and must not give up the records that were asked for. */
async function unlessLost<Listed>(list: Promise<Listed>): Promise<Listed> {
  try {
    return await list;
  } catch (error) {
    if (!(error instanceof RejectedError) || error.status !== 404) throw error;
    const message = `Records cannot be read by ID: ${error.message}`;
    throw new TransientError(message, { status: 404, foreign: true, cause: error });
  }
}

/** One that several IDs stand for has taken over what each of them says. */
function withoutRepeats(records: readonly SourceRecord[]): SourceRecord[] {
  return [...Map.groupBy(records, ({ recordId }) => recordId).values()].map((same) => {
    const merged = [...new Set(same.flatMap((record) => record.merged ?? []))];
    return merged.length > 0 ? { ...same.at(-1)!, merged } : same.at(-1)!;
  });
}

/** Why one record was not given, where that may concern it alone. */
type Failure = UnauthorizedError | RejectedError | TransientError;

async function orFailure<Read>(read: Promise<Read>): Promise<Read | Failure> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof UnauthorizedError || error instanceof RejectedError) return error;
    if (error instanceof TransientError && error.foreign && (error.status ?? 500) < 500) return error;
    throw error;
  }
}

/** The API for `one` beside a `proof`, which tells whether the source is to blame. */
function readingOne(api: Api): Api {
  return { request: (request) => api.request({ ...request, mayFailAlone: true }) };
}

/**
 * A record that is not given, while others can be read, is itself to blame: it may belong to another user, or be gone. Only a 403 says
 * so: a 401, or a new access token that was refused, is about the credentials, which are accepted.
 */
function ofItsOwn(failure: Failure): RejectedError | TransientError {
  if (failure instanceof RejectedError && !failure.unproven) return failure;
  const { message, status } = failure;
  if (failure instanceof UnauthorizedError && !failure.unproven && status === 403)
    return new RejectedError(
      `Other records can be read with these credentials, this one cannot: ${message}`,
      {
        code: 'out_of_sight',
        cause: failure,
      },
    );
  return new TransientError(`Other records can be read, this one cannot: ${message}`, {
    foreign: true,
    rejectedAs: 'unknown_answer',
    cause: failure,
    ...(status !== undefined && { status }),
  });
}

/** For `sample`: the IDs of those that were not asked for. */
function idsIn(sampled: unknown, asked: readonly string[]): string[] {
  const { records } = sampled as { records: readonly SourceRecord[] };
  const ids = records.map(({ recordId }) => recordId);
  const others = ids.filter((id) => !asked.includes(id));
  if (others.length > 0 || ids.length === 0) return others;
  throw new TransientError('Records are not reported missing, because the list has them', { foreign: true });
}

/** For `sample`: at least one of these records can be read. Without any, the list itself says that there are none. */
async function proveOne(
  ids: readonly string[],
  read: (id: string) => Promise<SourceRecord | null | undefined>,
): Promise<void> {
  if (ids.length === 0) return;
  for (const id of ids.slice(0, maxSampled)) {
    const answer = await orFailure(read(id));
    if (answer && !(answer instanceof Error)) return;
  }
  const message = 'Records are not reported missing, because those of the list cannot be read by ID either';
  throw new TransientError(message, { status: 404, foreign: true });
}

/** For `proof`: its refusal is about the source, and must not give up the records that were asked for. */
export async function prove<Proof>(proof: Promise<Proof>): Promise<Proof> {
  try {
    return await proof;
  } catch (error) {
    if (!(error instanceof RejectedError)) throw error;
    const message = `Records are not reported missing, because none can be read: ${error.message}`;
    throw new TransientError(message, { foreign: true, cause: error });
  }
}

/** One record by a request of its own, and what tells that it does not exist. */
export interface OneRequest {
  id: string;
  request: ApiRequest;
  /** The name of the vendor, for the error of an answer that is somebody else's. Default: `the vendor`. */
  vendor?: string;
  recordIn: (json: Json | undefined) => SourceRecord | undefined;
  /** Whether this is the record that was requested. Default: its ID is `id`. */
  isRequested?: (record: SourceRecord) => boolean;
  /** The statuses that may say that there is no such record. Default: 404. */
  answers?: readonly number[];
  /**
   * Whether an answer with this body is the vendor's own word that there is no such record. Default: always, for a vendor whose
   * `isErrorBody` tells its answers from those of a gateway.
   */
  isMissing?: (json: Json | undefined) => boolean;
}

/** For `one`: null where the record does not exist. */
export async function requestOne(
  api: Api,
  {
    id,
    request,
    vendor = 'the vendor',
    recordIn,
    answers = [404],
    isMissing = () => true,
    ...asked
  }: OneRequest,
): Promise<SourceRecord | null> {
  const { isRequested = ({ recordId }) => recordId === id } = asked;
  const isAnswer = (json: Json | undefined) => {
    const record = recordIn(json);
    return record !== undefined && isRequested(record);
  };
  const { status, json, words = '' } = await api.request({ ...request, answers, isAnswer });
  if (!answers.includes(status)) return recordIn(json)!;
  if (isMissing(json)) return null;
  const said = words === '' ? '' : `: ${words}`;
  throw new TransientError(`A ${status} was answered that is not from ${vendor}${said}`, {
    status,
    foreign: true,
  });
}

/** `one` of a vendor whose records each have a path. `at`: where the record is in the answer; `''` is all of it. */
export function readsOne<Settings>({
  pathOf,
  at,
  recordOf,
  ...missing
}: {
  pathOf: (id: string, settings: Settings) => string;
  at: string;
  recordOf: (row: Json | undefined) => SourceRecord | undefined;
} & Pick<OneRequest, 'answers' | 'isMissing' | 'vendor'>): (
  context: Context<Settings>,
  id: string,
) => Promise<SourceRecord | null> {
  const recordIn = (json: Json | undefined) => recordOf(valueAt(json, at));
  return ({ api, settings }, id) =>
    requestOne(api, { id, request: { path: pathOf(id, settings) }, recordIn, ...missing });
}
