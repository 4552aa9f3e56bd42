// Voucherify's customer routes over what the simulator holds. It does not know keys, quotas or faults.

import type { Context, Hono } from 'hono';
import type { AsyncActions } from './async-actions.ts';
import { csvRecords } from './csv-import.ts';
import { type Customer, responseOf } from './customer.ts';
import { isObject } from './customer-body.ts';
import { listOf, redeemables, redemptionList } from './customer-facts.ts';
import type { CustomerWrites, Written } from './customer-writes.ts';
import { ErrorResponse, invalidPayload, notFound } from './error-response.ts';
import { publicationRows, voucherRows } from './exported-objects.ts';
import type { Exports } from './exports.ts';
import type { Listing } from './listing.ts';
import { schemaResources } from './metadata-schema.ts';
import type { AsyncActionType, VoucherifyOptions } from './options.ts';
import type { SegmentList } from './segments.ts';
import type { Truth } from './truth.ts';
import type { WebhookType } from './webhooks.ts';

export type Env = { Variables: { requestId: string } };

/** What the routes work on. `settle` does all that is due and answers the time; it precedes every look at what is held. */
export type World = {
  options: VoucherifyOptions;
  truth: Truth;
  writes: CustomerWrites;
  actions: AsyncActions;
  exports: Exports;
  listing: Listing;
  segments: SegmentList;
  startedAtMs: number;
  settle: () => number;
  announce: (type: WebhookType, customer: Customer, requestId: string, atMs: number) => void;
};

/** The calls that draw from the hourly bulk bucket. */
export const BULK_ROUTES: ReadonlySet<string> = new Set([
  'POST /v1/customers/bulk/async',
  'POST /v1/customers/metadata/async',
  'POST /v1/customers/importCSV',
]);

const DEFAULT_BODY_LIMIT_BYTES = 10_485_760;

export function addRoutes(app: Hono<Env>, world: World): void {
  addCustomerRoutes(app, world);
  addBulkRoutes(app, world);
  addExportRoutes(app, world);

  app.get('/v1/segments', (c) => {
    world.settle();
    return answer(c, world.segments.list(c.req.query()));
  });
  app.get('/v1/segments/:id', (c) => answer(c, world.segments.show(c.req.param('id'))));
  app.get('/v1/metadata-schemas', (c) => {
    const schemas = schemaResources(world.writes.schema, world.startedAtMs);
    return c.json({ object: 'list', data_ref: 'schemas', schemas, total: schemas.length });
  });
  app.get('/v1/metadata-schemas/:resource', (c) => {
    const name = c.req.param('resource');
    const schemas = schemaResources(world.writes.schema, world.startedAtMs);
    const found = schemas.find((schema) => schema.related_object === name);
    return answer(c, found ?? notFound('metadata schema', name));
  });
}

