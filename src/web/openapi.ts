// How a route documents what it takes and answers. It knows no route.
import type { z } from 'zod';

/** A JSON body or answer. */
export function jsonOf<Shape extends z.ZodType>(schema: Shape) {
  return { 'application/json': { schema } };
}

/** A 202 whose header Location leads to what has begun. */
export function accepted<Shape extends z.ZodType>(schema: Shape, description: string, location: string) {
  const header = { description: location, schema: { type: 'string' as const } };
  return { description, headers: { Location: header }, content: jsonOf(schema) };
}

export const secured = [{ bearer: [] }];
