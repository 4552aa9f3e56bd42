// `tributary withdraw`: takes back what a source contributed that is no longer in the configuration.

import type { Command } from 'commander';
import { withdrawnShape } from '../contract/pause.ts';
import type { Cli } from './cli.ts';
import { reach } from './reach.ts';
import { print, printJson } from './terminal.ts';

export function addWithdraw(program: Command, cli: Cli): void {
  program
    .command('withdraw')
    .description('Withdraw the contributions of a source that is no longer in the configuration.')
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

Until then its records still count. Do not withdraw a source that was renamed: set "renamedFrom" instead. If too
many customers would change, the mass-change breaker holds them; "tributary release --list" shows the holds.`,
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
              ? `${source} is withdrawn. No server is running: the next "tributary start" or "tributary sync" withdraws its contributions.`
              : `${source} is withdrawn. Its contributions are being withdrawn; "tributary status" shows the progress.`,
          );
      } finally {
        await reached.close();
      }
    });
}
