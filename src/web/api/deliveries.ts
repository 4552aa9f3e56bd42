// The number of customers by state of delivery, over HTTP: always as of now, for those who wait until nothing waits any more.

import { createRoute } from '@hono/zod-openapi';
import { deliveriesQuery, deliveriesShape } from '../../contract/status.ts';
import { deliveriesOfRuns, deliveriesSince } from '../../sync/views/run-deliveries.ts';
import { figures } from '../../sync/views/status.ts';
import { listPauses } from '../../tables/pauses.ts';
import { countTouches } from '../../tables/touches.ts';
import { type Deps, newApi } from '../deps.ts';
import { requireRuns } from '../known.ts';
import { jsonOf, secured } from '../openapi.ts';
import { problems } from '../problem.ts';

const route = createRoute({
  method: 'get',
  path: '/api/deliveries',
  operationId: 'listDeliveries',
  summary: 'The number of customers by state of delivery',
  description:
    'Counted at every request, unlike the figures of the status. Avoid frequent requests if there are many customers.',
  tags: ['status'],
  security: secured,
  request: {
    query: deliveriesQuery,
  },
  responses: {
    200: {
      description:
        'Customers by the state of their delivery, and records named by webhooks that are still to be read, of sources that are not paused.',
      content: jsonOf(deliveriesShape),
    },
    ...problems(400),
  },
});

export function deliveriesApi(deps: Deps) {
  const { database, clock } = deps.tributary;
  return newApi().openapi(route, async (c) => {
    const { runs, since } = c.req.valid('query');
    if (runs) await requireRuns(deps, 'runs', runs);
    const counts = runs
      ? await deliveriesOfRuns(database, runs)
      : since === undefined
        ? (await figures(database, clock.now())).customers
        : await deliveriesSince(database, Date.parse(since));
    const touches = await countTouches(database);
    const paused = await listPauses(database);
    const toRead = touches
      .filter(({ source }) => !paused.has(source))
      .reduce((sum, { records }) => sum + records, 0);
    return c.json({ ...counts, toRead }, 200);
  });
}
