// `npm run places` updates the line numbers of docs/contributing/README.md: each row names a file and quotes the line.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
export const placesPage = join(root, 'docs/contributing/README.md');

/** `[`FILE:LINE`](../../FILE#LLINE) | `QUOTE``, at the end of a row. */
const place = /\[`([^`:]+):\d+`\]\([^)]*\) \| `(.+)` \|$/gm;

/** The page with each line number as it is now. Throws where a file does not hold its quote exactly once. */
export function placesNow(page: string): string {
  return page.replace(place, (_row, path: string, quote: string) => {
    const lines = readFileSync(join(root, path), 'utf8').split('\n');
    const found = lines.flatMap((line, index) => (line.includes(quote) ? [index + 1] : []));
    if (found.length !== 1) throw new Error(`${path} holds "${quote}" ${found.length} times, not once.`);
    return `[\`${path}:${found[0]}\`](../../${path}#L${found[0]}) | \`${quote}\` |`;
  });
}

if (import.meta.main) writeFileSync(placesPage, placesNow(readFileSync(placesPage, 'utf8')));
