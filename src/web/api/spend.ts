// What was spent of each account's quotas, by lane and hour.

import { createRoute } from '@hono/zod-openapi';
import { spendQuery, spendShape } from '../../contract/spend.ts';
import { readSpend } from '../../engine/quota/spend.ts';
import { destinationName } from '../../tables/pauses.ts';
import { type Deps, newApi } from '../deps.ts';
import { jsonOf, secured } from '../openapi.ts';
import { problems } from '../problem.ts';

const hourMs = 3_600_000;

const spend = createRoute({
  method: 'get',
  path: '/api/spend',
  summary: 'Calls to each vendor, by quota, lane and hour',
  description: 'A call that draws on several quotas counts for each. The figures cover all workers.',
  tags: ['status'],
  security: secured,
  request: {
    query: spendQuery,
  },
  responses: {
    200: {
      description: 'By vendor.',
      content: jsonOf(spendShape),
    },
    ...problems(400),
  },
});

export function spendApi({ tributary }: Deps) {
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
        spent: await readSpend(database, { account, from }),
      })),
    );
    return c.json({ vendors }, 200);
  });
}
