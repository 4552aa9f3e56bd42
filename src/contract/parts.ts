// What the shapes of the contract have in common. Inside, a time is epoch milliseconds; on the wire it is ISO 8601 in UTC.
import { z } from 'zod';
import type { Fields, Json, JsonObject } from '../connector.ts';
import { lanes } from '../engine/quota/lanes.ts';
import { iso } from '../words.ts';

export const time = z.codec(z.string().meta({ format: 'date-time' }), z.number(), {
  decode: (text) => Date.parse(text),
  encode: iso,
});

export const count = z.int().min(0);
export const laneShape = z.enum(lanes);

// Values are not looked into: they leave as they are.
export const json = z.unknown() as unknown as z.ZodType<Json, Json>;
export const jsonObject = z.record(z.string(), z.unknown()) as unknown as z.ZodType<JsonObject, JsonObject>;
export const fieldsShape = z.record(z.string(), z.unknown()) as unknown as z.ZodType<Fields, Fields>;

/** Marks a text that may hold something personal: it is masked for those who may only look. */
export const personalMark = 'x-personal';
export function personal<Shape extends z.ZodType>(shape: Shape): Shape {
  return shape.meta({ ...shape.meta(), [personalMark]: true });
}

/** An object of an answer, by its name in the document if it has one. Readers ignore what they do not know. */
export function answer<Shape extends z.ZodRawShape>(shape: Shape, id?: string, description?: string) {
  return z.object(shape).meta({
    additionalProperties: false,
    ...(id !== undefined && { id }),
    ...(description !== undefined && { description }),
  });
}

/** A shape that has a name of its own, or null: `nullable()` would document the shape alone. */
export function orNull<Shape extends z.ZodType>(shape: Shape) {
  return z.union([shape, z.null()]);
}

/** What a person said of something that may stay as it is. */
const acknowledgedShape = answer(
  { at: time, by: z.string(), reason: z.string() },
  'Acknowledgement',
  'Who knows of it and lets it be.',
);
export type Acknowledged = z.output<typeof acknowledgedShape>;
export const acknowledged = orNull(acknowledgedShape);

/** acknowledged: a person knows of it and lets it be, until it changes. */
const openOrAcknowledged = ['open', 'acknowledged'] as const;
export type OpenOrAcknowledged = (typeof openOrAcknowledged)[number];
export const acknowledgedState = z.enum(openOrAcknowledged).default('open').meta({
  description: 'acknowledged: those that a person knows of and lets be, until they change.',
});

// A cursor is a text that programs pass on without looking into it.
export const cursorText = { description: '`nextCursor` of the previous page. Default: the first page.' };
export const nextText = { description: '`cursor` of the next page; null on the last.' };
const unknownCursor = '`nextCursor` of the previous page';

/** Of a list that is ordered by an ID. */
const idAsText = z.codec(z.string().regex(/^[1-9]\d{0,15}$/, unknownCursor), z.int(), {
  decode: Number,
  encode: String,
});
export const idCursor = idAsText.optional().meta(cursorText);
export const nextIdCursor = idAsText.nullable().meta(nextText);

/** Of a list that is ordered by what may be personal: it is sealed. */
export const cursor = z
  .string()
  .regex(/^[\w-]{1,12000}$/, unknownCursor)
  .optional()
  .meta(cursorText);
export const nextCursor = z.string().nullable().meta(nextText);

/** A text of a request. PostgreSQL keeps no NUL. */
export const text = z
  .string()
  .max(2000)
  .refine((value) => !value.includes('\u0000'), 'a text without NUL');

/** Why a person lets something be. */
export const reasonToAcknowledge = (what: string) =>
  text
    .min(1)
    .max(500)
    .meta({ description: `The reason; it is kept with the ${what}.` });

/** A time of a request, with an offset. */
export const moment = z.iso.datetime({ offset: true, error: 'a time such as 2026-03-01T12:00:00Z' });

/** The part of a list that is asked for. */
export const limit = z.coerce
  .number('a number from 1 to 200')
  .int()
  .min(1)
  .max(200)
  .default(50)
  .meta({ description: 'How many items a page has, at most.' });
export const idText = (what: string) => z.coerce.number(what).int().min(1).max(Number.MAX_SAFE_INTEGER);
export const ids = z.array(z.int().min(1)).min(1, '1 to 1000 IDs').max(1000, '1 to 1000 IDs').optional();

export const sourceParam = z.object({
  source: text.min(1).meta({
    param: { name: 'source', in: 'path' },
    example: 'hubspot',
    description: 'The name of a source in the configuration.',
  }),
});
export const sourceIdParam = (description: string) =>
  z.object({ sourceId: text.min(1).meta({ param: { name: 'sourceId', in: 'path' }, description }) });
