// `tributary sources withdraw`: takes back what a source contributed that is no longer in the configuration.

import type { Command } from 'commander';
import { withdrawnShape } from '../contract/pause.ts';
import { answer, type Cli } from './cli.ts';
import { reach } from './reach.ts';
import { print } from './terminal.ts';

export function defineWithdraw(command: Command, cli: Cli): void {
  command
    .argument(
      '<source>',
      'its former name; "tributary status" lists sources that are no longer in the configuration',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ tributary sources withdraw old-crm

Until then its records still count. Do not withdraw a source that was renamed: set "renamedFrom" instead. If too
many customers would change, the mass-change breaker holds them; "tributary holds list" shows the holds.`,
    )
    .action(async (source: string) => {
      const reached = await reach(cli, { work: true });
      try {
        const withdrawn = await reached.client.send(
          withdrawnShape,
          'post',
          '/api/sources/{source}/withdraw',
          {
            path: { source },
          },
        );
        const said = reached.isHere
          ? `${source} is withdrawn. No server is running: the next "tributary start" or "tributary sync" withdraws its contributions.`
          : `${source} is withdrawn. Its contributions are being withdrawn; "tributary status" shows the progress.`;
        if (cli.json) answer(cli, said, withdrawn);
        else print(cli.terminal, said);
      } finally {
        await reached.close();
      }
    });
}
