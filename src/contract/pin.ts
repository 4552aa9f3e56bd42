// Values set by hand: each wins over every record until it is released.
import { z } from 'zod';
import { answer, json, text, time } from './parts.ts';

const revision = z.int().nullable().meta({
  description: 'The new revision of the customer, which is queued for delivery. Null if nothing changed.',
});

export const pinParam = z.object({
  sourceId: text.min(1).meta({ param: { name: 'sourceId', in: 'path' }, description: 'Percent-encoded.' }),
  field: text.min(1).meta({
    param: { name: 'field', in: 'path' },
    description: 'A field of the customer.',
    example: 'metadata.plan',
  }),
});

export const pinRequest = z
  .strictObject({
    value: z
      .any()
      .refine((value) => value !== undefined, 'any JSON, including null')
      .meta({
        description: 'Normalised and typed as a mapped value of the field; null empties it.',
        example: 'gold',
      }),
    note: text
      .trim()
      .max(500)
      .default('')
      .meta({ description: 'The reason; explanations of the value show it.' }),
  })
  .meta({ id: 'PinRequest', description: 'The value to set.' });

export const pinShape = answer(
  {
    sourceId: z.string(),
    field: z.string(),
    value: json,
    note: z.string(),
    pinnedAt: time,
    revision,
  },
  'Pin',
  'A value that a person set.',
);

export const unpinnedShape = answer(
  { sourceId: z.string(), field: z.string(), revision },
  'Unpinned',
  'A pin that was removed.',
);
