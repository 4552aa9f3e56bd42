// Customers that the destination holds otherwise than it acknowledged.
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
  text,
  time,
} from './parts.ts';

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
    acknowledged,
  },
  'Drift',
  'A customer whose values at the destination differ from what it acknowledged.',
);
export type Drift = z.output<typeof driftShape>;

export const driftsQuery = z.strictObject({ state: acknowledgedState, cursor, limit });

const some = {
  sourceIds: z.array(text).min(1).max(1_000).optional(),
  kind: driftKind.optional(),
  all: z.literal(true).optional(),
  foundUntil: time.optional().meta({ description: 'Only differences that were found by then.' }),
};
const oneWay = {
  message: 'must contain `sourceIds`, `kind` or both, or else `all`',
};
const isOneWay = ({ sourceIds, kind, all }: { sourceIds?: unknown; kind?: unknown; all?: unknown }) =>
  (all === undefined) === (sourceIds !== undefined || kind !== undefined);

export const driftAcknowledging = z
  .strictObject({
    ...some,
    reason: reasonToAcknowledge('difference'),
  })
  .refine(isOneWay, oneWay)
  .meta({ example: { sourceIds: ['951'], reason: 'Changed by hand at the destination.' } });
export const driftReopening = z
  .strictObject(some)
  .refine(isOneWay, oneWay)
  .meta({ example: { sourceIds: ['951'] } });
export const driftsChanged = answer({ customers: count });

export const driftsShape = answer({ drifts: z.array(driftShape), nextCursor });
