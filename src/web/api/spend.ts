// What was spent of each account's quotas, by lane and hour.

import { createRoute } from '@hono/zod-openapi';
import { spendQuery, spendShape } from '../../contract/spend.ts';
import { type Deps, newApi } from '../deps.ts';
import { jsonOf, secured } from '../openapi.ts';
import { problems } from '../problem.ts';
import { spendOf } from '../spend.ts';

const spend = createRoute({
  method: 'get',
  path: '/api/spend',
  operationId: 'getSpend',
  summary: 'Calls to each vendor, by quota, lane and hour',
  description: 'A call that draws on several quotas counts for each. The figures cover all workers.',
  tags: ['status'],
  security: secured,
  request: {
    query: spendQuery,
  },
  responses: {
    200: {
      description: 'By vendor.',
      content: jsonOf(spendShape),
    },
    ...problems(400),
  },
});

export function spendApi(deps: Deps) {
  return newApi().openapi(spend, async (c) =>
    c.json({ vendors: await spendOf(deps, c.req.valid('query').hours) }, 200),
  );
}
