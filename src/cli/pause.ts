// `tributary sources pause` and `tributary sources resume`: a person's word to leave a source, or the destination, alone.
import type { Command } from 'commander';
import { pausedShape } from '../contract/pause.ts';
import { answer, type Cli } from './cli.ts';
import { withClient } from './reach.ts';
import { print } from './terminal.ts';

/** Not the name of a source. */
const destination = 'destination';

export function definePause(command: Command, cli: Cli): void {
  command
    .argument('<source>', 'the name of a source, or destination')
    .option('--reason <text>', 'shown with the pause')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary sources pause hubspot --reason "the CRM is being cleaned up"
  $ tributary sources pause destination`,
    )
    .action((name: string, { reason }: { reason?: string }) =>
      withClient(cli, async (client) => {
        const done = await (name === destination
          ? client.send(pausedShape, 'post', '/api/destination/pause', { body: { reason } })
          : client.send(pausedShape, 'post', '/api/sources/{source}/pause', {
              path: { source: name },
              body: { reason },
            }));
        const said = `${name} is paused. To resume it: tributary sources resume ${name}`;
        if (cli.json) answer(cli, said, pausedShape.encode(done));
        else print(cli.terminal, said);
      }),
    );
}

export function defineResume(command: Command, cli: Cli): void {
  command
    .argument('<source>', 'the name of a source, or destination')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary sources resume hubspot`,
    )
    .action((name: string) =>
      withClient(cli, async (client) => {
        const done = await (name === destination
          ? client.send(pausedShape, 'post', '/api/destination/resume')
          : client.send(pausedShape, 'post', '/api/sources/{source}/resume', { path: { source: name } }));
        const said = `${name} is not paused.`;
        if (cli.json) answer(cli, said, pausedShape.encode(done));
        else print(cli.terminal, said);
      }),
    );
}
