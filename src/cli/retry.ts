// `tributary retry`: tries again what was given up.
import { type Command, Option } from 'commander';
import type { Retried } from './answers.ts';
import type { Cli } from './cli.ts';
import { runErrand } from './errand.ts';
import { counted, print } from './terminal.ts';

interface Options {
  kind?: string;
  source?: string;
  code?: string;
  json?: true;
}

export function addRetry(program: Command, cli: Cli): void {
  program
    .command('retry')
    .description('Try dead letters again: all, or those that fit every option given.')
    .addOption(new Option('--kind <kind>', 'what was given up').choices(['inbox', 'record', 'delivery']))
    .option('--source <name>', 'of this source; "destination" for deliveries')
    .option('--code <code>', 'for this reason, as "tributary status" shows it')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary retry
  $ tributary retry --kind delivery --code invalid_customer

Exit code 1: something was given up again.`,
    )
    .action(({ json, ...which }: Options) =>
      runErrand(cli, { json: json === true, wait: true }, async (client) => {
        const retried: Retried = await client.send('/api/dead-letters/retry', { json: which });
        if (!json) tell(cli, retried);
        return { runs: [], more: { retried } };
      }),
    );
}

function tell({ terminal }: Cli, { deliveries, records, cannot }: Retried): void {
  const say = (sentence: string) => print(terminal, sentence);
  const again = deliveries.due + deliveries.waiting;
  if (again + records.received + cannot.length === 0)
    say('No dead letter fits: there is nothing to try again.');
  if (again > 0) say(`To be delivered again: ${counted(again, 'customer')}.`);
  if (records.received > 0) {
    say(
      `Taken in again: ${counted(records.received, 'record')}, ${records.rejected} of them rejected again.`,
    );
  }
  for (const { reason, letters } of cannot)
    say(`Not tried: ${counted(letters, 'dead letter')}, for ${reason}.`);
}
