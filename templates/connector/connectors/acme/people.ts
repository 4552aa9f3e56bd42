// The stream of people: all of them by ID, then what changed, and single ones by ID. TODO: the address of the list's reference
import type { Api, Json, Query, Stream } from '#connector';
import { readsById, readsOne } from '#connector/by-id';
import { type ListedPage, pullsOf } from '#connector/listing';
import { objectOf, requestList, wordOf } from '#connector/reading';
import { rowReader, toRecords } from '#connector/rows';
import type { Settings } from './settings.ts';

/** TODO: what an ID of the vendor looks like. */
export const isId = (id: string) => /^[1-9]\d{0,15}$/.test(id);

/** TODO: where a row has its time of change; `bodyOf` if the body is not the row as it came. */
const recordOf = rowReader({ changedAt: 'updated_at', isId });

/** TODO: how the vendor reads times. */
const iso = (time: number) => new Date(time).toISOString();

export const people: Stream<Settings> = {
  name: 'people',
  // TODO: the objects of a body that always name everything they hold; leave it out if absent can mean unchanged.
  exhaustive: [''],
  // TODO: how exact `updated_at` is.
  clock: 'second',
  ...pullsOf<Settings>({
    what: 'Acme people',
    // TODO: the most that the vendor puts on a page.
    pageSize: 100,
    // TODO: how far the clocks may be apart, and how late a change may appear, milliseconds; `settleLagSeconds` if it is minutes.
    settledMs: 120_000,
    oldestFirst: true,
    // TODO: an order that no change moves.
    all: ({ api }, { page, limit }) => pageOf(api, { sort: 'id', limit, cursor: page }),
    // TODO: begin a second earlier if the bound may be exclusive.
    changes: ({ api }, { page, limit, from }) =>
      pageOf(api, { sort: 'updated_at', updated_since: iso(from), limit, cursor: page }),
  }),
  // TODO: `some` if the vendor reads several IDs in one call.
  read: readsById<Settings>({
    maxIds: 20,
    isId,
    // `isOwn` has seen to it that the vendor itself says that there is no such person.
    one: readsOne({ pathOf: (id) => `/v1/people/${id}`, at: 'person', recordOf, isMissing: () => true }),
    // A 404 counts only where people can be listed, because a wrong base URL may answer everything with it.
    proof: ({ api }) => requestPeople(api, { limit: 1 }),
  }),
  sweeps: true,
};

async function pageOf(api: Api, query: Query): Promise<ListedPage> {
  const { list, body } = await requestPeople(api, query);
  return { ...toRecords(list, recordOf, { noun: 'person' }), next: wordOf(body['next_cursor']) };
}

/** The last page says null. One that does not say whether more follow is no answer. */
function requestPeople(api: Api, query: Query) {
  const isAnswer = (json: Json | undefined) => {
    const { next_cursor: next } = objectOf(json);
    return next === null || wordOf(next) !== undefined;
  };
  return requestList(api, { path: '/v1/people', query, isAnswer }, 'people');
}
