// The two sums over HTTP.
import { createRoute } from '@hono/zod-openapi';
import { balanceShape } from '../../contract/balance.ts';
import { type Deps, newApi } from '../deps.ts';
import { jsonOf, secured } from '../openapi.ts';
import { problems } from '../problem.ts';

const balance = createRoute({
  method: 'get',
  path: '/api/balance',
  operationId: 'getBalance',
  summary: 'The two sums that must hold',
  description:
    'Records received are the sum of what became of them, and customers are the sum of those delivered, waiting, held and dead. Each side is counted by itself, at one moment. Figures may be some seconds old.',
  tags: ['status'],
  security: secured,
  responses: { 200: { description: 'Both sums.', content: jsonOf(balanceShape) }, ...problems() },
});

export function balanceApi(deps: Deps) {
  return newApi().openapi(balance, async (c) => c.json(await deps.balance.get(), 200));
}
