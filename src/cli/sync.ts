// `tributary sync`: reads a source, or all of them, and delivers what it brought.

import type { Command } from 'commander';
import type { components } from '../client/client.ts';
import type { Run } from '../contract/run.ts';
import { statusShape } from '../contract/status.ts';
import type { Cli } from './cli.ts';
import type { Client } from './client.ts';
import { runDryRuns } from './dry-run.ts';
import { runAndWait, syncOrGoing } from './errand.ts';
import { CommandError, UsageError } from './errors.ts';

interface Options {
  full?: true;
  records?: string;
  dryRun?: true;
  exitZero?: true;
  wait: boolean;
}

export function defineSync(command: Command, cli: Cli): void {
  command
    .argument('[source]', 'the name of a source; default: every source that can be pulled')
    .option('--full', 'read everything, not only what changed')
    .option(
      '--records <ids>',
      'read only these records: a comma-separated list of the IDs that the source gives them',
    )
    .option(
      '--dry-run',
      'read, but store and send nothing; print what would change and how many calls it takes',
    )
    .option('--exit-zero', 'exit with 0 even if a dry run finds differences')
    .option('--no-wait', 'request it from the server and return immediately')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary sync
  $ tributary sync hubspot --full
  $ tributary sync hubspot --records 151,152
  $ tributary sync hubspot --full --dry-run

Exit code 1: a run failed, a record was rejected, or a customer was rejected by the destination or is held by the
mass-change breaker. 3: a dry run found differences.`,
    )
    .action((source: string | undefined, options: Options) => {
      const recordIds = idsOf(source, options);
      const request: components['schemas']['Sync'] = options.full
        ? { mode: 'full' }
        : recordIds
          ? { mode: 'records', recordIds }
          : { mode: 'incremental' };
      if (options.exitZero && !options.dryRun) throw new UsageError('--exit-zero requires --dry-run.');
      if (options.dryRun) {
        return runDryRuns(cli, options, (client) => askAll(client, source, { ...request, dryRun: true }));
      }
      return runAndWait(cli, { wait: options.wait }, async (client) => ({
        runs: await askAll(client, source, request),
      }));
    });
}

function idsOf(source: string | undefined, { full, records }: Options): string[] | null {
  if (records === undefined) return null;
  if (full) throw new UsageError('--full and --records cannot be combined: a full run reads every record.');
  if (source === undefined)
    throw new UsageError('--records requires a source: tributary sync hubspot --records 151,152.');
  const ids = records
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '');
  if (ids.length === 0) throw new UsageError('--records is empty: write comma-separated IDs.');
  return ids;
}

async function askAll(
  client: Client,
  source: string | undefined,
  body: components['schemas']['Sync'],
): Promise<Run[]> {
  const one = (name: string) => syncOrGoing(client, name, body);
  if (source !== undefined) return [await one(source)];
  const { sources } = await client.send(statusShape, 'get', '/api/status');
  const readable = sources.filter(({ pulls }) => pulls);
  const open = readable.filter(({ paused }) => !paused);
  if (open.length === 0) throw new CommandError(nothingToRead(sources.length, readable.length));
  const runs: Run[] = [];
  for (const { name } of open) runs.push(await one(name));
  return runs;
}

function nothingToRead(sources: number, readable: number): string {
  if (sources === 0) return 'No source is configured.';
  if (readable === 0) return 'No source can be pulled: all of them only push.';
  return 'Every source that can be pulled is paused: "tributary status" says why.';
}
