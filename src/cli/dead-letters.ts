// `tributary problems dead-letters`: what was given up, by cause, with what to do next; or all of it as a file.

import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { type LetterGroup, letterGroupsShape } from '../contract/dead-letter.ts';
import { counted, iso } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import type { Client } from './client.ts';
import { UsageError } from './errors.ts';
import { addLetterOptions, type LetterOptions, letterFilter, optionsOf } from './letter-options.ts';
import { reach } from './reach.ts';
import { print, printError, wrapped } from './terminal.ts';

interface Options extends LetterOptions {
  export?: string;
  raw?: true;
}

export function defineDeadLetters(command: Command, cli: Cli): void {
  addLetterOptions(command)
    .option(
      '--export <file>',
      'write every letter to this file: CSV if its name ends in .csv, else JSON lines',
    )
    .option('--raw', 'in CSV, omit the apostrophe before cells that a spreadsheet would evaluate')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary problems dead-letters
  $ tributary problems dead-letters --kind delivery --since 2026-03-01
  $ tributary problems dead-letters --text 'No such plan' --json
  $ tributary problems dead-letters --export letters.csv

"tributary problems retry" and "tributary problems discard" take the same options.`,
    )
    .action(async (options: Options) => {
      const filter = letterFilter(options);
      if (options.raw && !options.export?.endsWith('.csv'))
        throw new UsageError('--raw requires a file whose name ends in .csv: --export letters.csv.');
      const reached = await reach(cli, { work: false });
      try {
        if (options.export !== undefined) await write(cli, reached.client, filter, options);
        else await list(cli, reached.client, filter);
      } finally {
        await reached.close();
      }
    });
}

export async function groupsOf(client: Client, filter: { [name: string]: string }): Promise<LetterGroup[]> {
  const { groups } = await client.send(letterGroupsShape, 'get', '/api/dead-letters/groups', {
    query: filter,
  });
  return groups;
}

async function list(cli: Cli, client: Client, filter: { [name: string]: string }): Promise<void> {
  const groups = await groupsOf(client, filter);
  const none = Object.keys(filter).length > 0 ? 'No dead letter matches.' : 'There are no dead letters.';
  const columns = Math.max(cli.terminal.columns, 40);
  if (cli.json) answer(cli, groupsSummary(groups), letterGroupsShape.encode({ groups }).groups);
  else print(cli.terminal, groups.map((group) => textOf(group, columns)).join('\n\n') || none);
}

function groupsSummary(groups: readonly LetterGroup[]): string {
  const letters = groups.reduce((sum, group) => sum + group.letters, 0);
  return `${counted(letters, 'dead letter')}, ${counted(groups.length, 'cause')}.`;
}

function textOf(group: LetterGroup, columns: number): string {
  const { kind, source, code, letters, firstAt, lastAt, plain, next, words, samples } = group;
  const since = firstAt === lastAt ? iso(firstAt) : `${iso(firstAt)} to ${iso(lastAt)}`;
  const indented = (text: string) =>
    wrapped(text, columns - 2)
      .split('\n')
      .map((line) => `  ${line}`)
      .join('\n');
  const refs = samples.map(({ ref }) => ref).join(', ');
  return [
    `${counted(letters, 'dead letter')}: ${kind} of ${source}, ${code} (${since})`,
    indented(plain),
    ...words.map(({ message, letters: times }) =>
      indented(`Said${words.length > 1 ? ` ${times} times` : ''}: ${message}`),
    ),
    indented(`For example: ${refs}`),
    indented(`Next: ${next}`),
    `  tributary problems retry ${optionsOf(group)}`,
  ].join('\n');
}

async function write(
  cli: Cli,
  client: Client,
  filter: { [name: string]: string },
  { export: path = '', raw }: Options,
): Promise<void> {
  const query = { ...filter, format: path.endsWith('.csv') ? 'csv' : 'jsonl', raw: raw ? 'true' : undefined };
  const stream = await client.open('/api/dead-letters/export', { query });
  const file = createWriteStream(path, { flags: 'w' });
  try {
    await pipeline(Readable.fromWeb(stream as never), file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`Cannot write ${path}: ${code === 'ENOENT' ? 'there is no such folder' : message}.`);
  }
  const said = `Dead letters written to ${path}.`;
  if (cli.json) answer(cli, said, { file: path, bytes: file.bytesWritten });
  else printError(cli.terminal, `${said}`);
}
