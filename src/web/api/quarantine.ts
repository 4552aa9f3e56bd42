// Values in quarantine over HTTP: a list to page through.

import { createRoute, z } from '@hono/zod-openapi';
import { text } from '../../contract/parts.ts';
import { quarantineQuery, quarantineShape } from '../../contract/record.ts';
import { listQuarantine, type QuarantinePlace } from '../../sync/views/quarantine.ts';
import { type Deps, newApi } from '../deps.ts';
import { requireFields, requireSource } from '../known.ts';
import { jsonOf, secured } from '../openapi.ts';
import { pageOf } from '../paging.ts';
import { Problem, problems } from '../problem.ts';

const quarantine = createRoute({
  method: 'get',
  path: '/api/quarantine',
  operationId: 'listQuarantine',
  summary: 'Values that failed their type or rule and were left out',
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
    const { limit, after, ...filter } = c.req.valid('query');
    await requireSource(deps, filter.source);
    if (filter.field !== undefined) await requireFields(deps, 'field', [filter.field]);
    const place = after === undefined ? undefined : quarantinePlace(after);
    const read = (most: number) => listQuarantine(database, rules, filter, { after: place, limit: most });
    const { page: values, next } = await pageOf(limit, read, quarantineNext);
    return c.json({ values, next }, 200);
  });
}

/** A place in the list, as a text that goes into a query as it is. */
export function quarantineNext({ source, stream, recordId, field }: QuarantinePlace): string {
  return Buffer.from(JSON.stringify([source, stream, recordId, field])).toString('base64url');
}

const placeShape = z.tuple([text, text, text, text]);

export function quarantinePlace(after: string): QuarantinePlace {
  try {
    const [source, stream, recordId, field] = placeShape.parse(
      JSON.parse(Buffer.from(after, 'base64url').toString('utf8')),
    );
    return { source, stream, recordId, field };
  } catch {
    const allowed = '`next` of the previous page';
    throw new Problem(400, `after is an unknown cursor; allowed: ${allowed}.`, {
      type: 'bad-input',
      faults: [{ path: 'after', found: JSON.stringify(after).slice(0, 200), allowed }],
    });
  }
}
