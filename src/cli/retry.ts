// `tributary retry`: tries again what was given up.

import type { Command } from 'commander';
import { type Retried, retriedShape } from '../contract/dead-letter.ts';
import { counted } from '../words.ts';
import type { Cli } from './cli.ts';
import { runAndWait } from './errand.ts';
import { exitCodes } from './errors.ts';
import { addLetterOptions, type LetterOptions, letterFilter } from './letter-options.ts';
import { print } from './terminal.ts';
import { untilRead } from './until-read.ts';

interface Options extends LetterOptions {
  json?: true;
}

export function addRetry(program: Command, cli: Cli): void {
  addLetterOptions(
    program.command('retry').description('Retry dead letters: all, or those that match every given option.'),
  )
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary retry
  $ tributary retry --kind delivery --code invalid_customer
  $ tributary retry --since 2026-03-01 --text 'No such plan'

Exit code 1: something was given up again, could not be retried, or is still to be read.`,
    )
    .action(async ({ json, ...options }: Options) => {
      const which = letterFilter(options);
      let isWhole = true;
      await runAndWait(cli, { json: json === true, wait: true }, async (client) => {
        const retried = await client.send(retriedShape, '/api/dead-letters/retry', { json: which });
        if (!json) tell(cli, retried);
        const isRead = await untilRead(cli, client, retried.touched > 0 || retried.requests.replayed > 0);
        const { cannot, records, requests } = retried;
        isWhole = isRead && cannot.length + records.rejected + requests.rejected === 0;
        return { runs: [], more: { retried } };
      });
      if (!isWhole) cli.exitCode = exitCodes.failed;
    });
}

function tell(
  { terminal }: Cli,
  { deliveries, writeBacks, records, touched, requests, cannot }: Retried,
): void {
  const say = (sentence: string) => print(terminal, sentence);
  const again = deliveries.due + deliveries.waiting;
  const back = writeBacks.due + writeBacks.waiting;
  if (again + back + records.received + touched + requests.replayed + cannot.length === 0)
    say('No dead letter matches: nothing was retried.');
  if (again > 0) say(`Queued for delivery: ${counted(again, 'customer')}.`);
  if (back > 0) say(`Queued for write-back: ${counted(back, 'customer')}.`);
  if (records.received > 0) {
    say(
      `Ingested again: ${counted(records.received, 'record')}, ${records.rejected} of them rejected again.`,
    );
  }
  if (touched > 0) say(`To be read again: ${counted(touched, 'record')}.`);
  if (requests.replayed > 0) {
    say(
      `Opened again: ${counted(requests.replayed, 'request')} from the inbox, ${requests.rejected} of them rejected again.`,
    );
  }
  for (const { reason, letters } of cannot)
    say(`Not retried: ${counted(letters, 'dead letter')}: ${reason}.`);
}
