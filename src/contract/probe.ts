// The probe: what was found out of the destination, and a person's consent to find it out.
import { z } from 'zod';
import { answer, count, time } from './parts.ts';

export const probeShape = answer(
  {
    account: z.string().meta({ description: 'Whose answers these are. No secret.' }),
    probedAt: time.nullable().meta({ description: 'Null where it was never probed.' }),
    answers: z.array(
      answer({
        question: z.string().meta({ example: 'metadataWrites' }),
        answer: z.string().meta({ example: 'merge' }),
        evidence: z.string().meta({ description: 'What was seen.' }),
      }),
    ),
    effect: answer({ partialWrites: z.enum(['merge', 'replace']), bulk: z.boolean() }).meta({
      description: 'What deliveries go by now: what is set, else what was proven, else the safe way.',
    }),
    contradictions: z
      .array(z.string())
      .meta({ description: 'What is set otherwise than was proven; what is set is obeyed.' }),
  },
  'ProbeFound',
);
export type Probe = z.output<typeof probeShape>;

export const probeRequest = z
  .strictObject({
    consent: z.literal(true, 'true: it writes to the destination').meta({
      description: 'That customers may be written at the destination, and taken away again.',
    }),
  })
  .meta({ id: 'ProbeConsent' });

export const probedShape = answer(
  {
    ...probeShape.shape,
    calls: count.meta({ description: 'Requests that it took.' }),
    notDeleted: z.array(z.string()).meta({
      description: 'Source IDs of throwaway customers that could not be taken away: do it by hand.',
    }),
  },
  'ProbeDone',
);
export type Probed = z.output<typeof probedShape>;
