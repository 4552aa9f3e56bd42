// `tributary problems discard`: puts dead letters aside for good, with a reason.

import type { Command } from 'commander';
import { type Discarded, discardedShape } from '../contract/dead-letter.ts';
import { counted } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import { askConsent } from './consent.ts';
import { groupsOf } from './dead-letters.ts';
import { UsageError } from './errors.ts';
import { addLetterOptions, type LetterOptions, letterFilter } from './letter-options.ts';
import { reach } from './reach.ts';
import { print } from './terminal.ts';

interface Options extends LetterOptions {
  all?: true;
  reason?: string;
  yes?: true;
}

export function defineDiscard(command: Command, cli: Cli): void {
  addLetterOptions(command)
    .option('--all', 'every dead letter')
    .option('--reason <text>', 'the reason; it is kept with each letter')
    .option('--yes', 'do not ask for confirmation; required without a terminal')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary problems discard --kind inbox --code no_stream --reason 'deals are not ours' --yes
  $ tributary problems discard --kind delivery --text 'test account' --reason 'test accounts'

A customer whose delivery is discarded is not sent until it changes at its source. A record that arrives with the same
fault becomes a dead letter again.`,
    )
    .action(async ({ all, reason, yes, ...options }: Options) => {
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
          if (letters > 0) await askConsent(cli, `${counted(letters, 'dead letter')} would be discarded.`);
        }
        const discarded = await reached.client.send(discardedShape, 'post', '/api/dead-letters/discard', {
          body: { ...filter, ...(all && { all }), reason },
        });
        if (cli.json) answer(cli, sentencesOf(discarded)[0]!, discarded);
        else for (const sentence of sentencesOf(discarded)) print(cli.terminal, sentence);
      } finally {
        await reached.close();
      }
    });
}

function sentencesOf({ letters, deliveries: { aside, waiting } }: Discarded): string[] {
  return [
    letters === 0
      ? 'No dead letter matches: nothing was discarded.'
      : `Discarded: ${counted(letters, 'dead letter')}.`,
    ...(aside > 0 ? [`Not sent until they change at their source: ${counted(aside, 'customer')}.`] : []),
    ...(waiting > 0 ? [`Still sent, since a newer change is waiting: ${counted(waiting, 'customer')}.`] : []),
  ];
}
