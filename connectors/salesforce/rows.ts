// Rows of one object by SOQL, and records by ID.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm
import { type Context, type Json, type SourceRecord, TransientError } from '#connector';
import { bodyBy, type Columns } from '#connector/columns';
import type { KeysetQuery } from '#connector/keyset';
import { listOf, objectOf } from '#connector/reading';
import { rowReader } from '#connector/rows';
import { fieldsOf, type Kind } from './columns.ts';
import { idOf } from './id.ts';
import { dataPath, type Settings } from './settings.ts';

/** The request line and the headers may have 16,384 bytes in all. */
const maxFieldCharacters = 8_000;
/** IDs that fit into a query, at 27 bytes each. */
export const maxIds = 400;

/** One object with the columns that are read of it. */
export interface Table {
  object: string;
  columns: Columns;
}

/** `queryAll` includes rows in the Recycle Bin. */
type Resource = 'query' | 'queryAll';

/** A deleted row says no more than the record that it was merged into. */
export function recordReader(columns: Columns) {
  return rowReader({
    id: 'Id',
    idOf,
    // Whole seconds.
    changedAt: 'SystemModstamp',
    isDeleted: ({ IsDeleted }) => IsDeleted === true,
    isUnmerged: ({ IsDeleted }) => IsDeleted !== true,
    bodyOf: (row, Id) => (row['IsDeleted'] === true ? masterIn(row) : { ...bodyBy(columns, row), Id }),
  });
}

function masterIn({ MasterRecordId }: { [name: string]: Json }): { [name: string]: Json } {
  const master = idOf(MasterRecordId);
  return master === undefined ? {} : { MasterRecordId: master };
}

/** The records of a page, which are read by ID if the columns do not fit into a query. */
export async function readPage(
  context: Context<Settings>,
  { object, only }: Kind,
  { changes, where, order, limit, columns }: KeysetQuery,
): Promise<{ records: SourceRecord[]; last: SourceRecord | undefined }> {
  const isWide = !fits(fieldsOf(columns));
  const rest = `${whereOf([...where, only])} ORDER BY ${order} LIMIT ${limit}`;
  const table = { object, columns: isWide ? {} : columns };
  const { rows, hasMore } = await query(context, table, changes ? 'queryAll' : 'query', rest);
  const last = hasMore || rows.length === limit ? rows.at(-1) : undefined;
  if (!isWide) return { records: rows, last };
  const [gone, living] = [rows.filter(({ deleted }) => deleted), rows.filter(({ deleted }) => !deleted)];
  const ids = living.map(({ recordId }) => recordId);
  return { records: [...(await statesById(context, { object, columns }, ids)), ...gone], last };
}

function whereOf(tests: readonly (string | undefined)[]): string {
  const given = tests.filter((test) => test !== undefined);
  return given.length > 0 ? `WHERE ${given.join(' AND ')}` : '';
}

/** An answer has all the rows that it counts, or says that more follow. */
async function query(
  { api, settings }: Context<Settings>,
  { object, columns }: Table,
  from: Resource,
  rest: string,
): Promise<{ rows: SourceRecord[]; hasMore: boolean }> {
  const recordOf = recordReader(columns);
  const { json } = await api.request({
    path: dataPath(settings, `/${from}`),
    query: { q: `SELECT ${fieldsOf(columns).join(',')} FROM ${object} ${rest}` },
    isAnswer(json) {
      const { records, done, totalSize } = objectOf(json);
      if (!Array.isArray(records) || typeof totalSize !== 'number' || !records.every(recordOf)) return false;
      return done === true ? records.length === totalSize : done === false && records.length > 0;
    },
  });
  const { records, done } = objectOf(json);
  return { rows: listOf(records).map((row) => recordOf(row)!), hasMore: done === false };
}

export async function countOf(
  { api, settings }: Context<Settings>,
  { object, only }: Kind,
  { changes, where }: Pick<KeysetQuery, 'changes' | 'where'>,
): Promise<number> {
  const { json } = await api.request({
    path: dataPath(settings, changes ? '/queryAll' : '/query'),
    query: { q: `SELECT COUNT() FROM ${object} ${whereOf([...where, only])}`.trim() },
    isAnswer(json) {
      const { records, totalSize } = objectOf(json);
      return Array.isArray(records) && Number.isInteger(totalSize);
    },
  });
  return Number(objectOf(json)['totalSize']);
}

/**
 * Records by their IDs of 18 characters. The call returns null for a record that is deleted, invisible or unknown, and a query tells
 * which it is. A record that is in neither answer does not exist for the user.
 */
export async function statesById(
  context: Context<Settings>,
  table: Table,
  ids: readonly string[],
): Promise<SourceRecord[]> {
  if (ids.length === 0) return [];
  const recordOf = recordReader(table.columns);
  const { json } = await context.api.request({
    method: 'POST',
    path: dataPath(context.settings, `/composite/sobjects/${table.object}`),
    json: { ids: [...ids], fields: fieldsOf(table.columns) },
    isAnswer: (json) =>
      Array.isArray(json) &&
      json.length === ids.length &&
      json.every((row, at) => row === null || recordOf(row)?.recordId === ids[at]),
  });
  const living = listOf(json)
    .flatMap((row) => recordOf(row) ?? [])
    .filter(({ deleted }) => !deleted);
  const hidden = without(ids, living);
  if (hidden.length > maxIds)
    throw new TransientError(`Salesforce lists ${hidden.length} records that it does not return by ID`);
  const gone = await binned(context, table.object, hidden);
  // Undeleted or shared in between.
  if (gone.some(({ deleted }) => !deleted))
    throw new TransientError('Salesforce returned a record by query but not by ID: it has just changed');
  return [...living, ...gone];
}

/** The rows that a query finds for these IDs. If the answer has only the first rows, the rest is requested. */
async function binned(
  context: Context<Settings>,
  object: string,
  ids: readonly string[],
): Promise<SourceRecord[]> {
  if (ids.length === 0) return [];
  const list = ids.map((id) => `'${id}'`).join(',');
  const rest = `WHERE Id IN (${list}) LIMIT ${ids.length}`;
  const { rows, hasMore } = await query(context, { object, columns: {} }, 'queryAll', rest);
  if (rows.some(({ recordId }) => !ids.includes(recordId)))
    throw new TransientError('Salesforce returned rows that were not requested', { foreign: true });
  return hasMore ? [...rows, ...(await binned(context, object, without(ids, rows)))] : rows;
}

function without(ids: readonly string[], records: readonly SourceRecord[]): string[] {
  const given = new Set(records.map(({ recordId }) => recordId));
  return ids.filter((id) => !given.has(id));
}

/** Whether these fields fit into a query. */
export function fits(fields: readonly string[]): boolean {
  return encodeURIComponent(fields.join(',')).length <= maxFieldCharacters;
}
