// Values in quarantine over HTTP: a list to page through.
import { createRoute, z } from '@hono/zod-openapi';
import { listQuarantine, type QuarantinePlace } from '../../sync/views/quarantine.ts';
import { requireFields, requireSource } from '../known.ts';
import { Problem, problems } from '../problem.ts';
import { newApi, type Room } from '../room.ts';
import { iso, jsonOf, limit, secured, text, time } from './shapes.ts';

const value = z.any();

const quarantine = createRoute({
  method: 'get',
  path: '/api/quarantine',
  summary: 'Values that failed their type or rule, each left out alone',
  tags: ['records'],
  security: secured,
  request: {
    query: z.strictObject({
      source: text.min(1).optional(),
      field: text.min(1).optional().openapi({ example: 'metadata.points' }),
      after: text.optional().openapi({ description: '`next` of the page before.' }),
      limit,
    }),
  },
  responses: {
    200: {
      description: 'A page of them.',
      content: jsonOf(
        z.strictObject({
          values: z.array(
            z
              .strictObject({
                source: z.string(),
                stream: z.string(),
                recordId: z.string(),
                sourceId: z.string().nullable(),
                field: z.string(),
                reason: z.string(),
                value: value.openapi({ description: 'What the record says now, cut where it is long.' }),
                lastGood: value.openapi({
                  description:
                    'The last good value of the record, which speaks in its place; null where there is none.',
                }),
                stands: value.openapi({ description: 'What the customer has.' }),
                changedAt: time,
              })
              .openapi('QuarantinedValue'),
          ),
          next: z.string().nullable().openapi({ description: '`after` of the next page; null on the last.' }),
        }),
      ),
    },
    ...problems(400),
  },
});

export function quarantineApi(room: Room) {
  const { database, rules } = room.tributary;
  return newApi().openapi(quarantine, async (c) => {
    const { limit, after, ...filter } = c.req.valid('query');
    await requireSource(room, filter.source);
    if (filter.field !== undefined) await requireFields(room, 'field', [filter.field]);
    const place = after === undefined ? undefined : placeOf(after);
    const found = await listQuarantine(database, rules, filter, { after: place, limit: limit + 1 });
    const page = found.slice(0, limit);
    const values = page.map((entry) => ({ ...entry, changedAt: iso(entry.changedAt) }));
    return c.json({ values, next: found.length > limit ? nextOf(page.at(-1)!) : null }, 200);
  });
}

/** A place in the list, as a text that goes into a query as it is. */
function nextOf({ source, stream, recordId, field }: QuarantinePlace): string {
  return Buffer.from(JSON.stringify([source, stream, recordId, field])).toString('base64url');
}

const placeShape = z.tuple([text, text, text, text]);

function placeOf(after: string): QuarantinePlace {
  try {
    const [source, stream, recordId, field] = placeShape.parse(
      JSON.parse(Buffer.from(after, 'base64url').toString('utf8')),
    );
    return { source, stream, recordId, field };
  } catch {
    const allowed = '`next` of the page before';
    throw new Problem(400, `after is none of ours; allowed is ${allowed}.`, {
      type: 'bad-input',
      faults: [{ path: 'after', found: JSON.stringify(after).slice(0, 200), allowed }],
    });
  }
}
