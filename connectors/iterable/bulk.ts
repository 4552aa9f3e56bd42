// All users, and those that changed, by the export of data. https://api.iterable.com/api/docs#export_startExport
import { type BulkExport, type Context, type Json, RejectedError } from '#connector';
import { listOf, momentOf, objectOf, valueAt, wordOf } from '#connector/reading';
import { exportsBucket } from './requests.ts';
import type { Settings } from './settings.ts';
import { bodyOf, isPlaceholder, readable, recordIdOf } from './users.ts';

const ended = ['failed', 'cancelled', 'cancelling'];
/** Before Iterable was founded. */
const beginning = Date.parse('2010-01-01T00:00:00Z');

/** The list of jobs does not say what each one exports, so that a lost one cannot be told from another program's. */
export const bulkExport: BulkExport<Settings> = {
  minRecords: () => 0,
  format: 'json lines',
  maxWaitSeconds: 12 * 3600,
  // A profile is in the index some seconds after its time of change, and exports lag further behind.
  changes: { lagSeconds: 300, overlapSeconds: 3600 },
  cost: { rowsPerFile: 5_000, bucket: exportsBucket },

  async begin({ api }, { since, until }) {
    const { json } = await api.request({
      method: 'POST',
      path: '/api/export/start',
      bucket: exportsBucket,
      json: {
        dataTypeName: 'user',
        outputFormat: 'application/x-json-stream',
        startDateTime: timeOf(since ?? beginning),
        endDateTime: timeOf(until),
      },
      isAnswer: (json) => wordOf(objectOf(json)['jobId']) !== undefined,
    });
    return String(objectOf(json)['jobId']);
  },

  async poll(context, job) {
    const { jobState, exportTruncated } = await filesOf(context, job, null);
    const state = String(jobState).toLowerCase();
    if (ended.includes(state))
      throw new RejectedError(`Iterable ended the export as ${state}.`, { code: 'job_failed' });
    if (state === 'completed' && exportTruncated === true)
      throw new RejectedError('Iterable cut the export off, because it is larger than 100 GB.', {
        code: 'export_incomplete',
      });
    return state === 'completed' ? {} : null;
  },

  async file(context, job, after) {
    const { file, url } = objectOf(listOf((await filesOf(context, job, after))['files'])[0]);
    // The name is what the next request goes on after.
    return typeof url === 'string' && typeof file === 'string'
      ? { url, bucket: exportsBucket, next: file }
      : null;
  },

  rowReader:
    ({ settings: { key }, asOf, properties }) =>
    ({ itblUserId: _, ...row }) => {
      const id = wordOf(row[key]);
      if (id === undefined || (key === 'email' && isPlaceholder(id)))
        return wordOf(row['email']) === undefined ? undefined : null;
      const body = bodyOf(row, properties);
      const changedAt = momentOf(readable(body['profileUpdatedAt'] ?? null)) ?? asOf;
      return { recordId: recordIdOf(id, key), changedAt, body };
    },
};

async function filesOf({ api }: Context<Settings>, job: Json, after: string | null) {
  const { json } = await api.request({
    path: `/api/export/${encodeURIComponent(String(job))}/files`,
    query: { startAfter: after ?? undefined },
    bucket: exportsBucket,
    isAnswer: (json) =>
      wordOf(valueAt(json, 'jobId')) === job &&
      typeof valueAt(json, 'jobState') === 'string' &&
      Array.isArray(valueAt(json, 'files')),
  });
  return objectOf(json);
}

/** `2026-11-02 08:00:00 +00:00`. */
function timeOf(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ')} +00:00`;
}
