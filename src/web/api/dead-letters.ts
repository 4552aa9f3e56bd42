// Dead letters over HTTP: what was given up and why, and a person's word to try again.
import { createRoute, z } from '@hono/zod-openapi';
import { type KeptLetter, listDeadLetters } from '../../sync/dead-letters.ts';
import { retryDeadLetters } from '../../sync/retry.ts';
import { problems } from '../problem.ts';
import { newApi, type Room } from '../room.ts';
import { before, iso, jsonOf, limit, secured, text, time } from './shapes.ts';

const tags = ['dead letters'];
const count = z.int().min(0);
const kind = z.enum(['inbox', 'record', 'delivery']);

const letterShape = z
  .strictObject({
    id: z.int(),
    kind,
    source: z.string().openapi({ description: 'The source, or `destination` for deliveries.' }),
    stream: z.string(),
    ref: z.string().openapi({ description: 'The record ID, row or source ID it is about.' }),
    runId: z.int().nullable(),
    code: z.string(),
    message: z.string().openapi({ description: "The vendor's words, or ours." }),
    detail: z.any(),
    times: count,
    createdAt: time,
    lastAt: time,
  })
  .openapi('DeadLetter');

export type LetterBody = z.infer<typeof letterShape>;

const filter = { kind: kind.optional(), source: text.optional(), code: text.optional() };

const list = createRoute({
  method: 'get',
  path: '/api/dead-letters',
  summary: 'Open dead letters, the newest first',
  tags,
  security: secured,
  request: {
    query: z.strictObject({
      ...filter,
      before: before.openapi({ description: 'Only letters before this ID: `next` of the page before.' }),
      limit,
    }),
  },
  responses: {
    200: {
      description: 'A page of dead letters.',
      content: jsonOf(
        z.strictObject({
          deadLetters: z.array(letterShape),
          next: z.int().nullable().openapi({ description: '`before` of the next page; null on the last.' }),
        }),
      ),
    },
    ...problems(400),
  },
});

const retryBody = z
  .strictObject({
    ids: z.array(z.int().min(1)).min(1, '1 to 1000 IDs').max(1000, '1 to 1000 IDs').optional(),
    ...filter,
  })
  .superRefine(({ ids, ...rest }, context) => {
    if (ids && Object.values(rest).some((value) => value !== undefined)) {
      context.addIssue({ code: 'custom', path: ['ids'], message: 'either IDs, or kind, source and code' });
    }
  })
  .openapi('Retry', {
    description: 'Which letters: by ID, or all that fit kind, source and code; `{}` means all.',
  });

const retriedShape = z
  .strictObject({
    deliveries: z.strictObject({
      due: count.openapi({ description: 'Deliveries that are due again.' }),
      waiting: count.openapi({ description: 'Those that waited already.' }),
    }),
    records: z
      .strictObject({
        received: count,
        changed: count,
        unchanged: count,
        superseded: count,
        filtered: count,
        rejected: count,
        customers: count,
      })
      .openapi({
        description:
          'What became of the records that were taken in again; received is the sum of the next five.',
      }),
    cannot: z
      .array(
        z.strictObject({
          reason: z.string(),
          letters: count,
          ids: z.array(z.int()).openapi({ description: 'The first 20.' }),
        }),
      )
      .openapi({ description: 'Letters that cannot be tried again, and why.' }),
  })
  .openapi('Retried');

const retry = createRoute({
  method: 'post',
  path: '/api/dead-letters/retry',
  summary: 'Try dead letters again',
  description:
    'Deliveries fall due again; records are taken in again from the body that was kept. A delivery stays a dead letter until it is acknowledged.',
  tags,
  security: secured,
  request: { body: { required: true, content: jsonOf(retryBody) } },
  responses: {
    200: { description: 'What was put back.', content: jsonOf(retriedShape) },
    ...problems(400, 413, 415),
  },
});

export function deadLettersApi({ tributary }: Room) {
  return newApi()
    .openapi(list, async (c) => {
      const { limit, before, ...filter } = c.req.valid('query');
      const letters = await listDeadLetters(tributary.database, filter, { before, limit: limit + 1 });
      const page = letters.slice(0, limit);
      return c.json(
        { deadLetters: page.map(letterBody), next: letters.length > limit ? page.at(-1)!.id : null },
        200,
      );
    })
    .openapi(retry, async (c) => {
      const retried = await retryDeadLetters(tributary, c.req.valid('json'));
      tributary.wake();
      return c.json(retried, 200);
    });
}

export function letterBody(letter: KeptLetter): LetterBody {
  return { ...letter, createdAt: iso(letter.createdAt), lastAt: iso(letter.lastAt) };
}
