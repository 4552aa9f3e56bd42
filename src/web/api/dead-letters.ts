// Dead letters over HTTP: what was given up and why, and a person's word to try again.

import { createRoute } from '@hono/zod-openapi';
import { lettersQuery, lettersShape, retriedShape, retryRequest } from '../../contract/dead-letter.ts';
import { retryDeadLetters } from '../../sync/retry/retry.ts';
import { listDeadLetters } from '../../tables/dead-letters.ts';
import { type Deps, newApi } from '../deps.ts';
import { jsonOf, secured } from '../openapi.ts';
import { byId, pageOf } from '../paging.ts';
import { problems } from '../problem.ts';
import { letterFilterOf, requireKnown } from './letter-filter.ts';

const tags = ['dead letters'];

const list = createRoute({
  method: 'get',
  path: '/api/dead-letters',
  operationId: 'listDeadLetters',
  summary: 'Open dead letters, newest first',
  description: 'One by one. Use the groups to see causes.',
  tags,
  security: secured,
  request: {
    query: lettersQuery,
  },
  responses: {
    200: {
      description: 'A page of dead letters.',
      content: jsonOf(lettersShape),
    },
    ...problems(400),
  },
});

const retry = createRoute({
  method: 'post',
  path: '/api/dead-letters/retry',
  operationId: 'retryDeadLetters',
  summary: 'Retry dead letters',
  description:
    'Deliveries become due again. Records are ingested again from the stored body, or read again if only their ID is known. Requests in the inbox are opened again. A delivery stays a dead letter until it is acknowledged, a record until it is read.',
  tags,
  security: secured,
  request: { body: { required: true, content: jsonOf(retryRequest) } },
  responses: {
    200: { description: 'What is retried.', content: jsonOf(retriedShape) },
    ...problems(400, 413, 415),
  },
});

export function deadLettersApi(deps: Deps) {
  const { tributary } = deps;
  return newApi()
    .openapi(list, async (c) => {
      const { limit, cursor: before, ...filter } = c.req.valid('query');
      await requireKnown(deps, filter);
      const which = letterFilterOf(filter);
      const read = (most: number) => listDeadLetters(tributary.database, which, { before, limit: most });
      const { page: deadLetters, next } = await pageOf(limit, read, byId);
      return c.json({ deadLetters, nextCursor: next }, 200);
    })
    .openapi(retry, async (c) => {
      await requireKnown(deps, c.req.valid('json'));
      const retried = await retryDeadLetters(tributary, letterFilterOf(c.req.valid('json')));
      await tributary.hurryDeliveries();
      return c.json(retried, 200);
    });
}
