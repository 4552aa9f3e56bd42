// `tributary project`: decides whose acknowledgements are kept when the configuration names another project.

import type { Command } from 'commander';
import { projectShape } from '../contract/pause.ts';
import { counted } from '../words.ts';
import type { Cli } from './cli.ts';
import { runAndWait } from './errand.ts';
import { UsageError } from './errors.ts';
import { print } from './terminal.ts';

interface Options {
  new?: true;
  same?: true;
}

export function defineProject(command: Command, cli: Cli): void {
  command
    .option('--new', 'it is a new project: send every customer to it')
    .option('--same', 'it is the same project, with new keys or a new address')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary project --new
  $ tributary project --same

Nothing is sent until this is decided, unless the acknowledged customers are found in the project.`,
    )
    .action(async (options: Options) => {
      if ((options.new === true) === (options.same === true))
        throw new UsageError('Specify either --new or --same. See "tributary project --help".');
      const as = options.new ? 'new' : 'same';
      // Where no server runs, what is due is delivered before the command ends.
      await runAndWait(cli, { wait: false }, async (client) => {
        const answer = await client.send(projectShape, 'post', '/api/destination/project', {
          body: { as },
        });
        const summary =
          as === 'new'
            ? `New project: ${counted(answer.due, 'customer')} will be sent to it.`
            : 'Same project: earlier acknowledgements remain valid.';
        if (!cli.json) print(cli.terminal, summary);
        return { runs: [], summary, more: answer };
      });
    });
}
