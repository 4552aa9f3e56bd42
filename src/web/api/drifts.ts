// Customers whose values at the destination differ from what it acknowledged, over HTTP: a list, and a person's
// word that they are known.

import { createRoute } from '@hono/zod-openapi';
import {
  driftAcknowledging,
  driftReopening,
  driftsChanged,
  driftsQuery,
  driftsShape,
} from '../../contract/drift.ts';
import { acknowledgeDrifts, listDrifts, reopenDrifts } from '../../tables/drifts.ts';
import { root } from '../caller.ts';
import { type Deps, newApi } from '../deps.ts';
import { jsonOf, secured } from '../openapi.ts';
import { bySourceId, pageOf } from '../paging.ts';
import { problems } from '../problem.ts';
import { acknowledgingRoute } from './acknowledging.ts';

const drifts = createRoute({
  method: 'get',
  path: '/api/drifts',
  operationId: 'listDrifts',
  summary: 'Customers whose values at the destination differ from what it acknowledged',
  description:
    "Found by verifications and by the destination's webhooks. A healed difference leaves the list.",
  tags: ['destination'],
  security: secured,
  request: { query: driftsQuery },
  responses: {
    200: {
      description: 'A page of them, ordered by source ID.',
      content: jsonOf(driftsShape),
    },
    ...problems(400),
  },
});

const changing = { tag: 'destination', changed: driftsChanged, counts: 'How many customers they are.' };

const acknowledge = acknowledgingRoute({
  ...changing,
  path: '/api/drifts/acknowledge',
  operationId: 'acknowledgeDrifts',
  shape: driftAcknowledging,
  summary: 'Acknowledge differences, with a reason',
  description:
    'They need nobody any more and raise no alarm. A difference is open again when it changes. A verification that heals sends acknowledged customers too.',
});

const reopen = acknowledgingRoute({
  ...changing,
  path: '/api/drifts/reopen',
  operationId: 'reopenDrifts',
  shape: driftReopening,
  summary: 'Reopen acknowledged differences',
  description: 'They need a person again.',
});

export function driftsApi({ tributary, cursors }: Deps) {
  const { database, clock } = tributary;
  return newApi()
    .openapi(drifts, async (c) => {
      const { state, limit, cursor } = c.req.valid('query');
      const after = cursors.open(cursor);
      const read = (most: number) => listDrifts(database, { state }, { after, limit: most });
      const { page, next } = await pageOf(limit, read, bySourceId);
      return c.json({ drifts: page, nextCursor: cursors.seal(next) }, 200);
    })
    .openapi(acknowledge, async (c) => {
      const { reason, ...filter } = c.req.valid('json');
      const by = (c.get('caller') ?? root).name;
      const customers = await acknowledgeDrifts(database, filter, { at: clock.now(), by, reason });
      return c.json({ customers }, 200);
    })
    .openapi(reopen, async (c) =>
      c.json({ customers: await reopenDrifts(database, c.req.valid('json')) }, 200),
    );
}
