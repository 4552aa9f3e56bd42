// The words of docs/words.md, held to by the names that others meet: exported types, the command line and the API. A breach
// is named by file, line and the word to use.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');

interface File {
  path: string;
  text: string;
}

interface Name {
  file: string;
  line: number;
  name: string;
}

/** A word that is not to be used, and the word in its place. */
interface Loser {
  word: string;
  use: string;
  isIn(name: string): boolean;
}

const page = readFileSync(join(root, 'docs/words.md'), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (word|---) /.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()) as [string, string, string, string]);
const terms = rows.map(([, term]) => term);
const losers = rows.flatMap(([, use, , not]) =>
  not
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
    .map((word): Loser => ({ word, use, isIn: matcher(word) })),
);

function matcher(word: string): Loser['isIn'] {
  const [, name] = /^`(.+)`$/.exec(word) ?? [];
  const pattern =
    name === undefined
      ? new RegExp(`(?:^| )${word.toLowerCase()}s?(?: |$)`)
      : name.startsWith('…')
        ? new RegExp(`[a-z0-9]${name.slice(1)}$`)
        : name.endsWith('…')
          ? new RegExp(`^[${name[0]!.toLowerCase()}${name[0]!.toUpperCase()}]${name.slice(1, -1)}[A-Z_-]`)
          : new RegExp(
              `^${/[A-Z]/.test(name[0]!) ? name[0] : `[${name[0]}${name[0]!.toUpperCase()}]`}${name.slice(1)}$`,
            );
  return (written) => pattern.test(name === undefined ? wordsOf(written) : written);
}

/** `bulkCalls`, `bulk-calls` and `bulk_calls` are `bulk calls`. */
function wordsOf(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[-_]/g, ' ')
    .toLowerCase();
}

