// A body that says nothing of anybody, to see that a request gets in and is read. It knows no credentials.
import { nested } from '#connector/paths';
import type { Template } from './templates.ts';

/** A list without items. Undefined for forms that have none. */
export function sampleOf({ body, items }: Template): string | undefined {
  return body === 'json' ? JSON.stringify(nested(items[0] ?? '', [])) : undefined;
}
