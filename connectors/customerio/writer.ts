// Writes attributes of people by the Track API, many at a time. A success only says that an update was taken: it leaves strangers out,
// and may fail afterwards without a word, so everybody who was written is read back by the App API.
// https://docs.customer.io/integrations/api/track/ (batch)
import {
  type ApiRequest,
  type Context,
  type FactValue,
  type Json,
  type JsonObject,
  type Permission,
  type PersonWrite,
  type Quota,
  RejectedError,
  UnauthorizedError,
  type WriteOutcome,
  type Writer,
} from '#connector';
import { triedWrite } from '#connector/checking';
import { listOf, objectOf, wordOf } from '#connector/reading';
import { isCioId, people } from './people.ts';
import type { Settings } from './settings.ts';

/** The name of its credentials, and of the bucket of its calls. */
export const track = 'track';
/** What Customer.io calls fair use. */
export const trackQuota: Quota = { name: track, requests: 100, seconds: 1, bucket: track };

/** Of one batch, so that one call reads them all back. */
const maxInBatch = 100;
/** Customer.io takes 500 KB, and 32 KB of one person. */
const maxBytes = 450_000;

/** Whom the attributes identify, and what Customer.io keeps by itself. */
const reserved = ['id', 'cio_id', 'email', 'phone', 'created_at', 'unsubscribed', 'anonymous_id'];
const missing =
  'Set track to the site ID and the API key of the Track API, and appKey, with which people are read back.';

export const writer: Writer<Settings> = {
  stream: people.name,
  traits: () => ({
    bulk: { maxRecords: maxInBatch, maxBytes, bucket: track },
    singlesAtOnce: 1,
    answers: 'none',
  }),
  bodyPath: (attribute) => [attribute],
  movedByWrites: [],
  attributeFault: (attribute) =>
    reserved.includes(attribute) || /^(_|cio_)/.test(attribute)
      ? 'the name of an attribute of your own: this one belongs to Customer.io'
      : null,
  stored,
  payload: (writes) => ({ batch: writes.flatMap(updatesOf).map(({ update }) => update) }),
  write,
  read: {
    maxIds: maxInBatch,
    lagSeconds: 30,
    async people(context, { recordIds, attributes }) {
      const { records } = await people.read!.records(context, { recordIds, properties: attributes });
      return records.flatMap(({ recordId, body = {} }) => {
        const values = attributes.map((name) => [name, body[name] ?? null]);
        // A person whose record has the workspace's own ID comes under that of Customer.io.
        const known = [recordId, wordOf(body['id'])].find((id) => id !== undefined && recordIds.includes(id));
        return known === undefined ? [] : [{ recordId: known, attributes: Object.fromEntries(values) }];
      });
    },
  },
  check,
};

/** The App API returns every value as text: a list is written as one, so that it can be compared. */
function stored(value: FactValue): Json {
  return Array.isArray(value) ? value.join(',') : (value as Json);
}

/**
 * Updates of one person, none of which makes a person. Whose record ID is the source ID may be known by either kind of ID:
 * then both are named, and the one that nobody has is ignored.
 */
function updatesOf(write: PersonWrite): { sourceId: string; update: JsonObject }[] {
  const { sourceId, recordId, attributes } = write;
  const id = recordId ?? '';
  const kinds = !isCioId(id) ? ['id'] : id === sourceId ? ['cio_id', 'id'] : ['cio_id'];
  const values = Object.entries(attributes).map(([name, value]) => [name, stored(value)]);
  return kinds.map((kind) => ({
    sourceId,
    update: {
      type: 'person',
      action: 'identify',
      identifiers: { [kind]: id },
      attributes: { ...Object.fromEntries(values), _update: true },
    },
  }));
}

/** 200 where all were taken, 207 where the errors name those that were not, 400 where none was. */
async function write(
  { api, settings }: Context<Settings>,
  writes: readonly PersonWrite[],
): Promise<WriteOutcome[]> {
  if (!settings.track || settings.appKey === undefined) throw new UnauthorizedError(missing);
  const { status, json } = await api.request({
    ...batch(writer.payload(writes, settings)),
    answers: [400],
    isAnswer: (json) => objectOf(json) === json && isAnswer(json),
  });
  const updates = writes.flatMap(updatesOf);
  const errors = listOf(objectOf(json)['errors']).map(objectOf);
  if (status === 400 && !errors.some((error) => typeof error['batch_index'] === 'number'))
    throw new RejectedError('Customer.io refused the whole batch.', { status, code: codeOf(errors[0]) });
  const errorAt = (index: number) => errors.find((error) => error['batch_index'] === index);
  return writes.flatMap(({ sourceId }): WriteOutcome[] => {
    const own = updates.flatMap((one, index) => (one.sourceId === sourceId ? [errorAt(index)] : []));
    if (own.includes(undefined)) return status === 400 ? [] : [{ sourceId, result: 'accepted' }];
    const [error] = own as [JsonObject];
    const message = wordOf(error['message']) ?? 'Customer.io gave no reason';
    return [{ sourceId, result: 'rejected', code: codeOf(error), message }];
  });
}

function codeOf(error: JsonObject | undefined): string {
  return wordOf(error?.['reason']) ?? 'error';
}

/** A success without errors is an empty object. */
function isAnswer(json: JsonObject): boolean {
  return Object.keys(json).length === 0 || Array.isArray(json['errors']);
}

function batch(json: JsonObject): ApiRequest {
  return { method: 'POST', path: '/api/v2/batch', auth: track, bucket: track, json };
}

async function check({ api, settings }: Context<Settings>): Promise<Permission[]> {
  const what = 'write people';
  if (!settings.track || settings.appKey === undefined) return [{ what, allowed: false, note: missing }];
  return [
    await triedWrite(what, 'Attributes of people can be written.', () => api.request(batch({ batch: [] }))),
  ];
}
