// `tributary preview`: what a proposed configuration would make of the stored records, before it is the real one.

import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { type Preview, previewShape } from '../contract/preview.ts';
import { createLog } from '../engine/log/log.ts';
import { counted } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import { printDifferences, printGroup } from './differences.ts';
import { CommandError, exitCodes, UsageError } from './errors.ts';
import { openHere, reach } from './reach.ts';
import { print } from './terminal.ts';

interface Options {
  config: string;
  payloads?: number;
  sourceId?: string[];
  samples: number;
  exitZero?: true;
}

const recordGroups = [
  ['filtered', 'records that would be left out'],
  ['letIn', 'records that would be let in'],
  ['moved', 'records that would belong to another customer'],
  ['staying', 'records that name another source ID but stay'],
  ['joined', 'records that would join a customer'],
] as const;

export function definePreview(command: Command, cli: Cli): void {
  command
    .requiredOption('--config <file>', 'the proposed configuration, .json or .ts')
    .option('--payloads <n>', 'print the exact payloads of the first N customers', wholeNumber)
    .option('--source-id <id...>', 'print the exact payloads of these customers')
    .option('--samples <n>', 'the number of examples in each group', wholeNumber, 5)
    .option('--exit-zero', 'exit with 0 even if something would differ')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary preview --config proposed.config.json
  $ tributary preview --config proposed.config.ts --source-id 151 152
  $ tributary preview --config proposed.config.json --json --exit-zero

A configuration whose mapping or filter has functions cannot be sent to a server: it is previewed here, with the database
of DATABASE_URL or, if no server is running, with the embedded database.

Exit code 0: nothing would change. 1: the preview failed. 2: wrong usage, or the configuration has faults; all of them
are printed. 3: something would change.`,
    )
    .action(async (options: Options) => {
      if (options.payloads !== undefined && options.sourceId)
        throw new UsageError('--payloads and --source-id cannot be combined.');
      const report = await previewFile(cli, options);
      if (cli.json) answer(cli, report.summary, report);
      else tell(cli, report);
      cli.exitCode = report.differs && !options.exitZero ? exitCodes.differs : exitCodes.success;
    });
}

function wholeNumber(value: string): number {
  if (!/^\d{1,4}$/.test(value) || Number(value) > 1000)
    throw new InvalidArgumentError('Write a number up to 1000.');
  return Number(value);
}

async function previewFile(cli: Cli, options: Options): Promise<Preview> {
  const path = resolve(options.config);
  const { content: config } = await cli.deps.readConfigFile(path);
  const { samples, sourceId, payloads = sourceId ?? 0 } = options;
  const request = { samples: Math.min(samples, 100), payloads };
  if (hasFunctions(config)) return previewHere(cli, path, request);
  const reached = await reach(cli, { work: false });
  try {
    return await reached.client.send(previewShape, 'post', '/api/preview', {
      body: { config: config as { [key: string]: unknown }, ...request },
    });
  } finally {
    await reached.close();
  }
}

function hasFunctions(value: unknown): boolean {
  if (typeof value === 'function') return true;
  return typeof value === 'object' && value !== null && Object.values(value).some(hasFunctions);
}

/** In this process, on the database: functions cannot be sent. */
async function previewHere(
  cli: Cli,
  path: string,
  request: { samples: number; payloads: number | string[] },
): Promise<Preview> {
  const environment = await cli.deps.readEnvironment();
  const why = 'The proposed configuration has functions, which cannot be sent to a server';
  if (environment.variables['TRIBUTARY_URL'] !== undefined && environment.databaseUrl === undefined)
    throw new UsageError(
      `${why}: set DATABASE_URL to the database of that server, or write the mapping without functions.`,
    );
  const proposed = await cli.deps.loadConfig({ ...environment, configPath: path });
  const present = await cli.deps.loadConfig(environment);
  const log = createLog({ level: 'silent' });
  const { previewConfig } = await import('../web/api/preview.ts');
  try {
    const app = await openHere(cli, environment, { config: present, log });
    try {
      await app.tributary.refreshSchema();
      const wait = app.tributary.schemaWait;
      if (wait !== null && proposed.metadataSchema === 'destination') throw new CommandError(wait.sentence);
      return await previewConfig(app.tributary, proposed, request);
    } finally {
      await app.close();
    }
  } catch (error) {
    if (error instanceof CommandError)
      throw new CommandError(`${why}, and here: ${error.message}`, error.exitCode);
    throw error;
  }
}

function tell({ terminal }: Cli, report: Preview): void {
  const { customers, records, faults } = report;
  print(
    terminal,
    `Checked ${counted(customers.looked, 'customer')} and ${counted(records.looked, 'record')}. Nothing was written.`,
  );
  printDifferences(terminal, report);
  for (const [name, words] of recordGroups) printGroup(terminal, words, records[name]);
  for (const { source, field, newlyFaulty, noLongerFaulty } of faults) {
    printGroup(terminal, `${field} of ${source} would be quarantined`, newlyFaulty);
    printGroup(terminal, `${field} of ${source} would no longer be quarantined`, noLongerFaulty);
  }
}
