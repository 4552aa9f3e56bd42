// The probe: what was found out of the destination, and a person's consent to find it out.
import { z } from 'zod';
import { answer, count, time } from './parts.ts';

export const probeShape = answer(
  {
    account: z.string().meta({ description: 'The account that these answers are about. Not a secret.' }),
    probedAt: time.nullable().meta({ description: 'Null if there was no probe.' }),
    answers: z.array(
      answer({
        question: z.string().meta({ example: 'metadataWrites' }),
        answer: z.string().meta({ example: 'merge' }),
        evidence: z.string().meta({ description: 'What was seen.' }),
      }),
    ),
    effect: answer({ partialWrites: z.enum(['merge', 'replace']), bulk: z.boolean() }).meta({
      description: 'What deliveries follow: the setting, else what was proven, else the safe way.',
    }),
    contradictions: z
      .array(z.string())
      .meta({ description: 'Settings that contradict what was proven. The settings take precedence.' }),
  },
  'ProbeFound',
  'What a probe found out about the destination.',
);
export type Probe = z.output<typeof probeShape>;

export const probeRequest = z
  .strictObject({
    consent: z.literal(true, 'true: it writes to the destination').meta({
      description: 'Confirms that customers may be written to the destination and removed again.',
    }),
  })
  .meta({ id: 'ProbeConsent', description: 'Consent to write throwaway customers to the destination.' });

export const probedShape = answer(
  {
    ...probeShape.shape,
    calls: count.meta({ description: 'Requests that it took.' }),
    notDeleted: z.array(z.string()).meta({
      description: 'Source IDs of throwaway customers that could not be removed. Delete them manually.',
    }),
  },
  'ProbeDone',
  'What a probe found out about the destination, and what it left there.',
);
export type Probed = z.output<typeof probedShape>;
