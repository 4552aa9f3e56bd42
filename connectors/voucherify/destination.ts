// The calls that write customers to Voucherify, read them back and take them away. It does not know when, how often, or what they cost.
// Endpoints: https://docs.voucherify.io/api-reference/customers.
import {
  type ApiRequest,
  type ApiResponse,
  type Context,
  type Destination,
  RejectedError,
  TransientError,
} from '#connector';
import { csvFile } from './first-load.ts';
import { customerSchemaOf } from './metadata-schema.ts';
import {
  bulkOutcomes,
  deletionOutcome,
  isFile,
  lostOutcomes,
  rejectedOutcome,
  upsertOutcome,
} from './outcomes.ts';
import { customerOf, isObject, payloadOf, preserve } from './payload.ts';
import { probe } from './probe.ts';
import { bulkBucket, quotasOf } from './quotas.ts';
import { readBack } from './read-back.ts';
import { refusal } from './refusal.ts';
import type { Settings } from './settings.ts';
import { webhook } from './webhook.ts';

/** Bulk refused for what the plan, the key or the endpoint is. Where it is more than bulk, single calls hear the same. */
const noBulkStatuses = [402, 403, 404, 405];
/** A file of the first load: so many are claimed, built and settled at once. */
const mostInFile = 50_000;
/** Their load balancer gives up after 180 s; ours comes later, so that its answer is heard. */
const submitTimeoutSeconds = 200;

export const destination: Destination<Settings> = {
  traits({ metadataWrites = 'replace', bulk = true, singlesAtOnce, firstLoad }) {
    const limits = bulk === true ? { records: 2000, bytes: 10_000_000 } : bulk;
    return {
      partialWrites: metadataWrites,
      bulk:
        limits === false ? null : { maxRecords: limits.records, maxBytes: limits.bytes, bucket: bulkBucket },
      singlesAtOnce,
      ...(firstLoad === 'csv' &&
        limits !== false && { firstLoad: { maxRecords: mostInFile, maxBytes: limits.bytes } }),
    };
  },

  payload: (sourceId, fields, settings) => payloadOf(sourceId, fields, settings?.clearWith),

  preserve,

  /** POST is an upsert: a `source_id` that exists is updated, and answered with the customer. */
  async upsert({ api }, { sourceId, payload }) {
    try {
      const answer = await api.request({ method: 'POST', path: '/v1/customers', json: payload });
      return upsertOutcome(sourceId, answer.json);
    } catch (error) {
      if (error instanceof RejectedError) return rejectedOutcome(sourceId, error);
      throw error;
    }
  },

  bulk: {
    /** The records' own errors come with the action; a 400 or 413 here is the whole request's. */
    submit: (context, writes) =>
      submitted(context, {
        path: '/v1/customers/bulk/async',
        json: writes.map(({ payload }) => payload),
      }),

    async poll(context, actionId, sourceIds) {
      const answer = await find(context, { path: `/v1/async-actions/${encodeURIComponent(actionId)}` });
      if (answer === null) return { outcomes: lostOutcomes(sourceIds) };
      if (!isObject(answer.json)) throw new TransientError('A bulk action was answered without JSON.');
      const outcomes = bulkOutcomes(answer.json, sourceIds);
      // How a file's cells are taken is documented in part, and differently in different places.
      return outcomes && { outcomes, ...(isFile(answer.json) && { sample: true }) };
    },
  },

  firstLoad: {
    file: csvFile,

    submit: (context, content) =>
      submitted(context, {
        path: '/v1/customers/importCSV',
        file: { field: 'file', name: 'customers.csv', contentType: 'text/csv', content },
      }),
  },

  /**
   * Soft: DELETE, after which the source ID is free again. Permanent: Voucherify wipes what hangs on the customer too,
   * and says so at once with the status `DONE`. Neither finds one that was deleted softly before.
   */
  async remove(context, sourceId, { permanent }) {
    try {
      const path = customerPath(sourceId);
      // The path takes Voucherify's own IDs as well: another customer must not go for having one that reads like this.
      if (sourceId.startsWith('cust_') && (await destination.read(context, sourceId)) === null)
        return { sourceId, result: 'accepted' };
      if (!permanent) {
        await find(context, { method: 'DELETE', path });
        return { sourceId, result: 'accepted' };
      }
      const answer = await find(context, { method: 'POST', path: `${path}/permanent-deletion` });
      return answer === null ? { sourceId, result: 'accepted' } : deletionOutcome(sourceId, answer.json);
    } catch (error) {
      if (error instanceof RejectedError) return rejectedOutcome(sourceId, error);
      throw error;
    }
  },

  async read(context, sourceId) {
    const answer = await find(context, { path: customerPath(sourceId) });
    if (answer === null) return null;
    const customer = customerOf(answer.json, sourceId);
    if (customer) return customer;
    // The path takes a Voucherify ID as well. To say null would let a write go out that preserves nothing.
    throw new RejectedError('Voucherify answers to this source ID with something else than its customer.', {
      code: 'other_customer',
      status: answer.status,
    });
  },

  readBack,

  webhook,

  /** One call: the list holds the schemas of nested objects too. */
  async metadataSchema(context) {
    const answer = await find(context, { path: '/v1/metadata-schemas' });
    if (answer === null) return null;
    if (!isObject(answer.json)) throw new TransientError('The metadata schemas were answered without JSON.');
    return customerSchemaOf(answer.json);
  },

  probe,
};

