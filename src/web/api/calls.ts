// The last calls of this process to a vendor, over HTTP.

import { createRoute } from '@hono/zod-openapi';
import { callsQuery, callsShape } from '../../contract/call.ts';
import { type Deps, newApi } from '../deps.ts';
import { jsonOf, secured } from '../openapi.ts';
import { problems } from '../problem.ts';
import { recentCalls } from '../recent-calls.ts';

const calls = createRoute({
  method: 'get',
  path: '/api/calls',
  operationId: 'listCalls',
  summary: 'The last requests to a vendor and their answers',
  description:
    'At most 25 of the last 15 minutes, the newest first, without credentials, with the first 2,000 characters of each body. The worker that answers lists its own calls. Requests that erase a customer are not listed.',
  tags: ['status'],
  security: secured,
  request: { query: callsQuery },
  responses: {
    200: { description: 'Calls of this worker.', content: jsonOf(callsShape) },
    ...problems(400, 404),
  },
});

export function callsApi(deps: Deps) {
  return newApi().openapi(calls, async (c) => {
    const { of, failed } = c.req.valid('query');
    return c.json(recentCalls(deps, { of, onlyFailed: failed === 'true' }), 200);
  });
}
