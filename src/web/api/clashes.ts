// Records that claim one customer, and records wrongly merged, over HTTP: a list, and a person's word to part them.

import { createRoute } from '@hono/zod-openapi';
import { clashesQuery, clashesShape, recordParam, unmergedShape } from '../../contract/record.ts';
import { unmerge } from '../../sync/intake/unmerging.ts';
import { listClashes } from '../../sync/views/clashes.ts';
import { type Deps, newApi, sourceNamed } from '../deps.ts';
import { jsonOf, secured } from '../openapi.ts';
import { bySourceId, pageOf } from '../paging.ts';
import { Problem, problems } from '../problem.ts';

const clashes = createRoute({
  method: 'get',
  path: '/api/clashes',
  operationId: 'listClashes',
  summary: 'Customers that two records of one source and stream claim',
  description:
    'The newest record wins. Two records with one source ID are usually a mistake in the configuration of `sourceId`.',
  tags: ['records'],
  security: secured,
  request: { query: clashesQuery },
  responses: {
    200: {
      description: 'A page of them, ordered by source ID.',
      content: jsonOf(clashesShape),
    },
    ...problems(400),
  },
});

const unmergeRoute = createRoute({
  method: 'post',
  path: '/api/sources/{source}/records/{recordId}/unmerge',
  operationId: 'unmergeRecord',
  summary: 'Separate a record from the record it was merged into',
  description:
    'For merges that the vendor reported by mistake. The record becomes a customer of its own again.',
  tags: ['records'],
  security: secured,
  request: {
    params: recordParam,
  },
  responses: {
    200: {
      description: 'The record is separate, and stays separate even if the vendor reports the merge again.',
      content: jsonOf(unmergedShape),
    },
    ...problems(400, 404),
  },
});

export function clashesApi(deps: Deps) {
  const { tributary } = deps;
  const { database } = tributary;
  return newApi()
    .openapi(clashes, async (c) => {
      const { limit, cursor } = c.req.valid('query');
      const after = deps.cursors.open(cursor);
      const read = (most: number) => listClashes(database, { after, limit: most });
      const { page, next } = await pageOf(limit, read, bySourceId);
      return c.json({ clashes: page, nextCursor: deps.cursors.seal(next) }, 200);
    })
    .openapi(unmergeRoute, async (c) => {
      const { source: name, recordId } = c.req.valid('param');
      const source = sourceNamed(deps, name);
      const unmerged = await unmerge(tributary, source, recordId);
      if (unmerged.length === 0)
        throw new Problem(404, `No record ${recordId} of ${name} has been merged into another.`);
      tributary.log.info({ source: name, record: recordId }, 'a merged record was separated again');
      tributary.wake();
      return c.json({ unmerged }, 200);
    });
}
