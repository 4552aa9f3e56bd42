// What was spent of each account's quotas, by lane and hour.
import { createRoute, z } from '@hono/zod-openapi';
import { readSpend } from '../../engine/quota/spend.ts';
import { destinationName } from '../../tables/pauses.ts';
import { problems } from '../problem.ts';
import { newApi, type Room } from '../room.ts';
import { iso, jsonOf, laneShape, secured, time } from './shapes.ts';

const count = z.int().min(0);

const hourMs = 3_600_000;

const spend = createRoute({
  method: 'get',
  path: '/api/spend',
  summary: 'Calls made to each vendor, by quota, lane and hour',
  description: 'A call that draws on several quotas counts for each. All workers together.',
  tags: ['status'],
  security: secured,
  request: {
    query: z.strictObject({
      hours: z.coerce.number('a number from 1 to 744').int().min(1).max(744).default(24).openapi({
        description: 'How far back, the present hour included.',
      }),
    }),
  },
  responses: {
    200: {
      description: 'By vendor.',
      content: jsonOf(
        z.strictObject({
          vendors: z.array(
            z.strictObject({
              name: z.string().openapi({ description: 'The source, or `destination`.' }),
              account: z.string(),
              spent: z.array(
                z.strictObject({
                  quota: z.string(),
                  lane: laneShape,
                  hour: time,
                  calls: count,
                  refused: count.openapi({ description: 'Of them those answered 429 for this quota.' }),
                }),
              ),
            }),
          ),
        }),
      ),
    },
    ...problems(400),
  },
});

export function spendApi({ tributary }: Room) {
  return newApi().openapi(spend, async (c) => {
    const { hours } = c.req.valid('query');
    const { database, clock, rules, config } = tributary;
    const from = Math.floor(clock.now() / hourMs) * hourMs - (hours - 1) * hourMs;
    const { connector, settings } = config.destination;
    const accounts = [
      ...rules.sources.flatMap(({ name, description }) =>
        description ? [{ name, account: description.account }] : [],
      ),
      { name: destinationName, account: connector.api!(settings).account },
    ];
    const vendors = await Promise.all(
      accounts.map(async ({ name, account }) => ({
        name,
        account,
        spent: (await readSpend(database, { account, from })).map((row) => ({ ...row, hour: iso(row.hour) })),
      })),
    );
    return c.json({ vendors }, 200);
  });
}
