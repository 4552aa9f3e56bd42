// `tributary problems retry`: tries again what was given up.

import type { Command } from 'commander';
import { type Retried, retriedShape } from '../contract/dead-letter.ts';
import { counted } from '../words.ts';
import type { Cli } from './cli.ts';
import { runAndWait } from './errand.ts';
import { exitCodes } from './errors.ts';
import { addLetterOptions, type LetterOptions, letterFilter } from './letter-options.ts';
import { print } from './terminal.ts';
import { untilRead } from './until-read.ts';

export function defineRetry(command: Command, cli: Cli): void {
  addLetterOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  $ tributary problems retry
  $ tributary problems retry --kind delivery --code invalid_customer
  $ tributary problems retry --since 2026-03-01 --text 'No such plan'

Exit code 1: something was given up again, could not be retried, or is still to be read.`,
    )
    .action(async (options: LetterOptions) => {
      const which = letterFilter(options);
      let isWhole = true;
      await runAndWait(cli, { wait: true }, async (client) => {
        const retried = await client.send(retriedShape, 'post', '/api/dead-letters/retry', { body: which });
        const sentences = sentencesOf(retried);
        if (!cli.json) for (const sentence of sentences) print(cli.terminal, sentence);
        const isRead = await untilRead(cli, client, retried.touched > 0 || retried.requests.replayed > 0);
        const { cannot, records, requests } = retried;
        isWhole = isRead && cannot.length + records.rejected + requests.rejected === 0;
        return { runs: [], summary: sentences.join(' '), more: { retried }, isNothing: isNothing(retried) };
      });
      if (!isWhole) cli.exitCode = exitCodes.failed;
    });
}

function isNothing({ deliveries, writeBacks, records, touched, requests }: Retried): boolean {
  const queued = deliveries.due + deliveries.waiting + writeBacks.due + writeBacks.waiting;
  return queued + records.received + touched + requests.replayed === 0;
}

function sentencesOf(retried: Retried): string[] {
  const { deliveries, writeBacks, records, touched, requests, cannot } = retried;
  const sentences: string[] = [];
  const say = (sentence: string) => sentences.push(sentence);
  const again = deliveries.due + deliveries.waiting;
  const back = writeBacks.due + writeBacks.waiting;
  if (isNothing(retried) && cannot.length === 0) say('No dead letter matches: nothing was retried.');
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
  return sentences;
}