/** Begins an action, and answers its ID. */
async function submitted(
  { api, settings, now }: Context<Settings>,
  what: Pick<ApiRequest, 'path' | 'json' | 'file'>,
): Promise<{ actionId: string }> {
  const request: ApiRequest = {
    method: 'POST',
    ...what,
    bucket: bulkBucket,
    timeoutSeconds: submitTimeoutSeconds,
    answers: noBulkStatuses,
  };
  const answer = await api.request(request).catch((error: unknown) => {
    throw isTooMany(error) ? tooLarge(error) : error;
  });
  if (answer.status >= 400) {
    const { message } = refusal(quotasOf(settings), answer, request, now)!;
    throw new RejectedError(message, { status: answer.status, code: 'missing_feature' });
  }
  const actionId = isObject(answer.json) ? answer.json['async_action_id'] : undefined;
  if (typeof actionId === 'string' && actionId !== '') return { actionId };
  throw new TransientError('A bulk call was answered without the ID of an action.', {
    status: answer.status,
    uncertain: true,
  });
}

/** Projects of before 2024 take 100 customers a call. */
function isTooMany(error: unknown): error is RejectedError {
  return error instanceof RejectedError && error.code === 'too_many_customers';
}

function tooLarge({ message, status }: RejectedError): RejectedError {
  return new RejectedError(message, { code: 'payload_too_large', ...(status !== undefined && { status }) });
}

/** Null where Voucherify itself says that there is no such thing: a 404 from anyone else is no answer. */
async function find(
  { api, settings, now }: Context<Settings>,
  request: ApiRequest,
): Promise<ApiResponse | null> {
  const response = await api.request({ ...request, answers: [404] });
  if (response.status !== 404) return response;
  const error = refusal(quotasOf(settings), response, request, now);
  if (error instanceof RejectedError) return null;
  throw error;
}

/** The source ID as one segment, percent-encoded once. */
function customerPath(sourceId: string): string {
  // A URL takes dot segments out of the path, encoded or not, and would ask for something else.
  if (sourceId === '' || sourceId === '.' || sourceId === '..')
    throw new RejectedError('Voucherify cannot be asked for a customer of this source ID.', {
      code: 'unreadable_source_id',
    });
  return `/v1/customers/${encodeURIComponent(sourceId)}`;
}
