// Whether the process lives, and whether it can work. For machines that watch it; no token is needed.
import { createRoute, z } from '@hono/zod-openapi';
import { tryWriting } from '../../engine/roster.ts';
import { Problem, problems } from '../problem.ts';
import { newApi, type Room } from '../room.ts';
import { jsonOf } from './shapes.ts';

const patienceMs = 2_000;

const live = createRoute({
  method: 'get',
  path: '/healthz',
  summary: 'Whether the process lives',
  tags: ['health'],
  responses: {
    200: { description: 'It lives.', content: jsonOf(z.strictObject({ status: z.literal('live') })) },
  },
});

const ready = createRoute({
  method: 'get',
  path: '/readyz',
  summary: 'Whether the database takes what the work writes',
  tags: ['health'],
  responses: {
    200: { description: 'It takes writes.', content: jsonOf(z.strictObject({ status: z.literal('ready') })) },
    503: problems(503)[503],
  },
});

export function healthApi({ tributary }: Room) {
  return newApi()
    .openapi(live, (c) => c.json({ status: 'live' as const }, 200))
    .openapi(ready, async (c) => {
      const waited = new AbortController();
      const late = tributary.clock.sleep(patienceMs, waited.signal).then(() => 'it did not answer in time');
      const asked = tryWriting(tributary.database).then(
        () => null,
        (error: Error) => error.message,
      );
      const fault = await Promise.race([asked, late]);
      waited.abort();
      if (fault !== null) {
        tributary.log.warn(`not ready: the database: ${fault}`);
        throw new Problem(503, 'The database does not answer, or takes no writes. The log says why.');
      }
      return c.json({ status: 'ready' as const }, 200);
    });
}
