// How a route documents what it takes and answers. It knows no route.
import type { z } from 'zod';

/** A JSON body or answer. */
export function jsonOf<Shape extends z.ZodType>(schema: Shape) {
  return { 'application/json': { schema } };
}

export const secured = [{ bearer: [] }];
