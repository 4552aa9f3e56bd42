// The stream of people: all of them again in each run, because Ortto does not say who changed, and single ones by ID.
import type { Context, Json, JsonObject, SourceRecord, Stream } from '#connector';
import { readsById } from '#connector/by-id';
import { type ListedPage, type PageRequest, pullsOf } from '#connector/listing';
import { listOf, objectOf, valueAt, wordOf } from '#connector/reading';
import { rowReader, toRecords } from '#connector/rows';
import type { Settings } from './settings.ts';

/** By these a person is known; one without all of them is a visitor. */
const identifiers = ['str::ei', 'str::email', 'phn::phone'];
const details = ['str::first', 'str::last', 'dtz::b', 'str::postal'];
const places = ['geo::city', 'geo::region', 'geo::country'];

export const isId = (id: string) => /^[0-9a-f]{24,26}$/.test(id);

export const people: Stream<Settings> = {
  name: 'people',
  clock: 'reading',
  // Every requested field that has a value is there (recorded).
  exhaustive: [''],
  leftOut: (_settings, body) =>
    identifiers.some((name) => body[name] !== undefined)
      ? null
      : 'it is anonymous: it has no external ID, e-mail address or phone number',
  ...pullsOf<Settings>({ what: 'Ortto people', pageSize: 500, all }),
  read: {
    // How many IDs Ortto takes at once is not documented.
    ...readsById<Settings>({ maxIds: 100, isId, some: readSome, proof: firstPerson }),
    lagSeconds: 5,
  },
  sweeps: true,
};

/** `page`: the offset and the ID of the result, which no change moves. */
async function all(context: Context<Settings>, request: PageRequest): Promise<ListedPage> {
  const { page, limit, properties, start } = request;
  const [offset = 0, cursorId] = page?.split(' ') ?? [];
  const body = await listed(context, {
    limit,
    offset: Number(offset),
    ...(cursorId !== undefined && { cursor_id: cursorId }),
    fields: fieldsOf(properties),
  });
  const [next, cursor] = [wordOf(body['next_offset']), wordOf(body['cursor_id'])];
  const following = next && cursor ? `${next} ${cursor}` : null;
  return {
    ...toRecords(listOf(body['contacts']), recordOf(context, start), { noun: 'person' }),
    next: body['has_more'] ? following : undefined,
  };
}

/** Nobody is `contacts: null`, which is only an answer where nobody is left. */
async function listed(
  { api }: Context<Settings>,
  query: { offset: number } & JsonObject,
): Promise<JsonObject> {
  const { json } = await api.request({
    method: 'POST',
    path: '/person/get',
    json: { ...query, sort_by_field_id: 'str::email', sort_order: 'asc' },
    isAnswer(json) {
      const { contacts, has_more: hasMore, meta } = objectOf(json);
      const total = objectOf(meta)['total_matches'];
      if (typeof hasMore !== 'boolean' || typeof total !== 'number') return false;
      return Array.isArray(contacts) || (contacts === null && !hasMore && total <= query.offset);
    },
  });
  return objectOf(json);
}

export function firstPerson(context: Context<Settings>): Promise<JsonObject> {
  return listed(context, { limit: 1, offset: 0, fields: identifiers });
}

/** Here the people are an object by their IDs, and those who do not exist are left out. */
async function readSome(
  context: Context<Settings>,
  ids: readonly string[],
  properties: readonly string[],
): Promise<SourceRecord[]> {
  const { json } = await context.api.request({
    method: 'POST',
    path: '/person/get-by-ids',
    json: { contact_ids: [...ids], fields: fieldsOf(properties) },
    isAnswer: (json) => isPeople(objectOf(json)['contacts']),
  });
  const rows = Object.values(objectOf(objectOf(json)['contacts']));
  return toRecords(rows, recordOf(context, context.now), { noun: 'person' }).records;
}

function isPeople(contacts: Json | undefined): boolean {
  return contacts === null || (typeof contacts === 'object' && !Array.isArray(contacts));
}

/** Only named fields are answered. What is requested without names are the usual ones. */
function fieldsOf(properties: readonly string[]): string[] {
  const wanted = properties.filter((name) => name.includes(':'));
  return [...new Set([...identifiers, ...(wanted.length ? wanted : [...details, ...places])])];
}

/** A row without `fields` is not of this list. */
function recordOf({ settings }: Context<Settings>, readAt: number): (row: Json) => SourceRecord | undefined {
  const read = rowReader({
    changedAt: 'readAt',
    isId,
    bodyOf: ({ id, fields }) => ({ id: id!, ...valuesOf(objectOf(fields), settings) }),
  });
  return (row) =>
    isPeople(valueAt(row, 'fields') ?? 'none') ? read({ ...objectOf(row), readAt }) : undefined;
}

function valuesOf(fields: JsonObject, { decimals }: Settings): JsonObject {
  const written = Object.entries(fields).map(([name, value]): [string, Json] => {
    if (decimals.includes(name) && typeof value === 'number') return [name, value / 1000];
    if (name.startsWith('phn:')) return [name, phoneOf(objectOf(value))];
    return [name, name.startsWith('dtz:') ? dayOf(objectOf(value)) : value];
  });
  return Object.fromEntries(written.filter(([, value]) => value !== null));
}

/** The country code and the number apart. */
function phoneOf({ c, n }: JsonObject): Json {
  const [country, number] = [wordOf(c), wordOf(n)];
  return country && number ? `+${country}${number.replace(/^0+/, '')}` : (number ?? null);
}

/** A day is the same in every zone. One without a year is none. */
function dayOf({ year, month, day }: JsonObject): Json {
  if (!year || !month || !day) return null;
  return new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).toISOString().slice(0, 10);
}
