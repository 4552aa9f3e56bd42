// `tributary import`: takes in a file of customers as a source of the connector csv reads it, and delivers them.
import { createReadStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { type Command, Option } from 'commander';
import type { Run, Status } from './answers.ts';
import type { Cli } from './cli.ts';
import type { Client } from './client.ts';
import { runErrand } from './errand.ts';
import { UsageError } from './errors.ts';

interface Options {
  source?: string;
  delimiter?: string;
  wait: boolean;
  json?: true;
}

export function addImport(program: Command, cli: Cli): void {
  program
    .command('import')
    .description('Take in a CSV file of customers and deliver them.')
    .argument('<file>', "UTF-8, the first row names the columns; Voucherify's import template fits as it is")
    .option('--source <name>', 'the source it belongs to; may be left out where only one takes files')
    .addOption(
      new Option(
        '--delimiter <character>',
        'what parts the columns; found out by itself where it is left out',
      ).choices([',', ';', 'tab']),
    )
    .option('--no-wait', 'hand it to the server and return at once')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary import customers.csv
  $ tributary import leads.csv --source leads --delimiter ";"

Exit code 1: a row was rejected (each is named, and the rest is taken in), or a customer was refused by the destination.`,
    )
    .action(async (file: string, options: Options) => {
      await requireFile(file);
      await runErrand(cli, { json: options.json === true, wait: options.wait }, async (client) => {
        const source = options.source ?? (await onlySource(client));
        return { runs: [await send(client, source, file, options.delimiter)] };
      });
    });
}

async function requireFile(file: string): Promise<void> {
  try {
    if (!(await stat(file)).isFile()) throw new UsageError(`${file} is no file.`);
    await access(file, constants.R_OK);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      { ENOENT: 'there is no such file', EACCES: 'this user may not read it' }[code ?? ''] ?? message;
    throw new UsageError(`Cannot read ${file}: ${why}.`, { cause: error });
  }
}

async function onlySource(client: Client): Promise<string> {
  const { sources }: Status = await client.send('/api/status');
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

function send(client: Client, source: string, file: string, delimiter: string | undefined): Promise<Run> {
  const body = Readable.toWeb(createReadStream(file)) as ReadableStream<Uint8Array>;
  return client.send(`/api/sources/${encodeURIComponent(source)}/imports`, {
    query: { name: basename(file), delimiter },
    stream: { body, type: 'text/csv' },
  });
}
