// `tributary sources`: which there are, and how each stands.
import type { Command } from 'commander';
import { type SourceStatus, sourcesShape } from '../contract/status.ts';
import { iso, number } from '../words.ts';
import type { Cli } from './cli.ts';
import { withClient } from './reach.ts';
import { print, printAnswer, table } from './terminal.ts';

export function addSources(program: Command, cli: Cli): void {
  program
    .command('sources')
    .description('List the sources. To stop one: "tributary pause".')
    .command('list', { isDefault: true })
    .description('List the sources: schedule, records, last run, and why one is paused.')
    .option('--json', 'print the answer as JSON')
    .action(({ json }: { json?: true }) =>
      withClient(cli, async (client) => {
        const found = await client.send(sourcesShape, '/api/sources');
        if (json) return printAnswer(cli.terminal, sourcesShape, found);
        const head = ['Source', 'Connector', 'Schedule', 'Records', 'Last run', 'State'];
        print(cli.terminal, table(head, found.sources.map(rowOf)));
      }),
    );
}

function rowOf({ name, connector, schedule, records, lastRun, going, paused }: SourceStatus): string[] {
  const last = lastRun
    ? `${lastRun.id}, ${lastRun.state} ${iso(lastRun.endedAt ?? lastRun.requestedAt)}`
    : 'none';
  const state = paused
    ? `paused: ${paused.reason}`
    : going.some(({ working }) => working)
      ? 'reading'
      : 'idle';
  return [name, connector, schedule ?? 'on request', number(records), last, state];
}
