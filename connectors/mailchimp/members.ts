// The stream of members: all of them and the changed ones by list, single members by ID.
import type { Context, Json, SourceRecord, Stream } from '#connector';
import { readsById } from '#connector/by-id';
import { objectOf, requestList, wordOf } from '#connector/reading';
import { timeoutSeconds } from './api.ts';
import { pullMembers, wholeSecond } from './changes.ts';
import { memberProperties, memberRecords, mergeFieldsOf, selection } from './member.ts';
import { audiencePath, type Settings } from './settings.ts';

/** One call for each, at one time: half of the ten connections that a user has. */
const readAtOnce = 5;

export const members: Stream<Settings> = {
  name: 'members',
  // A member names all merge fields and interests of the audience: one that is absent has been taken out of it.
  exhaustive: ['merge_fields', 'interests'],
  clock: 'second',
  leftOut: ({ statuses }, { status }) =>
    !statuses.some((taken) => taken === status) && typeof status === 'string' && status !== 'archived'
      ? `its status is ${status}, which is not among statuses`
      : null,
  pull: (context, request) => pullMembers(context, request),
  // IDs are a `contact_id`, or the MD5 hash of the e-mail address in lower case, by which webhooks name a member.
  read: readsById({
    maxIds: readAtOnce,
    isId: (id) => /^[\w-]{1,100}$/.test(id),
    one: readOne,
    proof: requireAudience,
  }),
  // Whether the list of all gives archived members too is not told: so they are asked for by themselves as well.
  tombstones: {
    everySeconds: 3600,
    pull: (context, request) => pullMembers(context, request, 'archived'),
  },
  sweeps: true,
  rewind: (_settings, to) => ({ from: wholeSecond(to), seen: [] }),
  properties,
};

/** Null where the audience has no such member; undefined where it has one that cannot become a record. */
async function readOne(
  { api, settings }: Context<Settings>,
  id: string,
  properties: readonly string[],
): Promise<SourceRecord | null | undefined> {
  const { status, json } = await api.request({
    path: audiencePath(settings, `/members/${encodeURIComponent(id)}`),
    query: selection(properties, ''),
    answers: [404],
    isAnswer: (json) => isMember(json, id),
    timeoutSeconds,
  });
  return status === 404 ? null : memberRecords([json ?? null]).records[0];
}

/** An answer about a member names the ID that was asked for, whatever else is missing in it. */
export function isMember(json: Json | undefined, asked: string): boolean {
  const { id, contact_id } = objectOf(json);
  return [id, contact_id].some((one) => wordOf(one)?.toLowerCase() === asked.toLowerCase());
}

/** An audience that is not there, or not ours, answers as a member does that is not: then nobody is to be believed gone. */
export async function requireAudience({ api, settings }: Context<Settings>): Promise<void> {
  const isAnswer = (json: Json | undefined) => wordOf(objectOf(json)['id']) !== undefined;
  await api.request({ path: audiencePath(settings), query: { fields: 'id' }, isAnswer });
}

async function properties({
  api,
  settings,
}: Context<Settings>): Promise<{ name: string; label: string; type: string }[]> {
  const asked = {
    path: audiencePath(settings, '/merge-fields'),
    query: { count: 1000, fields: 'merge_fields.tag,merge_fields.name,merge_fields.type' },
  };
  const { list } = await requestList(api, asked, 'merge_fields');
  const fixed = Object.entries(memberProperties).map(([name, type]) => ({ name, label: name, type }));
  return [...fixed, ...mergeFieldsOf(list)];
}
