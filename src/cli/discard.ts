// `tributary discard`: puts dead letters aside for good, with a reason.

import type { Command } from 'commander';
import { type Discarded, discardedShape } from '../contract/dead-letter.ts';
import { counted } from '../words.ts';
import type { Cli } from './cli.ts';
import { askConsent } from './consent.ts';
import { groupsOf } from './dead-letters.ts';
import { UsageError } from './errors.ts';
import { addLetterOptions, type LetterOptions, letterFilter } from './letter-options.ts';
import { reach } from './reach.ts';
import { print, printJson } from './terminal.ts';

interface Options extends LetterOptions {
  all?: true;
  reason?: string;
  yes?: true;
  json?: true;
}

export function addDiscard(program: Command, cli: Cli): void {
  addLetterOptions(program.command('discard').description('Discard dead letters that are not to be retried.'))
    .option('--all', 'every dead letter')
    .option('--reason <text>', 'the reason; it is kept with each letter')
    .option('--yes', 'do not ask for confirmation; required without a terminal')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary discard --kind inbox --code no_stream --reason 'deals are not ours' --yes
  $ tributary discard --kind delivery --text 'test account' --reason 'test accounts'

A customer whose delivery is discarded is not sent until it changes at its source. A record that arrives with the same
fault becomes a dead letter again.`,
    )
    .action(async ({ all, reason, yes, json, ...options }: Options) => {
      const filter = letterFilter(options);
      if ((all === true) === Object.keys(filter).length > 0)
        throw new UsageError(
          'Select letters with --kind, --source, --code, --since, --until or --text, or use --all.',
        );
      if (reason === undefined || reason.trim() === '')
        throw new UsageError("A reason is required, such as --reason 'test accounts'.");
      const reached = await reach(cli, { work: false });
      try {
        if (!yes) {
          const groups = await groupsOf(reached.client, filter);
          const letters = groups.reduce((sum, group) => sum + group.letters, 0);
          await askConsent(cli, `${counted(letters, 'dead letter')} would be discarded.`);
        }
        const discarded = await reached.client.send(discardedShape, '/api/dead-letters/discard', {
          json: { ...filter, ...(all && { all }), reason },
        });
        if (json) printJson(cli.terminal, { discarded });
        else tell(cli, discarded);
      } finally {
        await reached.close();
      }
    });
}

function tell({ terminal }: Cli, { letters, deliveries }: Discarded): void {
  const say = (sentence: string) => print(terminal, sentence);
  say(
    letters === 0
      ? 'No dead letter matches: nothing was discarded.'
      : `Discarded: ${counted(letters, 'dead letter')}.`,
  );
  const { aside, waiting } = deliveries;
  if (aside > 0) say(`Not sent until they change at their source: ${counted(aside, 'customer')}.`);
  if (waiting > 0) say(`Still sent, since a newer change is waiting: ${counted(waiting, 'customer')}.`);
}
