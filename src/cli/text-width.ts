// How many columns of a terminal a text takes.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Wide characters take two columns, combining ones and escape sequences none. */
export function textWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  // Loading it takes a tenth of the time that the help takes, and most lines hold ASCII alone.
  const { default: stringWidth } = require('string-width') as typeof import('string-width');
  return stringWidth(text);
}
