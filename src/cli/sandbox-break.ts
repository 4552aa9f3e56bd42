// `tributary sandbox break`: asks the sandbox that runs on this machine to hurt itself in a way that vendors and people really do.
import type { Command } from 'commander';
import type { Break } from '../contract/sandbox.ts';
import { answer, type Cli } from './cli.ts';
import { UsageError } from './errors.ts';
import { SandboxControl } from './sandbox-control.ts';
import { print, table } from './terminal.ts';

export function defineSandboxBreak(command: Command, cli: Cli): void {
  command
    .argument('[what]', 'the name of a break. Without it: list them')
    .option('--seconds <n>', 'how long it lasts, at most 600. Default: 30')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary sandbox break
  $ tributary sandbox break outage --seconds 60
  $ tributary sandbox break blank-fields
  $ tributary sandbox break kill-worker

The page Sandbox has a button for each.`,
    )
    .action(async (what: string | undefined, { seconds = '30' }: { seconds?: string }) => {
      if (!/^[1-9]\d{0,2}$/.test(seconds) || Number(seconds) > 600)
        throw new UsageError(`--seconds is a number from 1 to 600, not ${seconds}.`);
      const { dataDir } = await cli.deps.readEnvironment();
      const control = await SandboxControl.find(dataDir);
      const { breaks } = await control.read();
      if (what === undefined) return list(cli, breaks);
      const begun = await control.begin(what, Number(seconds));
      if (begun === null)
        throw new UsageError(
          `There is no break "${what}". There are ${breaks.map(({ name }) => name).join(', ')}.`,
        );
      if (cli.json) return answer(cli, begun.says, begun);
      const until = begun.lasts ? ` It ends after ${seconds} seconds.` : '';
      print(cli.terminal, `${begun.says}${until}\nWatch: ${begun.watch}\nIt mends: ${begun.mends}`);
    });
}

function list(cli: Cli, breaks: readonly Break[]): void {
  const rows = breaks.map(({ name, says, until }) => [name, `${says}${until === null ? '' : ' (now)'}`]);
  if (cli.json) answer(cli, `${breaks.length} ways to hurt the sandbox.`, breaks);
  else print(cli.terminal, table(['Break', 'What happens'], rows));
}
