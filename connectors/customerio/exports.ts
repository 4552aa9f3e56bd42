// All people, and those of a segment, by the export of customer data.
// https://docs.customer.io/integrations/api/app/tag/exports/exportPeopleData/
import { type BulkExport, type Context, type Json, type JsonObject, RejectedError } from '#connector';
import { objectOf, valueAt, wordOf } from '#connector/reading';
import type { Settings } from './settings.ts';

const hourMs = 3_600_000;
/** Everybody else is anonymous. */
const anybody = ['id', 'email', 'phone'].map((field) => ({ attribute: { field, operator: 'exists' } }));
const keys = ['cio_id', 'id', 'email', 'phone'];

/** The list of exports does not say whom each one is of, so that a lost one cannot be told from another's. */
export function bulkExportOf({ changedSegment }: Pick<Settings, 'changedSegment'>): BulkExport<Settings> {
  return {
    minRecords: () => 0,
    format: 'csv',
    columns: () => ['id'],
    maxWaitSeconds: 12 * 3600,
    ...(changedSegment && { changes: { lagSeconds: 0, overlapSeconds: 3600 } }),
    cost: { rowsPerFile: Number.MAX_SAFE_INTEGER },

    async begin({ api, now }, { since, properties }) {
      const isRecent = since !== null && changedSegment && now - since <= changedSegment.hours * hourMs;
      const filters = isRecent ? { and: [{ segment: { id: changedSegment.id } }] } : { or: anybody };
      const { json } = await api.request({
        method: 'POST',
        path: '/v1/exports/customers',
        json: { filters, attributes: [...new Set([...keys, ...properties])] },
        isAnswer: (json) => wordOf(valueAt(json, 'export.id')) !== undefined,
      });
      return String(valueAt(json, 'export.id'));
    },

    async poll(context, job) {
      const { status, failed, done, total } = await exportOf(context, job);
      if (status === 'failed' || failed === true)
        throw new RejectedError('Customer.io ended the export as failed.', { code: 'job_failed' });
      if (status !== 'done' && done !== true) return null;
      return typeof total === 'number' ? { total } : {};
    },

    async file({ api }, job) {
      const { json } = await api.request({
        path: `/v1/exports/${encodeURIComponent(String(job))}/download`,
        isAnswer: (json) => wordOf(objectOf(json)['url']) !== undefined,
      });
      return { url: String(objectOf(json)['url']), next: null };
    },

    rowReader: ({ asOf }) => {
      return (row) => {
        const recordId = wordOf(row['cio_id']) ?? wordOf(row['id']);
        if (recordId === undefined) return undefined;
        // A person's empty attribute is one that they do not have.
        const filled = Object.entries(row).filter(([, value]) => value !== '');
        return { recordId, changedAt: asOf, body: typed(Object.fromEntries(filled)) };
      };
    },
  };
}

/** The one value that the API does not give as text. */
function typed({ unsubscribed, ...body }: JsonObject): JsonObject {
  if (unsubscribed === undefined) return body;
  return { ...body, unsubscribed: unsubscribed === 'true' };
}

async function exportOf({ api }: Context<Settings>, job: Json): Promise<JsonObject> {
  const { json } = await api.request({
    path: `/v1/exports/${encodeURIComponent(String(job))}`,
    isAnswer: (json) => wordOf(valueAt(json, 'export.id')) === job,
  });
  return objectOf(valueAt(json, 'export'));
}
