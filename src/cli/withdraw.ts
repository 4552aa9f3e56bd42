// `tributary withdraw`: takes back what a source contributed that is no longer in the configuration.

import type { Command } from 'commander';
import { withdrawnShape } from '../contract/pause.ts';
import type { Cli } from './cli.ts';
import { reach } from './reach.ts';
import { print, printJson } from './terminal.ts';

export function addWithdraw(program: Command, cli: Cli): void {
  program
    .command('withdraw')
    .description('Take back what a source contributed that is no longer in the configuration.')
    .argument(
      '<source>',
      'its former name; "tributary status" lists sources that are no longer in the configuration',
    )
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary withdraw old-crm

Until then its records speak as they did. A source with a new name is not withdrawn: set "renamedFrom" there. Customers
that lose much are held by the mass-change breaker; "tributary release --list" shows them.`,
    )
    .action(async (source: string, options: { json?: true }) => {
      const reached = await reach(cli, { work: true });
      try {
        const path = `/api/sources/${encodeURIComponent(source)}/withdraw`;
        const answer = await reached.client.send(withdrawnShape, path, { method: 'POST' });
        if (options.json) printJson(cli.terminal, answer);
        else
          print(
            cli.terminal,
            reached.isHere
              ? `${source} is withdrawn. No server is running: the next "tributary start" or "tributary sync" takes its contributions back.`
              : `${source} is withdrawn. Its contributions are now being taken back; "tributary status" shows the progress.`,
          );
      } finally {
        await reached.close();
      }
    });
}
