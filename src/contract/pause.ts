// What pauses a source or the destination, and a person's word about it.
import { z } from 'zod';
import { answer, count, orNull, text, time } from './parts.ts';

/** Only what the vendor's words caused is tried again without a person. */
const pauseCauses = ['person', 'unauthorized', 'refusals', 'project'] as const;
export type PauseCause = (typeof pauseCauses)[number];

export const pauseShape = answer(
  {
    cause: z.enum(pauseCauses).meta({
      description:
        'unauthorized: the vendor refuses the credentials. refusals: the destination rejects one customer after another, so the others are held back. project: the configuration names another project than before, see `POST /api/destination/project`.',
    }),
    reason: z.string(),
    pausedAt: time,
    trialAt: time.nullable().meta({
      description: 'When it is retried automatically. Null: it must be resumed manually.',
    }),
  },
  'Pause',
  'Why nothing is read or sent.',
);
export type Pause = z.output<typeof pauseShape>;

export const pauseRequest = z
  .strictObject({
    reason: text.trim().min(1).max(500).optional().meta({ description: 'Shown with the pause.' }),
  })
  .meta({
    id: 'PauseRequest',
    example: { reason: 'The CRM is being moved.' },
    description: 'Why it is paused.',
  });
export const pausedShape = answer(
  { name: z.string(), paused: orNull(pauseShape) },
  'Paused',
  'Whether something is paused.',
);

export const withdrawnShape = answer({ name: z.string(), withdrawn: z.literal(true) });

const project = z.enum(['new', 'same']);
export const projectRequest = z.strictObject({
  as: project.meta({
    description: 'new: every customer is sent to it. same: what was acknowledged still counts.',
  }),
});
export const projectShape = answer({ as: project, due: count });
