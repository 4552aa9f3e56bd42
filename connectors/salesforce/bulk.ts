// Full readings by query jobs of Bulk API 2.0.
// https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/queries.htm
import { z } from 'zod';
import { type BulkExport, type Context, type Json, type JsonObject, RejectedError } from '#connector';
import { minRecordsOf } from '#connector/bulk-export';
import { readCursor, writeCursor } from '#connector/cursor';
import { parseJson } from '#connector/json';
import { momentOf, objectOf, requestList, wordOf } from '#connector/reading';
import { bodyOf, type Columns, fieldsIn, typedColumnsOf } from './columns.ts';
import { idOf } from './id.ts';
import { keys } from './rows.ts';
import { dataPath, type Settings, usualMinRecords } from './settings.ts';

/** Rows of a file, so that little is read twice after an interruption. */
const rowsPerFile = 50_000;
/** No usual program asks for this delimiter, so a job that has it is ours. */
const delimiter = { name: 'CARET', character: '^' };
const states = ['UploadComplete', 'InProgress', 'JobComplete', 'Aborted', 'Failed'];
const numbers = ['double', 'int', 'long', 'currency', 'percent'];

const jobs = z.strictObject({
  id: z.string(),
  columns: z.record(z.string(), z.array(z.string())),
  /** Of each field. */
  types: z.record(z.string(), z.string()),
});

/** `only`: the condition for rows that are people. `check` throws where the columns have no such people. */
export function bulkExportOf(
  object: string,
  { only, check }: { only?: string | undefined; check(columns: Columns): void },
): BulkExport<Settings> {
  const jobOf = async (context: Context<Settings>, properties: readonly string[]) => {
    const typed = await typedColumnsOf(context, object, properties);
    check(typed.columns);
    return typed;
  };
  return {
    minRecords: ({ bulkExport }) => minRecordsOf(bulkExport, usualMinRecords),
    format: 'csv',
    delimiter: delimiter.character,
    columns: (job) => fieldsOf(jobIn(job)),
    maxWaitSeconds: 6 * 3600,
    cost: { rowsPerFile },

    async begin(context, { properties }) {
      const typed = await jobOf(context, properties);
      const query = `SELECT ${fieldsOf(typed).join(',')} FROM ${object}${only ? ` WHERE ${only}` : ''}`;
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
        return isSince && isOurs && isThis && !['Aborted', 'Failed'].includes(String(job['state']));
      });
      if (!ours || user === undefined) return null;
      return writeCursor({ ...(await jobOf(context, properties)), id: ours['id'] });
    },

    async poll(context, job) {
      const { json } = await context.api.request({
        path: jobPath(context, job),
        isAnswer: (json) => states.includes(String(objectOf(json)['state'])),
      });
      const { state, numberRecordsProcessed: total, errorMessage } = objectOf(json);
      if (state === 'Aborted' || state === 'Failed')
        throw new RejectedError(
          `Salesforce ended the query job as ${state}: ${errorMessage ?? 'it gives no reason'}`,
          {
            code: 'job_failed',
          },
        );
      return state === 'JobComplete' ? (typeof total === 'number' ? { total } : {}) : null;
    },

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
      return (row) => {
        const read = Object.entries(row).map(([field, text]) => [field, valueIn(String(text), types[field])]);
        const values: JsonObject = Object.fromEntries(read);
        const recordId = idOf(values['Id']);
        const changedAt = momentOf(values['SystemModstamp']);
        if (recordId === undefined || changedAt === undefined) return undefined;
        return { recordId, changedAt, body: { ...bodyOf(values, columns), Id: recordId }, unmerged: true };
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

function fieldsOf({ columns }: { columns: Columns }): string[] {
  return [...new Set([...keys, ...fieldsIn(columns)])];
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
