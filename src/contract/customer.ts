// Customers: a list, one with everything that is known, whom an ID means, and all of them for files.
import { z } from 'zod';
import {
  answer,
  count,
  cursor,
  fieldsShape,
  jsonObject,
  laneShape,
  limit,
  moment,
  nextCursor,
  personal,
  sourceIdParam,
  text,
  time,
} from './parts.ts';

export const deliveryStates = ['waiting', 'held', 'delivered', 'dead'] as const;
export const deliveryState = z.enum(deliveryStates);
export type DeliveryState = z.output<typeof deliveryState>;

const fields = fieldsShape.meta({
  description: 'Values by field name.',
  example: { email: 'anna@example.com', 'metadata.plan': 'gold' },
});

const lineShape = answer(
  {
    sourceId: z.string(),
    revision: count,
    name: personal(z.string().nullable()),
    email: personal(z.string().nullable()),
    orphaned: z.boolean().meta({ description: 'No record belongs to this customer any longer.' }),
    updatedAt: time,
    state: deliveryState.nullable(),
    acknowledged: count
      .nullable()
      .meta({ description: 'The revision that the destination acknowledged last.' }),
  },
  'CustomerLine',
  'One customer in a list.',
);
export type CustomerLine = z.output<typeof lineShape>;

const deliveryShape = answer({
  revision: count.meta({ description: 'The revision wanted.' }),
  acknowledged: count.nullable(),
  state: deliveryState,
  lane: laneShape,
  dueAt: time.nullable(),
  waitingSince: time.nullable(),
  attempts: count,
  carriedBy: z.enum(['worker', 'batch']).nullable(),
  deliveredAt: time.nullable(),
  errorCode: z.string().nullable(),
  error: z.string().nullable(),
});
export type DeliveryView = z.output<typeof deliveryShape>;

const recordShape = answer({
  source: z.string(),
  stream: z.string(),
  recordId: z.string(),
  changedAt: time.meta({ description: 'By the clock of the source.' }),
  deletedAt: time.nullable(),
  deleted: z.boolean(),
  filtered: z.string().nullable().meta({ description: 'Why it contributes nothing to the customer.' }),
  faults: z.array(z.object({ field: z.string(), reason: z.string() })).nullable(),
  runId: z.int().nullable(),
  receivedAt: time,
  body: jsonObject,
});
export type RecordView = z.output<typeof recordShape>;

export const customerShape = answer(
  {
    sourceId: z.string(),
    revision: count,
    fields,
    dropped: z
      .array(z.string())
      .meta({ description: 'Fields that a former record had and no present record has.' }),
    orphaned: z.boolean(),
    createdAt: time,
    updatedAt: time,
    delivery: deliveryShape.nullable(),
    acknowledged: answer({ revision: count, fields, at: time })
      .nullable()
      .meta({ description: 'What the destination acknowledged.' }),
    records: z.array(recordShape),
  },
  'Customer',
  'A customer with everything that is stored.',
);
export type Customer = z.output<typeof customerShape>;

export const customerParam = sourceIdParam('Percent-encoded, so that it can contain slashes.');

export const customersQuery = z.strictObject({
  cursor,
  state: deliveryState
    .optional()
    .meta({ description: 'Only customers whose delivery is in this state. Combines with `search`.' }),
  search: text.max(200).optional().meta({
    description:
      'Only customers whose source ID, e-mail, telephone number or a word of whose name begins with this text; or, as `metadata.plan:gold`, those with this value of a field.',
  }),
  limit,
});
export const customersShape = answer({
  customers: z.array(lineShape),
  nextCursor,
});

const meantShape = answer({
  sourceId: z.string(),
  by: z.string().meta({ example: 'record 951 of hubspot (contacts)' }),
});
export type Meant = z.output<typeof meantShape>;

export const peopleQuery = z.strictObject({
  id: text.min(1).meta({
    description: 'A source ID, the ID of a record, or an e-mail address.',
    example: 'anna@example.com',
  }),
});
export const peopleShape = answer({ people: z.array(meantShape) });

export const exportQuery = z.strictObject({
  cursor,
  changedSince: moment
    .optional()
    .meta({ description: 'Only customers whose fields changed at or after this time.' }),
  filter: text.optional().meta({
    description: 'Values by field name, as JSON; all must match. A list matches a value if it contains it.',
    example: '{"metadata.plan":"gold"}',
  }),
  fields: text.min(1).optional().meta({
    description: 'Only these fields, comma-separated. Default: all.',
    example: 'email,metadata.plan',
  }),
  limit: z.coerce
    .number('a number from 1 to 1000')
    .int()
    .min(1)
    .max(1000)
    .default(200)
    .meta({ description: 'How many customers a page has, at most.' }),
});
const exportedShape = answer({
  sourceId: z.string(),
  fields: fieldsShape.meta({ description: 'Values by field name.' }),
  updatedAt: time.meta({ description: 'When its fields last changed.' }),
});
export type ExportedCustomer = z.output<typeof exportedShape>;
export const exportShape = answer({
  customers: z.array(exportedShape),
  nextCursor,
});
