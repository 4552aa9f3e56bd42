// Customers whose values at the destination differ from what it acknowledged, over HTTP: a list.

import { createRoute } from '@hono/zod-openapi';
import { driftsQuery, driftsShape } from '../../contract/drift.ts';
import { listDrifts } from '../../tables/drifts.ts';
import { type Deps, newApi } from '../deps.ts';
import { jsonOf, secured } from '../openapi.ts';
import { bySourceId, pageOf } from '../paging.ts';
import { problems } from '../problem.ts';

const drifts = createRoute({
  method: 'get',
  path: '/api/drifts',
  operationId: 'listDrifts',
  summary: 'Customers whose values at the destination differ from what it acknowledged',
  tags: ['destination'],
  security: secured,
  request: { query: driftsQuery },
  responses: {
    200: {
      description: 'A page of them, ordered by source ID.',
      content: jsonOf(driftsShape),
    },
    ...problems(400),
  },
});

export function driftsApi({ tributary, cursors }: Deps) {
  return newApi().openapi(drifts, async (c) => {
    const { limit, cursor } = c.req.valid('query');
    const after = cursors.open(cursor);
    const read = (most: number) => listDrifts(tributary.database, { after, limit: most });
    const { page, next } = await pageOf(limit, read, bySourceId);
    return c.json({ drifts: page, nextCursor: cursors.seal(next) }, 200);
  });
}
