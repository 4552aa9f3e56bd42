// Customers that the destination holds otherwise than it acknowledged.
import { z } from 'zod';
import { answer, cursor, json, limit, nextCursor, time } from './parts.ts';

/** differs: the destination has other values. deleted: it no longer has the customer. unknown: it has a customer that was never sent. */
const driftKinds = ['differs', 'deleted', 'unknown'] as const;
export type DriftKind = (typeof driftKinds)[number];
export const driftKind = z.enum(driftKinds).meta({
  description:
    'differs: the destination has other values. deleted: it no longer has the customer. unknown: it has a customer that was never sent.',
});

export const driftFields = z
  .record(z.string(), answer({ expected: json, found: json }))
  .meta({ description: 'By field: what was acknowledged, and what the destination has.' });

const driftShape = answer(
  {
    sourceId: z.string(),
    kind: driftKind,
    fields: driftFields,
    by: z.string().meta({ description: 'What found it: `webhook`, or a verification.' }),
    foundAt: time,
  },
  'Drift',
);
export type Drift = z.output<typeof driftShape>;

export const driftsQuery = z.strictObject({ cursor, limit });
export const driftsShape = answer({ drifts: z.array(driftShape), nextCursor });
