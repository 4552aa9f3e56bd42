// Names and paths as a person writes them, checked. They do not know what stands there.
import { z } from 'zod';
import type { Json } from './json.ts';

/** Keys and list indices joined by dots. */
export const path = z
  .string()
  .regex(/^[^.]+(\.[^.]+)*$/, 'must be a path of keys joined by dots, such as "data.id"');

const itemPath = z.string().regex(/^([^.]+(\.[^.]+)*)?$/);

export const headerName = z
  .string()
  .regex(/^[\w!#$%&'*+.^`|~-]+$/, 'must be a header name, such as "X-Signature"');

/** One path or a list of them. Gives a list. */
export const paths = z
  .union([path, z.array(path).min(1)], 'a path of keys joined by dots, such as "data.id", or a list of them')
  .transform((given) => [given].flat());

/** The same for items, where `''` is the whole body. Gives a list. */
export const itemPaths = z
  .union(
    [itemPath, z.array(itemPath).min(1)],
    'a path such as "data.items", "" for the whole body, or a list of paths of which the first that exists counts',
  )
  .transform((given) => [given].flat());

/** `path` as it is seen from what stands at `from`, or undefined where it is not below it. `from` `''` is the whole. */
export function below(from: string, path: string): string | undefined {
  if (from === '') return path;
  return path.startsWith(`${from}.`) ? path.slice(from.length + 1) : undefined;
}

/** An object that has this value at the path, and nothing else. */
export function nested(path: string, value: Json): Json {
  if (path === '') return value;
  return path
    .split('.')
    .reverse()
    .reduce<Json>((inner, key) => ({ [key]: inner }), value);
}
