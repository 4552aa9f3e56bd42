// Customers that the destination holds otherwise than it acknowledged, over HTTP: a list.
import { createRoute, z } from '@hono/zod-openapi';
import { listDrifts } from '../../tables/drifts.ts';
import { problems } from '../problem.ts';
import { newApi, type Room } from '../room.ts';
import { driftKind } from '../status.ts';
import { iso, jsonOf, limit, secured, text, time } from './shapes.ts';

const drifts = createRoute({
  method: 'get',
  path: '/api/drifts',
  summary: 'Customers that the destination holds otherwise than it acknowledged',
  tags: ['destination'],
  security: secured,
  request: { query: z.strictObject({ after: text.optional(), limit }) },
  responses: {
    200: {
      description: 'A page of them, in the order of their source IDs.',
      content: jsonOf(
        z.strictObject({
          drifts: z.array(
            z
              .strictObject({
                sourceId: z.string(),
                kind: driftKind,
                fields: z
                  .record(z.string(), z.strictObject({ expected: z.any(), found: z.any() }))
                  .openapi({ description: 'By field: what was acknowledged, and what is there.' }),
                by: z.string().openapi({ description: 'What found it: `webhook`, or a verification.' }),
                foundAt: time,
              })
              .openapi('Drift'),
          ),
          next: z.string().nullable().openapi({ description: '`after` of the next page; null on the last.' }),
        }),
      ),
    },
    ...problems(400),
  },
});

export function driftsApi({ tributary }: Room) {
  return newApi().openapi(drifts, async (c) => {
    const { limit, after } = c.req.valid('query');
    const found = await listDrifts(tributary.database, { after, limit: limit + 1 });
    const page = found.slice(0, limit);
    return c.json(
      {
        drifts: page.map((drift) => ({ ...drift, foundAt: iso(drift.foundAt) })),
        next: found.length > limit ? page.at(-1)!.sourceId : null,
      },
      200,
    );
  });
}
