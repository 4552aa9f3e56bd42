// Verifications: the destination read back and compared, each report, and whether their chain holds.
import { z } from 'zod';
import { driftFields } from './drift.ts';
import { answer, beforeOf, count, idText, limit, nextOf, orNull, time } from './parts.ts';

export const verificationStates = ['requested', 'finished', 'failed'] as const;
export type VerificationState = (typeof verificationStates)[number];

const erasedExample = answer({ erased: z.string() }).meta({
  description: 'Whose person was erased: only its hash is left.',
});
const salt = z.string().meta({ description: 'Random, so that the hash of the example tells nothing.' });
const named = z.array(z.union([answer({ sourceId: z.string(), salt }), erasedExample]));
const differing = {
  count,
  fields: z.record(z.string(), count).meta({ description: 'By field: in how many it differs.' }),
  examples: z.array(z.union([answer({ sourceId: z.string(), fields: driftFields, salt }), erasedExample])),
};

export const reportShape = answer(
  {
    mode: z.enum(['full', 'sample']),
    source: z
      .enum(['export', 'list', 'reads'])
      .nullable()
      .meta({ description: 'How the destination was read: by its export, page by page, or one by one.' }),
    fallback: z.string().nullable().meta({ description: 'Why no export was had.' }),
    acknowledged: count.meta({ description: 'Customers of whom it had acknowledged something.' }),
    compared: count.meta({ description: 'The sum of matching, differing and stale.' }),
    matching: count,
    differing: answer(differing),
    stale: answer(differing).optional().meta({
      description:
        'There as acknowledged, but their stored records give something else and nothing is on its way to them: `expected` is what the records give, `found` what was acknowledged. Absent in reports of older versions.',
    }),
    missing: answer({ count, examples: named }).meta({
      description: 'Acknowledged, and not there any more.',
    }),
    deletedThere: count.meta({
      description: 'Of the missing those of whom a webhook had said that they were deleted there.',
    }),
    unknownToUs: answer({ count, examples: named }).meta({
      description: 'There, and never sent by us. They are left alone.',
    }),
    withoutSourceId: count,
    inFlight: count.meta({ description: 'Set aside, since something was on its way to them.' }),
    unread: z.record(z.string(), count).meta({ description: 'Customers that cannot be read, by why.' }),
    notCompared: z.array(answer({ field: z.string(), customers: count, why: z.string() })),
    forms: z
      .array(
        answer({
          field: z.string(),
          form: z.enum(['date', 'phone', 'number', 'empty', 'blanks']),
          customers: count,
        }),
      )
      .meta({ description: "Values that are the same in a form of the destination's own: no difference." }),
    calls: count,
    seconds: z.number().min(0),
    confidence: orNull(
      answer({
        level: z.number(),
        upperShare: z.number().meta({ description: 'At most this share of all differs, 0 to 1.' }),
        sentence: z.string(),
      }),
    ).meta({ description: 'What a sample says of all.' }),
    healed: count.meta({ description: 'Customers that were put on their way again.' }),
    summary: z.string().nullable(),
  },
  'VerificationReport',
  'What was counted so far; the whole once it has finished.',
);
export type Report = z.output<typeof reportShape>;

export const verificationShape = answer(
  {
    id: z.int(),
    state: z.enum(verificationStates).meta({ description: '`requested` until it has ended.' }),
    working: z.boolean().meta({ description: 'A worker has it in hand.' }),
    request: answer({
      sample: count.nullable().meta({ description: 'So many at random; null: all.' }),
      heal: z.boolean(),
      by: z.enum(['person', 'schedule']),
      slot: time.nullable(),
    }),
    requestedAt: time,
    startedAt: time.nullable(),
    endedAt: time.nullable(),
    dueAt: time.nullable().meta({ description: 'When it is gone on with.' }),
    error: z.string().nullable(),
    report: reportShape,
    previousHash: z.string().nullable(),
    hash: z.string().nullable().meta({
      description:
        'SHA-256 of `previousHash` (nothing for the first) followed by the report as JSON with sorted keys and no white space, each example replaced by the SHA-256 of its own such JSON, or by what `erased` says.',
    }),
  },
  'Verification',
);
export type Verification = z.output<typeof verificationShape>;

export const verificationRequest = z
  .strictObject({
    sample: z.int().min(1).max(10_000).optional().meta({ description: 'So many at random, one call each.' }),
    full: z.literal(true).optional().meta({ description: 'All of them. The default.' }),
    heal: z.boolean().default(false).meta({
      description:
        'What differs or is missing is sent again, also what was deleted there. Nothing is ever deleted.',
    }),
  })
  .refine(({ sample, full }) => sample === undefined || full === undefined, {
    path: ['sample'],
    error: 'a sample, or full: true, not both',
  })
  .meta({ id: 'VerificationRequest' });

export const verificationsQuery = z.strictObject({
  state: z.enum(verificationStates).optional(),
  before: beforeOf('those'),
  limit,
});
export const verificationsShape = answer({
  verifications: z.array(verificationShape),
  next: nextOf(z.int(), 'before'),
});
export const verificationParam = z.object({
  id: idText('the ID of a verification').meta({
    param: { name: 'id', in: 'path' },
    description: 'The ID of a verification.',
  }),
});

export const chainShape = answer({
  holds: z.boolean(),
  length: count.meta({ description: 'Reports looked at.' }),
  head: z.string().nullable().meta({ description: 'The hash of the newest.' }),
  broken: orNull(answer({ id: z.int(), why: z.string() })),
});
