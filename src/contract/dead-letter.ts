// Dead letters: what was given up and why, by cause, and what becomes of them.
import { z } from 'zod';
import { answer, count, idCursor, ids, json, limit, moment, nextIdCursor, text, time } from './parts.ts';

export const deadLetterKinds = ['inbox', 'record', 'delivery', 'writeBack'] as const;
export type DeadLetterKind = (typeof deadLetterKinds)[number];
export const letterKind = z.enum(deadLetterKinds);

export const letterShape = answer(
  {
    id: z.int(),
    kind: letterKind,
    source: z.string().meta({
      description:
        'The source, or `destination` for deliveries. Of a write-back, the source whose vendor refused it.',
    }),
    stream: z.string(),
    ref: z.string().meta({
      description:
        'What it is about: a record ID, row, source ID, or inbox request (`7`, or `7#2` for one item).',
    }),
    runId: z.int().nullable(),
    code: z.string(),
    message: z.string().meta({ description: 'The message of the vendor, or of Tributary.' }),
    detail: json,
    times: count,
    createdAt: time,
    lastAt: time,
  },
  'DeadLetter',
  'A request, record or delivery that was given up.',
);
export type DeadLetter = z.output<typeof letterShape>;

/** Every part that is given must hold. */
export const letterFilter = {
  kind: letterKind.optional().meta({ description: 'Only those of this kind.' }),
  source: text.optional().meta({ description: 'The source, or `destination` for deliveries.' }),
  code: text.optional().meta({ description: 'Only those with this code.', example: 'invalid_payload' }),
  since: moment.optional().meta({ description: 'Given up at this time or later.' }),
  until: moment.optional().meta({ description: 'Given up before this time.' }),
  text: text.min(1).optional().meta({
    description: 'A text in its reference or message. Case-insensitive.',
  }),
};

export const lettersQuery = z.strictObject({ ...letterFilter, cursor: idCursor, limit });
export const lettersShape = answer({ deadLetters: z.array(letterShape), nextCursor: nextIdCursor });

const letterGroupShape = answer(
  {
    kind: letterKind,
    source: z.string(),
    code: z.string(),
    letters: count,
    firstAt: time,
    lastAt: time,
    plain: z.string().meta({ description: 'What happened, in a sentence.' }),
    next: z.string().meta({ description: 'The next step.' }),
    words: z.array(answer({ message: z.string(), letters: count })).meta({
      description:
        'The three most frequent messages; those that differ only in numbers and quotes count as one.',
    }),
    samples: z.array(answer({ id: z.int(), ref: z.string() })).meta({ description: 'The newest five.' }),
  },
  'DeadLetterGroup',
  'Dead letters with the same cause.',
);
export type LetterGroup = z.output<typeof letterGroupShape>;
export const letterGroupsQuery = z.strictObject(letterFilter);
export const letterGroupsShape = answer({ groups: z.array(letterGroupShape) });

export const letterFileQuery = z.strictObject({
  ...letterFilter,
  format: z.enum(['jsonl', 'csv']).default('jsonl').meta({ description: 'JSON lines, or CSV.' }),
  raw: z
    .enum(['true', 'false'])
    .default('false')
    .meta({ description: 'In CSV: no apostrophe before what a spreadsheet would evaluate.' }),
});

export const retryRequest = z
  .strictObject({ ids, ...letterFilter })
  .superRefine(({ ids, ...rest }, context) => {
    if (ids && Object.values(rest).some((value) => value !== undefined)) {
      context.addIssue({ code: 'custom', path: ['ids'], message: 'either IDs, or a filter' });
    }
  })
  .meta({
    id: 'Retry',
    example: { source: 'hubspot', code: 'invalid_payload' },
    description: 'The letters: by ID, or all that match every part of the filter. `{}` means all.',
  });

export const retriedShape = answer(
  {
    deliveries: answer({
      due: count.meta({ description: 'Deliveries that became due again.' }),
      waiting: count.meta({ description: 'Deliveries that were already waiting.' }),
    }),
    writeBacks: answer({
      due: count.meta({ description: 'Write-backs that became due again.' }),
      waiting: count.meta({ description: 'Write-backs that were already waiting.' }),
    }),
    records: answer({
      received: count,
      changed: count,
      unchanged: count,
      superseded: count,
      filtered: count,
      rejected: count,
      customers: count,
    }).meta({
      description:
        'The results of the records that were ingested again. `received` is the sum of the next five.',
    }),
    touched: count.meta({ description: 'Records named by webhooks that will be read again.' }),
    requests: answer({ replayed: count, rejected: count }).meta({
      description: 'Inbox requests that were opened again, and how many of them were rejected again.',
    }),
    cannot: z
      .array(
        answer({
          reason: z.string(),
          letters: count,
          ids: z.array(z.int()).meta({ description: 'The first 20.' }),
        }),
      )
      .meta({ description: 'Letters that cannot be retried, and why.' }),
  },
  'Retried',
  'What became of the dead letters that were retried.',
);
export type Retried = z.output<typeof retriedShape>;

export const discardRequest = z
  .strictObject({
    ids,
    ...letterFilter,
    all: z.literal(true).optional().meta({ description: 'Every open letter.' }),
    reason: text.min(1).max(500).meta({ description: 'The reason; it is kept with the letter.' }),
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
  .meta({
    id: 'Discard',
    example: { code: 'invalid_payload', reason: 'Corrected by hand.' },
    description: 'The dead letters to discard, and why.',
  });

export const discardedShape = answer(
  {
    letters: count,
    deliveries: answer({
      aside: count.meta({ description: 'Customers that are not sent until they change.' }),
      waiting: count.meta({ description: 'Customers that are still sent, since a newer change is waiting.' }),
    }),
    writeBacks: answer({
      aside: count.meta({ description: 'Write-backs that are not sent until the facts change.' }),
      waiting: count.meta({
        description: 'Write-backs that are still sent, since a newer change is waiting.',
      }),
    }),
  },
  'Discarded',
  'What was discarded.',
);
export type Discarded = z.output<typeof discardedShape>;
