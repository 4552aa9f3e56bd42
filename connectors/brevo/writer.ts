// Writes attributes of contacts, a hundred at a time, by the IDs of the pull. Brevo ignores an attribute that it does not have, and a
// value of the wrong type, without an error: the definitions are read before each request, and some contacts after it.
// https://developers.brevo.com/reference/update-batch-contacts
import {
  type Api,
  type Context,
  type FactValue,
  type Json,
  type Permission,
  type PersonWrite,
  RejectedError,
  TransientError,
  unknownAttribute,
  type WriteOutcome,
  type Writer,
} from '#connector';
import { found, triedWrite } from '#connector/checking';
import { listOf, objectOf, requestList, wordOf } from '#connector/reading';
import { attributesRequest, contacts } from './contacts.ts';
import type { Settings } from './settings.ts';

const path = '/contacts/batch';

export const writer: Writer<Settings> = {
  stream: 'contacts',
  traits: () => ({
    bulk: { maxRecords: 100, maxBytes: 1_000_000 },
    singlesAtOnce: 4,
    answers: 'none',
    calls: { perRequest: 1 },
  }),
  bodyPath: (attribute) => ['attributes', attribute],
  movedByWrites: ['modifiedAt'],
  attributeFault: (attribute) =>
    /^[A-Z][A-Z0-9_]*$/.test(attribute)
      ? null
      : 'the name of a contact attribute as Brevo writes it: capital letters, digits and underscores',
  stored,
  payload: (writes) => ({
    contacts: writes.map(({ recordId, attributes }) => ({
      id: Number(recordId),
      attributes: Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [name, stored(value)]),
      ),
    })),
  }),
  write,
  read: {
    maxIds: contacts.read.maxIds,
    calls: contacts.read.maxIds,
    lagSeconds: contacts.read.lagSeconds,
    async people(context, { recordIds, attributes }) {
      const { records } = await contacts.read.records(context, { recordIds, properties: [] });
      return records.map(({ recordId, body }) => {
        const held = objectOf(body['attributes']);
        const values = attributes.map((name) => [name, held[name] ?? null]);
        return { recordId, attributes: Object.fromEntries(values) };
      });
    },
  },
  check,
  /** `content` has the attributes that changed. */
  isOwnChange(item, attributes) {
    const { event, content } = objectOf(item);
    const changed = listOf(content).flatMap((one) => Object.keys(objectOf(one)));
    return (
      /^contact_?updated$/i.test(wordOf(event) ?? '') &&
      changed.length > 0 &&
      changed.every((name) => attributes.includes(name))
    );
  },
};

/** An empty text clears. Lists are joined, because the options of a multiple-choice attribute would have to exist. */
function stored(value: FactValue): Json {
  if (value === null) return '';
  return typeof value === 'object' ? value.join(', ') : value;
}

async function write(context: Context<Settings>, writes: readonly PersonWrite[]): Promise<WriteOutcome[]> {
  const types = await definedTypes(context.api);
  const names = [...new Set(writes.flatMap(({ attributes }) => Object.keys(attributes)))];
  const unknown = names.filter((name) => !types.has(name));
  if (unknown.length > 0)
    throw new RejectedError(
      `Brevo has no attribute ${unknown.join(', ')}. Create it, or correct writeBack.`,
      {
        code: unknownAttribute,
      },
    );
  const rejected = writes.flatMap((write) => wrongType(write, types) ?? []);
  const fit = writes.filter(({ sourceId }) => rejected.every((one) => one.sourceId !== sourceId));
  return fit.length === 0 ? rejected : [...rejected, ...(await send(context, fit))];
}

/** Refused as a whole where one contact does not exist: 404, `No contact found for indexes 3,4` (reported by others). */
async function send(
  { api, settings }: Context<Settings>,
  writes: readonly PersonWrite[],
): Promise<WriteOutcome[]> {
  const json = writer.payload(writes, settings);
  try {
    const { status } = await api.request({
      method: 'POST',
      path,
      json,
      isAnswer: (json) => json === undefined,
    });
    if (status !== 204) throw foreign(status);
    return writes.map(({ sourceId }) => ({ sourceId, result: 'accepted' }));
  } catch (error) {
    if (!(error instanceof RejectedError) || error.status !== 404) throw error;
    if (error.code !== 'document_not_found') throw foreign(404);
    if (writes.length > 1) throw error;
    return [{ sourceId: writes[0]!.sourceId, result: 'missing', message: error.message }];
  }
}

function foreign(status: number): TransientError {
  const message = `A ${status} was answered that is not from Brevo`;
  return new TransientError(message, { status, foreign: true, uncertain: true });
}

/** By name: text, float, boolean, date; or the category of an attribute that has no type. A refusal is nobody's fault. */
async function definedTypes(api: Api): Promise<Map<string, string>> {
  try {
    const { list } = await requestList(api, attributesRequest, 'attributes');
    return new Map(
      list
        .map(objectOf)
        .map(({ name, type, category }) => [wordOf(name) ?? '', wordOf(type) ?? wordOf(category) ?? '']),
    );
  } catch (error) {
    if (!(error instanceof RejectedError)) throw error;
    const message = `The attributes that Brevo has cannot be read: ${error.message}`;
    throw new RejectedError(message, { code: unknownAttribute, cause: error });
  }
}

const typeFor = { number: 'float', string: 'text', boolean: 'boolean' } as const;

/** Brevo would ignore it without a word. An attribute of any type can be cleared. */
function wrongType(
  { sourceId, attributes }: PersonWrite,
  types: Map<string, string>,
): WriteOutcome | undefined {
  const wrong = Object.entries(attributes).find(([name, value]) => {
    const sent = stored(value);
    return sent !== '' && types.get(name) !== typeFor[typeof sent as keyof typeof typeFor];
  });
  if (!wrong) return undefined;
  const [name, value] = wrong;
  const needed = typeFor[typeof stored(value) as keyof typeof typeFor];
  const message = `The attribute ${name} has the type ${types.get(name)}, and its values need an attribute of the type ${needed}.`;
  return { sourceId, result: 'rejected', code: 'wrong_type', message };
}

async function check({ api }: Context<Settings>, attributes: readonly string[]): Promise<Permission[]> {
  return [
    await triedWrite('write contacts', 'Attributes of contacts can be written.', () =>
      api.request({ method: 'POST', path, json: { contacts: [] } }),
    ),
    await found('find the attributes to write', async () => {
      const types = await definedTypes(api);
      const usable: (string | undefined)[] = Object.values(typeFor);
      const faults = attributes
        .filter((name) => !usable.includes(types.get(name)))
        .map((name) => `${name} ${types.has(name) ? `has the type ${types.get(name)}` : 'does not exist'}`);
      if (faults.length === 0)
        return { allowed: true, note: 'All of them exist, with a type that can be written.' };
      const note = `${faults.join(', ')}: create attributes of the type float (numbers) or text (all else), or correct writeBack.`;
      return { allowed: false, note };
    }),
  ];
}