function addCustomerRoutes(
  app: Hono<Env>,
  { truth, writes, listing, segments: lists, settle, announce, options }: World,
): void {
  const written = (c: Context<Env>, outcome: Written | ErrorResponse, nowMs: number) => {
    if (outcome instanceof ErrorResponse) return answer(c, outcome);
    announce(`customer.${outcome.kind}`, outcome.customer, c.var.requestId, nowMs);
    return answer(c, responseOf(outcome.customer));
  };

  app.get('/v1/customers', (c) => {
    settle();
    const page = listing.page(c.req.query());
    if (page instanceof ErrorResponse) return answer(c, page);
    const customers = page.customers.map(responseOf);
    return c.json({
      object: 'list',
      data_ref: 'customers',
      customers,
      total: page.total,
      has_more: page.hasMore,
    });
  });
  app.post('/v1/customers', async (c) => {
    const body = await readJson(c, options);
    if (body instanceof Response) return body;
    const nowMs = settle();
    return written(c, writes.upsert(body, nowMs), nowMs);
  });
  app.get('/v1/customers/:customerId', (c) => {
    settle();
    const customer = truth.find(c.req.param('customerId'));
    return answer(c, customer ? responseOf(customer) : notFound('customer', c.req.param('customerId')));
  });
  app.get('/v1/customers/:customerId/segments', (c) => {
    settle();
    const customer = truth.find(c.req.param('customerId'));
    const given = (customer?.facts.segments ?? []).map((name) => ({
      id: `seg_${name}`,
      name,
      object: 'segment',
    }));
    return c.json(listOf([...given, ...(customer ? lists.of(customer) : [])]));
  });
  app.get('/v1/customers/:customerId/redeemables', (c) => {
    settle();
    const id = c.req.param('customerId');
    const customer = truth.find(id);
    return answer(c, customer ? listOf(redeemables(customer.id, customer.facts)) : notFound('customer', id));
  });
  app.get('/v1/redemptions', (c) => {
    settle();
    const { customer: id = '', limit = '10', order } = c.req.query();
    // Others are not played.
    if (order !== '-created_at') return answer(c, notFound('order', order ?? ''));
    const { id: customerId = id, facts = {} } = truth.find(id) ?? {};
    return c.json(redemptionList(customerId, facts, Number(limit)));
  });
  app.get('/v1/vouchers', (c) => listPart(c, 'vouchers', voucherRows(truth)));
  app.get('/v1/publications', (c) => listPart(c, 'publications', publicationRows(truth)));
  app.get('/v1/loyalties/members/:card/tiers', (c) => {
    settle();
    const card = c.req.param('card');
    const member = [...truth.all()].find(({ facts }) => facts.card === card);
    if (!member) return answer(c, notFound('voucher', card));
    return c.json(listOf((member.facts.tiers ?? []).map((name) => ({ id: `ltr_${name}`, name }))));
  });
  app.put('/v1/customers/:customerId', async (c) => {
    const body = await readJson(c, options);
    if (body instanceof Response) return body;
    const nowMs = settle();
    return written(c, writes.update(c.req.param('customerId'), body, nowMs), nowMs);
  });
  app.delete('/v1/customers/:customerId', (c) => {
    const nowMs = settle();
    const removed = writes.remove(c.req.param('customerId'), nowMs, true);
    if (removed instanceof ErrorResponse) return answer(c, removed);
    announce('customer.deleted', removed, c.var.requestId, nowMs);
    return c.body(null, 204);
  });
  app.post('/v1/customers/:customerId/permanent-deletion', (c) => {
    const nowMs = settle();
    const removed = writes.remove(c.req.param('customerId'), nowMs, false);
    if (removed instanceof ErrorResponse) return answer(c, removed);
    announce('customer.deleted', removed, c.var.requestId, nowMs);
    return c.json({
      id: removed.id.replace('cust_', 'del_'),
      created_at: new Date(nowMs).toISOString(),
      related_object_id: removed.id,
      related_object: 'customer',
      status: 'DONE',
      data_json: {
        events: 0,
        customer_events: removed.writes,
        daily_events: 0,
        segments: 0,
        orders: 0,
        order_events: 0,
        customer: 1,
      },
      object: 'pernament_deletion', // so spelled
    });
  });
}

/** The first ones of a list, and how many there are; further pages are not played. */
function listPart(c: Context<Env>, data_ref: string, rows: object[]): Response {
  const shown = rows.slice(0, Number(c.req.query('limit') ?? 10));
  return c.json({ object: 'list', data_ref, [data_ref]: shown, total: rows.length });
}

