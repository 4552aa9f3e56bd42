// What was spent of each account's quotas, by lane and hour.
import { z } from 'zod';
import { answer, count, laneShape, time } from './parts.ts';

export const spendQuery = z.strictObject({
  hours: z.coerce.number('a number from 1 to 744').int().min(1).max(744).default(24).meta({
    description: 'The number of hours to report, including the present one.',
  }),
});

export const spendShape = answer({
  vendors: z.array(
    answer({
      name: z.string().meta({ description: 'The source, or `destination`.' }),
      account: z.string(),
      spent: z.array(
        answer({
          quota: z.string(),
          lane: laneShape,
          hour: time,
          calls: count,
          refused: count.meta({ description: 'The calls among them that were answered 429 for this quota.' }),
        }),
      ),
    }),
  ),
});
