// The calls that write, read back and delete customers of Voucherify.
// Endpoints: https://docs.voucherify.io/api-reference/customers.
import {
  type ApiRequest,
  type Context,
  type Destination,
  type Json,
  RejectedError,
  UnauthorizedError,
} from '#connector';
import { customerPath, find } from './customer-requests.ts';
import { facts } from './facts.ts';
import { csvFile } from './first-load.ts';
import { learned } from './learned.ts';
import { actionOf, lookup } from './lookup.ts';
import { customerSchemaOf } from './metadata-schema.ts';
import {
  bulkOutcomes,
  count,
  deletionOutcome,
  isFile,
  isGoingOn,
  lostOutcomes,
  rejectedOutcome,
} from './outcomes.ts';
import { customerOf, isObject, payloadOf, preserve } from './payload.ts';
import { probe } from './probe.ts';
import { bulkBucket } from './quotas.ts';
import { isCustomerList, readBack } from './read-back.ts';
import { segments } from './segments.ts';
import type { Settings } from './settings.ts';
import { webhook } from './webhook.ts';

/** Bulk refused for what the plan, the key or the endpoint is. Where it is more than bulk, single calls hear the same. */
const noBulkStatuses = [402, 403, 404, 405];
/** Bytes are the limit that is documented; this many are claimed, sent and settled at once. */
const maxInBulk = 25_000;
/** What projects of before 2024 take in one call. */
const formerCap = 100;
/** A file of the first load: so many are claimed, built and settled at once. */
const maxInFile = 50_000;
/** Their load balancer gives up after 180 s; ours comes later, so that its answer is heard. */
const submitTimeoutSeconds = 200;

export const destination: Destination<Settings> = {
  traits({ metadataWrites = 'replace', bulk = true, singlesAtOnce, firstLoad, replacedGroups }) {
    const limits = bulk === true ? { records: maxInBulk, bytes: 10_000_000 } : bulk;
    return {
      partialWrites: metadataWrites,
      ...(replacedGroups && { replacedGroups }),
      bulk:
        limits === false ? null : { maxRecords: limits.records, maxBytes: limits.bytes, bucket: bulkBucket },
      singlesAtOnce,
      ...(firstLoad === 'csv' &&
        limits !== false && { firstLoad: { maxRecords: maxInFile, maxBytes: limits.bytes } }),
    };
  },

  payload: (sourceId, fields, settings) => payloadOf(sourceId, fields, settings?.clearWith),

  preserve,

  /** POST is an upsert: a `source_id` that exists is updated, and answered with the customer. */
  async upsert({ api }, { sourceId, payload }) {
    try {
      const { json } = await api.request({
        method: 'POST',
        path: '/v1/customers',
        json: payload,
        // Only the customer itself is proof.
        isAnswer: (json) => customerOf(json, sourceId) !== undefined,
      });
      return { sourceId, result: 'accepted', customer: customerOf(json, sourceId)! };
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
      const json = await actionOf(context.api, actionId);
      if (json === null) return { outcomes: lostOutcomes(await sourceIds()), isUnknown: true };
      if (isGoingOn(json)) return { outcomes: null, progress: count(json['progress']) };
      // How a file's cells are taken is documented in part, and differently in different places.
      return { outcomes: bulkOutcomes(json, await sourceIds()), ...(isFile(json) && { sample: true }) };
    },

    lookup,
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
        await find(context, { method: 'DELETE', path, isAnswer: (json) => json === undefined });
        return { sourceId, result: 'accepted' };
      }
      const json = await find(context, { method: 'POST', path: `${path}/permanent-deletion` });
      return json === null ? { sourceId, result: 'accepted' } : deletionOutcome(sourceId, json);
    } catch (error) {
      if (error instanceof RejectedError) return rejectedOutcome(sourceId, error);
      throw error;
    }
  },

  async reach({ api }) {
    await api.request({ path: '/v1/customers', query: { limit: 1 }, isAnswer: isCustomerList });
  },

  async read(context, sourceId) {
    const json = await find(context, {
      path: customerPath(sourceId),
      isAnswer: (json) => customerOf(json, sourceId) !== undefined || hasId(json, sourceId),
    });
    if (json === null) return null;
    const customer = customerOf(json, sourceId);
    if (customer) return customer;
    // The path takes a Voucherify ID as well. To say null would let a write go out that preserves nothing.
    throw new RejectedError('Voucherify answered with something other than the customer of this source ID.', {
      code: 'other_customer',
      status: 200,
    });
  },

  readBack,

  segments,

  facts,

  webhook,

  /** One call: the list holds the schemas of nested objects too. */
  async metadataSchema(context) {
    const { json } = await context.api.request({
      path: '/v1/metadata-schemas',
      isAnswer: (json) => isObject(json) && Array.isArray(json['schemas']),
    });
    return customerSchemaOf(isObject(json) ? json : {});
  },

  learned,

  probe,
};

/** Begins an action, and answers its ID. */
async function submitted(
  { api }: Context<Settings>,
  what: Pick<ApiRequest, 'path' | 'json' | 'file'>,
): Promise<{ actionId: string }> {
  const answer = await api
    .request({
      method: 'POST',
      ...what,
      bucket: bulkBucket,
      timeoutSeconds: submitTimeoutSeconds,
      isAnswer: (json) => actionIdIn(json) !== undefined,
    })
    .catch((error: unknown) => {
      if (isTooMany(error)) throw tooLarge(error);
      throw isNoBulk(error)
        ? new RejectedError(error.message, { code: 'missing_feature', status: error.status })
        : error;
    });
  return { actionId: actionIdIn(answer.json)! };
}

function actionIdIn(json: Json | undefined): string | undefined {
  const actionId = isObject(json) ? json['async_action_id'] : undefined;
  return typeof actionId === 'string' && actionId !== '' ? actionId : undefined;
}

function isNoBulk(error: unknown): error is (RejectedError | UnauthorizedError) & { status: number } {
  if (!(error instanceof RejectedError || error instanceof UnauthorizedError)) return false;
  return error.status !== undefined && noBulkStatuses.includes(error.status);
}

function isTooMany(error: unknown): error is RejectedError {
  return error instanceof RejectedError && error.code === 'too_many_customers';
}

/** The number stands in the words alone: bulk calls are too scarce to find it out by halves. */
function tooLarge({ message, status, details: said }: RejectedError): RejectedError {
  const named = /at most (\d+)/i.exec(`${message} ${JSON.stringify(said ?? '')}`)?.[1];
  const maxRecords = Number(named ?? formerCap);
  const details = { maxRecords };
  return new RejectedError(message, {
    code: 'payload_too_large',
    details,
    ...(status !== undefined && { status }),
  });
}

function hasId(json: Json | undefined, id: string): boolean {
  return isObject(json) && json['id'] === id;
}
