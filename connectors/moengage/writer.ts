// Writes attributes of users by their ID, twenty together, because as many are read back in one call: MoEngage answers every request
// with success and says nothing of single users. Facts: the vendor's Bulk API document
// (https://www.moengage.com/docs/api/bulk/bulk-import-users-and-events), which has update_existing_only, and, for clearing, its older
// page of the User API, which has unset_attributes.
import type { Context, Json, JsonObject, Permission, PersonWrite, WriteOutcome, Writer } from '#connector';
import { triedWrite } from '#connector/checking';
import { objectOf, personHolding } from '#connector/reading';
import type { Settings } from './settings.ts';
import { users } from './users.ts';

/** The bucket of writes: those of reading are counted by users and are far fewer. */
export const writes = 'writes';
/** MoEngage takes 100 KB. */
const maxBytes = 95_000;

export const writer: Writer<Settings> = {
  stream: 'users',
  traits: () => ({
    bulk: { maxRecords: users.read.maxIds, maxBytes, bucket: writes },
    singlesAtOnce: 2,
    answers: 'none',
  }),
  creates: { by: 'customer_id' },
  bodyPath: (attribute) => [attribute],
  movedByWrites: [],
  attributeFault: (attribute) =>
    ['id', '_id'].includes(attribute) || attribute.startsWith('moe_')
      ? 'a name of your own: id, _id and names that begin with moe_ belong to MoEngage'
      : null,
  payload: (people, settings) => ({
    type: 'transition',
    elements: people.map((person) => element(person, settings)),
  }),
  async write(context, people): Promise<WriteOutcome[]> {
    await send(context, writer.payload(people, context.settings));
    return people.map(({ sourceId }) => ({ sourceId, result: 'accepted' }));
  },
  read: {
    maxIds: users.read.maxIds,
    // The default of the setting: a writer does not know the settings here.
    lagSeconds: 60,
    async people(context, { recordIds, attributes }) {
      const { records } = await users.read.records(context, { recordIds, properties: attributes });
      return records.map(({ recordId, body }) => personHolding(attributes, recordId, body));
    },
  },
  // An empty list is rejected, after the credentials were accepted.
  check: async (context): Promise<Permission[]> => [
    await triedWrite('write users', 'Attributes of users can be written.', () =>
      send(context, { type: 'transition', elements: [] }),
    ),
  ],
};

function element({ recordId, sourceId, attributes }: PersonWrite, { clearing }: Settings): JsonObject {
  const isUnset = ([, value]: [string, Json]) => value === null && clearing === 'unset_attributes';
  const all = Object.entries(attributes as JsonObject);
  const unset = all.filter(isUnset).map(([attr]) => ({ type: 'equals', attr, case_sensitive: true }));
  return {
    type: 'customer',
    customer_id: recordId ?? sourceId,
    // Without it an unknown ID makes a user.
    update_existing_only: recordId !== null,
    attributes: Object.fromEntries(all.filter((one) => !isUnset(one))),
    ...(unset.length > 0 && { unset_attributes: unset }),
  };
}

function send({ api, settings }: Context<Settings>, json: JsonObject): Promise<unknown> {
  return api.request({
    method: 'POST',
    path: `/v1/transition/${encodeURIComponent(settings.workspaceId)}`,
    bucket: writes,
    json,
    isAnswer: (answer) => objectOf(answer)['status'] === 'success',
  });
}
