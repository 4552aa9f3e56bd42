// The audit over HTTP: who changed what, newest first.
import { createRoute } from '@hono/zod-openapi';
import { auditQuery, auditShape } from '../../contract/access.ts';
import { listEntries } from '../../tables/audit.ts';
import { type Deps, newApi } from '../deps.ts';
import { jsonOf, secured } from '../openapi.ts';
import { byId, pageOf } from '../paging.ts';
import { problems } from '../problem.ts';

const list = createRoute({
  method: 'get',
  path: '/api/audit',
  operationId: 'listAudit',
  summary: 'Who changed what, newest first',
  description:
    'Every request that may change something, logins, and floods of wrong tokens. Kept for 400 days.',
  tags: ['access'],
  security: secured,
  request: { query: auditQuery },
  responses: { 200: { description: 'The entries.', content: jsonOf(auditShape) }, ...problems(400) },
});

export function auditApi({ tributary }: Deps) {
  return newApi().openapi(list, async (c) => {
    const { limit, by, cursor: before } = c.req.valid('query');
    const read = (most: number) => listEntries(tributary.database, { by, before, limit: most });
    const { page: entries, next } = await pageOf(limit, read, byId);
    return c.json({ entries, nextCursor: next }, 200);
  });
}
