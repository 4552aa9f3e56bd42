// Writes custom attributes of contacts by their ID, one contact a call: Intercom has no way to write several. The answer is the
// contact as it is then, so it shows what was taken.
// https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/updatecontact
import {
  type Api,
  type Context,
  type FactValue,
  type Json,
  type Permission,
  type PersonWrite,
  RejectedError,
  unknownAttribute,
  type WriteOutcome,
  type Writer,
} from '#connector';
import { triedWrite } from '#connector/checking';
import { objectOf, requestList, wordOf } from '#connector/reading';
import { contacts, contactsPath } from './contacts.ts';
import type { Settings } from './settings.ts';

/** Of the right form, and nobody's. */
const nobody = '000000000000000000000000';

export const writer: Writer<Settings> = {
  stream: contacts.name,
  traits: () => ({ bulk: null, singlesAtOnce: 8, answers: 'each' }),
  bodyPath: (attribute) => ['custom_attributes', attribute],
  movedByWrites: ['updated_at'],
  attributeFault: (attribute) =>
    /[.$]/.test(attribute) ? 'the name of a custom attribute, without a dot or a dollar sign' : null,
  stored,
  payload: ([write]) => ({
    custom_attributes: Object.fromEntries(
      Object.entries(write!.attributes).map(([name, value]) => [name, stored(value)]),
    ),
  }),
  write: async (context, writes) => Promise.all(writes.map((write) => writeOne(context, write))),
  read: {
    // One call each, side by side. A read by ID shows what was written at once (recorded).
    maxIds: contacts.read!.maxIds,
    async people(context, { recordIds, attributes }) {
      const { records } = await contacts.read!.records(context, { recordIds, properties: attributes });
      return records
        .filter(({ recordId }) => recordIds.includes(recordId))
        .map(({ recordId, body = {} }) => {
          const custom = objectOf(body['custom_attributes']);
          const values = attributes.map((name) => [name, custom[name] ?? null]);
          return { recordId, attributes: Object.fromEntries(values) };
        });
    },
  },
  check,
};

/** No attribute holds a list. An empty text is none. */
function stored(value: FactValue): Json {
  const text = Array.isArray(value) ? value.join(', ') : (value as Json);
  return text === '' ? null : text;
}

/** 404 where the contact was deleted or archived, 410 where it was merged into another. */
async function writeOne({ api, settings }: Context<Settings>, write: PersonWrite): Promise<WriteOutcome> {
  const { sourceId, recordId, attributes } = write;
  const names = Object.keys(attributes);
  const { status, json } = await api
    .request({
      method: 'PUT',
      path: pathOf(recordId ?? nobody),
      json: writer.payload([write], settings),
      answers: [404, 410],
      isAnswer: (json) => wordOf(objectOf(json)['id']) === recordId,
    })
    .catch(async (error: unknown) => {
      if (error instanceof RejectedError) await requireDefined(api, names);
      throw error;
    });
  if (status === 404 || status === 410)
    return { sourceId, result: 'missing', message: `Intercom answered ${status}: there is no such contact.` };
  const custom = objectOf(objectOf(json)['custom_attributes']);
  const leftOut = names.filter(
    (name) => stored(attributes[name]!) !== null && (custom[name] ?? null) === null,
  );
  if (leftOut.length === 0) return { sourceId, result: 'accepted' };
  await requireDefined(api, leftOut);
  return { sourceId, result: 'unknown', message: `Intercom left out ${leftOut.join(', ')}` };
}

function pathOf(recordId: string): string {
  return `${contactsPath}/${encodeURIComponent(recordId)}`;
}

/** By name, the type of each custom attribute of contacts that can be written. */
async function typesOf(api: Api): Promise<Map<string, string>> {
  const request = { path: '/data_attributes', query: { model: 'contact' } };
  const { list } = await requestList(api, request, 'data');
  return new Map(
    list.map(objectOf).flatMap(({ name, data_type, archived }): [string, string][] => {
      const known = wordOf(name);
      return known === undefined || archived === true ? [] : [[known, wordOf(data_type) ?? 'unknown']];
    }),
  );
}

/** Which error an unknown attribute is answered with is not documented, so that the definitions are asked. */
async function requireDefined(api: Api, names: readonly string[]): Promise<void> {
  const types = await typesOf(api);
  const unknown = names.filter((name) => !types.has(name));
  if (unknown.length > 0) throw new RejectedError(noteOn(unknown), { code: unknownAttribute });
}

function noteOn(unknown: readonly string[]): string {
  return `Intercom has no custom attribute ${unknown.join(', ')} of people: create it under Settings > Data, or correct writeBack.`;
}

async function check({ api }: Context<Settings>, attributes: readonly string[]): Promise<Permission[]> {
  const write = await triedWrite('write contacts', 'Custom attributes of contacts can be written.', () =>
    api.request({ method: 'PUT', path: pathOf(nobody), json: { custom_attributes: {} } }),
  );
  const types = await typesOf(api);
  const unknown = attributes.filter((name) => !types.has(name));
  const dates = attributes.filter((name) => types.get(name) === 'date');
  const notes = [
    ...(unknown.length > 0 ? [noteOn(unknown)] : []),
    ...(dates.length > 0
      ? [`${dates.join(', ')}: of the type date, and times are written as text. Use the type text.`]
      : []),
  ];
  const note = notes.join(' ') || 'All of them exist.';
  return [write, { what: 'find the attributes to write', allowed: notes.length === 0, note }];
}
