// docs/claims.md against the README and the tests: every sentence there that states a guarantee names a test that exists.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { namesTest } from './support/test-titles.ts';

const root = resolve(import.meta.dirname, '..');
const text = (path: string) => readFileSync(join(root, path), 'utf8');

/** Which script runs the tests of a folder. */
const commands: { readonly [folder: string]: string } = {
  chaos: '`npm run test:chaos`',
  browser: '`npm run test:browser`',
};

const rows = text('docs/claims.md')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (-|the README says)/.test(line))
  .map((line) => line.slice(2, -2).split(' | '));

/** Sentences of Markdown, without emphasis and line breaks. A heading in bold, such as "Nothing is lost silently.", sums up what follows it. */
function sentencesOf(markdown: string): string[] {
  const plain = markdown
    .replace(/\*\*[^*]+\.\*\*/g, '')
    .replaceAll('**', '')
    .replace(/\[([^\]]+)\]\([^)]+\)/g, '$1')
    .replace(/^- /gm, '')
    .replace(/\s+/g, ' ');
  return plain
    .split(/(?<=\.) /)
    .map((sentence) => sentence.trim())
    .filter(Boolean);
}

const readme = text('README.md');
const opening = readme.slice(readme.indexOf('\n\n'), readme.indexOf('On any machine'));
const guarantees = readme.slice(readme.indexOf('- **Nothing is lost'), readme.indexOf('[docs/faults.md]'));

describe('docs/claims.md', () => {
  it('has every sentence of the README that states a guarantee', () => {
    // The first sentence says what the product is.
    const stated = [...sentencesOf(opening).slice(1), ...sentencesOf(guarantees)];
    expect(stated.length).toBeGreaterThan(10);
    expect(rows.map(([sentence]) => sentence)).toEqual(stated);
  });

  it('names tests that exist, and the command that runs each', () => {
    for (const [sentence, test = '', command] of rows) {
      const folder = /^`test\/(\w+)\//.exec(test)?.[1] ?? '';
      expect({ sentence, exists: namesTest(test), command }).toEqual({
        sentence,
        exists: true,
        command: commands[folder] ?? '`npm test`',
      });
    }
  });
});
