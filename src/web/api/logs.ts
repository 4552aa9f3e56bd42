// The log over HTTP: the newest lines of this process.
import { createRoute } from '@hono/zod-openapi';
import type { JsonObject } from '../../connector.ts';
import { logQuery, logShape } from '../../contract/log.ts';
import { type Deps, newApi } from '../deps.ts';
import { jsonOf, secured } from '../openapi.ts';
import { problems } from '../problem.ts';

const list = createRoute({
  method: 'get',
  path: '/api/logs',
  operationId: 'listLogs',
  summary: 'The newest lines of the log, oldest first',
  description:
    'Of the process that answers: each worker keeps its newest 1,000 lines in memory. Credentials, e-mail addresses and phone numbers are not in them.',
  tags: ['status'],
  security: secured,
  request: { query: logQuery },
  responses: { 200: { description: 'The lines.', content: jsonOf(logShape) }, ...problems(400) },
});

export function logsApi({ recentLines }: Deps) {
  return newApi().openapi(list, (c) => {
    const { cursor: after, level, limit } = c.req.valid('query');
    const kept = recentLines.list({ after, level, limit });
    const lines = kept.map(({ fields, ...line }) => ({ ...line, fields: fields as JsonObject }));
    return c.json({ lines, nextCursor: kept.at(-1)?.id ?? after ?? null }, 200);
  });
}
