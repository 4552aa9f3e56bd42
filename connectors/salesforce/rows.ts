// Rows of one object by SOQL, and records by ID.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm
import { type Context, type Json, type JsonObject, type SourceRecord, TransientError } from '#connector';
import { listOf, momentOf, objectOf } from '#connector/reading';
import { bodyOf, type Columns, columnsOf, fieldsIn } from './columns.ts';
import { idOf } from './id.ts';
import { dataPath, type Settings } from './settings.ts';

/** Selected in every query. */
export const keys = ['Id', 'SystemModstamp', 'IsDeleted', 'MasterRecordId'];
/** The request line and the headers may have 16,384 bytes in all. */
const maxFieldCharacters = 8_000;
/** IDs that fit into a query, at 27 bytes each. */
export const maxIds = 400;

export interface Row {
  recordId: string;
  /** Whole seconds. */
  changedAt: number;
  deleted: boolean;
  /** The record that it was merged into. */
  mergedInto: string | undefined;
  json: JsonObject;
}

/** The present states of records: living records, and the rows of those in the Recycle Bin. */
export interface States {
  living: SourceRecord[];
  gone: Row[];
}

/** One object with the columns that are read of it. */
export interface Table {
  object: string;
  columns: Columns;
}

/**
 * Reads with the columns that the user may see. `known`: those of the page before; if one of them has been hidden since, they are
 * looked up again.
 */
export async function byVisibleColumns<Read>(
  context: Context<Settings>,
  object: string,
  { properties, known }: { properties: readonly string[]; known?: Columns | undefined },
  read: (table: Table) => Promise<Read>,
): Promise<{ read: Read; columns: Columns }> {
  const columns = known ?? (await columnsOf(context, object, properties));
  try {
    return { read: await read({ object, columns }), columns };
  } catch (error) {
    if (!known || (error as { code?: unknown }).code !== 'INVALID_FIELD') throw error;
    const left = await columnsOf(context, object, properties);
    return { read: await read({ object, columns: left }), columns: left };
  }
}

/** `from`: `queryAll` includes deleted rows. `rest`: conditions, order and limit. `hasMore`: the answer has only the first rows. */
export async function rowsOf(
  { api, settings }: Context<Settings>,
  { object, columns }: Table,
  from: 'query' | 'queryAll',
  rest: string,
): Promise<{ rows: Row[]; hasMore: boolean }> {
  const fields = fits(fieldsIn(columns)) ? [...new Set([...keys, ...fieldsIn(columns)])] : keys;
  const q = `SELECT ${fields.join(',')} FROM ${object} ${rest}`;
  const { json } = await api.request({ path: dataPath(settings, `/${from}`), query: { q }, isAnswer });
  const answer = objectOf(json);
  return {
    rows: listOf(answer['records'])
      .map(rowOf)
      .filter((row) => row !== null),
    hasMore: answer['done'] === false,
  };
}

export async function countOf(
  { api, settings }: Context<Settings>,
  object: string,
  from: 'query' | 'queryAll',
  where: string,
): Promise<number> {
  const { json } = await api.request({
    path: dataPath(settings, `/${from}`),
    query: { q: `SELECT COUNT() FROM ${object} ${where}`.trim() },
    isAnswer: (json) =>
      Array.isArray(objectOf(json)['records']) && Number.isInteger(objectOf(json)['totalSize']),
  });
  return Number(objectOf(json)['totalSize']);
}

/** An answer has all the rows that it counts, or says that more follow. */
function isAnswer(json: Json | undefined): boolean {
  const { records, done, totalSize } = objectOf(json);
  if (!Array.isArray(records) || typeof totalSize !== 'number' || !records.every(rowOf)) return false;
  return done === true ? records.length === totalSize : done === false && records.length > 0;
}

function rowOf(value: Json): Row | null {
  const json = objectOf(value);
  const recordId = idOf(json['Id']);
  const changedAt = momentOf(json['SystemModstamp']);
  if (recordId === undefined || changedAt === undefined) return null;
  const deleted = json['IsDeleted'] === true;
  return { recordId, changedAt, deleted, mergedInto: idOf(json['MasterRecordId']), json };
}

/** The living rows as records. If the columns do not fit into a query, the rows are read by ID. */
export async function statesOf(
  context: Context<Settings>,
  table: Table,
  rows: readonly Row[],
): Promise<States> {
  const [gone, living] = [rows.filter(({ deleted }) => deleted), rows.filter(({ deleted }) => !deleted)];
  if (fits(fieldsIn(table.columns)) || living.length === 0)
    return { living: living.map((row) => recordOf(row, table)), gone };
  const states = await statesById(
    context,
    table,
    living.map(({ recordId }) => recordId),
  );
  return { living: states.living, gone: [...gone, ...states.gone] };
}

/**
 * Records by their IDs of 18 characters. The call returns null for a record that is deleted, invisible or unknown, and a query tells
 * which it is. A record that is in neither answer does not exist for the user.
 */
export async function statesById(
  context: Context<Settings>,
  table: Table,
  ids: readonly string[],
): Promise<States> {
  if (ids.length === 0) return { living: [], gone: [] };
  const fields = [...new Set([...keys, ...fieldsIn(table.columns)])];
  const { json } = await context.api.request({
    method: 'POST',
    path: dataPath(context.settings, `/composite/sobjects/${table.object}`),
    json: { ids: [...ids], fields },
    isAnswer: (json) =>
      Array.isArray(json) &&
      json.length === ids.length &&
      json.every((row, at) => row === null || rowOf(row)?.recordId === ids[at]),
  });
  const shown = listOf(json).flatMap((row) => rowOf(row) ?? []);
  const living = shown.filter(({ deleted }) => !deleted).map((row) => recordOf(row, table));
  const given = new Set(living.map(({ recordId }) => recordId));
  const hidden = ids.filter((id) => !given.has(id));
  if (hidden.length === 0) return { living, gone: [] };
  if (hidden.length > maxIds)
    throw new TransientError(`Salesforce lists ${hidden.length} records that it does not return by ID`);
  const gone = await binned(context, table.object, hidden);
  // Undeleted or shared in between.
  if (gone.some(({ deleted }) => !deleted))
    throw new TransientError('Salesforce returned a record by query but not by ID: it has just changed');
  return { living, gone };
}

/** The rows that a query finds for these IDs. If the answer has only the first rows, the rest is requested. */
async function binned(context: Context<Settings>, object: string, ids: readonly string[]): Promise<Row[]> {
  const list = ids.map((id) => `'${id}'`).join(',');
  const rest = `WHERE Id IN (${list}) LIMIT ${ids.length}`;
  const { rows, hasMore } = await rowsOf(context, { object, columns: {} }, 'queryAll', rest);
  const found = rows.filter(({ recordId }) => ids.includes(recordId));
  if (found.length < rows.length)
    throw new TransientError('Salesforce returned rows that were not requested', { foreign: true });
  if (!hasMore) return found;
  const given = new Set(found.map(({ recordId }) => recordId));
  return [
    ...found,
    ...(await binned(
      context,
      object,
      ids.filter((id) => !given.has(id)),
    )),
  ];
}

function recordOf({ recordId, changedAt, json }: Row, { columns }: Table): SourceRecord {
  return { recordId, changedAt, body: { ...bodyOf(json, columns), Id: recordId }, unmerged: true };
}

/** Whether these fields fit into a query. */
export function fits(fields: readonly string[]): boolean {
  return encodeURIComponent(fields.join(',')).length <= maxFieldCharacters;
}
