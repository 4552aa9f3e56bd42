// Why a customer is as it is, and what it was: structures with the sentences beside them.
import { z } from 'zod';
import { deliveryState } from './customer.ts';
import {
  answer,
  count,
  fieldsShape,
  idCursor,
  json,
  jsonObject,
  laneShape,
  limit,
  moment,
  nextIdCursor,
  orNull,
  personal,
  sourceIdParam,
  text,
  time,
} from './parts.ts';
import { writeBackEvents, writeBackStates } from './write-back.ts';

const value = json.meta({ description: 'The value of the customer; null if it is empty.' });
const sentences = personal(z.array(z.string()));

export const meantParam = sourceIdParam(
  'A source ID, else the ID of a record, else an e-mail address. Percent-encoded.',
);

const recordName = { source: z.string(), stream: z.string(), recordId: z.string() };
const candidate = {
  ...recordName,
  changedAt: time.meta({ description: 'By the clock of the source.' }),
  version: z.string().meta({ description: 'A hash of the present record.' }),
  receivedAt: time,
  run: orNull(answer({ id: z.int(), mode: z.string(), trigger: z.string() })),
  mapping: z.string().meta({ description: 'The fingerprint of the mapping that reads it.' }),
};
const quarantinedShape = answer(
  { ...recordName, field: z.string(), value, reason: z.string(), hasLastGood: z.boolean() },
  'Quarantined',
  'A value that failed its type and was left out.',
);

const fieldShape = answer({
  field: z.string(),
  value,
  sentences,
  rule: z.string().meta({ example: 'precedence hubspot > klaviyo' }),
  pin: orNull(
    answer({
      note: z.string(),
      pinnedAt: time,
      undoneBy: z.int().nullable().meta({
        description: 'The undo that brought the value back. Null: a person pinned it.',
      }),
      insteadOf: value.meta({ description: 'What records gave then: the value stands while they do.' }),
    }),
  ),
  winner: orNull(answer(candidate)),
  losers: z.array(answer({ ...candidate, value, reason: z.string() })),
  quarantined: z.array(quarantinedShape),
  kept: orNull(answer({ because: z.enum(['empty', 'absent']), changedAt: orNull(time) })).meta({
    description:
      'The newest state of the record leaves it empty (onNull: ignore) or omits it, so this is its last value.',
  }),
  raw: orNull(
    answer({
      properties: z.array(z.string()),
      values: z.array(value),
      done: z.array(z.string()).meta({ example: ['trimmed', 'lower-cased'] }),
    }),
  ).meta({
    description:
      "The winning record's properties that the field is read from, their original values, and how they were transformed. Null if no present record gives the value.",
  }),
  since: answer({ revision: count, at: time, by: z.string() }),
  acknowledged: orNull(
    answer({ value, isSame: z.boolean(), isCertain: z.boolean(), revision: count, at: time }),
  ),
  next: orNull(answer({ value })).meta({
    description: 'The value if the customer were computed again, where it differs.',
  }),
});

const attributeShape = answer({
  attribute: z.string(),
  path: z.string().nullable().meta({ description: 'Null if writeBack no longer declares it.' }),
  meaning: z.string().nullable().meta({ description: 'What the value at the path is.' }),
  wanted: value.optional().meta({ description: 'Missing if the fact was not read yet.' }),
  acknowledged: value.optional().meta({ description: 'Missing if it was never written.' }),
  isSame: z.boolean().meta({ description: 'Whether the vendor has acknowledged what is wanted.' }),
  known: orNull(answer({ at: time, by: z.enum(['read', 'told']) })).meta({
    description: 'As of when the fact is known, and whether it was read or a webhook told of it.',
  }),
  sentences,
});

const writtenBackShape = answer({
  source: z.string(),
  state: z.enum(writeBackStates).nullable().meta({ description: 'Null if no fact was read yet.' }),
  revision: count.nullable(),
  acknowledgedRevision: count.nullable(),
  recordId: z.string().nullable(),
  lane: laneShape.nullable(),
  waitingSince: time.nullable(),
  dueAt: time.nullable().meta({ description: 'The time of the next attempt; null while it is being sent.' }),
  carriedBy: z.enum(['worker', 'job']).nullable(),
  deliveredAt: time.nullable(),
  attempts: count,
  error: z.string().nullable(),
  isUncertain: z.boolean().meta({ description: 'The outcome of an attempt is unknown.' }),
  hindrance: z
    .string()
    .nullable()
    .meta({ description: 'Why nothing is written to this vendor now, for any customer.' }),
  attributes: z.array(attributeShape),
  sentences,
});

