// Whether the process is running, and whether it can work. For machines that watch it; no token is needed.

import { createRoute } from '@hono/zod-openapi';
import { liveShape, readyShape } from '../../contract/health.ts';
import { isUnavailable, unavailableReason } from '../../db/availability.ts';
import { type Deps, newApi } from '../deps.ts';
import { jsonOf } from '../openapi.ts';
import { Problem, problems } from '../problem.ts';

const patienceMs = 2_000;

const unready = { type: 'database' as const, headers: { 'retry-after': '5' } };

const live = createRoute({
  method: 'get',
  path: '/healthz',
  operationId: 'isLive',
  summary: 'Whether the process is running',
  description: 'It never queries the database. Use it to decide whether to restart the process.',
  tags: ['health'],
  // Anybody may ask.
  security: [],
  responses: {
    200: { description: 'It lives.', content: jsonOf(liveShape) },
  },
});

const ready = createRoute({
  method: 'get',
  path: '/readyz',
  operationId: 'isReady',
  summary: 'Whether the database accepts writes',
  description: 'It writes a row and deletes it. Use it to decide whether to route requests to the process.',
  tags: ['health'],
  security: [],
  responses: {
    200: { description: 'It takes writes.', content: jsonOf(readyShape) },
    503: problems(503)[503],
  },
});

export function healthApi({ tributary }: Deps) {
  const { clock, databaseHealth } = tributary;
  return newApi()
    .openapi(live, (c) => c.json({ status: 'live' as const }, 200))
    .openapi(ready, async (c) => {
      const waited = new AbortController();
      const late = clock
        .sleep(patienceMs, waited.signal)
        .then(() => new Problem(503, 'The database does not answer in time.', unready));
      const asked = databaseHealth.tryWriting().then(
        () => null,
        (error: unknown) => error,
      );
      const fault = await Promise.race([asked, late]);
      waited.abort();
      if (fault instanceof Problem) throw fault;
      if (fault !== null)
        throw new Problem(
          503,
          `The database does not work: ${isUnavailable(fault) ? unavailableReason(fault) : 'it accepts no writes'}.`,
          unready,
        );
      return c.json({ status: 'ready' as const }, 200);
    });
}
