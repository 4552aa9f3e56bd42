// docs/errors.md against the sources that it is made of.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { errorsPage, withErrors } from '../scripts/errors-page.ts';

it('docs/errors.md is what `npm run schema` writes, and a sentence stands for each kind', () => {
  const page = readFileSync(errorsPage, 'utf8');
  expect(page === withErrors(page), 'run `npm run schema`').toBe(true);
  expect(page.match(/^\| `[a-z-]+` \| \d{3} \| [A-Z].+\. \| [A-Z].+[.] \|$/gm)?.length).toBeGreaterThan(30);
});
