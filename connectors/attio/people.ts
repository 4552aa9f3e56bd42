// The stream of people: all of them by time of creation, each time, because Attio does not say who changed; and single people by ID.
// https://docs.attio.com/rest-api/endpoint-reference/records/list-records
import {
  type Context,
  type Json,
  type SourceRecord,
  type Stream,
  TransientError,
  UnauthorizedError,
} from '#connector';
import { readsById } from '#connector/by-id';
import { type ListedPage, type PageRequest, pullsOf } from '#connector/listing';
import { momentOf, objectOf, requestList, valueAt, wordOf } from '#connector/reading';
import { toRecords } from '#connector/rows';
import { nextTimedPage, timedPage } from '#connector/timed-pages';
import { creatorOf, isId, recordOf } from './person.ts';
import type { Settings } from './settings.ts';

export const objectPath = '/objects/people';
const pageSize = 500;
/** How far the clocks may be apart, and how late a value may appear. */
const settledMs = 300_000;

const byId = readsById<Settings>({
  maxIds: 100,
  isId,
  some: async (context, ids) =>
    (await query(context, { filter: { record_id: { $in: [...ids] } }, limit: ids.length })).records,
  one: readOne,
  proof: (context) => query(context, { limit: 1 }),
});

export const people: Stream<Settings> = {
  name: 'people',
  exhaustive: ['', 'values', 'primary_location'],
  clock: 'reading',
  leftOut({ createdBy }, body) {
    const creator = creatorOf(body) ?? '';
    return createdBy && !createdBy.some((one) => one === creator)
      ? 'it was created by an actor that createdBy does not name'
      : null;
  },
  ...pullsOf<Settings>({
    what: 'Attio people',
    pageSize,
    settledMs,
    oldestFirst: false,
    all: pageOf,
    changes: pageOf,
  }),
  // Attio adds to a person seconds after it was created.
  read: { maxIds: byId.maxIds, lagSeconds: 5, records: readWithMerges },
  sweeps: true,
  cost: () => ({ full: { records: pageSize, calls: 1 } }),
  async properties({ api }) {
    const { list } = await requestList(api, { path: `${objectPath}/attributes` }, 'data');
    return list.map(objectOf).map((attribute) => ({
      name: wordOf(attribute['api_slug']) ?? '',
      label: wordOf(attribute['title']) ?? '',
      type: wordOf(attribute['type']) ?? '',
    }));
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
export async function query(
  { api, settings: { workspaceId } }: Pick<Context<Settings>, 'api' | 'settings'>,
  json: { [name: string]: Json },
) {
  const path = `${objectPath}/records/query`;
  const { list } = await requestList(api, { method: 'POST', path, json }, 'data');
  const workspaces = list.flatMap((row) => wordOf(valueAt(row, 'id.workspace_id')) ?? []);
  const other = workspaces.find((id) => id !== workspaceId);
  if (workspaceId !== undefined && other !== undefined)
    throw new UnauthorizedError(`The API key is of the workspace ${other}, not of workspaceId.`);
  return { list, ...toRecords(list, recordOf, { noun: 'person' }) };
}

/** An ID made by `mergeId` stands for the new person, who takes over the old one. No person has that ID. */
async function readWithMerges(
  context: Context<Settings>,
  { recordIds, properties }: { recordIds: readonly string[]; properties: readonly string[] },
): Promise<{ records: SourceRecord[]; missing: string[] }> {
  const merges = recordIds
    .map((id) => id.split('+'))
    .filter(([into = '', from = '']) => isId(into) && isId(from));
  const others = recordIds.filter((id) => !merges.some((merge) => merge.join('+') === id));
  const asked = [...new Set([...others, ...merges.map(([into]) => into!)])];
  const { records, missing } = await byId.records(context, { recordIds: asked, properties });
  const mergedInto = (id: string) => merges.filter(([into]) => into === id).map(([, from]) => from!);
  return {
    records: records.map((record) => {
      const merged = mergedInto(record.recordId);
      return merged.length ? { ...record, merged } : record;
    }),
    missing: [...missing.filter((id) => others.includes(id)), ...merges.map((merge) => merge.join('+'))],
  };
}

/** Null: Attio says that there is no such person. A merge may still be under way. */
async function readOne({ api }: Context<Settings>, id: string): Promise<SourceRecord | null> {
  const { status, json } = await api.request({
    path: `${objectPath}/records/${id}`,
    answers: [404],
    isAnswer: (json) => recordOf(valueAt(json, 'data') ?? null)?.recordId === id,
  });
  if (status === 200) return recordOf(valueAt(json, 'data')!)!;
  const code = objectOf(json)['code'];
  if (code === 'not_found') return null;
  throw new TransientError(
    code === 'merge_in_progress'
      ? 'Attio is still merging this person'
      : 'A 404 was answered that does not say that the person is not found',
    { status, foreign: code !== 'merge_in_progress' },
  );
}
