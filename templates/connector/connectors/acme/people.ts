// The stream of people: all of them by ID, then what changed, and single ones by ID. TODO: the address of the list's reference
import type { ApiRequest, Context, Json, SourceRecord, Stream } from '#connector';
import { readsById } from '#connector/by-id';
import { type ListedPage, pullsOf } from '#connector/listing';
import { listOf, momentOf, objectOf, wordOf } from '#connector/reading';
import { toRecords } from '#connector/rows';
import type { Settings } from './settings.ts';

const peoplePath = '/v1/people';
/** TODO: the most that the vendor puts on a page. */
const pageSize = 100;

type Query = NonNullable<ApiRequest['query']>;

/** TODO: how the vendor reads times. */
const iso = (time: number) => new Date(time).toISOString();

/** A 404 counts only where people can be listed, because a wrong base URL may answer everything with it. */
const proof = ({ api }: Context<Settings>) => api.request(listRequest({ limit: 1 }));

export const people: Stream<Settings> = {
  name: 'people',
  // TODO: the objects of a body that always name everything they hold; leave it out if absent can mean unchanged.
  exhaustive: [''],
  // TODO: how exact `updated_at` is.
  clock: 'second',
  ...pullsOf<Settings>({
    what: 'Acme people',
    pageSize,
    // TODO: how far the clocks may be apart, and how late a change may appear, milliseconds.
    settledMs: 120_000,
    oldestFirst: true,
    // TODO: an order that no change moves.
    all: (context, { page, limit }) => pageOf(context, { sort: 'id', limit, cursor: page }),
    // TODO: begin a second earlier if the bound may be exclusive.
    changes: (context, { page, limit, from }) =>
      pageOf(context, { sort: 'updated_at', updated_since: iso(from), limit, cursor: page }),
  }),
  // TODO: `some` if the vendor reads several IDs in one call.
  read: readsById<Settings>({ maxIds: 20, isId, one: readOne, proof }),
  sweeps: true,
};

async function pageOf({ api }: Context<Settings>, query: Query): Promise<ListedPage> {
  const { people, next_cursor } = objectOf((await api.request(listRequest(query))).json);
  return { ...toRecords(listOf(people), recordOf, { noun: 'person' }), next: wordOf(next_cursor) };
}

/** The last page says null. One that names itself as the next, or does not say whether more follow, is no answer. */
export function listRequest(query: Query): ApiRequest {
  const isAnswer = (json: Json | undefined) => {
    const { people, next_cursor: next } = objectOf(json);
    return Array.isArray(people) && (next === null || (!!wordOf(next) && next !== query['cursor']));
  };
  return { path: peoplePath, query, isAnswer };
}

/** Null: the vendor itself says that there is no such person. */
async function readOne({ api }: Context<Settings>, id: string): Promise<SourceRecord | null> {
  const personIn = (json: Json | undefined) => recordOf(objectOf(json)['person'] ?? null);
  const isAnswer = (json: Json | undefined) => personIn(json)?.recordId === id;
  const { json } = await api.request({ path: `${peoplePath}/${id}`, answers: [404], isAnswer });
  return personIn(json) ?? null;
}

/** TODO: what an ID of the vendor looks like. */
export function isId(id: string): boolean {
  return /^[1-9]\d{0,15}$/.test(id);
}

/** Undefined where the row has no ID or no time of its last change. */
function recordOf(row: Json): SourceRecord | undefined {
  const body = objectOf(row);
  const [recordId, changedAt] = [wordOf(body['id']), momentOf(body['updated_at'])];
  if (recordId === undefined || !isId(recordId) || changedAt === undefined) return undefined;
  return { recordId, changedAt, body };
}
