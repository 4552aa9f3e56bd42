// The stream of members: all of them and the changed ones by list, single members by ID.
import type { Context, Json, SourceRecord, Stream } from '#connector';
import { prove } from '#connector/by-id';
import { objectOf, requestList, wordOf } from '#connector/reading';
import { timeoutSeconds } from './api.ts';
import { pullMembers, wholeSecond } from './changes.ts';
import { memberProperties, memberRecords, mergeFieldsOf, selection } from './member.ts';
import { audiencePath, type Settings } from './settings.ts';

/** One call for each, at one time: half of the ten connections that a user has. */
const readAtOnce = 5;
const idShape = /^[\w-]{1,100}$/;

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
  read: { maxIds: readAtOnce, records: read },
  // Whether the list of all gives archived members too is not told: so they are asked for by themselves as well.
  tombstones: {
    everySeconds: 3600,
    pull: (context, request) => pullMembers(context, request, 'archived'),
  },
  sweeps: true,
  rewind: (_settings, to) => ({ from: wholeSecond(to), seen: [] }),
  properties,
};

/**
 * IDs are a `contact_id`, or the MD5 hash of the e-mail address in lower case, by which webhooks name a member: the
 * hash is then missing, and the record comes under its `contact_id`.
 */
async function read(
  context: Context<Settings>,
  { recordIds, properties }: { recordIds: readonly string[]; properties: readonly string[] },
): Promise<{ records: SourceRecord[]; missing: string[] }> {
  const asked = [...new Set(recordIds)];
  const answers = await Promise.all(
    asked.map((id) => (idShape.test(id) ? memberOf(context, id, properties) : null)),
  );
  const records = new Map<string, SourceRecord>();
  const missing: string[] = [];
  for (const [index, id] of asked.entries()) {
    const row = answers[index];
    const [record] = row ? memberRecords([row]).records : [];
    if (record) records.set(record.recordId, record);
    // One that is there but cannot become a record is not missing.
    if (!row || (record && record.recordId !== id)) missing.push(id);
  }
  if (missing.some((id) => idShape.test(id) && !answers[asked.indexOf(id)]))
    await prove(requireAudience(context));
  return { records: [...records.values()], missing };
}

/** Null where the audience has no such member. */
async function memberOf(
  { api, settings }: Context<Settings>,
  id: string,
  properties: readonly string[],
): Promise<Json | null> {
  const { status, json } = await api.request({
    path: audiencePath(settings, `/members/${encodeURIComponent(id)}`),
    query: selection(properties, ''),
    answers: [404],
    isAnswer: (json) => isMember(json, id),
    timeoutSeconds,
  });
  return status === 404 ? null : (json ?? null);
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
