// Verifications: the destination read back and compared, each report, and whether their chain holds.
import { z } from 'zod';
import { driftFields } from './drift.ts';
import {
  answer,
  count,
  cursor,
  idCursor,
  idText,
  limit,
  nextCursor,
  nextIdCursor,
  orNull,
  text,
  time,
} from './parts.ts';
import { maybeSigned, signedVerificationShape } from './receipt.ts';
import { findingKinds, findingShape, proofForecastShape, provenStreamShape } from './source-proof.ts';

export const verificationStates = ['requested', 'finished', 'failed'] as const;
export type VerificationState = (typeof verificationStates)[number];

const erasedExample = answer({ erased: z.string() }).meta({
  description: 'Of a person who was erased: only the hash remains.',
});
const salt = z.string().meta({ description: 'Random, so that the hash of the example reveals nothing.' });
const named = z.array(z.union([answer({ sourceId: z.string(), salt }), erasedExample]));
const differing = {
  count,
  fields: z
    .record(z.string(), count)
    .meta({ description: 'By field: the number of customers in which it differs.' }),
  examples: z.array(z.union([answer({ sourceId: z.string(), fields: driftFields, salt }), erasedExample])),
};

const reportShape = answer(
  {
    mode: z.enum(['full', 'sample']),
    source: z
      .enum(['export', 'list', 'reads'])
      .nullable()
      .meta({ description: 'How the destination was read: by its export, page by page, or one by one.' }),
    fallback: z.string().nullable().meta({ description: 'Why no export was used.' }),
    acknowledged: count.meta({ description: 'Customers of which the destination had acknowledged a value.' }),
    compared: count.meta({ description: 'The sum of matching, differing and stale.' }),
    matching: count,
    differing: answer(differing),
    stale: answer(differing).optional().meta({
      description:
        'Equal to what was acknowledged, but their stored records give other values and no delivery is pending: `expected` is what the records give, `found` what was acknowledged. Absent in reports of older versions.',
    }),
    missing: answer({ count, examples: named }).meta({
      description: 'Acknowledged, and no longer at the destination.',
    }),
    deletedThere: count.meta({
      description: 'The missing customers that a webhook had reported as deleted.',
    }),
    unknownToUs: answer({ count, examples: named }).meta({
      description: 'At the destination, but never sent by Tributary. They are not changed.',
    }),
    withoutSourceId: count,
    inFlight: count.meta({ description: 'Set aside, because a delivery was pending.' }),
    unread: z.record(z.string(), count).meta({ description: 'Customers that cannot be read, by reason.' }),
    notCompared: z.array(answer({ field: z.string(), customers: count, why: z.string() })),
    forms: z
      .array(
        answer({
          field: z.string(),
          form: z.enum(['date', 'phone', 'number', 'empty', 'blanks']),
          customers: count,
        }),
      )
      .meta({
        description: "Values that are equal in the destination's own form. They are not differences.",
      }),
    calls: count,
    seconds: z.number().min(0),
    confidence: orNull(
      answer({
        level: z.number(),
        upperShare: z
          .number()
          .meta({ description: 'The upper bound of the share of all customers that differ, 0 to 1.' }),
        sentence: z.string(),
      }),
    ).meta({ description: 'What the sample says about all customers.' }),
    healed: count.meta({ description: 'Customers that were queued for delivery again.' }),
    streams: z.array(provenStreamShape).optional().meta({
      description: 'What was found at the vendors of sources. Absent where no source was verified.',
    }),
    summary: z.string().nullable(),
  },
  'VerificationReport',
  'The counts so far; complete when it has finished.',
);
export type Report = z.output<typeof reportShape>;

export const verificationShape = answer(
  {
    id: z.int(),
    state: z.enum(verificationStates).meta({ description: '`requested` until it has ended.' }),
    working: z.boolean().meta({ description: 'A worker is processing it.' }),
    request: answer({
      sample: count.nullable().meta({ description: 'The number of random customers. Null: all.' }),
      heal: z.boolean(),
      by: z.enum(['person', 'schedule']),
      slot: time.nullable(),
      sources: z
        .array(z.string())
        .nullable()
        .meta({ description: 'The sources that are verified as well. Null: none.' }),
      contents: z.enum(['sample', 'all']).meta({
        description:
          'Whether the contents of a sample or of all records are compared where the clocks are the same.',
      }),
    }),
    requestedAt: time,
    startedAt: time.nullable(),
    endedAt: time.nullable(),
    dueAt: time.nullable().meta({ description: 'When it continues.' }),
    error: z.string().nullable(),
    report: reportShape,
    previousHash: z.string().nullable(),
    hash: z.string().nullable().meta({
      description:
        'SHA-256 of `previousHash` (nothing for the first) followed by the report as JSON with sorted keys and no white space, each example replaced by the SHA-256 of its own such JSON, or by what `erased` says.',
    }),
    signed: maybeSigned(signedVerificationShape),
  },
  'Verification',
  'A comparison of customers with what the destination holds.',
);
export type Verification = z.output<typeof verificationShape>;

export const verificationRequest = z
  .strictObject({
    sample: z
      .int()
      .min(1)
      .max(10_000)
      .optional()
      .meta({ description: 'The number of random customers to read, one call each.' }),
    full: z.literal(true).optional().meta({ description: 'All customers: the default.' }),
    heal: z.boolean().default(false).meta({
      description:
        'Send differing and missing customers again, including those deleted at the destination, and read records again that differ from the vendor. Nothing is ever deleted at the destination.',
    }),
    sources: z
      .union([z.literal('all'), z.array(text.min(1)).min(1).max(100)])
      .optional()
      .meta({
        description:
          'The sources whose vendors are read first and compared with the stored records. Default: none.',
      }),
    contents: z.enum(['sample', 'all']).default('sample').meta({
      description:
        'Of a source: compare the contents of a sample of the records whose clock is the same, or of all records. Default: a sample.',
    }),
  })
  .refine(({ sample, full }) => sample === undefined || full === undefined, {
    path: ['sample'],
    error: 'a sample, or full: true, not both',
  })
  .meta({ id: 'VerificationRequest', example: { sample: 100 }, description: 'What is to be compared.' });

export const verificationsQuery = z.strictObject({
  state: z.enum(verificationStates).optional().meta({ description: 'Only verifications in this state.' }),
  cursor: idCursor,
  limit,
});
export const verificationsShape = answer({
  verifications: z.array(verificationShape),
  nextCursor: nextIdCursor,
});
export const verificationParam = z.object({
  id: idText('the ID of a verification').meta({
    param: { name: 'id', in: 'path' },
    description: 'The ID of a verification.',
  }),
});

export const proofForecastQuery = z.strictObject({
  source: text.optional().meta({ description: 'One source. Default: all.' }),
  contents: z
    .enum(['sample', 'all'])
    .default('sample')
    .meta({ description: 'Whether the contents of a sample or of all records would be compared.' }),
});
export const proofForecastsShape = answer({ streams: z.array(proofForecastShape) });

export const findingsQuery = z.strictObject({
  kind: z.enum(findingKinds).optional().meta({ description: 'Only findings of this kind.' }),
  source: text.optional().meta({ description: 'Only records of this source.' }),
  cursor,
  limit,
});
export const findingsShape = answer({
  findings: z.array(findingShape),
  nextCursor,
});

export const chainShape = answer({
  holds: z.boolean(),
  length: count.meta({ description: 'Reports looked at.' }),
  head: z.string().nullable().meta({ description: 'The hash of the newest.' }),
  broken: orNull(answer({ id: z.int(), why: z.string() })),
});
