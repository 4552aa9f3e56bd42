// The stream of people: all of them by time of creation, each time, because Attio does not say who changed; and single people by ID.
// https://docs.attio.com/rest-api/endpoint-reference/records/list-records
import { type Context, type JsonObject, type SourceRecord, type Stream, TransientError } from '#connector';
import { readsById, readsOne } from '#connector/by-id';
import { requireAccount } from '#connector/checking';
import { type ListedPage, type PageRequest, pullsOf } from '#connector/listing';
import { momentOf, objectOf, requestList, valueAt, wordOf } from '#connector/reading';
import { propertyOf, toRecords } from '#connector/rows';
import { nextTimedPage, timedPage } from '#connector/timed-pages';
import { creatorOf, isId, recordOf } from './person.ts';
import type { Settings } from './settings.ts';

export const objectPath = '/objects/people';

const byId = readsById<Settings>({
  maxIds: 100,
  isId,
  some: async (context, ids) =>
    (await query(context, { filter: { record_id: { $in: [...ids] } }, limit: ids.length })).records,
  one: readsOne({
    pathOf: (id) => `${objectPath}/records/${id}`,
    at: 'data',
    recordOf,
    isMissing(json) {
      const code = objectOf(json)['code'];
      if (code !== 'merge_in_progress') return code === 'not_found';
      throw new TransientError('Attio is still merging this person', { status: 404 });
    },
  }),
  proof: (context) => query(context, { limit: 1 }),
});

export const people: Stream<Settings> = {
  name: 'people',
  exhaustive: ['', 'values', 'primary_location'],
  clock: 'reading',
  leftOut({ createdBy }, body) {
    return createdBy && !createdBy.some((one) => one === creatorOf(body))
      ? 'it was created by an actor that createdBy does not name'
      : null;
  },
  ...pullsOf<Settings>({
    what: 'Attio people',
    pageSize: 500,
    // How far the clocks may be apart, and how late a value may appear.
    settledMs: 300_000,
    oldestFirst: false,
    all: pageOf,
    changes: pageOf,
  }),
  // Attio adds to a person seconds after it was created.
  read: { maxIds: byId.maxIds, lagSeconds: 5, records: readWithMerges },
  sweeps: true,
  async properties({ api }) {
    const { list } = await requestList(api, { path: `${objectPath}/attributes` }, 'data');
    return list.map((one) => propertyOf(one, { name: 'api_slug', label: 'title', type: 'type' }));
  },
};

/** Attio pages by offset only, and people who are deleted meanwhile would pull others over the edge of a page. */
async function pageOf(context: Context<Settings>, { page, limit }: PageRequest): Promise<ListedPage> {
  const place = timedPage(page, 0);
  const { list, ...rows } = await query(context, {
    ...(place.from > 0 && { filter: { created_at: { $gte: new Date(place.from).toISOString() } } }),
    sorts: [{ direction: 'asc', attribute: 'created_at' }],
    limit,
    offset: place.skip,
  });
  const times = list.map((row) => momentOf(objectOf(row)['created_at']));
  return { ...rows, next: nextTimedPage(place, { times, limit }) };
}

/** Throws UnauthorizedError where the people are those of another workspace. */
export async function query({ api, settings }: Context<Settings>, json: JsonObject) {
  const path = `${objectPath}/records/query`;
  const { list } = await requestList(api, { method: 'POST', path, json }, 'data');
  const workspaces = list.flatMap((row) => wordOf(valueAt(row, 'id.workspace_id')) ?? []);
  requireAccount('workspace', settings.workspaceId, workspaces);
  return { list, ...toRecords(list, recordOf, { noun: 'person' }) };
}

/** An ID made by `mergeId` stands for the new person, who takes over the old one. No person has that ID. */
async function readWithMerges(
  context: Context<Settings>,
  { recordIds, properties }: { recordIds: readonly string[]; properties: readonly string[] },
): Promise<{ records: SourceRecord[]; missing: string[] }> {
  const merges = recordIds.filter((id) => id.split('+').length === 2 && id.split('+').every(isId));
  const others = recordIds.filter((id) => !merges.includes(id));
  const survivors = merges.map((merge) => merge.split('+')[0]!);
  const asked = [...new Set([...others, ...survivors])];
  const { records, missing } = await byId.records(context, { recordIds: asked, properties });
  const mergedInto = (id: string) =>
    merges.map((merge) => merge.split('+')).flatMap(([into, from]) => (into === id ? from! : []));
  return {
    records: records.map((record) => {
      const merged = mergedInto(record.recordId);
      return merged.length ? { ...record, merged } : record;
    }),
    missing: [...missing.filter((id) => others.includes(id)), ...merges],
  };
}
