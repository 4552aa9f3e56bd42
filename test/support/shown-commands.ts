// The commands that the documentation shows: in blocks of sh, in the text, and in the tables of docs/commands.md.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

export const documentationPages: readonly string[] = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'connectors/README.md'],
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    // One guide adds a command that is not there yet.
    .filter((name) => name.endsWith('.md') && !/^decisions|add-a-command/.test(name))
    .map((name) => join('docs', name)),
];

export const textOf = (page: string): string => readFileSync(join(root, page), 'utf8').replaceAll('\r', '');

/** `in`: the text names a command, a block or table shows how one is called. */
export interface ShownLine {
  page: string;
  line: string;
  in: 'block' | 'text' | 'table';
}

const blockForm = /^```sh\n(.*?)^```$/gms;

/** Lines of blocks of sh, as one types them: without comments, and those that a backslash continues as one. */
export function shownLines(page: string): ShownLine[] {
  const blocks = [...textOf(page).matchAll(blockForm)].flatMap(([, block = '']) =>
    block.replaceAll(/\\\n\s*/g, '').split('\n'),
  );
  const lines = blocks
    .map((line) => line.replace(/(?:^|\s+)#\s.*$/, '').trim())
    .filter((line) => line !== '');
  return lines.map((line) => ({ page, line, in: 'block' }));
}

/** Code within the text. */
export function shownInText(page: string): ShownLine[] {
  const code = [
    ...textOf(page)
      .replaceAll(/^```.*?^```$/gms, '')
      .matchAll(/`([^`\n]+)`/g),
  ];
  return code.map(([, line = '']) => ({ page, line, in: 'text' }));
}

/** The first cells of the tables of commands, where no program is named. */
export function shownInTables(page: string): ShownLine[] {
  const rows = textOf(page).matchAll(/^\| (`[^|]+`) \|/gm);
  return [...rows].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([a-z][^`]*)`/g)].map(([, line = '']) => ({ page, line, in: 'table' as const })),
  );
}

const program =
  /^\$? ?(?:[A-Z_]+=\S+ )*(?:npx )?(?:npm run (?:--silent )?tributary -- |(?:\S*\/)?tributary(?:\.mjs)? )(.+)$/;

/** What is given to the program, up to a word of another program, a comment or a redirection; null: it is another program. */
export function givenTo(line: string): string | null {
  const [, given] = program.exec(line) ?? [];
  const [own = ''] = (given ?? '').split(/ (?:#|\||>|&&|;)/);
  return /^[a-z-]/.test(own) ? own.trim() : null;
}

/** The words of a command, as a shell parts them. */
export function wordsOf(given: string): string[] {
  return [...given.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, quoted, single, bare]) => quoted ?? single ?? bare ?? '',
  );
}
