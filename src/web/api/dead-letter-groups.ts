// Dead letters by cause over HTTP, the file of all of them, and a person's word to put some aside.

import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import type { Tributary } from '../../app/app.ts';
import {
  type DeadLetter,
  discardedShape,
  discardRequest,
  letterFileQuery,
  letterGroupsQuery,
  letterGroupsShape,
  letterShape,
} from '../../contract/dead-letter.ts';
import { discardDeadLetters } from '../../sync/retry/discard.ts';
import { causeOf } from '../../sync/views/causes.ts';
import { letterGroups } from '../../sync/views/letter-groups.ts';
import { type DeadLetterFilter, deadLettersAfter } from '../../tables/dead-letters.ts';
import { csvRow } from '../csv.ts';
import { type Deps, newApi } from '../deps.ts';
import { jsonOf, secured } from '../openapi.ts';
import { problems } from '../problem.ts';
import { letterFilterOf, requireKnown } from './letter-filter.ts';

const tags = ['dead letters'];

const exportedAtOnce = 500;

const groups = createRoute({
  method: 'get',
  path: '/api/dead-letters/groups',
  operationId: 'listDeadLetterGroups',
  summary: 'Open dead letters by cause, most frequent first, each with the next step',
  description: 'At most 200 groups, each with what it means, what to do and samples.',
  tags,
  security: secured,
  request: { query: letterGroupsQuery },
  responses: {
    200: {
      description: 'At most 200 groups.',
      content: jsonOf(letterGroupsShape),
    },
    ...problems(400),
  },
});

const file = createRoute({
  method: 'get',
  path: '/api/dead-letters/export',
  operationId: 'exportDeadLetters',
  summary: 'All open dead letters as a file, oldest first',
  description:
    'Streamed. In CSV, cells that a spreadsheet would evaluate as a formula are prefixed with an apostrophe, unless `raw` is true.',
  tags,
  security: secured,
  request: {
    query: letterFileQuery,
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

const discard = createRoute({
  method: 'post',
  path: '/api/dead-letters/discard',
  operationId: 'discardDeadLetters',
  summary: 'Discard dead letters',
  description:
    'They are closed and keep the reason. A customer whose delivery is discarded is not sent until it changes at its source. A record that arrives with the same fault becomes a dead letter again.',
  tags,
  security: secured,
  request: { body: { required: true, content: jsonOf(discardRequest) } },
  responses: {
    200: {
      description: 'What was discarded.',
      content: jsonOf(discardedShape),
    },
    ...problems(400, 413, 415),
  },
});

export function deadLetterGroupsApi(deps: Deps) {
  const { tributary } = deps;
  return newApi()
    .openapi(groups, async (c) => {
      await requireKnown(deps, c.req.valid('query'));
      const found = await letterGroups(tributary.database, letterFilterOf(c.req.valid('query')));
      return c.json({ groups: found }, 200);
    })
    .openapi(file, async (c) => {
      const { format, raw, ...which } = c.req.valid('query');
      await requireKnown(deps, which);
      const lines = linesOf(
        tributary,
        letterFilterOf(which),
        format === 'csv' ? csvForm(raw === 'true') : jsonForm,
      );
      // Once the status is sent, the file can only break off.
      const { value: first = '' } = await lines.next();
      return c.body(
        ReadableStream.from(startingWith(first, lines)).pipeThrough(new TextEncoderStream()),
        200,
        {
          'content-type': format === 'csv' ? 'text/csv; charset=utf-8' : 'application/jsonl',
          'content-disposition': `attachment; filename="dead-letters.${format}"`,
        },
      ) as never;
    })
    .openapi(discard, async (c) => {
      const { reason, all: _, ...which } = c.req.valid('json');
      await requireKnown(deps, which);
      return c.json(await discardDeadLetters(tributary, letterFilterOf(which), reason), 200);
    });
}

interface Form {
  head: string;
  line(letter: DeadLetter): string;
}

const jsonForm: Form = {
  head: '',
  line: (letter) => `${JSON.stringify(lineOf(letter))}\n`,
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
      const body = lineOf(letter);
      const cells = columns.map((column) =>
        column === 'detail' ? JSON.stringify(body.detail) : String(body[column]),
      );
      return csvRow(cells, raw);
    },
  };
}

const lineOf = (letter: DeadLetter) => ({ ...z.encode(letterShape, letter), ...causeOf(letter) });

async function* linesOf(
  { database }: Tributary,
  which: DeadLetterFilter,
  { head, line }: Form,
): AsyncGenerator<string> {
  for (let after = 0, before = head; ; before = '') {
    const page = await deadLettersAfter(database, which, { after, limit: exportedAtOnce });
    yield before + page.map(line).join('');
    if (page.length < exportedAtOnce) return;
    after = page.at(-1)!.id;
  }
}

async function* startingWith(first: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  yield first;
  yield* rest;
}
