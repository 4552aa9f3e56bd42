// A body without a person in it, to test that a request is accepted and read.
import { nested } from '#connector/paths';
import type { Template } from './templates.ts';

/** A list without items. Undefined for forms that have none. */
export function sampleOf({ body, items }: Template): string | undefined {
  return body === 'json' ? JSON.stringify(nested(items[0] ?? '', [])) : undefined;
}
