// Full readings by a bulk operation, whose file has a customer on each line.
// https://shopify.dev/docs/api/usage/bulk-operations/queries
import { type BulkExport, type Context, type Json, type JsonObject, RejectedError } from '#connector';
import { minRecordsOf, pollsJobs } from '#connector/bulk-export';
import { type FieldRequest, requestField } from '#connector/graphql';
import { listOf, momentOf, objectOf, valueAt, wordOf } from '#connector/reading';
import { recordReader, selectionOf } from './customer.ts';
import { endpoint, type Settings, usualMinRecords } from './settings.ts';

const failed = ['CANCELED', 'FAILED', 'EXPIRED'];
const statuses = ['CREATED', 'RUNNING', 'COMPLETED', 'CANCELING', ...failed];
const fields = 'id status errorCode createdAt query rootObjectCount url';

export const bulkExport: BulkExport<Settings> = {
  minRecords: ({ bulkExport }) => minRecordsOf(bulkExport, usualMinRecords),
  format: 'json lines',
  maxWaitSeconds: 12 * 3600,
  cost: { rowsPerFile: Number.MAX_SAFE_INTEGER },
  rowReader: ({ settings }) => recordReader(settings),

  async begin(context, { properties }) {
    const answer = await mutate(context, 'bulkOperationRunQuery', {
      query: ['String!', queryOf(context.settings, properties)],
    });
    const { message, code } = objectOf(valueAt(answer, 'userErrors.0'));
    const id = wordOf(valueAt(answer, 'bulkOperation.id'));
    if (id !== undefined) return id;
    throw new RejectedError(`Shopify refused a bulk operation: ${message ?? 'it gives no reason'}`, {
      code: wordOf(code) ?? 'bulk_operation',
    });
  },

  async ordered({ api, settings }, { properties }, since) {
    const { value } = await requestField(api, {
      path: endpoint(settings),
      field: 'bulkOperations',
      arguments: {
        first: ['Int', 20],
        sortKey: ['BulkOperationsSortKeys', 'CREATED_AT'],
        reverse: ['Boolean', true],
      },
      select: `nodes { ${fields} }`,
      isValue: (value) => Array.isArray(valueAt(value, 'nodes')),
    });
    const query = queryOf(settings, properties);
    const ours = listOf(valueAt(value, 'nodes'))
      .map(objectOf)
      .find((one) => one['query'] === query && (momentOf(one['createdAt']) ?? 0) >= since);
    return ours && !failed.includes(String(ours['status'])) ? (wordOf(ours['id']) ?? null) : null;
  },

  poll: pollsJobs({
    vendor: 'Shopify',
    noun: 'bulk operation',
    show: operationOf,
    at: { state: 'status', total: 'rootObjectCount', reason: 'errorCode', code: 'errorCode' },
    done: 'COMPLETED',
    failed,
  }),

  async file(context, job) {
    const url = wordOf((await operationOf(context, job))['url']);
    if (url !== undefined) return { url, next: null };
    throw new RejectedError('The file of the bulk operation is no longer there.', { code: 'no_file' });
  },

  // Refused where it is done: the file then disappears after seven days.
  async remove(context, job) {
    await mutate(context, 'bulkOperationCancel', { id: ['ID!', job] });
  },
};

function queryOf(settings: Settings, properties: readonly string[]): string {
  return `{ customers { edges { node { ${selectionOf(settings, properties)} } } } }`;
}

async function mutate(
  { api, settings }: Context<Settings>,
  field: string,
  given: NonNullable<FieldRequest['arguments']>,
) {
  const { value } = await requestField(api, {
    path: endpoint(settings),
    operation: 'mutation',
    field,
    arguments: given,
    select: 'bulkOperation { id } userErrors { message code }',
    isValue: (value) => Array.isArray(valueAt(value, 'userErrors')),
  });
  return value;
}

async function operationOf({ api, settings }: Context<Settings>, job: Json): Promise<JsonObject> {
  const { value } = await requestField(api, {
    path: endpoint(settings),
    field: 'node',
    arguments: { id: ['ID!', job] },
    select: `... on BulkOperation { ${fields} }`,
    isValue(node) {
      const { id, status } = objectOf(node);
      return node === null || (id === job && statuses.includes(String(status)));
    },
  });
  if (value !== null) return objectOf(value);
  throw new RejectedError('Shopify no longer knows the bulk operation.', { code: 'no_job' });
}
