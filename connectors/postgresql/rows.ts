// The stream of rows: all of them in key order, then changes in the order of their time, and single rows by key. Late
// commits are not lost: reading changes starts before the oldest transaction that was still running.
import { z } from 'zod';
import {
  type Context,
  type Horizon,
  type Note,
  type Page,
  type PullRequest,
  RejectedError,
  type Relation,
  type RelationShape,
  type Row,
  type RowQuery,
  type SourceRecord,
  type Stream,
} from '#connector';
import { readCursor } from '#connector/cursor';
import { stateKey } from '#connector/since';
import { columnsFor, isRecord, isRejected, keyOf, keyOfId, positionIn, recordOf } from './row.ts';
import type { Settings } from './settings.ts';
import { faultOf, nameOf, nullableKeys } from './shape.ts';

const pageSize = 1000;
/** More rows behind the horizon are given again rather than remembered. */
const maxGiven = 500;
const longMs = 3_600_000;

const time = z.int().min(0);
const given = z.array(z.tuple([time, z.string()]));
const cursors = z.discriminatedUnion('phase', [
  z.strictObject({
    phase: z.literal('all'),
    /** Where changes go on: the horizon when the reading began. */
    from: time,
    at: z.array(z.string()),
  }),
  z.strictObject({
    phase: z.literal('changes'),
    /** Rows that changed then or later are read, save those in `given`: what changed when, and its state. */
    from: time,
    given,
    /** The reading under way: the position of its last row, the horizon when it began, and what it gave behind that. */
    reading: z.strictObject({ at: z.array(z.string()), horizon: time, given }).optional(),
  }),
]);

type Changes = Extract<z.infer<typeof cursors>, { phase: 'changes' }>;

export const rows: Stream<Settings> = {
  name: 'rows',
  // Of two transactions that change one row, the later one may have begun, and so show its time, earlier.
  clock: 'reading',
  async pull(context, request) {
    const cursor =
      request.cursor === null ? null : readCursor(cursors, request.cursor, 'the rows of this table');
    return cursor?.phase === 'changes'
      ? pullChanges(context, cursor, request)
      : pullAll(context, cursor, request);
  },
  read: { maxIds: 500, records: read },
  sweeps: true,
  rewind: (_settings, to) => ({ phase: 'changes', from: Math.max(0, to), given: [] }),
  async properties(context) {
    const { columns } = await relationOf(context).describe();
    return columns.map(({ name, type }) => ({ name, label: name, type }));
  },
};

async function pullAll(
  context: Context<Settings>,
  cursor: { from: number; at: string[] } | null,
  request: PullRequest,
): Promise<Page> {
  const { settings } = context;
  const relation = relationOf(context);
  const from = cursor?.from ?? (await beginning(context, request)).from;
  const limit = Math.min(pageSize, request.maxRecords ?? pageSize);
  // One row more shows whether a key comes twice, also across pages.
  const found = await relation.rows({
    ...queryOf(settings, request),
    order: settings.key,
    ...(cursor && { after: cursor.at }),
    limit: limit + 1,
  });
  refuseRepeated(found, settings);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const done = found.length <= limit;
  return {
    ...recordsIn(page, settings, request),
    cursor: done
      ? { phase: 'changes', from, given: [] }
      : { phase: 'all', from, at: positionIn(keyOf(last!, settings)) },
    done,
  };
}

async function pullChanges(context: Context<Settings>, cursor: Changes, request: PullRequest): Promise<Page> {
  const { settings } = context;
  const { reading } = cursor;
  const begun = reading ? null : await beginning(context, request);
  const horizon = reading?.horizon ?? begun!.from;
  const limit = Math.min(pageSize, request.maxRecords ?? pageSize);
  const found = await relationOf(context).rows({
    ...queryOf(settings, request),
    order: [settings.updatedAt, ...settings.key],
    ...(reading
      ? { after: reading.at }
      : { from: { column: settings.updatedAt, value: textOf(cursor.from) } }),
    limit,
  });
  const { records, rejected } = recordsIn(found, settings, request);
  const states = records.map((record) => ({ record, state: stateKey(record) }));
  const known = new Set(cursor.given.map(([, state]) => state));
  const behind = [
    ...(reading?.given ?? []),
    ...states.map(({ record, state }): [number, string] => [record.changedAt, state]),
  ]
    .filter(([changedAt]) => changedAt >= horizon)
    .slice(0, maxGiven);
  const done = found.length < limit;
  const { from } = cursor;
  return {
    records: states.filter(({ state }) => !known.has(state)).map(({ record }) => record),
    ...(rejected && { rejected }),
    ...(begun && { notes: begun.notes }),
    cursor: done
      ? { phase: 'changes', from: horizon, given: behind }
      : {
          phase: 'changes',
          from,
          given: cursor.given,
          reading: { at: positionIn(found.at(-1)!.at), horizon, given: behind },
        },
    done,
  };
}

