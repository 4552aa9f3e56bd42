// How many customers are delivered, over HTTP: always as of now, for those who wait until nothing waits any more.
import { createRoute, z } from '@hono/zod-openapi';
import { figures } from '../../sync/status.ts';
import { problems } from '../problem.ts';
import { newApi, type Room } from '../room.ts';
import { jsonOf, secured } from './shapes.ts';

const count = z.int().min(0);

const route = createRoute({
  method: 'get',
  path: '/api/deliveries',
  summary: 'How many customers are delivered',
  description:
    'Counted anew with every request, unlike the figures of the status: ask seldom where there are many customers.',
  tags: ['status'],
  security: secured,
  responses: {
    200: {
      description: 'Customers by the state of their delivery.',
      content: jsonOf(
        z.strictObject({ total: count, delivered: count, waiting: count, held: count, dead: count }),
      ),
    },
    ...problems(),
  },
});

export function deliveriesApi({ tributary: { database, clock } }: Room) {
  return newApi().openapi(route, async (c) => c.json((await figures(database, clock.now())).customers, 200));
}
