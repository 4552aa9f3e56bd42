// The commands that the documentation shows, against the program: each exists, with the options that are given to it.
// test/docs-run.test.ts runs them.
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import type { Cli } from '../src/cli/cli.ts';
import { chosenCommand } from '../src/cli/commands.ts';
import { globalOptions } from '../src/cli/globals.ts';
import { documentationPages, givenTo, shownInText, shownLines, textOf } from './support/shown-commands.ts';

interface Shown {
  where: string;
  words: string[];
}

function shownIn(page: string): Shown[] {
  return [...shownLines(page), ...shownInText(page)].flatMap(({ line }) => {
    const given = givenTo(line);
    return given === null ? [] : [{ where: `${page}: ${line}`, words: given.split(/\s+/) }];
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
  const shown = documentationPages.flatMap(shownIn);

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
    const scripts = documentationPages.flatMap((page) =>
      [...textOf(page).matchAll(/\bnpm run (?:--silent )?([a-z:]+)/g)].map(([, name = '']) => name),
    );
    expect(scripts.length).toBeGreaterThan(10);
    expect(scripts.filter((name) => !Object.hasOwn(manifest.scripts, name))).toEqual([]);
  });
});
