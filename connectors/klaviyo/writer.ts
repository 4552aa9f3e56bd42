// Writes properties of profiles by the IDs of the pull: one by one, which can create nobody, or by import jobs of many, which can.
// https://developers.klaviyo.com/en/reference/update_profile and /bulk_import_profiles.
import {
  type Context,
  type Json,
  type JsonObject,
  type PersonWrite,
  RejectedError,
  type WriteOutcome,
  type Writer,
} from '#connector';
import { triedWrite } from '#connector/checking';
import { objectOf, personHolding, requestList, valueAt, wordOf } from '#connector/reading';
import { jobBucket } from './api.ts';
import { profilesPath } from './profiles.ts';
import type { Settings } from './settings.ts';

const jobsPath = '/api/profile-bulk-import-jobs';
/** Klaviyo takes 10,000 and 5 MB; smaller jobs end sooner. */
const maxInJob = 1_000;
const maxBytes = 4_500_000;
const readAtOnce = 100;
const headers = { 'content-type': 'application/vnd.api+json' };
/** Of the right form, and nobody's. */
const nobody = '00000000000000000000000000';

export const writer: Writer<Settings> = {
  stream: 'profiles',
  // A job creates a profile that was deleted meanwhile: only where that is wanted.
  traits: (_settings, { create }) => ({
    bulk: create ? { maxRecords: maxInJob, maxBytes, bucket: jobBucket, isJob: true } : null,
    singlesAtOnce: 8,
    answers: 'each',
  }),
  creates: {
    by: 'external_id',
    find: async (context, sourceId) => {
      const [found] = await profilesBy(context, 'external_id', sourceId);
      return wordOf(objectOf(found)['id']) ?? null;
    },
  },
  bodyPath: (property) => ['properties', property],
  movedByWrites: ['updated'],
  attributeFault: (property) =>
    property.startsWith('$') ? 'a name of your own: names that begin with $ belong to Klaviyo' : null,
  payload: (writes) => ({
    data: {
      type: 'profile-bulk-import-job',
      attributes: { profiles: { data: writes.map(imported) } },
    },
  }),
  async write({ api, settings }, writes) {
    const { json } = await api.request({
      method: 'POST',
      path: jobsPath,
      headers,
      bucket: jobBucket,
      json: writer.payload(writes, settings),
      isAnswer: (json) => wordOf(valueAt(json, 'data.id')) !== undefined,
    });
    return { jobId: wordOf(valueAt(json, 'data.id'))! };
  },
  single: {
    payload: (write) => ({ data: write.recordId === null ? imported(write) : updated(write) }),
    write: writeOne,
  },
  /** A job that is complete names whom it failed at by what was sent of them, or by their place. */
  async poll({ api }, jobId, writes) {
    const path = `${jobsPath}/${encodeURIComponent(jobId)}`;
    const { json } = await api.request({
      path,
      bucket: jobBucket,
      isAnswer: (json) => wordOf(valueAt(json, 'data.attributes.status')) !== undefined,
    });
    const { status, failed_count } = objectOf(valueAt(json, 'data.attributes'));
    if (status === 'queued' || status === 'processing') return null;
    if (status !== 'complete') return [];
    if (failed_count === 0) return writes.map(({ sourceId }) => ({ sourceId, result: 'accepted' }));
    const { list } = await requestList(api, { path: `${path}/import-errors`, bucket: jobBucket }, 'data');
    const failures = list.map((error) => ({
      error: objectOf(objectOf(error)['attributes']),
      of: personOf(error, writes),
    }));
    const named = new Map(failures.flatMap(({ error, of }) => (of ? [[of.sourceId, error]] : [])));
    // Who failed unnamed may be anybody of the others.
    const isWhole = named.size === failed_count;
    return writes.flatMap(({ sourceId }): WriteOutcome[] => {
      const error = named.get(sourceId);
      if (!error) return isWhole ? [{ sourceId, result: 'accepted' }] : [];
      const code = wordOf(error['code']) ?? 'error';
      const message = wordOf(error['detail']) ?? wordOf(error['title']) ?? 'Klaviyo gave no reason';
      return [{ sourceId, result: 'rejected', code, message }];
    });
  },
  read: {
    maxIds: readAtOnce,
    async people(context, { recordIds, attributes }) {
      const found = await profilesBy(context, 'id', [...recordIds]);
      return found.map((row) =>
        personHolding(attributes, wordOf(objectOf(row)['id']) ?? '', valueAt(row, 'attributes.properties')),
      );
    },
  },
  check: async ({ api }) => [
    await triedWrite('write profiles', 'Properties of profiles can be written.', () =>
      api.request({
        method: 'PATCH',
        path: `${profilesPath}/${nobody}`,
        headers,
        json: { data: { type: 'profile', id: nobody, attributes: { properties: {} } } },
      }),
    ),
  ],
};

function imported({ recordId, sourceId, attributes }: PersonWrite): JsonObject {
  const who = recordId === null ? { external_id: sourceId } : {};
  return {
    type: 'profile',
    ...(recordId !== null && { id: recordId }),
    attributes: { ...who, properties: attributes as JsonObject },
  };
}

/** Of an update a key is removed by its name. */
function updated({ recordId, attributes }: PersonWrite): JsonObject {
  const [cleared, set] = [true, false].map((isNull) =>
    Object.entries(attributes).filter(([, value]) => (value === null) === isNull),
  );
  return {
    type: 'profile',
    id: recordId,
    attributes: { properties: Object.fromEntries(set!) as JsonObject },
    ...(cleared!.length > 0 && { meta: { patch_properties: { unset: cleared!.map(([name]) => name) } } }),
  };
}

async function writeOne({ api, settings }: Context<Settings>, write: PersonWrite): Promise<WriteOutcome> {
  const { sourceId, recordId } = write;
  const json = writer.single!.payload(write, settings);
  try {
    await api.request({
      method: recordId === null ? 'POST' : 'PATCH',
      path: recordId === null ? '/api/profile-import' : `${profilesPath}/${encodeURIComponent(recordId)}`,
      headers,
      json,
      isAnswer: (json) => {
        const id = wordOf(valueAt(json, 'data.id'));
        return id !== undefined && (recordId === null || id === recordId);
      },
    });
    return { sourceId, result: 'accepted' };
  } catch (error) {
    if (!(error instanceof RejectedError)) throw error;
    const { message, code, details } = error;
    if (error.status === 404) return { sourceId, result: 'missing', message };
    return { sourceId, result: 'rejected', code, message, ...(details !== undefined && { details }) };
  }
}

function personOf(error: Json, writes: readonly PersonWrite[]): PersonWrite | undefined {
  const payload = objectOf(valueAt(error, 'attributes.original_payload'));
  const id = wordOf(payload['id']);
  const externalId = wordOf(payload['external_id']) ?? wordOf(valueAt(payload, 'attributes.external_id'));
  const [, place] =
    /\/profiles\/data\/(\d{1,5})/.exec(wordOf(valueAt(error, 'attributes.source.pointer')) ?? '') ?? [];
  return (
    writes.find(({ recordId, sourceId }) =>
      recordId === null ? sourceId === externalId : recordId === id,
    ) ?? (place === undefined ? undefined : writes[Number(place)])
  );
}

async function profilesBy(
  { api }: Context<Settings>,
  by: string,
  values: string[] | string,
): Promise<Json[]> {
  const query = {
    filter: `any(${by},${JSON.stringify([values].flat())})`,
    'fields[profile]': 'properties',
    'page[size]': readAtOnce,
  };
  return (await requestList(api, { path: profilesPath, query }, 'data')).list;
}