function filesOf(...patterns: string[]): File[] {
  return globSync(patterns, { cwd: root })
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** The names that the first group of the pattern finds. */
function namesOf({ path, text }: File, pattern: RegExp): Name[] {
  return [...text.matchAll(pattern)].map((match) => ({
    file: path,
    line: text.slice(0, match.index + match[0].indexOf(match[1]!)).split('\n').length,
    name: match[1]!,
  }));
}

const types = (file: File) =>
  namesOf(file, /^export (?:declare )?(?:abstract )?(?:interface|type|class) (\w+)/gm);

/** Commands, and options and arguments without their dashes and brackets. */
const commands = (file: File) => [
  ...namesOf(file, /\.(?:option|argument|requiredOption)\(\s*'(?:-\w, )?(?:--|<|\[)?([\w-]+)/g),
  ...namesOf(file, /\b(?:path|alias): '([\w -]+)',$/gm),
];

/** Segments of paths, keys of shapes and the values that a shape or a state lists. */
const contract = (file: File) => [
  ...namesOf(file, /\bpath: [`'](\/api[^`']*)[`']/g).flatMap(({ name, ...at }) =>
    name
      .split(/[/{}]/)
      .filter((segment) => segment !== '' && segment !== 'api')
      .map((segment) => ({ ...at, name: segment })),
  ),
  ...namesOf(file, /^\s+(\w+): (?:z\b|[a-z]\w*\(|[a-z]\w*(?:\.\w+\([^)]*\))*,$)/gm),
  ...lists(file),
];

const lists = (file: File) =>
  namesOf(file, /((?:z\.enum\(\[[^\]]+\])|(?:= \[[^\];]+\] as const))/g).flatMap(({ name, ...at }) =>
    [...name.matchAll(/'([\w-]+)'/g)].map((match) => ({ ...at, name: match[1]! })),
  );

function breaches(names: readonly Name[]): string[] {
  return names.flatMap(({ file, line, name }) =>
    losers
      .filter(({ isIn }) => isIn(name))
      .map(({ word, use }) => `${file}:${line}: ${name} says ${word}: the word is "${use}"`),
  );
}

const exported = filesOf('src/{connector,contract,tables,app}/**/*.ts', 'src/connector.ts').flatMap(types);
const commandLine = filesOf('src/cli/**/*.ts').flatMap(commands);
const api = [
  ...filesOf('src/contract/**/*.ts').flatMap(contract),
  ...filesOf('src/web/api/**/*.ts').flatMap(contract),
  ...filesOf('src/tables/**/*.ts').flatMap(lists),
];

describe('The glossary', () => {
  it('is a page of words, sorted, each with one sentence', () => {
    expect(terms).toEqual(terms.toSorted((a, b) => a.localeCompare(b, 'en')));
    expect(new Set(terms).size).toBe(terms.length);
    for (const [, term, means] of rows)
      expect([term, means]).toEqual([term, expect.stringMatching(/^[A-Z].+\.$/)]);
  });

  it('lets no word be used for an idea that has another', () => {
    expect(losers.filter(({ word, use }) => word.replaceAll('`', '') === use)).toEqual([]);
    expect(breaches(terms.map((name) => ({ file: 'docs/words.md', line: 0, name })))).toEqual([]);
  });

  it.each([
    ['exported types', exported],
    ['commands and options', commandLine],
    ['the API', api],
  ])('is kept by the names of %s', (_what, names) => {
    expect(names.length).toBeGreaterThan(30);
    expect(breaches(names)).toEqual([]);
  });

  it('holds no word that is not used', () => {
    const files = filesOf('src/**/*.ts', 'connectors/**/*.ts', 'README.md', 'docs/decisions/*.md');
    const text = files.map((file) => wordsOf(file.text)).join('\n');
    const isUsed = (term: string) => new RegExp(`\\b${term.toLowerCase()}`).test(text);
    expect(terms.filter((term) => !isUsed(term))).toEqual([]);
  });

  it('names a breach by file, line and the word to use', () => {
    const planted = (path: string, text: string) => ({ path, text });
    expect(
      breaches([
        ...types(
          planted(
            'src/tables/a.ts',
            'export type Fine = 1;\nexport interface SyncRoom {}\nexport class PlugIn {}\nexport class PluginHost {}',
          ),
        ),
        ...commands(planted('src/cli/a.ts', "\n  .option(\n    '--bulk-calls <n>',\n)\n  path: 'roster',")),
        ...contract(planted('src/contract/a.ts', "path: '/api/fine/{voice}',\n  silent: z.boolean(),")),
        ...contract(planted('src/contract/b.ts', "\nexport const states = ['done',\n 'buried'] as const;\n")),
        ...contract(planted('src/web/api/a.ts', "  state: z.enum(['ignored', 'deaf']),")),
      ]),
    ).toEqual([
      'src/tables/a.ts:2: SyncRoom says `…Room`: the word is "deps"',
      'src/tables/a.ts:4: PluginHost says plugin: the word is "connector"',
      'src/cli/a.ts:3: bulk-calls says bulk call: the word is "batch"',
      'src/cli/a.ts:5: roster says roster: the word is "registry"',
      'src/contract/a.ts:1: voice says `voice`: the word is "candidate"',
      'src/contract/a.ts:2: silent says `silent`: the word is "ignored"',
      'src/contract/b.ts:2: buried says buried: the word is "evict"',
      'src/web/api/a.ts:1: deaf says `deaf`: the word is "without webhook"',
    ]);
    expect(breaches([{ file: 'a.ts', line: 1, name: 'mostBytes' }])).toHaveLength(1);
    expect(
      breaches(
        ['almostBytes', 'leftOut', 'knownNames', 'restart'].map((name) => ({ file: 'a.ts', line: 1, name })),
      ),
    ).toEqual([]);
  });

  it('reads folders that are there', () => {
    for (const folder of ['src/connector', 'src/tables', 'src/app', 'src/cli', 'src/web/api'])
      expect(existsSync(join(root, folder))).toBe(true);
  });
});
