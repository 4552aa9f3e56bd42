// Who would enter and leave the destination's segments.
import { z } from 'zod';
import { answer, count, time } from './parts.ts';

const movers = answer(
  { count, sourceIds: z.array(z.string()).meta({ description: 'The first of them.' }) },
  'Movers',
  'Customers who enter or leave a segment.',
);

const segmentMoves = answer(
  {
    id: z.string(),
    name: z.string(),
    type: z.enum(['active', 'passive', 'static']).meta({
      description:
        '`active`: entering and leaving sends events that distributions react to. `passive`: it sends none. `static`: a list, which no change of a field alters.',
    }),
    size: count.nullable().meta({ description: 'Customers in it when it was read. Null: not known.' }),
    enters: movers,
    leaves: movers,
    unknown: movers.meta({ description: 'Customers of whom it cannot be told from the data here.' }),
    untold: z.array(z.string()).meta({
      description: 'The parts of its filter that the data here says nothing of, such as orders.',
    }),
  },
  'SegmentMoves',
  'Who enters and leaves one segment.',
);

export const blastRadiusShape = answer(
  {
    readAt: time.nullable().meta({ description: 'When the segments were read. Null: never.' }),
    fault: z.string().nullable().meta({ description: 'Why they could not be read the last time.' }),
    segments: z.array(segmentMoves),
  },
  'BlastRadius',
  'Who enters and leaves segments of the destination.',
);
export type BlastRadius = z.output<typeof blastRadiusShape>;
export type SegmentMoves = BlastRadius['segments'][number];
