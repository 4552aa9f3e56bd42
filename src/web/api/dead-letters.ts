// Dead letters over HTTP: what was given up and why, and a person's word to try again.
import { createRoute, z } from '@hono/zod-openapi';
import { retryDeadLetters } from '../../sync/retry/retry.ts';
import { type KeptLetter, listDeadLetters } from '../../tables/dead-letters.ts';
import { problems } from '../problem.ts';
import { newApi, type Room } from '../room.ts';
import { letterFilter, letterFilterOf, letterIds, letterKind, requireKnown } from './letter-filter.ts';
import { before, iso, jsonOf, limit, secured, time } from './shapes.ts';

const tags = ['dead letters'];

const count = z.int().min(0);

const letterShape = z
  .strictObject({
    id: z.int(),
    kind: letterKind,
    source: z.string().openapi({ description: 'The source, or `destination` for deliveries.' }),
    stream: z.string(),
    ref: z.string().openapi({
      description:
        'The record ID, row, source ID, or request of the inbox (`7`, `7#2` of one item) it is about.',
    }),
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

const list = createRoute({
  method: 'get',
  path: '/api/dead-letters',
  summary: 'Open dead letters, the newest first',
  tags,
  security: secured,
  request: {
    query: z.strictObject({
      ...letterFilter,
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
    ids: letterIds,
    ...letterFilter,
  })
  .superRefine(({ ids, ...rest }, context) => {
    if (ids && Object.values(rest).some((value) => value !== undefined)) {
      context.addIssue({ code: 'custom', path: ['ids'], message: 'either IDs, or a filter' });
    }
  })
  .openapi('Retry', {
    description: 'Which letters: by ID, or all that fit every part of the filter; `{}` means all.',
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
    touched: count.openapi({ description: 'Records that webhooks named and that are read again.' }),
    requests: z.strictObject({ replayed: count, faulty: count }).openapi({
      description: 'Requests of the inbox that were opened again, and those of them with faults again.',
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
    'Deliveries fall due again; records are taken in again from the body that was kept, or read again where only their ID is known; requests of the inbox are opened again. A delivery stays a dead letter until it is acknowledged, a record until it is read.',
  tags,
  security: secured,
  request: { body: { required: true, content: jsonOf(retryBody) } },
  responses: {
    200: { description: 'What was put back.', content: jsonOf(retriedShape) },
    ...problems(400, 413, 415),
  },
});

export function deadLettersApi(room: Room) {
  const { tributary } = room;
  return newApi()
    .openapi(list, async (c) => {
      const { limit, before, ...filter } = c.req.valid('query');
      await requireKnown(room, filter);
      const which = letterFilterOf(filter);
      const letters = await listDeadLetters(tributary.database, which, { before, limit: limit + 1 });
      const page = letters.slice(0, limit);
      return c.json(
        { deadLetters: page.map(letterBody), next: letters.length > limit ? page.at(-1)!.id : null },
        200,
      );
    })
    .openapi(retry, async (c) => {
      await requireKnown(room, c.req.valid('json'));
      const retried = await retryDeadLetters(tributary, letterFilterOf(c.req.valid('json')));
      await tributary.hurryDeliveries();
      return c.json(retried, 200);
    });
}

export function letterBody(letter: KeptLetter): LetterBody {
  return { ...letter, createdAt: iso(letter.createdAt), lastAt: iso(letter.lastAt) };
}
