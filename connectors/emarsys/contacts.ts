// The stream of contacts: all of them again in each run, because what Emarsys reports as changed lacks imports, and single ones by ID.
// Contacts are listed with one field, and the others are read by ID.
import type { Context, Json, JsonObject, Property, SourceRecord, Stream } from '#connector';
import { readsById } from '#connector/by-id';
import { type ListedPage, type PageRequest, pullsOf } from '#connector/listing';
import { firstFilled, listOf, objectOf, requestList, valueAt, wordOf } from '#connector/reading';
import { rowReader, toRecords } from '#connector/rows';
import { advanceBy } from '#connector/timed-pages';
import type { Settings } from './settings.ts';

/** The most that are read by ID at once. */
const pageSize = 1_000;
/** The code of a contact that does not exist. */
const notFound = 2008;
/** Name, e-mail address, birthday, address, telephone and mobile number. */
const usualFields = ['1', '2', '3', '4', '10', '11', '12', '13', '15', '37'];

const isId = (id: string) => /^[1-9]\d{0,18}$/.test(id);

export const contacts: Stream<Settings> = {
  name: 'contacts',
  clock: 'reading',
  ...pullsOf<Settings>({ what: 'Emarsys contacts', pageSize, all }),
  cost: () => ({ full: { records: advanceBy(pageSize), calls: 2 } }),
  read: {
    ...readsById<Settings>({
      maxIds: pageSize,
      isId,
      some: async (context, ids, properties) => {
        const rows = await contactsOf(context, ids, properties);
        return toRecords(rows, recordOf(context.now), { noun: 'contact' }).records;
      },
      proof: firstContact,
    }),
    lagSeconds: 5,
  },
  sweeps: true,
  properties,
};

/** `page`: how many contacts were listed. */
async function all(context: Context<Settings>, request: PageRequest): Promise<ListedPage> {
  const { page, limit, properties, start } = request;
  const offset = Number(page ?? 0);
  const ids = await idsOf(context, { offset, limit });
  const rows = ids.length > 0 ? await contactsOf(context, ids, properties) : [];
  return {
    ...toRecords(rows, recordOf(start), { noun: 'contact' }),
    next: ids.length < limit ? undefined : String(offset + advanceBy(limit)),
  };
}

/** No contact at all may be `false`, as it is by ID. */
export async function idsOf(
  { api, settings }: Context<Settings>,
  { offset, limit }: { offset: number; limit: number },
): Promise<string[]> {
  const { listField, excludeEmpty } = settings;
  const { json } = await api.request({
    path: '/contact/query/',
    query: { return: listField, limit, offset, ...(excludeEmpty && { excludeempty: true }) },
    isAnswer: (json) => isReply(json) && rowsIn(json).every((row) => isId(idIn(row))),
  });
  return [...new Set(rowsIn(json).map(idIn))];
}

/** A contact that can be read by ID, if there is any. */
export async function firstContact(context: Context<Settings>): Promise<Json[]> {
  const ids = await idsOf(context, { offset: 0, limit: 1 });
  return ids.length > 0 ? contactsOf(context, ids, []) : [];
}

/** Every one that was requested must be there, or be one that Emarsys says it does not find. */
async function contactsOf(
  { api }: Context<Settings>,
  ids: readonly string[],
  properties: readonly string[],
): Promise<Json[]> {
  const numbers = properties.filter((name) => /^\d+$/.test(name));
  const { json } = await api.request({
    method: 'POST',
    path: '/contact/getdata',
    json: { keyId: 'id', keyValues: [...ids], fields: [...new Set([...usualFields, ...numbers])] },
    isAnswer(json) {
      const missing = listOf(valueAt(json, 'data.errors')).map(objectOf);
      const gone = missing
        .filter(({ errorCode }) => Number(errorCode) === notFound)
        .map(({ key }) => wordOf(key));
      const told = new Set([...gone, ...rowsIn(json).map(idIn)]);
      return isReply(json) && ids.every((id) => told.has(id));
    },
  });
  return rowsIn(json);
}

const rowsIn = (json: Json | undefined) => listOf(valueAt(json, 'data.result'));
const idIn = (row: Json) => wordOf(objectOf(row)['id']) ?? '';

/** Nobody found is `result: false`. */
function isReply(json: Json | undefined): boolean {
  const result = valueAt(json, 'data.result');
  return objectOf(json)['replyCode'] === 0 && (Array.isArray(result) || result === false);
}

function recordOf(readAt: number): (row: Json) => SourceRecord | undefined {
  const read = rowReader({ changedAt: 'readAt', isId, bodyOf });
  return (row) => read({ ...objectOf(row), readAt });
}

/** A date of zeros is none. */
function bodyOf({ readAt: _, ...row }: JsonObject, id: string): JsonObject {
  const fields = Object.entries(row).map(([name, value]): [string, Json] => [
    name,
    value === '0000-00-00' ? null : value,
  ]);
  const phone = firstFilled(row, ['37', '15']);
  return { ...Object.fromEntries(fields), id, ...(phone !== undefined && { phone }) };
}

async function properties({ api }: Context<Settings>): Promise<Property[]> {
  const { list } = await requestList(api, { path: '/field/translate/en' }, 'data');
  const own = list.map(objectOf).map(({ id, name, application_type }) => ({
    name: wordOf(id) ?? '',
    label: wordOf(name) ?? '',
    type: wordOf(application_type) ?? 'text',
  }));
  return [...['id', 'uid', 'phone'].map((name) => ({ name, label: name, type: 'text' })), ...own];
}
