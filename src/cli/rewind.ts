// `tributary sources rewind`: reads again what changed at a source since a time.

import type { Command } from 'commander';
import { runShape } from '../contract/run.ts';
import type { Cli } from './cli.ts';
import { runAndWait } from './errand.ts';
import { timeOf } from './times.ts';

export function defineRewind(command: Command, cli: Cli): void {
  command
    .argument('<source>', 'the name of a source')
    .requiredOption('--to <time>', 'such as 2026-03-01T12:00:00Z; UTC if it has no offset')
    .option('--no-wait', 'request it from the server and return immediately')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary sources rewind hubspot --to 2026-03-01T12:00:00Z
  $ tributary sources rewind hubspot --to 2026-03-01 --no-wait`,
    )
    .action((source: string, { to, wait }: { to: string; wait: boolean }) => {
      const time = timeOf(to);
      return runAndWait(cli, { wait }, async (client) => ({
        runs: [
          await client.send(runShape, 'post', '/api/sources/{source}/rewind', {
            path: { source },
            body: { to: time },
          }),
        ],
      }));
    });
}
