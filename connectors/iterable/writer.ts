// Writes fields of users, many at a time. Iterable makes a user of whom it does not know and drops fields that the project does not
// have, so both are looked up before anything is written.
// https://api.iterable.com/api/docs#users_bulkUpdateUser
import {
  type ApiRequest,
  type Context,
  type JsonObject,
  type Permission,
  type PersonWrite,
  type Quota,
  RejectedError,
  UnauthorizedError,
  unknownAttribute,
  type WriteOutcome,
  type Writer,
} from '#connector';
import { triedWrite } from '#connector/checking';
import { lookUp } from '#connector/looking-up';
import { listOf, objectOf, wordOf } from '#connector/reading';
import { fieldsRequest } from './requests.ts';
import type { Settings } from './settings.ts';
import { recordIdOf, users } from './users.ts';

const bulkBucket = 'bulk updates';
export const bulkQuota: Quota = { name: bulkBucket, requests: 5, seconds: 1, bucket: bulkBucket };

/** Each of them is read before, at a hundred a second: more in one request would only come later. */
const maxInRequest = 100;
/** Iterable takes 4 MB. */
const maxBytes = 3_900_000;

/** What identifies a user, and what Iterable keeps by itself. */
const reserved = [
  ...['email', 'userId', 'signupDate', 'signupSource', 'profileUpdatedAt', 'itblInternal', 'itblUserId'],
  ...['emailListIds', 'devices', 'subscribedMessageTypeIds', 'unsubscribedMessageTypeIds'],
  ...['unsubscribedChannelIds', 'phoneNumber', 'phoneNumberDetails', 'timeZone', 'locale'],
];

export const writer: Writer<Settings> = {
  stream: users.name,
  traits: () => ({
    bulk: { maxRecords: maxInRequest, maxBytes, bucket: bulkBucket },
    singlesAtOnce: 1,
    answers: 'each',
    calls: { perPerson: 1, perRequest: 1 },
  }),
  bodyPath: (field) => [field],
  movedByWrites: ['profileUpdatedAt', 'itblInternal'],
  attributeFault: (field) =>
    reserved.includes(field) || !/^[\w -]+$/.test(field)
      ? 'the name of a field of your own, of letters, digits, spaces, underscores and hyphens'
      : null,
  payload: (writes, { key }) => ({
    createNewFields: false,
    users: writes.map(
      ({ recordId, attributes }): JsonObject => ({
        [key]: recordId,
        ...(key === 'userId' && { preferUserId: true }),
        dataFields: attributes as JsonObject,
      }),
    ),
  }),
  write,
  read: {
    maxIds: users.read!.maxIds,
    // The vendor's advice; 2 to 12 seconds were recorded.
    lagSeconds: 60,
    async people(context, { recordIds, attributes }) {
      const { records } = await users.read!.records(context, { recordIds, properties: attributes });
      return records.map(({ recordId, body = {} }) => {
        const values = attributes.map((name) => [name, body[name] ?? null]);
        return { recordId, attributes: Object.fromEntries(values) };
      });
    },
  },
  check,
};

async function write(context: Context<Settings>, writes: readonly PersonWrite[]): Promise<WriteOutcome[]> {
  const { api, settings } = context;
  if (settings.apiKey === undefined)
    throw new UnauthorizedError('Set apiKey: without it nothing can be written.');
  const fields = [...new Set(writes.flatMap(({ attributes }) => Object.keys(attributes)))];
  requireFields(await unknownFields(context, fields));
  const { present, missing } = await lookUp(context, writes, {
    read: users.read!,
    noun: 'user',
    properties: ['email'],
  });
  const known = present.filter(({ recordId }) => recordId !== null);
  if (known.length === 0) return missing;
  const { json } = await api.request({
    ...bulkUpdate(writer.payload(known, settings)),
    isAnswer: (json) =>
      ['successCount', 'failCount'].every((count) => typeof objectOf(json)[count] === 'number'),
  });
  requireFields(listOf(objectOf(json)['filteredOutFields']).flatMap((name) => wordOf(name) ?? []));
  return [...outcomesOf(objectOf(json), known, settings), ...missing];
}

/** Failures are lists of IDs by their reason. Where fewer are named than failed, it may be anybody of the others. */
function outcomesOf(
  { successCount, failCount, failedUpdates, invalidEmails, invalidUserIds }: JsonObject,
  writes: readonly PersonWrite[],
  { key }: Settings,
): WriteOutcome[] {
  const reasons = Object.entries({ ...objectOf(failedUpdates), invalidEmails, invalidUserIds });
  const failures = new Map(
    reasons.flatMap(([reason, ids]) =>
      listOf(ids).map((id): [string, string] => [recordIdOf(String(id), key), reason]),
    ),
  );
  const failed = writes.filter(({ recordId }) => failures.has(recordIdOf(recordId!, key)));
  const isWhole = failed.length === failCount && successCount === writes.length - failed.length;
  return writes.flatMap(({ sourceId, recordId }): WriteOutcome[] => {
    const reason = failures.get(recordIdOf(recordId!, key));
    if (reason === undefined) return isWhole ? [{ sourceId, result: 'accepted' }] : [];
    const message = `Iterable lists the user under ${reason}.`;
    if (reason.startsWith('notFound')) return [{ sourceId, result: 'missing', message }];
    return [{ sourceId, result: 'rejected', code: reason, message }];
  });
}

async function unknownFields({ api }: Context<Settings>, fields: readonly string[]): Promise<string[]> {
  const { json } = await api.request(fieldsRequest);
  const known = objectOf(objectOf(json)['fields']);
  return fields.filter((name) => !Object.hasOwn(known, name));
}

function requireFields(unknown: readonly string[]): void {
  if (unknown.length > 0) throw new RejectedError(noteOn(unknown), { code: unknownAttribute });
}

function noteOn(unknown: readonly string[]): string {
  return `The project has no user field ${unknown.join(', ')}: create it in Iterable, or correct writeBack.`;
}

function bulkUpdate(json: JsonObject): ApiRequest {
  return { method: 'POST', path: '/api/users/bulkUpdate', bucket: bulkBucket, json };
}

async function check(context: Context<Settings>, fields: readonly string[]): Promise<Permission[]> {
  const what = 'write users';
  if (context.settings.apiKey === undefined)
    return [{ what, allowed: false, note: 'No apiKey is set: give a server-side API key.' }];
  const write = await triedWrite(what, 'Fields of users can be written.', () =>
    context.api.request(bulkUpdate({ users: [] })),
  );
  const unknown = await unknownFields(context, fields);
  const note = unknown.length === 0 ? 'All of them exist.' : noteOn(unknown);
  return [write, { what: 'find the fields to write', allowed: unknown.length === 0, note }];
}
