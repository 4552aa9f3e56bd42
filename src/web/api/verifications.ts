// Verifications over HTTP: the destination read back and compared, each report, and whether their chain holds.
import { createRoute, z } from '@hono/zod-openapi';
import {
  checkChain,
  listVerifications,
  type Verification,
  verificationById,
} from '../../tables/verifications.ts';
import { Problem, problems } from '../problem.ts';
import { newApi, type Room } from '../room.ts';
import { before, iso, jsonOf, limit, orNull, secured, time, timeOrNull } from './shapes.ts';

const tags = ['proof'];

/** So long an answer waits for the report, since a small one is there at once. */
const waitMs = 2_000;

const lookMs = 50;

const count = z.int().min(0);

const erasedExample = z
  .strictObject({ erased: z.string() })
  .openapi({ description: 'Whose person was erased: only its hash is left.' });

const exampleOf = (more: z.ZodRawShape) =>
  z.array(
    z.union([
      z.strictObject({
        sourceId: z.string(),
        ...more,
        salt: z.string().openapi({ description: 'Random, so that the hash of the example tells nothing.' }),
      }),
      erasedExample,
    ]),
  );

const differences = z
  .record(z.string(), z.strictObject({ expected: z.any(), found: z.any() }))
  .openapi({ description: 'By field: what was acknowledged, and what is there.' });

const reportShape = z
  .strictObject({
    mode: z.enum(['full', 'sample']),
    source: z
      .enum(['export', 'list', 'reads'])
      .nullable()
      .openapi({ description: 'How the destination was read: by its export, page by page, or one by one.' }),
    fallback: z.string().nullable().openapi({ description: 'Why no export was had.' }),
    acknowledged: count.openapi({ description: 'Customers of whom it had acknowledged something.' }),
    compared: count.openapi({ description: 'The sum of matching, differing and stale.' }),
    matching: count,
    differing: z.strictObject({
      count,
      fields: z.record(z.string(), count).openapi({ description: 'By field: in how many it differs.' }),
      examples: exampleOf({ fields: differences }),
    }),
    stale: z
      .strictObject({
        count,
        fields: z.record(z.string(), count),
        examples: exampleOf({ fields: differences }),
      })
      .optional()
      .openapi({
        description:
          'There as acknowledged, but their stored records give something else and nothing is on its way to them: `expected` is what the records give, `found` what was acknowledged. Absent in reports of older versions.',
      }),
    missing: z
      .strictObject({ count, examples: exampleOf({}) })
      .openapi({ description: 'Acknowledged, and not there any more.' }),
    deletedThere: count.openapi({
      description: 'Of the missing those of whom a webhook had said that they were deleted there.',
    }),
    unknownToUs: z
      .strictObject({ count, examples: exampleOf({}) })
      .openapi({ description: 'There, and never sent by us. They are left alone.' }),
    withoutSourceId: count,
    inFlight: count.openapi({ description: 'Set aside, since something was on its way to them.' }),
    unread: z.record(z.string(), count).openapi({ description: 'Customers that cannot be read, by why.' }),
    notCompared: z.array(z.strictObject({ field: z.string(), customers: count, why: z.string() })),
    forms: z
      .array(
        z.strictObject({
          field: z.string(),
          form: z.enum(['date', 'phone', 'number', 'empty', 'blanks']),
          customers: count,
        }),
      )
      .openapi({
        description: "Values that are the same in a form of the destination's own: no difference.",
      }),
    calls: count,
    seconds: z.number().min(0),
    confidence: orNull(
      z.strictObject({
        level: z.number(),
        upperShare: z.number().openapi({ description: 'At most this share of all differs, 0 to 1.' }),
        sentence: z.string(),
      }),
    ).openapi({ description: 'What a sample says of all.' }),
    healed: count.openapi({ description: 'Customers that were put on their way again.' }),
    summary: z.string().nullable(),
  })
  .openapi('VerificationReport');

const shape = z
  .strictObject({
    id: z.int(),
    state: z
      .enum(['requested', 'finished', 'failed'])
      .openapi({ description: '`requested` until it has ended.' }),
    working: z.boolean().openapi({ description: 'A worker has it in hand.' }),
    request: z.strictObject({
      sample: count.nullable().openapi({ description: 'So many at random; null: all.' }),
      heal: z.boolean(),
      by: z.enum(['person', 'schedule']),
      slot: timeOrNull,
    }),
    requestedAt: time,
    startedAt: timeOrNull,
    endedAt: timeOrNull,
    dueAt: timeOrNull.openapi({ description: 'When it is gone on with.' }),
    error: z.string().nullable(),
    report: reportShape.openapi({ description: 'What was counted so far; the whole once it has finished.' }),
    previousHash: z.string().nullable(),
    hash: z.string().nullable().openapi({
      description:
        'SHA-256 of `previousHash` (nothing for the first) followed by the report as JSON with sorted keys and no white space, each example replaced by the SHA-256 of its own such JSON, or by what `erased` says.',
    }),
  })
  .openapi('Verification');

export type VerificationBody = z.infer<typeof shape>;