function addBulkRoutes(app: Hono<Env>, { writes, actions, settle, options }: World): void {
  const accept = (c: Context<Env>, type: AsyncActionType, records: unknown[]) => {
    const nowMs = settle();
    const cap = options.bulkRecordCap;
    if (cap !== undefined && records.length > cap && type !== 'CUSTOMERS.IMPORT_CSV')
      return answer(
        c,
        new ErrorResponse(
          400,
          'too_many_customers',
          'Too many customers',
          `Specify at most ${cap} customers`,
        ),
      );
    if (options.badBulkRecord === 'fails-all' && type !== 'CUSTOMERS.IMPORT_CSV')
      for (const record of records) {
        const error = writes.checkRecord(record);
        if (error) return answer(c, error);
      }
    const async_action_id = actions.accept(type, records, c.var.requestId, nowMs);
    settle();
    return c.json({ async_action_id }, 202);
  };

  app.post('/v1/customers/bulk/async', async (c) => {
    const body = await readJson(c, options);
    if (body instanceof Response) return body;
    if (!Array.isArray(body)) return answer(c, invalidPayload('Payload should be array'));
    return accept(c, 'CUSTOMERS.BULK_UPDATE', body);
  });
  app.post('/v1/customers/metadata/async', async (c) => {
    const body = await readJson(c, options);
    if (body instanceof Response) return body;
    const { source_ids, metadata } = isObject(body) ? body : {};
    if (!isObject(metadata)) return answer(c, invalidPayload('Property .metadata is required'));
    if (!Array.isArray(source_ids) || source_ids.length === 0)
      return answer(
        c,
        new ErrorResponse(
          400,
          'not_enough_source_ids',
          'Not enough source ids',
          'Specify at least 1 source_id',
        ),
      );
    const records = source_ids.map((source_id: unknown) => ({ source_id, metadata }));
    return accept(c, 'CUSTOMERS.METADATA_UPDATE', records);
  });
  app.post('/v1/customers/importCSV', async (c) => {
    const tooLarge = await refuseLarge(c, options);
    if (tooLarge) return tooLarge;
    const { file } = await c.req.parseBody();
    if (!(file instanceof File)) return answer(c, invalidPayload('Property .file is required'));
    const records = csvRecords(await file.text(), writes.schema);
    return records instanceof ErrorResponse ? answer(c, records) : accept(c, 'CUSTOMERS.IMPORT_CSV', records);
  });
  app.get('/v1/async-actions', (c) => answer(c, actions.list(c.req.query(), settle())));
  app.get('/v1/async-actions/:id', (c) => answer(c, actions.show(c.req.param('id'), settle())));
}

function addExportRoutes(app: Hono<Env>, { exports, settle, options }: World): void {
  const origin = (c: Context<Env>) => new URL(c.req.url).origin;

  app.post('/v1/exports', async (c) => {
    const body = await readJson(c, options);
    return body instanceof Response ? body : answer(c, exports.create(body, settle()));
  });
  app.get('/v1/exports', (c) => {
    settle();
    return answer(c, exports.list(c.req.query(), origin(c)));
  });
  app.get('/v1/exports/:id', (c) => {
    settle();
    const token = c.req.query('token');
    if (token === undefined) return answer(c, exports.show(c.req.param('id'), origin(c)));
    const file = exports.file(c.req.param('id'), token);
    return file instanceof ErrorResponse
      ? answer(c, file)
      : c.body(streamed(file), 200, { 'Content-Type': 'text/csv' });
  });
  app.delete('/v1/exports/:id', (c) => {
    const error = exports.remove(c.req.param('id'));
    return error ? answer(c, error) : c.body(null, 204);
  });
}

export function answer(c: Context<Env>, outcome: Record<string, unknown> | ErrorResponse): Response {
  return outcome instanceof ErrorResponse
    ? c.json(outcome.body(c.var.requestId), outcome.status)
    : c.json(outcome);
}

/** The parsed body, `{}` for an empty one, or the response that refuses it. */
async function readJson(c: Context<Env>, options: VoucherifyOptions): Promise<unknown> {
  const tooLarge = await refuseLarge(c, options);
  if (tooLarge) return tooLarge;
  const text = await c.req.text();
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    return answer(c, invalidPayload('Payload is not valid JSON'));
  }
}

/** The 413, whose body is shaped unlike every other; by the bytes that came, whatever Content-Length says. */
async function refuseLarge(c: Context<Env>, options: VoucherifyOptions): Promise<Response | undefined> {
  const limitBytes = options.bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES;
  const { byteLength } = await c.req.arrayBuffer();
  if (byteLength <= limitBytes) return undefined;
  const message = `Payload content length greater than maximum allowed: ${limitBytes}`;
  return c.json({ statusCode: 413, error: 'Request Entity Too Large', message }, 413);
}

function streamed(chunks: readonly string[]): ReadableStream {
  const encoder = new TextEncoder();
  let next = 0;
  return new ReadableStream({
    pull(controller) {
      if (next === chunks.length) controller.close();
      else controller.enqueue(encoder.encode(chunks[next++]));
    },
  });
}
