// Dead letters by cause over HTTP, the file of all of them, and a person's word to put some aside.
import { createRoute, z } from '@hono/zod-openapi';
import type { Tributary } from '../../app/app.ts';
import { discardDeadLetters } from '../../sync/retry/discard.ts';
import { causeOf } from '../../sync/views/causes.ts';
import { type LetterGroup, letterGroups } from '../../sync/views/letter-groups.ts';
import { type DeadLetterFilter, deadLettersAfter, type KeptLetter } from '../../tables/dead-letters.ts';
import { csvRow } from '../csv.ts';
import { problems } from '../problem.ts';
import { newApi, type Room } from '../room.ts';
import { letterBody } from './dead-letters.ts';
import { letterFilter, letterFilterOf, letterIds, letterKind, requireKnown } from './letter-filter.ts';
import { iso, jsonOf, secured, text, time } from './shapes.ts';

const tags = ['dead letters'];

const count = z.int().min(0);

const exportedAtOnce = 500;

const groupShape = z
  .strictObject({
    kind: letterKind,
    source: z.string(),
    code: z.string(),
    letters: count,
    firstAt: time,
    lastAt: time,
    plain: z.string().openapi({ description: 'What happened, in plain words.' }),
    next: z.string().openapi({ description: 'What to do next.' }),
    words: z.array(z.strictObject({ message: z.string(), letters: count })).openapi({
      description: "The vendor's words, or ours; the three most frequent, numbers and quotes aside.",
    }),
    samples: z
      .array(z.strictObject({ id: z.int(), ref: z.string() }))
      .openapi({ description: 'The newest five.' }),
  })
  .openapi('DeadLetterGroup');

export type LetterGroupBody = z.infer<typeof groupShape>;

const groups = createRoute({
  method: 'get',
  path: '/api/dead-letters/groups',
  summary: 'Open dead letters by cause, the most frequent first, with what to do next',
  tags,
  security: secured,
  request: { query: z.strictObject(letterFilter) },
  responses: {
    200: {
      description: 'At most 200 groups.',
      content: jsonOf(z.strictObject({ groups: z.array(groupShape) })),
    },
    ...problems(400),
  },
});

const file = createRoute({
  method: 'get',
  path: '/api/dead-letters/export',
  summary: 'All open dead letters as a file, the oldest first',
  description:
    'Streamed. In CSV a cell that a spreadsheet would calculate gets an apostrophe before it, unless `raw` is true.',
  tags,
  security: secured,
  request: {
    query: z.strictObject({
      ...letterFilter,
      format: z.enum(['jsonl', 'csv']).default('jsonl'),
      raw: z.enum(['true', 'false']).default('false'),
    }),
  },
  responses: {
    200: {
      description: 'One letter a line.',
      content: {
        'application/jsonl': { schema: z.string() },
        'text/csv': { schema: z.string() },
      },
    },
    ...problems(400),
  },
});

const discardBody = z
  .strictObject({
    ids: letterIds,
    ...letterFilter,
    all: z.literal(true).optional().openapi({ description: 'Every open letter.' }),
    reason: text.min(1).max(500).openapi({ description: 'Why: it is kept with the letter.' }),
  })
  .superRefine(({ ids, all, reason: _, ...rest }, context) => {
    const filters = Object.values(rest).some((value) => value !== undefined);
    if ([ids !== undefined, all === true, filters].filter(Boolean).length !== 1)
      context.addIssue({
        code: 'custom',
        path: [],
        message: 'either IDs, or a filter, or {"all": true} for every open letter',
      });
  })
  .openapi('Discard');

const discard = createRoute({
  method: 'post',
  path: '/api/dead-letters/discard',
  summary: 'Put dead letters aside',
  description:
    'They are closed and keep the reason. A customer whose delivery is put aside is not sent until it changes at its source; a record that comes again as bad is a dead letter again.',
  tags,
  security: secured,
  request: { body: { required: true, content: jsonOf(discardBody) } },
  responses: {
    200: {
      description: 'What was put aside.',
      content: jsonOf(
        z
          .strictObject({
            letters: count,
            deliveries: z.strictObject({
              aside: count.openapi({ description: 'Customers that are not sent until they change.' }),
              waiting: count.openapi({ description: 'Those that wait to be sent again, and are.' }),
            }),
          })
          .openapi('Discarded'),
      ),
    },
    ...problems(400, 413, 415),
  },
});

export function deadLetterGroupsApi(room: Room) {
  const { tributary } = room;
  return newApi()
    .openapi(groups, async (c) => {
      await requireKnown(room, c.req.valid('query'));
      const found = await letterGroups(tributary.database, letterFilterOf(c.req.valid('query')));
      return c.json({ groups: found.map(groupBody) }, 200);
    })
    .openapi(file, async (c) => {
      const { format, raw, ...which } = c.req.valid('query');
      await requireKnown(room, which);
      const lines = linesOf(
        tributary,
        letterFilterOf(which),
        format === 'csv' ? csvForm(raw === 'true') : jsonForm,
      );
      return c.body(ReadableStream.from(lines).pipeThrough(new TextEncoderStream()), 200, {
        'content-type': format === 'csv' ? 'text/csv; charset=utf-8' : 'application/jsonl',
        'content-disposition': `attachment; filename="dead-letters.${format}"`,
      }) as never;
    })
    .openapi(discard, async (c) => {
      const { reason, all: _, ...which } = c.req.valid('json');
      await requireKnown(room, which);
      return c.json(await discardDeadLetters(tributary, letterFilterOf(which), reason), 200);
    });
}

export function groupBody(group: LetterGroup): LetterGroupBody {
  return { ...group, firstAt: iso(group.firstAt), lastAt: iso(group.lastAt) };
}

interface Form {
  head: string;
  line(letter: KeptLetter): string;
}

const jsonForm: Form = {
  head: '',
  line: (letter) => `${JSON.stringify({ ...letterBody(letter), ...causeOf(letter) })}\n`,
};

const columns = [
  'id',
  'kind',
  'source',
  'stream',
  'ref',
  'code',
  'message',
  'plain',
  'next',
  'times',
  'createdAt',
  'lastAt',
  'detail',
] as const;

function csvForm(raw: boolean): Form {
  return {
    head: csvRow(columns, raw),
    line: (letter) => {
      const body = { ...letterBody(letter), ...causeOf(letter) };
      const cells = columns.map((column) =>
        column === 'detail' ? JSON.stringify(body.detail) : String(body[column]),
      );
      return csvRow(cells, raw);
    },
  };
}

async function* linesOf(
  { database }: Tributary,
  which: DeadLetterFilter,
  { head, line }: Form,
): AsyncGenerator<string> {
  if (head !== '') yield head;
  for (let after = 0; ; ) {
    const page = await deadLettersAfter(database, which, { after, limit: exportedAtOnce });
    if (page.length > 0) yield page.map(line).join('');
    if (page.length < exportedAtOnce) return;
    after = page.at(-1)!.id;
  }
}
