// `npm run schema` also writes the tables of docs/errors.md, between marks of the page: the kinds of problems of the API, and the
// codes with which the command line ends.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeMeanings, exitCodeMeanings } from '../src/cli/errors.ts';
import { problemKinds } from '../src/contract/problem-kinds.ts';

export const errorsPage = join(import.meta.dirname, '../docs/errors.md');

const tables: { readonly [name: string]: () => string[] } = {
  kinds: () => [
    '| kind | status | meaning | what to do |',
    '| --- | --- | --- | --- |',
    ...Object.entries(problemKinds).map(
      ([name, { statuses, meaning, action }]) =>
        `| \`${name}\` | ${statuses.join(', ')} | ${meaning} | ${action} |`,
    ),
  ],
  'exit codes': () => [
    '| exit code | means | what to do |',
    '| --- | --- | --- |',
    ...Object.entries(exitCodeMeanings).map(
      ([code, { meaning, action }]) => `| ${code} | ${meaning} | ${action} |`,
    ),
  ],
  codes: () => [
    '| `error.code` | exit code | means |',
    '| --- | --- | --- |',
    ...Object.entries(codeMeanings).map(
      ([code, { exitCode, meaning }]) => `| \`${code}\` | ${exitCode} | ${meaning} |`,
    ),
  ],
};

/** The page with its tables as they are now. */
export function withErrors(page: string): string {
  return Object.entries(tables).reduce((text, [name, rows]) => {
    const block = new RegExp(`<!-- ${name} -->\\n[\\s\\S]*?<!-- end of ${name} -->`);
    if (!block.test(text)) throw new Error(`docs/errors.md has no place for the table "${name}".`);
    return text.replace(block, () => `<!-- ${name} -->\n${rows().join('\n')}\n<!-- end of ${name} -->`);
  }, page);
}

if (import.meta.main) writeFileSync(errorsPage, withErrors(readFileSync(errorsPage, 'utf8')));
