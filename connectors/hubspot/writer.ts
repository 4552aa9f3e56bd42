// Writes properties of contacts, a hundred at a time, by the IDs of the pull.
// https://developers.hubspot.com/docs/api-reference/crm-contacts-v3 (batch update) and "Properties".
import {
  type Context,
  type FactValue,
  type Json,
  type Permission,
  type PersonWrite,
  RejectedError,
  unknownAttribute,
  type WriteOutcome,
  type Writer,
  withAdvice,
} from '#connector';
import { triedWrite } from '#connector/checking';
import { listOf, objectOf, requestList, valueAt, wordOf } from '#connector/reading';
import { batchRead } from './batch.ts';
import { contactsPath, propertiesPath, type Settings } from './settings.ts';

const maxBatch = 100;

export const writer: Writer<Settings> = {
  stream: 'contacts',
  traits: () => ({
    bulk: { maxRecords: maxBatch, maxBytes: 3_000_000 },
    singlesAtOnce: 4,
    answers: 'each',
  }),
  bodyPath: (property) => [property],
  movedByWrites: ['lastmodifieddate', 'hs_lastmodifieddate'],
  attributeFault: (property) =>
    /^[a-z][a-z0-9_]{0,99}$/.test(property)
      ? null
      : 'the internal name of a property: lower-case letters, digits and underscores, beginning with a letter',
  stored,
  payload: (writes) => ({
    inputs: writes.map(({ recordId, attributes }) => ({
      id: recordId,
      properties: Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [name, stored(value)]),
      ),
    })),
  }),
  write,
  read: {
    maxIds: maxBatch,
    async people(context, { recordIds, attributes }) {
      const body = await batchRead(context, 'contacts', recordIds, attributes);
      return listOf(body['results']).map((row) => {
        const properties = objectOf(objectOf(row)['properties']);
        const values = attributes.map((name) => [name, properties[name] ?? null]);
        return { recordId: wordOf(objectOf(row)['id']) ?? '', attributes: Object.fromEntries(values) };
      });
    },
  },
  check,
  /** HubSpot tells of each property apart. */
  isOwnChange(item, properties) {
    const { subscriptionType, propertyName } = objectOf(item);
    return (
      typeof subscriptionType === 'string' &&
      subscriptionType.endsWith('.propertyChange') &&
      typeof propertyName === 'string' &&
      properties.includes(propertyName)
    );
  },
};

/** Every value is a text, and an empty one clears. */
function stored(value: FactValue): Json {
  if (value === null) return '';
  return Array.isArray(value) ? value.join(';') : String(value);
}

/** 200 where all were updated, 207 with errors where some were not. One invalid value refuses the whole. */
async function write(
  { api, settings }: Context<Settings>,
  writes: readonly PersonWrite[],
): Promise<WriteOutcome[]> {
  try {
    const { body } = await requestList(
      api,
      {
        method: 'POST',
        path: contactsPath(settings, '/batch/update'),
        json: writer.payload(writes, settings),
      },
      'results',
    );
    const updated = new Set(listOf(body['results']).map((row) => wordOf(objectOf(row)['id'])));
    const errors = listOf(body['errors']).map(objectOf);
    return writes.flatMap(({ sourceId, recordId }): WriteOutcome[] => {
      if (updated.has(recordId ?? '')) return [{ sourceId, result: 'accepted' }];
      const error = errors.find((one) =>
        listOf(valueAt(one, 'context.ids'))
          .map(String)
          .includes(recordId ?? ''),
      );
      if (!error) return [];
      const message = wordOf(error['message']) ?? 'HubSpot gave no reason';
      const code = wordOf(error['category']) ?? 'error';
      if (code === 'OBJECT_NOT_FOUND') return [{ sourceId, result: 'missing', message }];
      return [{ sourceId, result: 'rejected', code, message, details: error }];
    });
  } catch (error) {
    throw error instanceof RejectedError && isUnknownProperty(error)
      ? new RejectedError(
          withAdvice(error.message, 'Create the property in HubSpot, or correct writeBack.'),
          {
            code: unknownAttribute,
            ...(error.details !== undefined && { details: error.details }),
          },
        )
      : error;
  }
}

function isUnknownProperty({ message, details }: RejectedError): boolean {
  return `${message} ${JSON.stringify(details ?? null)}`.includes('PROPERTY_DOESNT_EXIST');
}

async function check(
  { api, settings }: Context<Settings>,
  properties: readonly string[],
): Promise<Permission[]> {
  const write = await triedWrite('write contacts', 'Properties of contacts can be written.', () =>
    api.request({ method: 'POST', path: contactsPath(settings, '/batch/update'), json: { inputs: [] } }),
  );
  const { list } = await requestList(api, { path: propertiesPath(settings) }, 'results');
  const known = list.map((property) => wordOf(objectOf(property)['name']));
  const unknown = properties.filter((name) => !known.includes(name));
  const what = 'find the properties to write';
  const note =
    unknown.length === 0
      ? 'All of them exist.'
      : `HubSpot has no property ${unknown.join(', ')}: create it under Settings > Properties, or correct writeBack.`;
  return [write, { what, allowed: unknown.length === 0, note }];
}
