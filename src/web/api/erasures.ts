// Erasure over HTTP: a customer erased here and at the destination, with a receipt that says what every store answered.

import { createRoute } from '@hono/zod-openapi';
import { customerParam, peopleQuery, peopleShape } from '../../contract/customer.ts';
import {
  eraseRequest,
  liftedShape,
  liftRequest,
  type Receipt,
  receiptParam,
  receiptShape,
  receiptsQuery,
  receiptsShape,
} from '../../contract/erasure.ts';
import { findPeople } from '../../sync/views/find-customer.ts';
import { type Erasure, erasureById, listErasures } from '../../tables/erasures.ts';
import { SecretKeyError } from '../../tables/suppressions.ts';
import { type Deps, newApi } from '../deps.ts';
import { accepted, jsonOf, secured } from '../openapi.ts';
import { pageOf } from '../paging.ts';
import { nobody, Problem, problems } from '../problem.ts';

const tags = ['erasure'];

const erase = createRoute({
  method: 'delete',
  path: '/api/customers/{sourceId}',
  operationId: 'eraseCustomer',
  summary: 'Erase a customer here and at the destination',
  description:
    'The customer is erased here immediately, whether known or not, and at the destination as soon as no pending request can write the customer again. No source brings the person back.',
  tags,
  security: secured,
  request: {
    params: customerParam,
    body: {
      content: jsonOf(eraseRequest),
    },
  },
  responses: {
    202: accepted(receiptShape, 'The receipt. It is open until every store has answered.', 'The receipt.'),
    ...problems(400, 409, 413, 415),
  },
});

const meant = createRoute({
  method: 'get',
  path: '/api/people',
  operationId: 'findPeople',
  summary: 'Customers that an ID identifies: by source ID, else by record ID, else by e-mail',
  description:
    'Use it where a person may name a customer by anything. Several customers can share an e-mail address.',
  tags: ['customers'],
  security: secured,
  request: { query: peopleQuery },
  responses: {
    200: {
      description: 'All customers that match in the first of these ways; empty if none does.',
      content: jsonOf(peopleShape),
    },
    ...problems(400),
  },
});

const list = createRoute({
  method: 'get',
  path: '/api/erasures',
  operationId: 'listErasures',
  summary: 'Receipts of erasures, newest first',
  description:
    'A receipt is open until every store has answered. It holds hashes of the person, and no values.',
  tags,
  security: secured,
  request: {
    query: receiptsQuery,
  },
  responses: {
    200: {
      description: 'A page of receipts.',
      content: jsonOf(receiptsShape),
    },
    ...problems(400),
  },
});

const one = createRoute({
  method: 'get',
  path: '/api/erasures/{id}',
  operationId: 'getErasure',
  summary: 'One receipt',
  description: 'With the answer of every store, and the signed statement once it is complete.',
  tags,
  security: secured,
  request: { params: receiptParam },
  responses: { 200: { description: 'The receipt.', content: jsonOf(receiptShape) }, ...problems(400, 404) },
});

const lift = createRoute({
  method: 'delete',
  path: '/api/suppressions',
  operationId: 'liftErasure',
  summary: 'Let an erased person come back',
  description:
    'The person comes back when a source sends them again: with the next change, or with a full sync.',
  tags,
  security: secured,
  request: {
    body: {
      required: true,
      content: jsonOf(liftRequest),
    },
  },
  responses: {
    200: {
      description: 'The person can come back.',
      content: jsonOf(liftedShape),
    },
    ...problems(400, 404, 409, 413, 415),
  },
});

export function erasuresApi(deps: Deps) {
  const { tributary } = deps;
  const { database } = tributary;
  return newApi()
    .openapi(meant, async (c) => {
      const people = await findPeople(database, tributary.rules, c.req.valid('query').id);
      return c.json({ people }, 200);
    })
    .openapi(erase, async (c) => {
      const { sourceId } = c.req.valid('param');
      const { permanent } = c.req.valid('json');
      await refuseOthersName(deps, sourceId);
      const receipt = await tributary.erase({ sourceId, permanent }).catch(refuseWithoutKey);
      return c.json(receiptOf(receipt), 202, { location: `/api/erasures/${receipt.id}` });
    })
    .openapi(list, async (c) => {
      const { state, cursor: before, limit } = c.req.valid('query');
      const open = state === undefined ? undefined : state === 'open';
      const read = (most: number) => listErasures(database, { open, before, limit: most });
      const { page, next } = await pageOf(limit, read, ({ id }) => id);
      return c.json({ erasures: page.map(receiptOf), nextCursor: next }, 200);
    })
    .openapi(one, async (c) => {
      const receipt = await erasureById(database, c.req.valid('param').id);
      if (!receipt) throw new Problem(404, `There is no receipt ${c.req.valid('param').id}.`);
      return c.json(receiptOf(receipt), 200);
    })
    .openapi(lift, async (c) => {
      const lifted = await tributary.lift(c.req.valid('json').sourceId).catch(refuseWithoutKey);
      if (lifted === null)
        throw new Problem(
          409,
          'The erasure has not ended yet: its receipt is still open. Lift it afterwards.',
          {
            type: 'still-erasing',
          },
        );
      if (lifted === 0) throw nobody('No erasure blocks this source ID.');
      return c.json({ lifted }, 200);
    });
}

/** What is no source ID of ours but means a customer would erase nobody here, and a receipt would say that all is done. */
async function refuseOthersName({ tributary }: Deps, id: string): Promise<void> {
  const people = await findPeople(tributary.database, tributary.rules, id);
  const [first] = people;
  if (!first || first.sourceId === id) return;
  const list = people.map(({ sourceId, by }) => `${sourceId} (${by})`).join(', ');
  throw new Problem(409, `${id} is not a source ID: it means customer ${list}. Erase by the source ID.`, {
    type: 'not-a-source-id',
  });
}

function refuseWithoutKey(error: unknown): never {
  if (error instanceof SecretKeyError) throw new Problem(409, error.message, { type: 'secret-key' });
  throw error;
}

/** As the API says it. */
export function receiptOf(erasure: Erasure): Receipt {
  const { id, subject, permanent, answers, requestedAt, endedAt, signed } = erasure;
  const held = (store: string) => (answers[store]?.rows ?? 0) > 0;
  return {
    id,
    state: endedAt === null ? 'open' : 'complete',
    known: held('customer') || held('records'),
    permanent,
    subject,
    requestedAt,
    endedAt,
    stores: Object.entries(answers)
      .sort(([a], [b]) => placeOf(a) - placeOf(b))
      .map(([store, { answer, rows = null, at, note = null }]) => ({
        store,
        answer,
        rows,
        at,
        note,
      })),
    signed,
  };
}

const order = [
  'customer',
  'records',
  'history',
  'pins',
  'holds',
  'deadLetters',
  'acknowledgement',
  'delivery',
  'bulkActions',
  'runs',
  'inbox',
  'imports',
  'destination',
  'suppression',
];

/** What is not in the list, the imports of each machine, stands before the destination. */
function placeOf(store: string): number {
  const place = order.indexOf(store);
  return place === -1 ? order.indexOf('imports') : place;
}
