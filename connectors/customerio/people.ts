// The stream of people, read by ID. Customer.io neither lists people nor reports changes of attributes: people that an
// event names are read.
import {
  type Context,
  type Json,
  type JsonObject,
  RejectedError,
  type SourceRecord,
  type Stream,
  TransientError,
} from '#connector';
import { listOf, momentOf, objectOf, requestList, wordOf } from '#connector/reading';
import type { Settings } from './settings.ts';

/** The most that one call takes. */
const batchSize = 100;

type IdType = 'cio_id' | 'id';

export const people: Stream<Settings> = {
  name: 'people',
  // A removed attribute is gone from the attributes and from their times, so that the newest time goes back (recorded).
  exhaustive: [''],
  clock: 'reading',
  leftOut: (_settings, body) => anonymous(body),
  read: { maxIds: batchSize, records: read },
};

/**
 * IDs are the `cio_id`, or the workspace's own `id` where events have no other: a person asked for by that is missing
 * under it and comes under their `cio_id`.
 */
async function read(
  context: Context<Settings>,
  { recordIds }: { recordIds: readonly string[] },
): Promise<{ records: SourceRecord[]; missing: string[] }> {
  const { appKey, readBy } = context.settings;
  if (appKey === undefined)
    throw new RejectedError('Reading people from Customer.io requires an App API key: set appKey.', {
      code: 'no_app_key',
    });
  const asked = [...new Set(recordIds)];
  const found = new Map<string, SourceRecord>();
  const find = readBy === 'batch' ? findTogether : findEach;
  await find(context, asked.filter(isCioId), 'cio_id', found);
  const rest = asked.filter((id) => !found.has(id));
  await find(context, rest, 'id', found);
  if (readBy === 'batch') {
    // A batch leaves out whom it does not know, without a word: that somebody is gone is asked once more, by name.
    const gone = rest.filter((id) => !found.has(id));
    await findEach(context, gone.filter(isCioId), 'cio_id', found);
    await findEach(
      context,
      gone.filter((id) => !isCioId(id)),
      'id',
      found,
    );
  }
  const records = new Map([...found.values()].map((record) => [record.recordId, record]));
  return { records: [...records.values()], missing: asked.filter((id) => !records.has(id)) };
}

/** Their own IDs are hexadecimal; a workspace's may be too. */
export function isCioId(id: string): boolean {
  return /^[0-9a-f]+$/i.test(id);
}

/** Adds those that are there, by the ID they were asked for. */
async function findTogether(
  { api, now }: Context<Settings>,
  ids: readonly string[],
  type: IdType,
  found: Map<string, SourceRecord>,
): Promise<void> {
  if (ids.length === 0) return;
  const asked = {
    method: 'POST' as const,
    path: '/v1/customers/attributes',
    query: { id_type: type },
    json: { ids: [...ids] },
  };
  const { list } = await requestList(api, asked, 'customers');
  for (const row of list) {
    const person = personOf(row, now);
    const id = person && idOf(person, type);
    if (person && id !== undefined && ids.includes(id)) found.set(id, person);
  }
}

function idOf(person: SourceRecord, type: IdType): string | undefined {
  return type === 'cio_id' ? person.recordId : wordOf(person.body['id']);
}

async function findEach(
  { api, now }: Context<Settings>,
  ids: readonly string[],
  type: IdType,
  found: Map<string, SourceRecord>,
): Promise<void> {
  for (const id of ids) {
    const { status, json } = await api.request({
      path: `/v1/customers/${encodeURIComponent(id)}/attributes`,
      query: { id_type: type },
      answers: [404],
      isAnswer: (json) => personOf(objectOf(json), now) !== undefined,
    });
    // A gateway's 404 must not delete anybody: Customer.io's own lists errors (recorded).
    if (status === 404 && listOf(objectOf(json)['errors']).length === 0)
      throw new TransientError(
        "The 404 for a person does not come from Customer.io's App API, because it lists no errors. Check baseUrl and region.",
        { status, foreign: true },
      );
    if (status === 404) continue;
    const person = personOf(objectOf(json), now)!;
    if (idOf(person, type) !== id)
      throw new TransientError('Customer.io returned a person other than the requested one.', {
        foreign: true,
      });
    found.set(id, person);
  }
}

/**
 * The body is the attributes, as the text that the App API gives, beside `unsubscribed` and both IDs. There is no time of
 * the last change: the newest of the attributes' own times is taken, and where they are not given, now.
 */
function personOf(row: Json, now: number): SourceRecord | undefined {
  const customer = objectOf(objectOf(row)['customer'] ?? row);
  const attributes = objectOf(customer['attributes']);
  const identifiers = objectOf(customer['identifiers']);
  const cioId = wordOf(identifiers['cio_id']) ?? wordOf(attributes['cio_id']);
  const id = ownIdOf(customer, cioId);
  const recordId = cioId ?? id;
  if (recordId === undefined) return undefined;
  const times = Object.values(objectOf(customer['timestamps'])).map((time) => momentOf(time, 'seconds') ?? 0);
  const newest = Math.max(0, ...times);
  const { unsubscribed } = customer;
  const { id: _maybeNotOwn, ...rest } = attributes;
  return {
    recordId,
    changedAt: newest > 0 ? newest : now,
    body: {
      ...rest,
      ...(id !== undefined && { id }),
      ...(cioId !== undefined && { cio_id: cioId }),
      ...(typeof unsubscribed === 'boolean' && { unsubscribed }),
      ...(listOf(customer['devices']).length > 0 && { devices: listOf(customer['devices']) }),
    },
  };
}

/** The workspace's own ID. Customer.io's is none: it would stick as a source ID before the person is identified. */
function ownIdOf(customer: JsonObject, cioId: string | undefined): string | undefined {
  const identifiers = objectOf(customer['identifiers']);
  if (Object.hasOwn(identifiers, 'id')) return wordOf(identifiers['id']);
  const id = wordOf(objectOf(customer['attributes'])['id']) ?? wordOf(customer['id']);
  return id === cioId ? undefined : id;
}

/** Profiles that only devices and visits have made. */
function anonymous(body: JsonObject): string | null {
  const isNamed = ['id', 'email', 'phone'].some((name) => wordOf(body[name]) !== undefined);
  return isNamed ? null : 'it is an anonymous profile: it has no id, e-mail address or phone number';
}
