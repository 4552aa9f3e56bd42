// `tributary import`: takes in a file of customers as a source of the connector csv reads it, and delivers them.

import { createReadStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { type Command, InvalidArgumentError } from 'commander';
import { type Run, runShape } from '../contract/run.ts';
import { statusShape } from '../contract/status.ts';
import type { Cli } from './cli.ts';
import type { Client } from './client.ts';
import { runDryRuns } from './dry-run.ts';
import { runAndWait } from './errand.ts';
import { UsageError } from './errors.ts';

interface Options {
  source?: string;
  delimiter?: string;
  encoding?: string;
  complete?: true;
  sourceId?: string;
  map: { [field: string]: string };
  set: { [setting: string]: unknown };
  dryRun?: true;
  exitZero?: true;
  wait: boolean;
}

export function defineImport(command: Command, cli: Cli): void {
  command
    .argument(
      '<file>',
      "a CSV file whose first row names the columns; Voucherify's template and common vendor exports work unchanged",
    )
    .option('--source <name>', 'the source it belongs to; optional if only one source takes files')
    .option('--delimiter <character>', 'the delimiter: , ; | tab or another character (default: detected)')
    .option('--encoding <name>', 'the encoding of the file: utf-8, windows-1250, iso-8859-2, utf-16le …')
    .option('--complete', 'the file lists every record: records of the source that are not in it are deleted')
    .option('--source-id <column>', 'the column that identifies a customer, if none is called Source_id')
    .option('--map <field=column>', 'read a field from this column; repeatable', pair, {})
    .option(
      '--set <setting=value>',
      'a setting of the source for this file only, with its value as JSON or text; repeatable',
      setting,
      {},
    )
    .option('--dry-run', 'store and send nothing; print what would happen to the columns and customers')
    .option('--exit-zero', 'exit with 0 even if a dry run finds differences')
    .option('--no-wait', 'hand it to the server and return immediately')
    .addHelpText(
      'after',
      `
An import ends with a report of how each column was used and how to change that.

Examples:
  $ tributary import customers.csv --dry-run
  $ tributary import leads.csv --source leads --delimiter ";"
  $ tributary import audience.csv --source-id "Email Address" --map 'metadata.tier=Member Tier'

Exit code 1: a row was rejected (rejected rows are listed, the others are imported), the destination rejected a
customer, the mass-change breaker holds a customer, or the mapping names a column that the file seems to have under
another name.
3: a dry run found differences.`,
    )
    .action(async (file: string, options: Options) => {
      if (options.exitZero && !options.dryRun) throw new UsageError('--exit-zero requires --dry-run.');
      await requireFile(file);
      const ask = async (client: Client) => [
        await send(client, options.source ?? (await onlySource(client)), file, options),
      ];
      if (options.dryRun) return runDryRuns(cli, options, ask);
      return runAndWait(cli, { wait: options.wait }, async (client) => ({
        runs: await ask(client),
      }));
    });
}

function pair(given: string, before: { [name: string]: string }): { [name: string]: string } {
  const at = given.indexOf('=');
  if (at < 1 || at === given.length - 1)
    throw new InvalidArgumentError('Use the form field=Column, for example email=E-Mail.');
  return { ...before, [given.slice(0, at).trim()]: given.slice(at + 1).trim() };
}

function setting(given: string, before: { [name: string]: unknown }): { [name: string]: unknown } {
  const at = given.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Use the form setting=value, for example maxBadShare=0.1.');
  return { ...before, [given.slice(0, at).trim()]: parsedValue(given.slice(at + 1)) };
}

/** JSON where it is JSON, else the text as it stands. */
function parsedValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function requireFile(file: string): Promise<void> {
  try {
    const found = await stat(file);
    if (!found.isFile()) throw new UsageError(`${file} is not a file.`);
    await access(file, constants.R_OK);
    // The API would speak of an empty body, which says nothing to a person who named a file.
    if (found.size === 0)
      throw new UsageError(
        `${file} is empty: its first row must name the columns, for example Source_id,Name,Email.`,
      );
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const causes: Record<string, string> = {
      ENOENT: 'there is no such file',
      ENOTDIR: 'a part of the path is not a folder',
      EACCES: 'permission denied',
    };
    const why = causes[code ?? ''] ?? message;
    throw new UsageError(`Cannot read ${file}: ${why}.`, { cause: error });
  }
}

async function onlySource(client: Client): Promise<string> {
  const { sources } = await client.send(statusShape, 'get', '/api/status');
  const [first, ...others] = sources.filter(({ imports }) => imports);
  if (first && others.length === 0) return first.name;
  if (first)
    throw new UsageError(
      `Several sources take files: ${[first, ...others].map(({ name }) => name).join(', ')}. Choose one with --source.`,
    );
  throw new UsageError(
    'No source takes files. Add one to the configuration, and import again:\n  "sources": { "files": { "connector": "csv" } }',
  );
}

function send(
  client: Client,
  source: string,
  file: string,
  { delimiter, encoding, complete, sourceId, map, set, dryRun }: Options,
): Promise<Run> {
  const body = Readable.toWeb(createReadStream(file)) as ReadableStream<Uint8Array>;
  const asJson = (value: object) => (Object.keys(value).length > 0 ? JSON.stringify(value) : undefined);
  return client.send(runShape, 'post', '/api/sources/{source}/imports', {
    path: { source },
    query: {
      name: basename(file),
      delimiter,
      encoding,
      complete: complete ? 'true' : undefined,
      sourceId,
      map: asJson(map),
      settings: asJson(set),
      dryRun: dryRun ? 'true' : undefined,
    },
    body,
  });
}
