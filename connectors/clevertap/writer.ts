// Writes properties of profiles by identity. An upload creates whom it does not find, so everybody is looked up first, unless that is
// wanted. Facts: https://developer.clevertap.com/docs/upload-user-profiles-api, and a recorded session of uploads.
import type {
  Context,
  FactValue,
  Json,
  JsonObject,
  Permission,
  PersonWrite,
  WriteOptions,
  WriteOutcome,
  Writer,
} from '#connector';
import { triedWrite } from '#connector/checking';
import { lookUp } from '#connector/looking-up';
import { listOf, objectOf, personHolding, wordOf } from '#connector/reading';
import { profiles } from './profiles.ts';
import type { Settings } from './settings.ts';

const ownNames = ['identity', 'name', 'email', 'phone', 'gender', 'dob', 'photo', 'objectid'];

export const writer: Writer<Settings> = {
  stream: 'profiles',
  // A thousand are allowed; where everybody is looked up first, three at a time, so many would take minutes.
  traits: (_settings, { create }) => ({
    bulk: { maxRecords: create ? 1_000 : 50, maxBytes: 1_000_000 },
    singlesAtOnce: 2,
    answers: 'each',
    calls: { perPerson: create ? 0 : 1 },
  }),
  creates: { by: 'identity' },
  bodyPath: (property) => [property],
  // An upload moves no clock.
  movedByWrites: [],
  attributeFault(property) {
    if (ownNames.includes(property.toLowerCase()) || property.startsWith('$'))
      return `a name of your own: ${ownNames.join(', ')} and names that begin with $ belong to CleverTap`;
    return Buffer.byteLength(property) > 120 ? 'a name of at most 120 bytes' : null;
  },
  stored,
  payload: (writes, _settings, now = 0) => ({
    d: writes.map(({ recordId, sourceId, attributes }) => ({
      type: 'profile',
      identity: recordId ?? sourceId,
      // A record without it was refused (recorded).
      ts: Math.floor(now / 1000),
      profileData: Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [
          name,
          value === null ? { $delete: 1 } : stored(value),
        ]),
      ),
    })),
  }),
  write,
  read: {
    ...profiles.read,
    calls: profiles.read.maxIds,
    async people(context, { recordIds, attributes }) {
      const { records } = await profiles.read.records(context, { recordIds, properties: [] });
      return records.map(({ recordId, body }) => personHolding(attributes, recordId, body));
    },
  },
  check: async (context): Promise<Permission[]> => [
    await triedWrite('write profiles', 'Properties of profiles can be written.', () =>
      upload(context, { d: [] }),
    ),
  ],
};

/** A list is joined: how an upload replaces one is not documented. */
function stored(value: FactValue): Json {
  return value !== null && typeof value === 'object' ? value.join(', ') : value;
}

async function write(
  context: Context<Settings>,
  writes: readonly PersonWrite[],
  options: WriteOptions = {},
): Promise<WriteOutcome[]> {
  const { present, missing } = await lookUp(context, writes, {
    ...options,
    read: profiles.read,
    properties: [],
    noun: 'profile',
  });
  if (present.length === 0) return missing;
  const answer = await upload(context, writer.payload(present, context.settings, context.now));
  return [...missing, ...outcomesOf(present, answer)];
}

/** All statuses come with 200; one that names no records is about the whole request. */
async function upload({ api }: Context<Settings>, json: JsonObject): Promise<JsonObject> {
  const { json: answer } = await api.request({
    method: 'POST',
    path: '/1/upload',
    json,
    isAnswer: (json) => typeof objectOf(json)['processed'] === 'number',
  });
  return objectOf(answer);
}

/**
 * Failed records are named by what was sent of them, in any order. The others count as written only where the numbers add up: one
 * that failed unnamed may be anybody.
 */
function outcomesOf(writes: readonly PersonWrite[], { processed, unprocessed }: JsonObject): WriteOutcome[] {
  const failures = new Map(
    listOf(unprocessed).map((one) => [wordOf(objectOf(objectOf(one)['record'])['identity']), objectOf(one)]),
  );
  const failed = writes.filter(({ recordId, sourceId }) => failures.has(recordId ?? sourceId));
  const isWhole = failed.length === listOf(unprocessed).length && processed === writes.length - failed.length;
  return writes.flatMap(({ recordId, sourceId }): WriteOutcome[] => {
    const failure = failures.get(recordId ?? sourceId);
    if (!failure) return isWhole ? [{ sourceId, result: 'accepted' }] : [];
    const code = `clevertap_${wordOf(failure['code']) ?? 'fail'}`;
    const message = wordOf(failure['error']) ?? 'CleverTap gave no reason';
    return [{ sourceId, result: 'rejected', code, message }];
  });
}
