// The last calls that a process made to a vendor.
import { z } from 'zod';
import { answer, count, laneShape, personal, time } from './parts.ts';

export const callsQuery = z.strictObject({
  of: z.string().min(1).max(200).default('destination').meta({
    description: 'A source, or `destination`.',
  }),
  failed: z.enum(['true', 'false']).default('false').meta({
    description: 'true: only calls without an answer, and those that were answered with 400 or more.',
  }),
});

export const callsShape = answer({
  worker: answer({ host: z.string(), pid: count }).meta({
    description: 'The process that answers. Each worker keeps its own calls.',
  }),
  calls: z.array(
    answer(
      {
        id: count,
        at: time,
        method: z.string(),
        path: personal(z.string()),
        lane: laneShape,
        status: z.int().nullable().meta({ description: 'Null if no answer came.' }),
        failure: z.string().nullable(),
        tookMs: count,
        sent: personal(z.string().nullable()).meta({ description: 'The beginning of the body.' }),
        answered: personal(z.string().nullable()).meta({ description: 'The beginning of the body.' }),
      },
      'Call',
      'One request to a vendor and its answer.',
    ),
  ),
});
export type Calls = z.output<typeof callsShape>;
