// Full readings by a bulk operation, whose file has a customer on each line.
// https://shopify.dev/docs/api/usage/bulk-operations/queries
import { type BulkExport, type Context, type Json, RejectedError } from '#connector';
import { minRecordsOf } from '#connector/bulk-export';
import { listOf, momentOf, objectOf, valueAt, wordOf } from '#connector/reading';
import { bulkQuery, recordOf } from './customer.ts';
import { graphQl, hasNoErrors } from './requests.ts';
import { type Settings, usualMinRecords } from './settings.ts';

const statuses = ['CREATED', 'RUNNING', 'COMPLETED', 'CANCELING', 'CANCELED', 'FAILED', 'EXPIRED'];
const ended = ['CANCELED', 'FAILED', 'EXPIRED'];
const fields = 'id status errorCode createdAt query rootObjectCount url';

export const bulkExport: BulkExport<Settings> = {
  minRecords: ({ bulkExport }) => minRecordsOf(bulkExport, usualMinRecords),
  format: 'json lines',
  maxWaitSeconds: 12 * 3600,
  cost: { rowsPerFile: Number.MAX_SAFE_INTEGER },

  async begin(context, { properties }) {
    const query = bulkQuery({ properties, metafields: context.settings.metafields });
    const answer = await asked(
      context,
      'mutation Order($bulkQuery: String!) { bulkOperationRunQuery(query: $bulkQuery) { bulkOperation { id } userErrors { message code } } }',
      { bulkQuery: query },
      (data) => Array.isArray(valueAt(data, 'bulkOperationRunQuery.userErrors')),
    );
    const { bulkOperation, userErrors } = objectOf(answer['bulkOperationRunQuery']);
    const id = wordOf(objectOf(bulkOperation)['id']);
    const { message, code } = objectOf(listOf(userErrors)[0]);
    if (id === undefined)
      throw new RejectedError(`Shopify refused a bulk operation: ${message ?? 'it gives no reason'}`, {
        code: wordOf(code) ?? 'bulk_operation',
      });
    return id;
  },

  async ordered(context, { properties }, since) {
    const query = bulkQuery({ properties, metafields: context.settings.metafields });
    const answer = await asked(
      context,
      `query Operations { bulkOperations(first: 20, sortKey: CREATED_AT, reverse: true) { nodes { ${fields} } } }`,
      {},
      (data) => Array.isArray(valueAt(data, 'bulkOperations.nodes')),
    );
    const ours = listOf(valueAt(answer, 'bulkOperations.nodes'))
      .map(objectOf)
      .find((one) => one['query'] === query && (momentOf(one['createdAt']) ?? 0) >= since);
    return ours && !ended.includes(String(ours['status'])) ? (wordOf(ours['id']) ?? null) : null;
  },

  async poll(context, job) {
    const { status, errorCode, rootObjectCount } = await operationOf(context, job);
    if (ended.includes(String(status)))
      throw new RejectedError(
        `Shopify ended the bulk operation as ${status}: ${errorCode ?? 'it gives no reason'}`,
        { code: wordOf(errorCode) ?? 'job_failed' },
      );
    const total = Number(wordOf(rootObjectCount));
    return status === 'COMPLETED' ? (Number.isSafeInteger(total) ? { total } : {}) : null;
  },

  async file(context, job) {
    const url = wordOf((await operationOf(context, job))['url']);
    if (url !== undefined) return { url, next: null };
    throw new RejectedError('The file of the bulk operation is no longer there.', { code: 'no_file' });
  },

  rowReader:
    ({ settings }) =>
    (row) =>
      recordOf(row, settings.metafields),

  async remove(context, job) {
    // Refused where it is done: the file then disappears after seven days.
    await asked(
      context,
      'mutation Cancel($id: ID!) { bulkOperationCancel(id: $id) { bulkOperation { id } userErrors { message } } }',
      { id: job },
      (data) => Array.isArray(valueAt(data, 'bulkOperationCancel.userErrors')),
    );
  },
};

/** Null stands for one that Shopify does not know. */
async function operationOf(context: Context<Settings>, job: Json) {
  const query = `query Operation($id: ID!) { node(id: $id) { ... on BulkOperation { ${fields} } } }`;
  const { node } = await asked(context, query, { id: job }, ({ node }) => {
    const { id, status } = objectOf(node);
    return node === null || (id === job && statuses.includes(String(status)));
  });
  if (node !== null) return objectOf(node);
  throw new RejectedError('Shopify no longer knows the bulk operation.', { code: 'no_job' });
}

async function asked(
  { api, settings }: Context<Settings>,
  query: string,
  variables: { [name: string]: Json },
  isAnswer: (data: { [name: string]: Json }) => boolean,
) {
  const { json } = await api.request({
    ...graphQl(settings, { query, variables }),
    isAnswer: (json) => hasNoErrors(json) && isAnswer(objectOf(valueAt(json, 'data'))),
  });
  return objectOf(valueAt(json, 'data'));
}
