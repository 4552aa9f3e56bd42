// Records that claim one customer, and records wrongly merged, over HTTP: a list, and a person's word to part them.
import { createRoute, z } from '@hono/zod-openapi';
import { unmerge } from '../../sync/intake/unmerging.ts';
import { listClashes } from '../../sync/views/clashes.ts';
import { Problem, problems } from '../problem.ts';
import { newApi, type Room, sourceNamed } from '../room.ts';
import { jsonOf, limit, secured, sourceParam, text } from './shapes.ts';

const clashes = createRoute({
  method: 'get',
  path: '/api/clashes',
  summary: 'Customers that two records of one source and stream claim',
  tags: ['records'],
  security: secured,
  request: { query: z.strictObject({ after: text.optional(), limit }) },
  responses: {
    200: {
      description: 'A page of them, in the order of their source IDs.',
      content: jsonOf(
        z.strictObject({
          clashes: z.array(
            z
              .strictObject({
                sourceId: z.string(),
                claims: z.array(
                  z.strictObject({
                    source: z.string(),
                    stream: z.string(),
                    recordIds: z.array(z.string()).openapi({ description: 'The newest first: it wins.' }),
                  }),
                ),
              })
              .openapi('Clash'),
          ),
          next: z.string().nullable().openapi({ description: '`after` of the next page; null on the last.' }),
        }),
      ),
    },
    ...problems(400),
  },
});

const unmergeRoute = createRoute({
  method: 'post',
  path: '/api/sources/{source}/records/{recordId}/unmerge',
  summary: 'Part a record again from the one that took it over',
  tags: ['records'],
  security: secured,
  request: {
    params: sourceParam.extend({
      recordId: text
        .min(1)
        .openapi({ param: { name: 'recordId', in: 'path' }, description: 'Percent-encoded.' }),
    }),
  },
  responses: {
    200: {
      description: 'It is parted, and stays so though the vendor says it again.',
      content: jsonOf(
        z.strictObject({
          unmerged: z.array(
            z
              .strictObject({
                stream: z.string(),
                recordId: z.string(),
                sourceId: z.string().nullable().openapi({ description: 'The customer it speaks of again.' }),
                from: z.string().openapi({ description: 'The record that had taken it over.' }),
                fromSourceId: z.string().nullable(),
                revised: z
                  .array(z.strictObject({ sourceId: z.string(), revision: z.int() }))
                  .openapi({ description: 'The customers that changed by it; they are owed now.' }),
              })
              .openapi('Unmerged'),
          ),
        }),
      ),
    },
    ...problems(400, 404),
  },
});

export function clashesApi(room: Room) {
  const { tributary } = room;
  const { database } = tributary;
  return newApi()
    .openapi(clashes, async (c) => {
      const { limit, after } = c.req.valid('query');
      const found = await listClashes(database, { after, limit: limit + 1 });
      const page = found.slice(0, limit);
      return c.json({ clashes: page, next: found.length > limit ? page.at(-1)!.sourceId : null }, 200);
    })
    .openapi(unmergeRoute, async (c) => {
      const { source: name, recordId } = c.req.valid('param');
      const source = sourceNamed(room, name);
      const unmerged = await unmerge(tributary, source, recordId);
      if (unmerged.length === 0)
        throw new Problem(404, `No record ${recordId} of ${name} has been taken over by another.`);
      tributary.log.info({ source: name, record: recordId }, 'a merged record was separated again');
      tributary.wake();
      return c.json({ unmerged }, 200);
    });
}
