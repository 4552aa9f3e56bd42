// Held deliveries over HTTP: what waits for a person because too many customers lose the same thing, with the exact
// difference, and the person's word.
import { createRoute, z } from '@hono/zod-openapi';
import { heldPreviews } from '../../sync/deliver/difference.ts';
import { type Decided, refuseHolds, releaseHolds } from '../../sync/holds/decide.ts';
import { groupHolds, listHolds } from '../../tables/holds.ts';
import { requireFields, requireRuns } from '../known.ts';
import { problems } from '../problem.ts';
import { newApi, type Room } from '../room.ts';
import { before, iso, jsonOf, limit, secured, text, time } from './shapes.ts';

const tags = ['holds'];

const count = z.int().min(0);

const id = z.coerce.number('an ID').int().min(1).max(Number.MAX_SAFE_INTEGER);

const what = z
  .string()
  .openapi({ description: '`deleted`, or the field that is blanked.', example: 'phone' });

const lost = z
  .any()
  .openapi({ description: 'The value that would go; null where the customer itself would.' });

const groupShape = z
  .strictObject({
    source: z.string(),
    runId: z.int().nullable(),
    what,
    open: count,
    firstHeldAt: time,
    samples: z.array(z.strictObject({ sourceId: z.string(), from: lost })),
  })
  .openapi('HoldGroup');

const holdShape = z
  .strictObject({
    id: z.int(),
    sourceId: z.string(),
    source: z.string(),
    runId: z.int().nullable(),
    what,
    from: lost,
    heldAt: time,
    action: z.enum(['none', 'write', 'remove', 'erase']).openapi({
      description: 'What would be done to the customer at the destination if all its holds were released.',
    }),
    difference: z
      .record(z.string(), z.strictObject({ from: z.any(), to: z.any() }))
      .openapi({ description: 'By field: what the destination has acknowledged, and what it would become.' }),
    payload: z
      .record(z.string(), z.any())
      .nullable()
      .openapi({ description: 'Exactly what would be sent; null where nothing is written.' }),
  })
  .openapi('Hold');

const filter = { runId: id.optional(), what: text.optional() };

const list = createRoute({
  method: 'get',
  path: '/api/holds',
  summary: 'Held deliveries: grouped by run and by what is lost, and one by one, the newest first',
  tags,
  security: secured,
  request: {
    query: z.strictObject({
      ...filter,
      before: before.openapi({ description: 'Only holds before this ID: `next` of the page before.' }),
      limit,
    }),
  },
  responses: {
    200: {
      description: 'The groups, and a page of holds.',
      content: jsonOf(
        z.strictObject({
          groups: z.array(groupShape),
          holds: z.array(holdShape),
          next: z.int().nullable().openapi({ description: '`before` of the next page; null on the last.' }),
        }),
      ),
    },
    ...problems(400),
  },
});

const decision = z
  .strictObject({
    ids: z.array(z.int().min(1)).min(1, '1 to 1000 IDs').max(1000, '1 to 1000 IDs').optional(),
    runId: z.int().min(1).optional(),
    what: text.optional(),
    all: z.literal(true).optional(),
  })
  .superRefine(({ all, ...some }, context) => {
    const chosen = Object.values(some).some((value) => value !== undefined);
    if (chosen === (all === true))
      context.addIssue({
        code: 'custom',
        path: [],
        message: 'either ids, runId or what (all that are given must fit), or all: true',
      });
  })
  .openapi('HoldChoice', {
    description: 'Which holds: those that fit every one of ids, runId and what; or `{"all": true}`.',
  });

const decidedShape = z
  .strictObject({
    holds: count.openapi({ description: 'Holds that were decided.' }),
    customers: count.openapi({ description: 'Customers that are held no more.' }),
  })
  .openapi('Decided');

const decide = (word: 'release' | 'refuse', summary: string, description: string) =>
  createRoute({
    method: 'post',
    path: `/api/holds/${word}` as const,
    summary,
    description,
    tags,
    security: secured,
    request: { body: { required: true, content: jsonOf(decision) } },
    responses: {
      200: { description: 'What was decided.', content: jsonOf(decidedShape) },
      ...problems(400, 413, 415),
    },
  });

const release = decide(
  'release',
  'Let held losses go on',
  'The customers fall due and are sent as they are now: fields blanked, or taken away by the delete policy.',
);

const refuse = decide(
  'refuse',
  'Turn held losses back',
  'A blanked field is pinned to the value that the destination has, until the pin is released; a customer that its records have left is kept. Then the deliveries go on.',
);

export function holdsApi(room: Room) {
  const { tributary } = room;
  const { database } = tributary;
  const woken = (decided: Decided): Decided => {
    tributary.wake();
    return decided;
  };
  return newApi()
    .openapi(list, async (c) => {
      const { limit, before, ...which } = c.req.valid('query');
      await requireKnown(room, which);
      const [groups, found] = await Promise.all([
        groupHolds(database, which),
        listHolds(database, which, { before, limit: limit + 1 }),
      ]);
      const page = found.slice(0, limit);
      const previews = await heldPreviews(
        database,
        page.map((hold) => hold.sourceId),
        tributary.sending,
      );
      const nothing = { action: 'none' as const, difference: {}, payload: null };
      return c.json(
        {
          groups: groups.map((group) => ({ ...group, firstHeldAt: iso(group.firstHeldAt) })),
          holds: page.map((hold) => ({
            ...hold,
            heldAt: iso(hold.heldAt),
            ...(previews.get(hold.sourceId) ?? nothing),
          })),
          next: found.length > limit ? page.at(-1)!.id : null,
        },
        200,
      );
    })
    .openapi(release, async (c) =>
      c.json(woken(await releaseHolds(tributary, await chosen(room, c.req.valid('json')))), 200),
    )
    .openapi(refuse, async (c) =>
      c.json(woken(await refuseHolds(tributary, await chosen(room, c.req.valid('json')))), 200),
    );
}

async function chosen(room: Room, { all: _, ...which }: z.infer<typeof decision>) {
  await requireKnown(room, which);
  return which;
}

/** Throws the problem where there is no such run, or nothing that is so called can be lost. */
async function requireKnown(
  room: Room,
  { runId, what }: { runId?: number | undefined; what?: string | undefined },
): Promise<void> {
  if (runId !== undefined) await requireRuns(room, 'runId', [runId]);
  if (what !== undefined && what !== 'deleted') await requireFields(room, 'what', [what]);
}
