// Customers over HTTP: a list to page through and to search, and one of them with everything that is known.

import { createRoute } from '@hono/zod-openapi';
import { customerParam, customerShape, customersQuery, customersShape } from '../../contract/customer.ts';
import { customerView, listCustomers } from '../../sync/views/customer-view.ts';
import { type Deps, newApi } from '../deps.ts';
import { jsonOf, secured } from '../openapi.ts';
import { bySourceId, pageOf } from '../paging.ts';
import { nobody, problems } from '../problem.ts';

const tags = ['customers'];

const list = createRoute({
  method: 'get',
  path: '/api/customers',
  operationId: 'listCustomers',
  summary: 'Customers, ordered by source ID',
  description: 'All of them, those in a state of delivery, or those that a search finds.',
  tags,
  security: secured,
  request: {
    query: customersQuery,
  },
  responses: {
    200: {
      description: 'A page of customers.',
      content: jsonOf(customersShape),
    },
    ...problems(400),
  },
});

const one = createRoute({
  method: 'get',
  path: '/api/customers/{sourceId}',
  operationId: 'getCustomer',
  summary: 'One customer, with all stored data',
  description: 'Its fields as wanted and as acknowledged, its delivery, and every record about it.',
  tags,
  security: secured,
  request: {
    params: customerParam,
  },
  responses: { 200: { description: 'The customer.', content: jsonOf(customerShape) }, ...problems(400, 404) },
});

export function customersApi({ tributary, cursors }: Deps) {
  return newApi()
    .openapi(list, async (c) => {
      const { limit, cursor, ...filter } = c.req.valid('query');
      const after = cursors.open(cursor);
      const read = (most: number) => listCustomers(tributary.database, { ...filter, after, limit: most });
      const { page: customers, next } = await pageOf(limit, read, bySourceId);
      return c.json({ customers, nextCursor: cursors.seal(next) }, 200);
    })
    .openapi(one, async (c) => {
      const { sourceId } = c.req.valid('param');
      const customer = await customerView(tributary.database, sourceId);
      if (!customer) throw nobody(`No customer has the source ID ${sourceId}.`);
      return c.json(customer, 200);
    });
}
