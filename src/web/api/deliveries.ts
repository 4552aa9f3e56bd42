// How many customers are delivered, over HTTP: always as of now, for those who wait until nothing waits any more.
import { createRoute, z } from '@hono/zod-openapi';
import { pauses } from '../../sync/pauses.ts';
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
      description:
        'Customers by the state of their delivery; and records that webhooks named and that are to be read first, of sources that are not paused.',
      content: jsonOf(
        z.strictObject({
          total: count,
          delivered: count,
          waiting: count,
          held: count,
          dead: count,
          toRead: count,
        }),
      ),
    },
    ...problems(),
  },
});

export function deliveriesApi({ tributary: { database, clock } }: Room) {
  return newApi().openapi(route, async (c) => {
    const { customers, touches } = await figures(database, clock.now());
    const paused = await pauses(database);
    const toRead = touches
      .filter(({ source }) => !paused.has(source))
      .reduce((sum, { records }) => sum + records, 0);
    return c.json({ ...customers, toRead }, 200);
  });
}
