// The status over HTTP.

import { createRoute } from '@hono/zod-openapi';
import { statusShape } from '../../contract/status.ts';
import { type Deps, newApi } from '../deps.ts';
import { jsonOf, secured } from '../openapi.ts';
import { problems } from '../problem.ts';
import { readStatus } from '../status.ts';

const status = createRoute({
  method: 'get',
  path: '/api/status',
  operationId: 'getStatus',
  summary: 'The status of sources, destination and backlog',
  description: 'Figures over whole tables may be some seconds old.',
  tags: ['status'],
  security: secured,
  responses: { 200: { description: 'The status.', content: jsonOf(statusShape) }, ...problems() },
});

export function statusApi(deps: Deps) {
  return newApi().openapi(status, async (c) => c.json(await readStatus(deps), 200));
}
