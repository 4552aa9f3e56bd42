// A property beyond those of the vendor, made of several of its own: the first that is filled. It knows no vendor.
import type { JsonObject } from './json.ts';
import { firstFilled } from './reading.ts';
import type { Property } from './source.ts';

export interface FirstOf {
  name: string;
  /** Properties of the vendor, the preferred one first. */
  of: readonly string[];
  /** As the vendor names the type of each. */
  type: string;
}

/** The properties of the vendor that these are made of. */
export function partsOf(properties: readonly string[], { name, of }: FirstOf): string[] {
  return properties.flatMap((property) => (property === name ? of : property));
}

/** The body with the property, unless nothing can be said of it: a value that the user may not see says nothing. */
export function withFirstOf(body: JsonObject, { name, of }: FirstOf): JsonObject {
  const first = firstFilled(body, of);
  return first === undefined ? body : { ...body, [name]: first };
}

/** For the names that a mapping may use. */
export function firstOfProperty({ name, of, type }: FirstOf): Property {
  return { name, label: of.join(', else '), type };
}
