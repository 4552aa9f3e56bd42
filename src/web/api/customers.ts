// Customers over HTTP: a list to page through and to search, and one of them with everything that is known.
import { createRoute, z } from '@hono/zod-openapi';
import { type CustomerView, customerView, listCustomers } from '../../sync/views/customer-view.ts';
import { nobody, problems } from '../problem.ts';
import { newApi, type Room } from '../room.ts';
import { iso, jsonOf, laneShape, limit, secured, text, time, timeOrNull } from './shapes.ts';

const tags = ['customers'];

const count = z.int().min(0);

const state = z.enum(['waiting', 'held', 'delivered', 'dead']);

const fields = z.record(z.string(), z.any()).openapi({
  description: 'Values by field name.',
  example: { email: 'anna@example.com', 'metadata.plan': 'gold' },
});

const lineShape = z
  .strictObject({
    sourceId: z.string(),
    revision: count,
    name: z.string().nullable(),
    email: z.string().nullable(),
    left: z.boolean().openapi({ description: 'No record speaks of this customer any more.' }),
    updatedAt: time,
    state: state.nullable(),
    acknowledged: count
      .nullable()
      .openapi({ description: 'The revision that the destination acknowledged last.' }),
  })
  .openapi('CustomerLine');

const customerShape = z
  .strictObject({
    sourceId: z.string(),
    revision: count,
    fields,
    dropped: z
      .array(z.string())
      .openapi({ description: 'Fields that were there once and are in no record now.' }),
    left: z.boolean(),
    createdAt: time,
    updatedAt: time,
    delivery: z
      .strictObject({
        state,
        revision: count.openapi({ description: 'The revision wanted.' }),
        acknowledged: count.nullable(),
        lane: laneShape,
        dueAt: timeOrNull,
        waitingSince: timeOrNull,
        attempts: count,
        carriedBy: z.enum(['worker', 'bulk action']).nullable(),
        deliveredAt: timeOrNull,
        errorCode: z.string().nullable(),
        error: z.string().nullable(),
      })
      .nullable(),
    acknowledged: z
      .strictObject({ revision: count, fields, at: time })
      .nullable()
      .openapi({ description: 'What the destination has acknowledged.' }),
    records: z.array(
      z.strictObject({
        source: z.string(),
        stream: z.string(),
        recordId: z.string(),
        changedAt: time.openapi({ description: "By the source's own clock." }),
        deletedAt: timeOrNull,
        deleted: z.boolean(),
        filtered: z.string().nullable().openapi({ description: 'Why it says nothing of the customer.' }),
        faults: z.array(z.object({ field: z.string(), reason: z.string() })).nullable(),
        runId: z.int().nullable(),
        receivedAt: time,
        body: z.record(z.string(), z.any()),
      }),
    ),
  })
  .openapi('Customer');

export type CustomerBody = z.infer<typeof customerShape>;

const list = createRoute({
  method: 'get',
  path: '/api/customers',
  summary: 'Customers, in the order of their source IDs',
  tags,
  security: secured,
  request: {
    query: z.strictObject({
      after: text
        .optional()
        .openapi({ description: 'Only customers after this source ID: `next` of the page before.' }),
      search: text
        .max(200)
        .optional()
        .openapi({ description: 'Only those whose source ID, e-mail or a word of whose name begins so.' }),
      limit,
    }),
  },
  responses: {
    200: {
      description: 'A page of customers.',
      content: jsonOf(
        z.strictObject({
          customers: z.array(lineShape),
          next: z.string().nullable().openapi({ description: '`after` of the next page; null on the last.' }),
        }),
      ),
    },
    ...problems(400),
  },
});

const one = createRoute({
  method: 'get',
  path: '/api/customers/{sourceId}',
  summary: 'One customer, with everything that is known',
  tags,
  security: secured,
  request: {
    params: z.object({
      sourceId: text.min(1).openapi({
        param: { name: 'sourceId', in: 'path' },
        description: 'Percent-encoded, so that slashes may be in it.',
      }),
    }),
  },
  responses: { 200: { description: 'The customer.', content: jsonOf(customerShape) }, ...problems(400, 404) },
});

export function customersApi({ tributary }: Room) {
  return newApi()
    .openapi(list, async (c) => {
      const { limit, after, search } = c.req.valid('query');
      const found = await listCustomers(tributary.database, { after, search, limit: limit + 1 });
      const page = found.slice(0, limit);
      const customers = page.map((line) => ({ ...line, updatedAt: iso(line.updatedAt) }));
      return c.json({ customers, next: found.length > limit ? page.at(-1)!.sourceId : null }, 200);
    })
    .openapi(one, async (c) => {
      const { sourceId } = c.req.valid('param');
      const customer = await customerView(tributary.database, sourceId);
      if (!customer) throw nobody(`No customer has the source ID ${sourceId}.`);
      return c.json(customerBody(customer), 200);
    });
}

export function customerBody(view: CustomerView): CustomerBody {
  const { delivery, acknowledged, records } = view;
  return {
    ...view,
    createdAt: iso(view.createdAt),
    updatedAt: iso(view.updatedAt),
    delivery: delivery && {
      ...delivery,
      dueAt: iso(delivery.dueAt),
      waitingSince: iso(delivery.waitingSince),
      deliveredAt: iso(delivery.deliveredAt),
    },
    acknowledged: acknowledged && { ...acknowledged, at: iso(acknowledged.at) },
    records: records.map((record) => ({
      ...record,
      changedAt: iso(record.changedAt),
      deletedAt: iso(record.deletedAt),
      receivedAt: iso(record.receivedAt),
    })),
  };
}
