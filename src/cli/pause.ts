// `tributary pause` and `tributary resume`: a person's word to leave a source, or the destination, alone.
import type { Command } from 'commander';
import { pausedShape } from '../contract/pause.ts';
import type { Cli } from './cli.ts';
import { withClient } from './reach.ts';
import { print, printAnswer } from './terminal.ts';

/** Not the name of a source. */
const destination = 'destination';

export function addPause(program: Command, cli: Cli): void {
  program
    .command('pause')
    .description(
      'Pause a source, or the destination, until it is resumed. Webhooks are still accepted and kept.',
    )
    .argument('<name>', 'the name of a source, or destination')
    .option('--reason <text>', 'shown with the pause')
    .option('--json', 'print the answer as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary pause hubspot --reason "the CRM is being cleaned up"
  $ tributary pause destination`,
    )
    .action((name: string, { reason, json }: { reason?: string; json?: true }) =>
      withClient(cli, async (client) => {
        const done = await client.send(pausedShape, `${pathOf(name)}/pause`, {
          json: { ...(reason !== undefined && { reason }) },
        });
        if (json) return printAnswer(cli.terminal, pausedShape, done);
        print(cli.terminal, `${name} is paused. To resume it: tributary resume ${name}`);
      }),
    );
}

export function addResume(program: Command, cli: Cli): void {
  program
    .command('resume')
    .description('Resume a source, or the destination.')
    .argument('<name>', 'the name of a source, or destination')
    .option('--json', 'print the answer as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary resume hubspot`,
    )
    .action((name: string, { json }: { json?: true }) =>
      withClient(cli, async (client) => {
        const done = await client.send(pausedShape, `${pathOf(name)}/resume`, { method: 'POST' });
        if (json) return printAnswer(cli.terminal, pausedShape, done);
        print(cli.terminal, `${name} is not paused.`);
      }),
    );
}

function pathOf(name: string): string {
  return name === destination ? '/api/destination' : `/api/sources/${encodeURIComponent(name)}`;
}
