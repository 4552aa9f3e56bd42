// Held deliveries: what waits for a person because too many customers lose the same thing, and the person's word.
import { z } from 'zod';
import {
  answer,
  count,
  idCursor,
  ids,
  idText,
  json,
  jsonObject,
  limit,
  nextIdCursor,
  text,
  time,
} from './parts.ts';

const change = z.string().meta({
  description:
    '`deleted`, the field that would be blanked, or the segment: `enters segment ID`, `leaves segment ID`, `may move in segment ID`.',
  example: 'phone',
});
const lost = json.meta({
  description:
    'The value that would be lost. Null if the customer itself would be deleted. Of a segment: its name, and what the destination has of its fields.',
});

const groupShape = answer(
  {
    source: z.string(),
    runId: z.int().nullable(),
    change,
    open: count,
    firstHeldAt: time,
    samples: z.array(answer({ sourceId: z.string(), from: lost })),
  },
  'HoldGroup',
  'Held deliveries of one run that would lose the same thing.',
);
export type HoldGroup = z.output<typeof groupShape>;

const hold = {
  id: z.int(),
  sourceId: z.string(),
  source: z.string(),
  runId: z.int().nullable(),
  change,
  from: lost,
  heldAt: time,
};
const plainShape = answer(hold);
export type Hold = z.output<typeof plainShape>;

const holdPreview = {
  action: z.enum(['none', 'write', 'remove', 'erase']).meta({
    description: 'What would happen to the customer at the destination if all its holds were released.',
  }),
  difference: z
    .record(z.string(), answer({ from: json, to: json }))
    .meta({ description: 'By field: what the destination acknowledged, and the new value.' }),
  payload: jsonObject.nullable().meta({ description: 'The exact payload; null if nothing is written.' }),
};

const holdShape = answer({ ...hold, ...holdPreview }, 'Hold', 'A held delivery, with what it would do.');

export const holdsQuery = z.strictObject({
  runId: idText('an ID').optional().meta({ description: 'Only what this run would do.' }),
  change: text
    .optional()
    .meta({ description: 'Only what would lose this field, or `deleted`.', example: 'phone' }),
  cursor: idCursor,
  limit,
});
export const holdsShape = answer({
  groups: z.array(groupShape),
  holds: z.array(holdShape),
  nextCursor: nextIdCursor,
});
export type Holds = z.output<typeof holdsShape>;

export const holdChoice = z
  .strictObject({
    ids,
    runId: z.int().min(1).optional(),
    change: text.optional(),
    all: z.literal(true).optional(),
  })
  .superRefine(({ all, ...some }, context) => {
    const chosen = Object.values(some).some((value) => value !== undefined);
    if (chosen === (all === true))
      context.addIssue({
        code: 'custom',
        path: [],
        message: 'either ids, runId or change (all that are given must match), or all: true',
      });
  })
  .meta({
    id: 'HoldChoice',
    example: { runId: 12, change: 'phone' },
    description: 'The holds: those that match all of ids, runId and change, or `{"all": true}`.',
  });

export const decidedShape = answer(
  {
    holds: count.meta({ description: 'Holds that were decided.' }),
    customers: count.meta({ description: 'Customers that are no longer held.' }),
  },
  'Decided',
  'What was decided about held deliveries.',
);
export type Decided = z.output<typeof decidedShape>;
