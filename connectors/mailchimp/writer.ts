// Writes merge fields of members by their contact ID, one member a call: the routes for many know e-mail addresses only and subscribe
// whom they do not find. https://mailchimp.com/developer/marketing/api/list-members/update-list-member/
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
} from '#connector';
import { prove } from '#connector/by-id';
import { triedWrite } from '#connector/checking';
import { objectOf, requestList, wordOf } from '#connector/reading';
import { timeoutSeconds } from './api.ts';
import { isMember, members, requireAudience } from './members.ts';
import { audiencePath, type Settings } from './settings.ts';

/** Of the right form, and nobody's. */
const nobody = '00000000000000000000000000000000';
/** Merge fields that hold no text of any kind. */
const otherTypes = ['address', 'birthday', 'date'];

export const writer: Writer<Settings> = {
  stream: members.name,
  // Twice as many where some are urgent: of the ten connections that a user has, four are left to reads.
  traits: () => ({ bulk: null, singlesAtOnce: 3, answers: 'each' }),
  bodyPath: (tag) => ['merge_fields', tag],
  movedByWrites: ['last_changed'],
  attributeFault: (tag) =>
    /^[A-Z][A-Z0-9_]{0,9}$/.test(tag) && tag !== 'EMAIL'
      ? null
      : 'the tag of a merge field: at most ten capital letters, digits and underscores, beginning with a letter',
  stored,
  payload: ([write]) => ({
    merge_fields: Object.fromEntries(
      Object.entries(write!.attributes).map(([tag, value]) => [tag, stored(value)]),
    ),
  }),
  write: async (context, writes) => Promise.all(writes.map((write) => writeOne(context, write))),
  read: {
    maxIds: members.read!.maxIds,
    async people(context, { recordIds, attributes }) {
      const { records } = await members.read!.records(context, { recordIds, properties: ['merge_fields'] });
      return records.flatMap(({ recordId, body = {}, deleted }) => {
        const fields = objectOf(body['merge_fields']);
        const values = attributes.map((tag) => [tag, fields[tag] ?? null]);
        return deleted ? [] : [{ recordId, attributes: Object.fromEntries(values) }];
      });
    },
  },
  check,
};

/** Fields of numbers take texts, fields of text may not take numbers. An empty text empties. */
function stored(value: FactValue): Json {
  if (value === null) return '';
  return Array.isArray(value) ? value.join(', ') : String(value);
}

/** Whether unknown tags are refused or ignored is not documented: the answer names all merge fields of the audience. */
async function writeOne(context: Context<Settings>, write: PersonWrite): Promise<WriteOutcome> {
  const { settings } = context;
  const { sourceId, recordId, attributes } = write;
  const id = recordId ?? nobody;
  const { status, json } = await patch(context, id, writer.payload([write], settings));
  if (status === 404) {
    // An audience that is not there answers as a member does that is not.
    await prove(requireAudience(context));
    return { sourceId, result: 'missing', message: 'The audience has no such member.' };
  }
  const fields = objectOf(objectOf(json)['merge_fields']);
  const unknown = Object.keys(attributes).filter((tag) => !Object.hasOwn(fields, tag));
  if (unknown.length > 0) throw new RejectedError(noteOn(unknown), { code: unknownAttribute });
  return { sourceId, result: 'accepted' };
}

/** Fields that the audience requires and the member lacks do not matter to what is written. */
function patch({ api, settings }: Context<Settings>, id: string, json: Json) {
  return api.request({
    method: 'PATCH',
    path: audiencePath(settings, `/members/${encodeURIComponent(id)}`),
    query: { skip_merge_validation: true },
    json,
    answers: [404],
    isAnswer: (json) => isMember(json, id) && objectOf(json)['merge_fields'] !== undefined,
    timeoutSeconds,
  });
}

function noteOn(unknown: readonly string[]): string {
  return `The audience has no merge field ${unknown.join(', ')}: add it under Audience > Settings, or correct writeBack.`;
}

async function check(context: Context<Settings>, tags: readonly string[]): Promise<Permission[]> {
  const { api, settings } = context;
  const write = await triedWrite('write members', 'Merge fields of members can be written.', () =>
    patch(context, nobody, { merge_fields: {} }),
  );
  const { list } = await requestList(
    api,
    {
      path: audiencePath(settings, '/merge-fields'),
      query: { count: 1000, fields: 'merge_fields.tag,merge_fields.type' },
    },
    'merge_fields',
  );
  const types = new Map(list.map(objectOf).map(({ tag, type }) => [wordOf(tag), wordOf(type) ?? 'text']));
  const unknown = tags.filter((tag) => !types.has(tag));
  const others = tags.filter((tag) => otherTypes.includes(types.get(tag) ?? ''));
  const notes = [
    ...(unknown.length > 0 ? [noteOn(unknown)] : []),
    ...(others.length > 0 ? [`${others.join(', ')}: use a field of the type text or number.`] : []),
  ];
  const note = notes.join(' ') || 'All of them exist.';
  return [write, { what: 'find the merge fields to write', allowed: notes.length === 0, note }];
}
