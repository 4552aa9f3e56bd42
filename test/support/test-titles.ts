// The titles of our tests, for the pages of docs that name them.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** Paths of all files of tests, from the root. */
export const testFiles = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => join('test', name));

/** What `it`, `test` and `describe` are called with in a file, each a line. */
export function titlesOf(path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8');
  const titles = [...text.matchAll(/^.*\(\s*(['"`])((?:\\.|(?!\1)[^\\\n])+)\1(?=,| *,|\))/gm)];
  return titles.map((match) => match[2]!.replaceAll("\\'", "'"));
}

/** Whether the cell of a table, "`path`: beginning of a title", names a test that exists. */
export function namesTest(cell: string): boolean {
  const [, path = '', title = ''] = /^`(test\/[^`]+)`: (.+)$/.exec(cell.trim()) ?? [];
  return testFiles.includes(path) && titlesOf(path).some((one) => one.startsWith(title));
}
