// The stream of named users: all of them again in each run, because nothing says which have changed, and single ones by ID. E-mail
// addresses and phone numbers are those of their channels. https://docs.airship.com/api/ua/#operation-api-named_users-get
import type { ApiRequest, Context, Json, JsonObject, SourceRecord, Stream } from '#connector';
import { readsById, requestOne } from '#connector/by-id';
import { type ListedPage, type PageRequest, pullsOf } from '#connector/listing';
import { listOf, momentOf, objectOf, wordOf } from '#connector/reading';
import { rowReader, toRecords } from '#connector/rows';
import type { Settings } from './settings.ts';

export const namedUsers: Stream<Settings> = {
  name: 'named_users',
  clock: 'reading',
  exhaustive: ({ absentIsEmpty }) => (absentIsEmpty ? ['attributes', 'tags'] : []),
  // How many named users are on a page is not documented.
  ...pullsOf<Settings>({ what: 'Airship named users', pageSize: 100, all }),
  read: {
    ...readsById<Settings>({
      maxIds: 5,
      isId: (id) => id.length <= 128,
      one: readOne,
      proof: ({ api }) => api.request(pageRequest()),
    }),
    lagSeconds: 5,
  },
  sweeps: true,
};

async function all({ api }: Context<Settings>, { page, limit, start }: PageRequest): Promise<ListedPage> {
  const { json } = await api.request(pageRequest(page, limit));
  const { named_users: users, next_page: next } = objectOf(json);
  return { ...toRecords(listOf(users), recordOf(start), { noun: 'named user' }), next: startIn(next) };
}

/** In the order of their IDs. `start`: the first one. */
export function pageRequest(start?: string, limit = 1): ApiRequest {
  const isAnswer = (json: Json | undefined) => {
    const { ok, named_users: users } = objectOf(json);
    return ok === true && Array.isArray(users);
  };
  return { path: '/api/named_users', query: { limit, start }, isAnswer };
}

/** `next_page` is a whole URL; of it only the start is used, so that no answer sends our credentials elsewhere. */
function startIn(next: Json | undefined): string | null | undefined {
  if (next == null || next === '') return undefined;
  return URL.parse(String(next), 'https://go.urbanairship.com')?.searchParams.get('start') || null;
}

function readOne({ api, now }: Context<Settings>, id: string): Promise<SourceRecord | null> {
  return requestOne(api, {
    id,
    request: { path: '/api/named_users/', query: { id } },
    vendor: 'Airship',
    recordIn: (json) => recordOf(now)(objectOf(json)['named_user'] ?? null),
    isMissing: (json) => objectOf(json)['ok'] === false,
  });
}

function recordOf(readAt: number): (row: Json) => SourceRecord | undefined {
  const read = rowReader({ id: 'named_user_id', changedAt: 'readAt', bodyOf });
  return (row) => read({ ...objectOf(row), readAt });
}

/** Without the channels, which change whenever an app is opened. */
function bodyOf({ readAt: _, channels, ...user }: JsonObject): JsonObject {
  if (!Array.isArray(channels)) return user;
  const known = channels.map(objectOf);
  const emails = known.filter(({ device_type }) => device_type === 'email');
  const sms = known.find(({ device_type }) => device_type === 'sms');
  const email = emails.find(isOptedIn) ?? emails[0];
  const number = addressOf(sms, ['msisdn', 'address', 'push_address']);
  return {
    ...user,
    email: addressOf(email, ['address', 'push_address']),
    phone: number === null ? null : `+${String(number).replace(/^\+/, '')}`,
  };
}

function addressOf(channel: JsonObject | undefined, names: readonly string[]): Json {
  return names.map((name) => wordOf(channel?.[name])).find((word) => word !== undefined) ?? null;
}

/** The later of the two times counts. */
function isOptedIn(channel: JsonObject): boolean {
  const timeOf = (name: string) => momentOf(channel[name]) ?? 0;
  return timeOf('commercial_opted_in') > timeOf('commercial_opted_out');
}
