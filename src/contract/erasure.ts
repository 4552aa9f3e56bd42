// Erasure: a customer erased here and at the destination, with a receipt that says what every store answered.
import { z } from 'zod';
import { answer, cursorText, limit, nextText, text, time } from './parts.ts';
import { maybeSigned, signedErasureShape } from './receipt.ts';

const id = z.uuid('the ID of a receipt').meta({ description: 'The ID of a receipt.' });

const erasureStates = ['open', 'complete'] as const;
/**
 * `nothing`: it held nothing. `kept`: the hashes that stop the person from coming back. `waiting`: no answer yet. `refused`: the
 * credentials. `rejected`: the request.
 */
const storeAnswers = ['erased', 'nothing', 'kept', 'waiting', 'refused', 'rejected'] as const;
export type StoreAnswer = (typeof storeAnswers)[number];

/** The erasure is not complete before the store gives another answer. */
export function isOpen(answer: StoreAnswer): boolean {
  return answer === 'waiting' || answer === 'refused' || answer === 'rejected';
}

export const receiptShape = answer(
  {
    id: z.uuid(),
    state: z.enum(erasureStates).meta({
      description: '`complete` once every store has answered. The receipt then no longer names the person.',
    }),
    known: z.boolean().meta({ description: 'False if there was no such customer and no record here.' }),
    permanent: z.boolean().meta({
      description:
        'Whether the customer is erased permanently at the destination, with everything that belongs to it.',
    }),
    subject: z.string().meta({ description: 'A keyed hash of the source ID.' }),
    requestedAt: time,
    endedAt: time.nullable(),
    stores: z.array(
      answer({
        store: z.string().meta({ example: 'records' }),
        answer: z.enum(storeAnswers).meta({
          description:
            '`nothing`: it held nothing. `kept`: the hashes that stop the person from coming back. `waiting`: no answer yet. `refused`: it refuses the credentials. `rejected`: it rejected the request.',
        }),
        rows: z.int().nullable(),
        at: time,
        note: z.string().nullable(),
      }),
    ),
    signed: maybeSigned(signedErasureShape),
  },
  'Erasure',
  'The receipt of an erasure.',
);
export type Receipt = z.output<typeof receiptShape>;

/** Any text that a path can carry: what somebody else once wrote must be erasable too. */
export const eraseRequest = z
  .strictObject({ permanent: z.boolean().optional().meta({ description: 'Default: as configured.' }) })
  .meta({ id: 'EraseRequest', example: { permanent: true }, description: 'How a customer is erased.' });

export const receiptsQuery = z.strictObject({
  state: z.enum(erasureStates).optional().meta({ description: 'Only receipts in this state.' }),
  cursor: id.optional().meta(cursorText),
  limit,
});
export const receiptsShape = answer({
  erasures: z.array(receiptShape),
  nextCursor: z.uuid().nullable().meta(nextText),
});
export const receiptParam = z.object({ id: id.meta({ param: { name: 'id', in: 'path' } }) });

export const liftRequest = z
  .strictObject({ sourceId: text.min(1) })
  .meta({ id: 'LiftRequest', description: 'The person who may come back.' });
export const liftedShape = answer({
  lifted: z.int().meta({ description: 'The number of keyed hashes removed.' }),
});
