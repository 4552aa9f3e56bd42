// The stream of profiles: all of them by ID, then updated ones, and single profiles by ID.
// https://developers.klaviyo.com/en/reference/get_profiles
import { type Context, type Json, type SourceRecord, type Stream, TransientError } from '#connector';
import { type ListedPage, pullsOf } from '#connector/listing';
import { objectOf, requestList } from '#connector/reading';
import { toRecords } from '#connector/rows';
import { anonymous, profileRecord } from './profile.ts';
import type { Settings } from './settings.ts';

export const profilesPath = '/api/profiles';

const pageSize = 100;
/** How far Klaviyo's clock may be behind ours, and how late an update may appear. */
const settledMs = 300_000;

export const profiles: Stream<Settings> = {
  name: 'profiles',
  exhaustive: ['properties'],
  clock: 'second',
  leftOut: anonymous,
  ...pullsOf({
    what: 'Klaviyo profiles',
    pageSize,
    settledMs,
    oldestFirst: true,
    // No update moves the order of IDs.
    all: (context, { page, limit }) => pageOf(context, { sort: 'id', 'page[cursor]': page }, limit),
    inventory: (context, { page, limit }) =>
      pageOf(context, { sort: 'id', 'page[cursor]': page, 'fields[profile]': 'updated' }, limit),
    // The filter has no "at or later", so it begins a millisecond earlier. A profile that is updated meanwhile moves to the end.
    changes: (context, { page, limit, from }) =>
      pageOf(
        context,
        {
          filter: `greater-than(updated,${new Date(Math.max(0, from - 1)).toISOString()})`,
          sort: 'updated',
          'page[cursor]': page,
        },
        limit,
      ),
  }),
  read: { maxIds: pageSize, records: read },
  sweeps: true,
};

/** A profile that was merged into another or erased is not found any more. */
async function read(
  context: Context<Settings>,
  { recordIds }: { recordIds: readonly string[] },
): Promise<{ records: SourceRecord[]; missing: string[] }> {
  const ids = [...new Set(recordIds)];
  // An ID of another shape is nobody's, and could have the whole request refused.
  const asked = ids.filter((id) => /^\w{1,64}$/.test(id));
  const strange = ids.filter((id) => !asked.includes(id));
  if (asked.length === 0) return { records: [], missing: strange };
  const { rows, next } = await list(context, { filter: `any(id,${JSON.stringify(asked)})`, sort: 'id' });
  const { records, rejected } = toRecords(rows, profileRecord, { noun: 'profile' });
  const given = new Set(records.map(({ recordId }) => recordId));
  // Where the answer is not whole, or is to another question, what is not in it proves nothing.
  const whole = next === undefined && rejected.length === 0 && [...given].every((id) => asked.includes(id));
  const own = records.filter(({ recordId }) => asked.includes(recordId));
  return { records: own, missing: [...strange, ...(whole ? asked.filter((id) => !given.has(id)) : [])] };
}

type Query = {
  filter?: string;
  sort?: string;
  'page[cursor]'?: string | undefined;
  'fields[profile]'?: string;
};

async function pageOf(context: Context<Settings>, query: Query, limit: number): Promise<ListedPage> {
  const { rows, next } = await list(context, query, limit);
  return { ...toRecords(rows, profileRecord, { noun: 'profile' }), next };
}

async function list(
  { api, settings }: Context<Settings>,
  query: Query,
  size = pageSize,
): Promise<{ rows: Json[]; next: string | undefined }> {
  // Additional fields take a stricter quota.
  const more = query['fields[profile]'] === undefined ? additional(settings) : {};
  const asked = { ...query, 'page[size]': size, ...more };
  const { list: rows, body } = await requestList(api, { path: profilesPath, query: asked }, 'data');
  const { next } = objectOf(body['links']);
  // The last page says null. A full one that says nothing may be cut short.
  if (next === undefined && rows.length >= size)
    throw new TransientError(
      'Klaviyo returned a full page of profiles that does not say whether more follow',
    );
  return { rows, next: nextPage(next) };
}

export function additional({ additionalFields }: Settings): { [name: string]: string } {
  return additionalFields.length ? { 'additional-fields[profile]': additionalFields.join(',') } : {};
}

/** `links.next` is a whole URL; of it only the cursor is used, so that no answer sends our key elsewhere. */
function nextPage(link: Json | undefined): string | undefined {
  if (link == null) return undefined;
  const page = URL.parse(String(link), 'https://a.klaviyo.com')?.searchParams.get('page[cursor]');
  if (!page) throw new TransientError('Klaviyo returned a link to the next page without a cursor');
  return page;
}