const request = z
  .strictObject({
    sample: z
      .int()
      .min(1)
      .max(10_000)
      .optional()
      .openapi({ description: 'So many at random, one call each.' }),
    full: z.literal(true).optional().openapi({ description: 'All of them. The default.' }),
    heal: z.boolean().default(false).openapi({
      description:
        'What differs or is missing is sent again, also what was deleted there. Nothing is ever deleted.',
    }),
  })
  .refine(({ sample, full }) => sample === undefined || full === undefined, {
    path: ['sample'],
    error: 'a sample, or full: true, not both',
  })
  .openapi('VerificationRequest');

const start = createRoute({
  method: 'post',
  path: '/api/verify',
  summary:
    'Read the destination back and compare it with what it acknowledged and what the stored records give',
  description: 'One at a time. It writes nothing at the destination, unless it is to heal.',
  tags,
  security: secured,
  request: { body: { content: jsonOf(request) } },
  responses: {
    200: { description: 'It has ended already.', content: jsonOf(shape) },
    202: {
      description: 'It goes on: ask for it until it has ended.',
      headers: { Location: { description: 'The verification.', schema: { type: 'string' } } },
      content: jsonOf(shape),
    },
    ...problems(400, 409, 413, 415),
  },
});

const list = createRoute({
  method: 'get',
  path: '/api/verifications',
  summary: 'Verifications, the newest first',
  tags,
  security: secured,
  request: {
    query: z.strictObject({
      state: z.enum(['requested', 'finished', 'failed']).optional(),
      before: before.openapi({ description: 'Only those before this ID: `next` of the page before.' }),
      limit,
    }),
  },
  responses: {
    200: {
      description: 'A page of verifications.',
      content: jsonOf(
        z.strictObject({
          verifications: z.array(shape),
          next: z.int().nullable().openapi({ description: '`before` of the next page; null on the last.' }),
        }),
      ),
    },
    ...problems(400),
  },
});

const chain = createRoute({
  method: 'get',
  path: '/api/verifications/chain',
  summary: 'Whether the chain of reports holds',
  description:
    'Every hash is reckoned anew. A report that was changed, put in or taken out of the middle shows; keep `head` elsewhere, and one taken off the end does too.',
  tags,
  security: secured,
  responses: {
    200: {
      description: 'The verdict.',
      content: jsonOf(
        z.strictObject({
          holds: z.boolean(),
          length: count.openapi({ description: 'Reports looked at.' }),
          head: z.string().nullable().openapi({ description: 'The hash of the newest.' }),
          broken: orNull(z.strictObject({ id: z.int(), why: z.string() })),
        }),
      ),
    },
    ...problems(),
  },
});

const one = createRoute({
  method: 'get',
  path: '/api/verifications/{id}',
  summary: 'One verification',
  tags,
  security: secured,
  request: {
    params: z.object({
      id: z.coerce
        .number('the ID of a verification')
        .int()
        .min(1)
        .max(Number.MAX_SAFE_INTEGER)
        .openapi({ param: { name: 'id', in: 'path' }, description: 'The ID of a verification.' }),
    }),
  },
  responses: { 200: { description: 'The verification.', content: jsonOf(shape) }, ...problems(400, 404) },
});

export function verificationsApi({ tributary }: Room) {
  const { database, clock } = tributary;
  return newApi()
    .openapi(start, async (c) => {
      const { sample = null, heal } = c.req.valid('json');
      const requested = (await tributary.verify({ sample, heal, by: 'person' }))!;
      if ('going' in requested)
        throw new Problem(
          409,
          `Verification ${requested.going.id} is going on: see /api/verifications/${requested.going.id}, and ask again when it has ended.`,
          { type: 'still-going' },
        );
      const { id } = requested.verification;
      const until = clock.now() + waitMs;
      let verification = requested.verification;
      while (verification.state === 'requested' && clock.now() < until && !c.req.raw.signal.aborted) {
        await clock.sleep(lookMs, c.req.raw.signal);
        verification = (await verificationById(database, id))!;
      }
      if (verification.state !== 'requested') return c.json(verificationBody(verification), 200);
      c.header('location', `/api/verifications/${id}`);
      return c.json(verificationBody(verification), 202);
    })
    .openapi(list, async (c) => {
      const { limit, ...filter } = c.req.valid('query');
      const found = await listVerifications(database, { ...filter, limit: limit + 1 });
      const page = found.slice(0, limit);
      return c.json(
        {
          verifications: page.map(verificationBody),
          next: found.length > limit ? page.at(-1)!.id : null,
        },
        200,
      );
    })
    .openapi(chain, async (c) => c.json(await checkChain(database), 200))
    .openapi(one, async (c) => {
      const { id } = c.req.valid('param');
      const found = await verificationById(database, id);
      if (!found) throw new Problem(404, `There is no verification ${id}.`);
      return c.json(verificationBody(found), 200);
    });
}

export function verificationBody(found: Verification): VerificationBody {
  const { attempts: _, request, report, ...rest } = found;
  const { sample, heal, by, slot } = request;
  return {
    ...rest,
    request: { sample, heal, by, slot: iso(slot ?? null) },
    requestedAt: iso(found.requestedAt),
    startedAt: iso(found.startedAt),
    endedAt: iso(found.endedAt),
    dueAt: iso(found.dueAt),
    report: report as VerificationBody['report'],
  };
}
