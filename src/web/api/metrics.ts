// The metrics over HTTP.

import { createRoute, z } from '@hono/zod-openapi';
import { type Deps, newApi } from '../deps.ts';
import { MetricsPage } from '../metrics.ts';
import { secured } from '../openapi.ts';
import { problems } from '../problem.ts';
import { readStatus } from '../status.ts';

const route = createRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'getMetrics',
  summary: 'Metrics for Prometheus',
  description: 'Listed in docs/metrics.md. Figures over whole tables may be some seconds old.',
  tags: ['status'],
  security: secured,
  responses: {
    200: {
      description: 'The metrics, in the text format of Prometheus.',
      content: { 'text/plain': { schema: z.string() } },
    },
    ...problems(),
  },
});

export function metricsApi(deps: Deps) {
  const page = new MetricsPage();
  return newApi().openapi(route, async (c) => {
    const { type, text } = await page.of(await readStatus(deps));
    return c.text(text, 200, { 'content-type': type });
  });
}
