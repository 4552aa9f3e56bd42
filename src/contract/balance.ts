// The two sums that hold at every moment: what was received, and which customers are wanted at the destination.
import { z } from 'zod';
import { answer, count } from './parts.ts';

export const receivedShape = answer(
  {
    records: count,
    changed: count,
    unchanged: count,
    superseded: count,
    filtered: count,
    rejected: count,
  },
  'Received',
  'Records received by runs, in webhooks that are still kept, and by reading what webhooks named; then what became of them.',
);
export type Received = z.output<typeof receivedShape>;

export const balanceShape = answer(
  {
    received: receivedShape,
    wanted: answer({
      customers: count,
      delivered: count,
      waiting: count,
      held: count,
      dead: count,
    }).meta({ description: 'Customers, and their number by the state of their delivery.' }),
    balances: z.boolean().meta({ description: 'Both sums hold.' }),
  },
  'Balance',
  'The two sums that hold at every moment.',
);
export type Balance = z.output<typeof balanceShape>;
