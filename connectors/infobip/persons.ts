// The stream of persons: all of them, and what changed, in the order of change, and single ones by ID.
// https://www.infobip.com/docs/api/customer-engagement/people/get-a-single-person-or-a-list-of-people
import {
  type Context,
  type Json,
  type JsonObject,
  RejectedError,
  type SourceRecord,
  type Stream,
} from '#connector';
import { readsById, requestOne } from '#connector/by-id';
import { type ListedPage, type PageRequest, pullsOf } from '#connector/listing';
import { momentOf, objectOf, requestList, says, valueAt, wordOf } from '#connector/reading';
import { rowReader, toRecords } from '#connector/rows';
import { nextTimedPage, timedPage } from '#connector/timed-pages';
import type { Settings } from './settings.ts';

const path = '/people/2/persons';

export const isId = (id: string) => /^-?[1-9]\d{0,18}$/.test(id);

export const persons: Stream<Settings> = {
  name: 'persons',
  clock: 'second',
  exhaustive: ({ absentIsEmpty }) => (absentIsEmpty ? ['', 'customAttributes'] : []),
  leftOut: ({ types }, { type }) =>
    typeof type === 'string' && !types.includes(type)
      ? `its type is ${type}, which is not among types`
      : null,
  ...pullsOf<Settings>({
    what: 'Infobip persons',
    pageSize: 1_000,
    settleLagSeconds: 120,
    oldestFirst: true,
    all: (context, request) => pageOf(context, request, 0),
    changes: (context, request) => pageOf(context, request, request.from),
  }),
  read: {
    ...readsById<Settings>({ maxIds: 5, isId, one: readOne, proof: firstPerson }),
    lagSeconds: 5,
  },
  sweeps: true,
};

/** A person who changes meanwhile moves to the end, where the reading comes by again. */
async function pageOf(
  context: Context<Settings>,
  { page, limit }: PageRequest,
  from: number,
): Promise<ListedPage> {
  const place = timedPage(page, from);
  const list = await listed(context, { ...place, limit });
  const times = list.map((row) => timeOf(row, context.settings));
  if (times.some((time, at) => (time ?? 0) < (times[at - 1] ?? 0)))
    throw new RejectedError(
      'Persons were not answered in the order of change: set orderBy to how Infobip takes it.',
      {
        code: 'order',
      },
    );
  const rows = toRecords(list, recordOf(context.settings), { noun: 'person' });
  return { ...rows, next: nextTimedPage(place, { times, limit }) };
}

export function firstPerson(context: Context<Settings>): Promise<Json[]> {
  return listed(context, { from: 0, skip: 0, limit: 1 });
}

/** Pages begin with 1. A second earlier, because the bound may be exclusive. */
async function listed(
  { api, settings: { orderBy, zone } }: Context<Settings>,
  { from, skip, limit }: { from: number; skip: number; limit: number },
): Promise<Json[]> {
  const since = new Date(Math.max(0, from - 1_000) + offsetMs(zone)).toISOString().slice(0, 19);
  const filter = from > 0 && { filter: JSON.stringify({ '#gte': { modifiedAt: since } }) };
  const query = { limit, page: Math.floor(skip / limit) + 1, orderBy, ...filter };
  return (await requestList(api, { path, query }, 'persons')).list;
}

function readOne({ api, settings }: Context<Settings>, id: string): Promise<SourceRecord | null> {
  return requestOne(api, {
    id,
    request: { path, query: { identifier: id, type: 'ID' } },
    vendor: 'Infobip',
    recordIn: recordOf(settings),
    isMissing: (json) => says(json, settings.unknownWords),
  });
}

/** Times have no zone of their own. */
function timeOf(row: Json, { zone }: Settings): number | undefined {
  const text = wordOf(objectOf(row)['modifiedAt']);
  return text === undefined
    ? undefined
    : momentOf(/\d(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}${zone}`);
}

function offsetMs(zone: string): number {
  return -(momentOf(`2000-01-01T00:00${zone}`) ?? 0) + Date.UTC(2000, 0, 1);
}

function recordOf(settings: Settings): (row: Json | undefined) => SourceRecord | undefined {
  const read = rowReader({ changedAt: 'changed', isId, bodyOf });
  return (row) => read({ ...objectOf(row), changed: timeOf(row ?? null, settings) ?? null });
}

/** The first address and number. Numbers are digits without a plus sign. */
function bodyOf({ changed: _, ...person }: JsonObject): JsonObject {
  if (person['contactInformation'] === undefined) return person;
  const number = wordOf(valueAt(person, 'contactInformation.phone.0.number'));
  const email = valueAt(person, 'contactInformation.email.0.address') ?? null;
  return { ...person, email, phone: number === undefined ? null : `+${number.replace(/^\+/, '')}` };
}