export const explanationShape = answer(
  {
    sourceId: z.string(),
    revision: count,
    createdAt: time,
    updatedAt: time,
    orphaned: z.boolean().meta({ description: 'No record belongs to it any longer.' }),
    destination: z.string(),
    sentences: sentences.meta({ description: 'Everything except the fields, in sentences.' }),
    fields: z.array(fieldShape),
    dropped: z.array(z.string()),
    leftOut: z
      .array(
        answer({
          field: z.string(),
          note: z.string(),
          pinnedAt: time,
          undoneBy: z.int().nullable(),
          insteadOf: value,
        }),
      )
      .meta({ description: 'Fields that an undo left out again, though a record has them.' }),
    withheldBy: z.int().nullable().meta({
      description: 'The undo that took the customer away from the destination, until a record of it changes.',
    }),
    quarantined: z.array(quarantinedShape),
    clashes: z.array(answer({ source: z.string(), stream: z.string(), recordIds: z.array(z.string()) })),
    takeOvers: z.array(
      answer({
        ...recordName,
        into: z.string(),
        sourceId: z.string().nullable(),
        intoSourceId: z.string().nullable(),
        isUndone: z.boolean(),
      }),
    ),
    ignored: z.array(answer({ ...recordName, because: z.string() })),
    delivery: orNull(
      answer({
        state: deliveryState,
        revision: count,
        acknowledged: count.nullable(),
        lane: laneShape,
        waitingSince: time.nullable(),
        dueAt: time.nullable().meta({
          description: 'The time of the next attempt; null while it is being sent.',
        }),
        deliveredAt: time.nullable(),
        attempts: count,
        error: z.string().nullable(),
      }),
    ),
    holds: z.array(answer({ id: z.int(), change: z.string(), from: value, heldAt: time })),
    deadLetters: z.array(
      answer({ id: z.int(), kind: z.string(), code: z.string(), message: z.string(), lastAt: time }),
    ),
    writeBacks: z
      .array(writtenBackShape)
      .meta({ description: 'What the destination knows on its way back to vendors, by source.' }),
  },
  'Explanation',
  'Where the values of a customer come from, and why.',
);
export type Explanation = z.output<typeof explanationShape>;

export const explanationQuery = z.strictObject({
  field: text.min(1).optional().meta({
    description: 'This field alone, or this attribute that is written back.',
    example: 'email',
  }),
});

export const historyShape = answer(
  {
    sourceId: z.string(),
    revisions: z.array(
      answer({
        revision: count,
        at: time,
        by: z.string().meta({ example: 'by run 12 of hubspot (contacts)' }),
        cause: orNull(
          z.record(z.string(), z.unknown()) as unknown as z.ZodType<{ by: string }, { by: string }>,
        ).meta({ description: 'Null for the first revision.' }),
        changed: z.record(z.string(), answer({ from: value.optional(), to: value.optional() })).meta({
          description: 'By field. A side is missing if no record had the field.',
        }),
      }),
    ),
    writeBacks: z
      .array(
        answer({
          source: z.string(),
          at: time,
          event: z.enum(writeBackEvents).meta({
            description:
              'wanted: the facts changed. acknowledged: the vendor confirmed what was sent. rejected: it turned the customer down. failed: the request failed without effect. unknown: its result is not known, so every attribute is sent again. unlinked: the vendor has no such person.',
          }),
          revision: count.meta({ description: 'Of the values that are written back.' }),
          sentAt: time.nullable().meta({ description: 'When the request was sent; null if none was.' }),
          attributes: jsonObject.nullable().meta({ description: 'The values wanted, or those sent.' }),
          message: z.string().nullable(),
        }),
      )
      .meta({
        description:
          'What became of write-backs in the time of these revisions, newest first, at most `limit`. They are kept for 30 days.',
      }),
    moreWriteBacks: z.boolean().meta({ description: 'There were more write-backs in that time.' }),
    nextCursor: nextIdCursor,
    state: orNull(
      answer({
        at: time,
        revision: count.nullable().meta({ description: 'Null if it did not exist yet.' }),
        fields: orNull(fieldsShape),
      }),
    ).meta({
      description: 'The customer as of `at`, if that was requested; then there are no revisions.',
    }),
  },
  'History',
  'What happened to a customer.',
);
export type History = z.output<typeof historyShape>;

export const historyQuery = z.strictObject({
  cursor: idCursor,
  limit,
  at: moment.optional().meta({ description: 'Return the fields as of this time instead.' }),
});
