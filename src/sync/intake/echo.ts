// What comes in again of what was written back: a record that differs in nothing else is no change, and its clock does not move, so
// that our own write never makes the values of a record the newest. Pure.
import { isDeepStrictEqual } from 'node:util';
import type { Json, JsonObject } from '../../connector.ts';
import type { WriteBackTarget } from '../../tables/write-backs.ts';

/** What is written back to the vendor of a source. */
export interface WrittenBack {
  target: WriteBackTarget;
  attributes: readonly string[];
  /** The keys under which each attribute stands in a body. */
  paths: readonly (readonly string[])[];
  /** Properties that our own write changes besides. */
  moved: readonly string[];
  /** Whether an item of the vendor's webhook tells of nothing else. */
  isOwnChange(item: Json): boolean;
}

/** Whether two bodies of a record differ in nothing but what was written back. */
export function isEcho({ paths, moved }: WrittenBack, before: JsonObject, after: JsonObject): boolean {
  const own = [...paths, ...moved.map((name) => [name])];
  return isDeepStrictEqual(without(before, own), without(after, own));
}

function without(body: JsonObject, paths: readonly (readonly string[])[]): JsonObject {
  return paths.reduce(withoutOne, body);
}

function withoutOne(body: JsonObject, [key, ...rest]: readonly string[]): JsonObject {
  if (key === undefined || !Object.hasOwn(body, key)) return body;
  const { [key]: value, ...others } = body;
  if (rest.length === 0) return others;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return body;
  const left = withoutOne(value, rest);
  // An object that held nothing else came with what was written.
  return Object.keys(left).length === 0 ? others : { ...others, [key]: left };
}
