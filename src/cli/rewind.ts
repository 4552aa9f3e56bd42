// `tributary rewind`: reads again what changed at a source since a time.

import type { Command } from 'commander';
import { runShape } from '../contract/run.ts';
import type { Cli } from './cli.ts';
import { runAndWait } from './errand.ts';
import { timeOf } from './times.ts';

export function addRewind(program: Command, cli: Cli): void {
  program
    .command('rewind')
    .description('Rewind a source to a time and read everything that changed since.')
    .argument('<source>', 'the name of a source')
    .requiredOption('--to <time>', 'such as 2026-03-01T12:00:00Z; UTC if it has no offset')
    .option('--no-wait', 'request it from the server and return immediately')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary rewind hubspot --to 2026-03-01T12:00:00Z
  $ tributary rewind hubspot --to 2026-03-01 --no-wait`,
    )
    .action((source: string, { to, wait, json }: { to: string; wait: boolean; json?: true }) => {
      const time = timeOf(to);
      return runAndWait(cli, { json: json === true, wait }, async (client) => ({
        runs: [
          await client.send(runShape, `/api/sources/${encodeURIComponent(source)}/rewind`, {
            json: { to: time },
          }),
        ],
      }));
    });
}
