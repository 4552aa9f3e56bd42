// Writes custom fields of contacts, one contact per request, by the IDs of the pull. The requests that carry many contacts find
// them by e-mail address and create whom they do not find, so they are not used.
// https://developers.activecampaign.com/reference/update-a-contact-new
import {
  type Api,
  type ApiRequest,
  type ApiResponse,
  type Context,
  type FactValue,
  type Json,
  type Permission,
  type PersonWrite,
  RejectedError,
  TransientError,
  UnauthorizedError,
  unknownAttribute,
  type WriteOutcome,
  type Writer,
} from '#connector';
import { found, triedWrite } from '#connector/checking';
import { listOf, objectOf, requestList, valueAt, wordOf } from '#connector/reading';
import { isId, isMissing, listRequest, readAtOnce } from './contacts.ts';
import type { Settings } from './settings.ts';

/** Of the right form, and nobody's. */
const nobody = '999999999999999';

export const writer: Writer<Settings> = {
  stream: 'contacts',
  // Five calls in a second are all that an account has.
  traits: () => ({ bulk: null, singlesAtOnce: 4, answers: 'each' }),
  bodyPath: (field) => ['fields', field],
  // The first write of a contact also replaces placeholders that nobody has edited (recorded).
  movedByWrites: [
    'udate',
    'updated_utc_timestamp',
    'updated_timestamp',
    'updated_by',
    'created_by',
    'ua',
    'sms_consent_updated_at',
  ],
  attributeFault: (field) =>
    isId(field) ? null : 'the ID of a custom field, such as 7: GET /api/3/fields lists them',
  stored,
  payload: ([write]) => ({
    contact: {
      fieldValues: Object.entries(write!.attributes).map(([field, value]) => ({
        field,
        value: stored(value),
      })),
    },
  }),
  async write(context, [write]) {
    return [await writeOne(context, write!)];
  },
  read: {
    maxIds: readAtOnce,
    async people({ api }, { recordIds, attributes }) {
      const request = listRequest({ 'ids[]': recordIds, limit: recordIds.length });
      const { list, body } = await requestList(api, request, 'fieldValues');
      return listOf(body['contacts']).flatMap((contact) => {
        const recordId = wordOf(objectOf(contact)['id']);
        if (recordId === undefined) return [];
        const held = valuesOf(list, recordId);
        const values = attributes.map((field) => [field, held.get(field) ?? null]);
        return [{ recordId, attributes: Object.fromEntries(values) }];
      });
    },
  },
  check,
};

/** Everything is text; the choices of a field are written `||red||blue||`, and an empty text clears. */
function stored(value: FactValue): Json {
  if (value === null) return '';
  if (typeof value !== 'object') return String(value);
  return value.length === 0 ? '' : `||${value.join('||')}||`;
}

/** The values of one contact by the ID of the field. */
function valuesOf(fieldValues: Json | undefined, contactId: string): Map<string, Json> {
  return new Map(
    listOf(fieldValues)
      .map(objectOf)
      .filter(({ contact }) => wordOf(contact) === contactId)
      .map(({ field, value }) => [wordOf(field) ?? '', value ?? null]),
  );
}

/** A success that does not show every value as it was sent proves nothing: the contact is read. */
async function writeOne({ api, settings }: Context<Settings>, write: PersonWrite): Promise<WriteOutcome> {
  const { sourceId } = write;
  const recordId = write.recordId ?? '';
  const path = `/contacts/${encodeURIComponent(recordId)}`;
  const isAnswer = (json: Json | undefined) => wordOf(valueAt(json, 'contact.id')) === recordId;
  try {
    const json = writer.payload([write], settings);
    const { json: answer } = await put(api, { path, json, isAnswer });
    if (unstored(write, objectOf(answer)['fieldValues']) === undefined)
      return { sourceId, result: 'accepted' };
  } catch (error) {
    if (!(error instanceof RejectedError)) throw error;
    const { status, code, message, details } = error;
    if (status === 404) {
      requireMissing(details);
      return { sourceId, result: 'missing', message };
    }
    return { sourceId, result: 'rejected', code, message, ...(details !== undefined && { details }) };
  }
  const withValues = (json: Json | undefined) =>
    isAnswer(json) && Array.isArray(objectOf(json)['fieldValues']);
  const { json } = await api.request({ path, query: { include: 'fieldValues' }, isAnswer: withValues });
  const field = unstored(write, objectOf(json)['fieldValues']);
  if (field === undefined) return { sourceId, result: 'accepted' };
  if (!(await hasField(api, field)))
    throw new RejectedError(
      `ActiveCampaign has no custom field with the ID ${field}. Create the field, or correct writeBack.`,
      { code: unknownAttribute },
    );
  const message = `ActiveCampaign answered with success, but custom field ${field} does not have the value that was sent. Does its type accept it?`;
  return { sourceId, result: 'rejected', code: 'not_stored', message };
}

/**
 * A 403 comes now and then with a valid key, which is why reads take it as passing. Of a write it may also mean that the user may
 * only read: the engine pauses writing alone, and not because of one refusal.
 */
async function put(api: Api, request: ApiRequest): Promise<ApiResponse> {
  try {
    return await api.request({ ...request, method: 'PUT' });
  } catch (error) {
    if (!(error instanceof TransientError) || error.status !== 403) throw error;
    const message =
      'ActiveCampaign refused to write (403). Give the user of the API key the permission to edit contacts.';
    throw new UnauthorizedError(message, { status: 403, cause: error });
  }
}

/** The first field that these values do not show as it was sent. An empty field may be left out. */
function unstored({ recordId, attributes }: PersonWrite, fieldValues: Json | undefined): string | undefined {
  if (!Array.isArray(fieldValues)) return Object.keys(attributes)[0];
  const held = valuesOf(fieldValues, recordId ?? '');
  return Object.entries(attributes).find(([field, value]) => (held.get(field) ?? '') !== stored(value))?.[0];
}

async function hasField(api: Api, field: string): Promise<boolean> {
  const isAnswer = (json: Json | undefined) => wordOf(valueAt(json, 'field.id')) === field;
  const { status, json } = await api.request({ path: `/fields/${field}`, answers: [404], isAnswer });
  if (status === 404) requireMissing(json);
  return status !== 404;
}

/** A 404 of any other kind says nothing of the record: the base URL may lead elsewhere. */
function requireMissing(json: Json | undefined): void {
  if (!isMissing(json))
    throw new TransientError('A 404 was answered that is not from ActiveCampaign', {
      status: 404,
      foreign: true,
    });
}

async function check({ api }: Context<Settings>, fields: readonly string[]): Promise<Permission[]> {
  const write = await triedWrite('write contacts', 'Custom fields of contacts can be written.', () =>
    put(api, { path: `/contacts/${nobody}`, json: { contact: {} } }),
  );
  const defined = await found('find the custom fields to write', async () => {
    const defined = await Promise.all(fields.map((field) => hasField(api, field)));
    const unknown = fields.filter((_, index) => !defined[index]);
    if (unknown.length === 0) return { allowed: true, note: 'All of them exist.' };
    const note = `ActiveCampaign has no custom field with the ID ${unknown.join(', ')}: create it, or correct writeBack.`;
    return { allowed: false, note };
  });
  return [write, defined];
}