/** The relation is looked at before each reading: it may have lost its index, or its columns. */
async function beginning(
  context: Context<Settings>,
  request: PullRequest,
): Promise<{ from: number; notes: Note[] }> {
  const { settings } = context;
  const relation = relationOf(context);
  const shape = await relation.describe();
  const fault =
    faultOf(shape, settings) ?? (request.cursor === null ? await nullFault(relation, shape, settings) : null);
  if (fault !== null) throw new RejectedError(fault, { code: 'relation' });
  const horizon = await relation.horizon();
  return { from: settledBefore(horizon, settings, request.until), notes: notesOf(horizon) };
}

/** Null keys are behind every position: what the catalog does not rule out is looked for. */
export async function nullFault(
  relation: Relation,
  shape: RelationShape,
  settings: Settings,
): Promise<string | null> {
  const anyNull = nullableKeys(shape, settings);
  if (anyNull.length === 0) return null;
  const found = await relation.rows({ columns: settings.key, order: settings.key, anyNull, limit: 1 });
  if (found.length === 0) return null;
  return `${nameOf(shape)} has a row in which ${anyNull.join(' or ')} is null: exclude such rows from the view, because they cannot be told apart.`;
}

/** Everything that says it changed before this moment is visible, epoch milliseconds. Clocks ahead of ours do not count. */
function settledBefore(
  { now, oldest, seesAll }: Horizon,
  { overlapSeconds = seesAll ? 10 : 600 }: Settings,
  until: number,
): number {
  return Math.max(0, Math.floor(Math.min(now, oldest ?? now, until) - overlapSeconds * 1000));
}

function notesOf({ now, oldest }: Horizon): Note[] {
  if (oldest === null || now - oldest < longMs) return [];
  const message =
    'A transaction of the database has been running for more than an hour. Until it ends, changes since it began are read again each time.';
  return [{ code: 'long_transaction', message, count: 1 }];
}

function refuseRepeated(found: readonly Row[], settings: Settings): void {
  const ids = found.map((row) => JSON.stringify(keyOf(row, settings)));
  if (!ids.some((id, index) => id === ids[index - 1])) return;
  throw new RejectedError(
    `Several rows of ${settings.table} have the same ${settings.key.join(', ')}: a key must identify one row.`,
    { code: 'relation' },
  );
}

/** Single rows. A row that is not found is gone: a policy that hid it would be an error. */
async function read(
  context: Context<Settings>,
  { recordIds, properties }: { recordIds: readonly string[]; properties: readonly string[] },
): Promise<{ records: SourceRecord[]; missing: string[] }> {
  const { settings } = context;
  const relation = relationOf(context);
  const shape = await relation.describe();
  const fault = faultOf(shape, settings);
  if (fault !== null) throw new RejectedError(fault, { code: 'relation' });
  const keys = [...new Set(recordIds)].map((recordId) => ({
    recordId,
    key: keyOfId(recordId, shape, settings),
  }));
  const positions = keys.flatMap(({ key }) => (key ? [key] : []));
  const found =
    positions.length === 0
      ? []
      : await relation.rows({
          ...queryOf(settings, { properties }),
          order: settings.key,
          positions,
          limit: positions.length + 1,
        });
  refuseRepeated(found, settings);
  const { records, rejected = [] } = recordsIn(found, settings, { properties });
  if (rejected[0]) throw new RejectedError(rejected[0].reason, { code: 'row' });
  const there = new Set(records.map(({ recordId }) => recordId));
  return {
    records,
    missing: keys.map(({ recordId }) => recordId).filter((recordId) => !there.has(recordId)),
  };
}

function recordsIn(
  found: readonly Row[],
  settings: Settings,
  { properties }: { properties: readonly string[] },
): Pick<Page, 'records' | 'rejected'> {
  const read = found.map((row) => recordOf(row, settings, properties));
  const rejected = read.filter(isRejected);
  return { records: read.filter(isRecord), ...(rejected.length > 0 && { rejected }) };
}

function queryOf(
  settings: Settings,
  { properties }: { properties: readonly string[] },
): Pick<RowQuery, 'columns'> {
  const columns = columnsFor(settings, properties);
  return columns ? { columns } : {};
}

/** Without a zone, so that it serves both types: the session's zone is UTC. */
function textOf(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '');
}

export function relationOf({ relation }: Pick<Context<Settings>, 'relation'>): Relation {
  if (relation) return relation;
  throw new RejectedError('There is no database to read: this source takes no files.', { code: 'relation' });
}
