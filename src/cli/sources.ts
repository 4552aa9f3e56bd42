// `tributary sources`: which there are, and how each stands.
import type { Command } from 'commander';
import { type SourceStatus, sourcesShape } from '../contract/status.ts';
import { counted, iso, number } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import { withClient } from './reach.ts';
import { print, table } from './terminal.ts';

export function defineSourcesList(command: Command, cli: Cli): void {
  command.addHelpText('after', '\nExamples:\n  $ tributary sources list').action(() =>
    withClient(cli, async (client) => {
      const found = await client.send(sourcesShape, 'get', '/api/sources');
      const said = `${counted(found.sources.length, 'source')}.`;
      if (cli.json) return answer(cli, said, sourcesShape.encode(found).sources);
      if (found.sources.length === 0) return print(cli.terminal, 'No source is configured.');
      const head = ['SOURCE', 'CONNECTOR', 'SCHEDULE', 'RECORDS', 'LAST RUN', 'STATE'];
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
