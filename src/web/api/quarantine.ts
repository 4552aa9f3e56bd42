// Values in quarantine over HTTP: a list to page through.

import { createRoute } from '@hono/zod-openapi';
import { quarantineQuery, quarantineShape } from '../../contract/record.ts';
import { listQuarantine, type QuarantinePlace } from '../../sync/views/quarantine.ts';
import { type Deps, newApi } from '../deps.ts';
import { requireFields, requireSource } from '../known.ts';
import { jsonOf, secured } from '../openapi.ts';
import { pageOf } from '../paging.ts';
import { problems } from '../problem.ts';

const quarantine = createRoute({
  method: 'get',
  path: '/api/quarantine',
  operationId: 'listQuarantine',
  summary: 'Values that failed their type or rule and were left out',
  description:
    'Each with the reason and the value that is used in its place. A value leaves the list when its record is corrected.',
  tags: ['records'],
  security: secured,
  request: {
    query: quarantineQuery,
  },
  responses: {
    200: {
      description: 'A page of them.',
      content: jsonOf(quarantineShape),
    },
    ...problems(400),
  },
});

export function quarantineApi(deps: Deps) {
  const { database, rules } = deps.tributary;
  return newApi().openapi(quarantine, async (c) => {
    const { limit, cursor, ...filter } = c.req.valid('query');
    await requireSource(deps, filter.source);
    if (filter.field !== undefined) await requireFields(deps, 'field', [filter.field]);
    const after = quarantinePlace(deps.cursors.open(cursor));
    const read = (most: number) => listQuarantine(database, rules, filter, { after, limit: most });
    const { page: values, next } = await pageOf(limit, read, quarantineNext);
    return c.json({ values, nextCursor: deps.cursors.seal(next) }, 200);
  });
}

/** A place in the list as a text. */
export function quarantineNext({ source, stream, recordId, field }: QuarantinePlace): string {
  return JSON.stringify([source, stream, recordId, field]);
}

/** `next`: what `quarantineNext` made. */
export function quarantinePlace(next: string | undefined): QuarantinePlace | undefined {
  if (next === undefined) return undefined;
  const [source, stream, recordId, field] = JSON.parse(next) as [string, string, string, string];
  return { source, stream, recordId, field };
}
