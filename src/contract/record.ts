// Records that contradict: values in quarantine, customers that two records claim, records wrongly merged.
import { z } from 'zod';
import {
  acknowledged,
  acknowledgedState,
  answer,
  count,
  cursor,
  json,
  limit,
  nextCursor,
  reasonToAcknowledge,
  sourceParam,
  text,
  time,
} from './parts.ts';

const quarantinedShape = answer(
  {
    source: z.string(),
    stream: z.string(),
    recordId: z.string(),
    sourceId: z.string().nullable(),
    field: z.string(),
    reason: z.string(),
    value: json.meta({ description: 'The present value of the record, truncated if it is long.' }),
    lastGood: json.meta({
      description: 'The last valid value of the record, which is used instead. Null if there is none.',
    }),
    stands: json.meta({ description: 'The value of the customer.' }),
    changedAt: time,
    acknowledged,
  },
  'QuarantinedValue',
  'A value that failed its type, with the value in its place.',
);
export type QuarantinedValue = z.output<typeof quarantinedShape>;

export const quarantineQuery = z.strictObject({
  state: acknowledgedState,
  source: text.min(1).optional().meta({ description: 'Only values of this source.' }),
  field: text
    .min(1)
    .optional()
    .meta({ description: 'Only values of this field.', example: 'metadata.points' }),
  cursor,
  limit,
});
export const quarantineShape = answer({
  values: z.array(quarantinedShape),
  nextCursor,
});
export type Quarantine = z.output<typeof quarantineShape>;

const someValues = {
  source: text.min(1).optional().meta({ description: 'Only values of this source.' }),
  stream: text.min(1).optional().meta({ description: 'Only values of this stream of the source.' }),
  recordIds: z
    .array(text.min(1))
    .min(1)
    .max(1_000)
    .optional()
    .meta({ description: 'Only values of these records of the source.' }),
  field: text.min(1).optional().meta({ description: 'Only values of this field.' }),
  all: z.literal(true).optional(),
  receivedUntil: time.optional().meta({ description: 'Only values of records that were received by then.' }),
};
type SomeValues = { [name in keyof typeof someValues]?: unknown };
const valuesNamed = {
  message: 'must contain `source` or `field`, or else `all`; `stream` and `recordIds` are of a `source`',
};
const areValuesNamed = ({ source, stream, recordIds, field, all }: SomeValues) =>
  (all === undefined) === (source !== undefined || field !== undefined) &&
  (source !== undefined || (stream === undefined && recordIds === undefined));

export const quarantineAcknowledging = z
  .strictObject({ ...someValues, reason: reasonToAcknowledge('value') })
  .refine(areValuesNamed, valuesNamed)
  .meta({ example: { source: 'hubspot', field: 'metadata.points', reason: 'Test contacts of the CRM.' } });
export const quarantineReopening = z
  .strictObject(someValues)
  .refine(areValuesNamed, valuesNamed)
  .meta({ example: { source: 'hubspot', field: 'metadata.points' } });
export const quarantineChanged = answer({ values: count });

const clashShape = answer(
  {
    sourceId: z.string(),
    claims: z.array(
      answer({
        source: z.string(),
        stream: z.string(),
        recordIds: z.array(z.string()).meta({ description: 'Newest first. The newest wins.' }),
      }),
    ),
  },
  'Clash',
  'A customer that several records of one source and stream claim.',
);
export type Clash = z.output<typeof clashShape>;
export const clashesQuery = z.strictObject({ cursor, limit });
export const clashesShape = answer({ clashes: z.array(clashShape), nextCursor });

export const recordParam = sourceParam.extend({
  recordId: text.min(1).meta({ param: { name: 'recordId', in: 'path' }, description: 'Percent-encoded.' }),
});

const oneUnmergedShape = answer(
  {
    stream: z.string(),
    recordId: z.string(),
    sourceId: z.string().nullable().meta({ description: 'The customer that it belongs to again.' }),
    from: z.string().meta({ description: 'The record that it had been merged into.' }),
    fromSourceId: z.string().nullable(),
    revised: z
      .array(answer({ sourceId: z.string(), revision: z.int() }))
      .meta({ description: 'The customers that changed. They are queued for delivery.' }),
  },
  'Unmerged',
  'A record that was separated from another one.',
);
export type Unmerged = z.output<typeof oneUnmergedShape>;
export const unmergedShape = answer({ unmerged: z.array(oneUnmergedShape) });
