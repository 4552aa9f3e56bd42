// How many columns of a terminal a text takes.
import { createRequire } from 'node:module';

/** Loading it takes a tenth of the time that the help takes, and most lines hold ASCII alone. */
let load: () => typeof import('string-width').default = () => {
  const { default: stringWidth } = createRequire(import.meta.url)(
    'string-width',
  ) as typeof import('string-width');
  load = () => stringWidth;
  return stringWidth;
};

/** Wide characters take two columns, combining ones and escape sequences none. */
export function textWidth(text: string): number {
  return /^[ -~]*$/.test(text) ? text.length : load()(text);
}
