// The stream of profiles: those of people who did an event on some days, and single ones by identity. Nothing tells when a profile
// changed, so the last two days are read again each time. https://developer.clevertap.com/docs/get-user-profiles-api
import type { Context, Json, JsonObject, SourceRecord, Stream } from '#connector';
import { readsById } from '#connector/by-id';
import { type ListedPage, type PageRequest, pullsOf } from '#connector/listing';
import { objectOf, requestList, wordOf } from '#connector/reading';
import { isUnknown } from './api.ts';
import type { Settings } from './settings.ts';

const pageSize = 5_000;
const dayMs = 86_400_000;

export const profiles = {
  name: 'profiles',
  exhaustive: ({ absentIsEmpty }) => (absentIsEmpty ? [''] : []),
  // What was read later is the later state.
  clock: 'reading',
  ...pullsOf<Settings>({
    what: 'CleverTap profiles',
    pageSize,
    settledMs: 1_000,
    oldestFirst: false,
    all: (context, request) => pageOf(context, request, Date.parse(context.settings.since)),
    changes: (context, request) => pageOf(context, request, request.from),
  }),
  read: {
    ...readsById<Settings>({ maxIds: 3, isId: () => true, one: readOne, proof: (context) => query(context) }),
    lagSeconds: 60,
  },
} satisfies Stream<Settings>;

/** The first page is the query alone: it may take a while until it has an answer. */
async function pageOf(
  context: Context<Settings>,
  { page, limit }: PageRequest,
  from: number,
): Promise<ListedPage> {
  if (page === undefined) return { records: [], next: await query(context, from, limit) };
  const request = { path: '/1/profiles.json', query: { cursor: page } };
  const { list, body } = await requestList(context.api, request, 'records');
  const records = list.flatMap((row) => recordOf(row, context.now) ?? []);
  return { records, next: decoded(wordOf(body['next_cursor'])) };
}

/** The cursor of a query for profiles, from the day before `from`. */
export async function query({ api, settings, now }: Context<Settings>, from = now, size = pageSize) {
  const { eventName, timezone } = settings;
  const { json } = await api.request({
    method: 'POST',
    path: '/1/profiles.json',
    query: { batch_size: size, app: false, events: false, profile: true },
    json: { event_name: eventName, from: dayOf(from - dayMs, timezone), to: dayOf(now, timezone) },
    isAnswer: (json) => wordOf(objectOf(json)['cursor']) !== undefined,
  });
  return decoded(wordOf(objectOf(json)['cursor']))!;
}

/** The number `YYYYMMDD`. */
function dayOf(epochMs: number, timeZone: string): number {
  return Number(new Intl.DateTimeFormat('en-CA', { timeZone }).format(epochMs).replaceAll('-', ''));
}

/** Some cursors are encoded already, and would be encoded again. None that is not has a percent sign. */
function decoded(cursor: string | undefined): string | undefined {
  return cursor?.includes('%') ? decodeURIComponent(cursor) : cursor;
}

/** Null: CleverTap says that there is no such profile. A profile under another identity has taken this one over. */
async function readOne({ api, settings, now }: Context<Settings>, id: string): Promise<SourceRecord | null> {
  const { json } = await api.request({
    path: '/1/profile.json',
    query: { identity: id },
    isAnswer: (json) =>
      isUnknown(json, settings) || objectOf(objectOf(json)['record'])['profileData'] !== undefined,
  });
  if (isUnknown(json, settings)) return null;
  const { record } = objectOf(json);
  const found = recordOf({ identity: id, ...objectOf(record) }, now)!;
  return found.recordId === id ? found : { ...found, merged: [id] };
}

/** Flat: properties, and above them what stands beside them. Undefined: an anonymous profile. */
function recordOf(row: Json, now: number): SourceRecord | undefined {
  const { profileData, platformInfo: _, ...beside } = objectOf(row);
  const recordId = wordOf(beside['identity']);
  if (recordId === undefined) return undefined;
  const all = Object.entries({ ...objectOf(profileData), ...beside, identity: recordId });
  const body: JsonObject = Object.fromEntries(all.map(([name, value]) => [name, dated(value, name)]));
  return { recordId, changedAt: now, body };
}

/** `$D_1459461600` is a day, and so is a birthday that is a number such as 19900517. */
function dated(value: Json, name: string): Json {
  const [, seconds] = /^\$D_(-?\d{1,12})$/.exec(String(value)) ?? [];
  if (seconds !== undefined) return new Date(Number(seconds) * 1000).toISOString();
  return name === 'DOB' && /^(19|20)\d{6}$/.test(String(value)) ? String(value) : value;
}
