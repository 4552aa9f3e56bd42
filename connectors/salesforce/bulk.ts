// Full readings by query jobs of Bulk API 2.0.
// https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/queries.htm
import { z } from 'zod';
import type { BulkExport, Context, Json, JsonObject } from '#connector';
import { minRecordsOf, pollsJobs } from '#connector/bulk-export';
import { readCursor, writeCursor } from '#connector/cursor';
import { parseJson } from '#connector/json';
import { momentOf, objectOf, requestList, wordOf } from '#connector/reading';
import { describedColumns, fieldsOf, type Kind } from './columns.ts';
import { recordReader } from './rows.ts';
import { dataPath, type Settings, usualMinRecords } from './settings.ts';

/** Rows of a file, so that little is read twice after an interruption. */
const rowsPerFile = 50_000;
/** No usual program asks for this delimiter, so a job that has it is ours. */
const delimiter = { name: 'CARET', character: '^' };
const failed = ['Aborted', 'Failed'];
const states = ['UploadComplete', 'InProgress', 'JobComplete', ...failed];
const numbers = ['double', 'int', 'long', 'currency', 'percent'];

const jobs = z.strictObject({
  id: z.string(),
  columns: z.record(z.string(), z.array(z.string())),
  /** Of each field. */
  types: z.record(z.string(), z.string()),
});

export function bulkExportOf(kind: Kind): BulkExport<Settings> {
  const { object, only } = kind;
  return {
    minRecords: ({ bulkExport }) => minRecordsOf(bulkExport, usualMinRecords),
    format: 'csv',
    delimiter: delimiter.character,
    columns: (job) => fieldsOf(jobIn(job).columns),
    maxWaitSeconds: 6 * 3600,
    cost: { rowsPerFile },

    async begin(context, { properties }) {
      const typed = await describedColumns(context, kind, properties);
      const query = `SELECT ${fieldsOf(typed.columns).join(',')} FROM ${object}${only ? ` WHERE ${only}` : ''}`;
      const { json } = await context.api.request({
        method: 'POST',
        path: jobPath(context),
        json: {
          operation: 'query',
          query,
          contentType: 'CSV',
          columnDelimiter: delimiter.name,
          lineEnding: 'LF',
        },
        isAnswer: (json) => wordOf(objectOf(json)['id']) !== undefined,
      });
      return writeCursor({ ...typed, id: objectOf(json)['id'] });
    },

    async ordered(context, { properties }, since) {
      const query = { jobType: 'V2Query' };
      const { list } = await requestList(context.api, { path: jobPath(context), query }, 'records');
      const { json } = await context.api.request({ path: '/services/oauth2/userinfo', answers: [403] });
      const user = wordOf(objectOf(json)['user_id'])?.slice(0, 15);
      const ours = list.map(objectOf).find((job) => {
        const isSince = (momentOf(job['createdDate']) ?? 0) >= since;
        const isOurs = wordOf(job['createdById'])?.slice(0, 15) === user;
        const isThis = job['columnDelimiter'] === delimiter.name && job['object'] === object;
        return isSince && isOurs && isThis && !failed.includes(String(job['state']));
      });
      if (!ours || user === undefined) return null;
      return writeCursor({ ...(await describedColumns(context, kind, properties)), id: ours['id'] });
    },

    poll: pollsJobs({
      vendor: 'Salesforce',
      noun: 'query job',
      show: requestJob,
      at: { state: 'state', total: 'numberRecordsProcessed', reason: 'errorMessage' },
      done: 'JobComplete',
      failed,
    }),

    async file(context, job, locator) {
      const from = locator === null ? '' : `&locator=${encodeURIComponent(locator)}`;
      return {
        url: `${jobPath(context, job)}/results?maxRecords=${rowsPerFile}${from}`,
        // The text `null` stands in the last one.
        next: ({ 'sforce-locator': next }) => (next === 'null' ? null : next),
      };
    },

    rowReader({ job }) {
      const { columns, types } = jobIn(job);
      const recordOf = recordReader(columns);
      return (row) => {
        const read = Object.entries(row).map(([field, text]) => [field, valueIn(String(text), types[field])]);
        const values: JsonObject = Object.fromEntries(read);
        return recordOf(values);
      };
    },

    async remove(context, job) {
      const path = jobPath(context, job);
      // One that is done cannot be aborted, and one that is not done cannot be deleted.
      await context.api.request({ method: 'PATCH', path, json: { state: 'Aborted' }, answers: [400, 404] });
      await context.api.request({ method: 'DELETE', path, answers: [400, 404] });
    },
  };
}

function jobPath({ settings }: Context<Settings>, job?: Json): string {
  return dataPath(settings, `/jobs/query${job === undefined ? '' : `/${encodeURIComponent(jobIn(job).id)}`}`);
}

function jobIn(job: Json): z.infer<typeof jobs> {
  return readCursor(jobs, job, 'a query job of Salesforce');
}

async function requestJob(context: Context<Settings>, job: Json): Promise<JsonObject> {
  const isAnswer = (json: Json | undefined) => states.includes(String(objectOf(json)['state']));
  return objectOf((await context.api.request({ path: jobPath(context, job), isAnswer })).json);
}

/** As a query answers it: in a file everything is text, and an empty one is null. */
function valueIn(text: string, type: Json | undefined): Json {
  if (text === '') return null;
  if (type === 'boolean') return text === 'true';
  if (type === 'datetime') return text.replace(/Z$/, '+0000');
  return numbers.includes(String(type)) && /^-?\d/.test(text) ? numberIn(text) : text;
}

function numberIn(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
