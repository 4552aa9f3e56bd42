// The commands that the documentation shows, against the program: each exists, with the options that are given to it. Those of the
// sandbox in docs/start.md are run by test/cli/sandbox.test.ts, and those of the first account by test/cli/stranger.test.ts.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import type { Cli } from '../src/cli/cli.ts';
import { chosenCommand } from '../src/cli/commands.ts';
import { globalOptions } from '../src/cli/globals.ts';

const root = resolve(import.meta.dirname, '..');
const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'connectors/README.md'],
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    // One guide adds a command that is not there yet.
    .filter((name) => name.endsWith('.md') && !/^decisions|add-a-command/.test(name))
    .map((name) => join('docs', name)),
];

interface Shown {
  where: string;
  words: string[];
}

const program =
  /^\$? ?(?:[A-Z_]+=\S+ )*(?:npx )?(?:npm run (?:--silent )?tributary -- |(?:bin\/)?tributary(?:\.mjs)? )(.+)$/;

/** In blocks of sh and in the text. */
function shownIn(page: string): Shown[] {
  const text = readFileSync(join(root, page), 'utf8').replaceAll('\r', '');
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = '']) => block.split('\n'));
  const inline = [...text.replaceAll(/^```.*?^```$/gms, '').matchAll(/`([^`\n]+)`/g)].map(
    ([, code = '']) => code,
  );
  return [...blocks, ...inline].flatMap((line) => {
    const [, command] = program.exec(line) ?? [];
    // What follows another program's word, a comment or a redirection is not ours.
    const [own = ''] = (command ?? '').split(/ (?:#|\||>|&&|;)/);
    const words = own.trim().split(/\s+/);
    return /^[a-z]/.test(own) ? [{ where: `${page}: ${line.trim()}`, words }] : [];
  });
}

/** The options that a command takes, its own and everybody's. */
async function optionsOf({ entry }: NonNullable<ReturnType<typeof chosenCommand>>): Promise<string[]> {
  const command = new Command();
  const define = await entry.load();
  define(command, { deps: {}, terminal: {}, json: false, commands: [] } as unknown as Cli);
  return [...command.options, ...globalOptions()]
    .flatMap(({ long, short }) => [long, short])
    .concat('--help', '-h')
    .filter((option): option is string => typeof option === 'string');
}

async function faultOf({ where, words }: Shown): Promise<string[]> {
  if (words[0]!.startsWith('-')) return [];
  const chosen = chosenCommand(words.filter((word) => !word.startsWith('-')));
  if (!chosen) return [`${where}: there is no such command`];
  const known = await optionsOf(chosen);
  return words
    .filter((word) => /^-{1,2}[a-z]/.test(word))
    .map((word) => word.split('=')[0]!.replace(/[,.;:)\]]+$/, ''))
    .filter((option) => !known.includes(option))
    .map((option) => `${where}: ${option} is no option of ${chosen.entry.path}`);
}

describe('The commands in the documentation', () => {
  const shown = pages.flatMap(shownIn);

  it('exist, with the options that they are given', async () => {
    expect(shown.length).toBeGreaterThan(100);
    expect((await Promise.all(shown.map(faultOf))).flat()).toEqual([]);
  });

  it('are found where they are wrong', async () => {
    const wrong = (words: string) => faultOf({ where: 'page', words: words.split(' ') });
    expect(await wrong('holds realease --all')).toEqual(['page: there is no such command']);
    expect(await wrong('verify --heel')).toEqual(['page: --heel is no option of verify']);
    expect(await wrong('verify --heal')).toEqual([]);
  });

  it('of npm are scripts of the package', () => {
    const scripts = pages.flatMap((page) =>
      [...readFileSync(join(root, page), 'utf8').matchAll(/\bnpm run (?:--silent )?([a-z:]+)/g)].map(
        ([, name = '']) => name,
      ),
    );
    expect(scripts.length).toBeGreaterThan(10);
    expect(scripts.filter((name) => !Object.hasOwn(manifest.scripts, name))).toEqual([]);
  });
});
