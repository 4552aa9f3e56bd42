// `tributary verify`: reads the destination back, compares it with what it acknowledged, and tells; with `--heal` it also
// waits until what differed is delivered again.

import { type Command, InvalidArgumentError } from 'commander';
import { statusShape } from '../contract/status.ts';
import { type Report, type Verification, verificationShape } from '../contract/verification.ts';
import { counted, number } from '../words.ts';
import type { Cli } from './cli.ts';
import type { Client } from './client.ts';
import { CommandError, differs, exitCodes, UsageError } from './errors.ts';
import { follow } from './follow.ts';
import { type Reached, reach } from './reach.ts';
import { awaitSchema } from './schema.ts';
import { listenForStop } from './signals.ts';
import { Progress, print, printAnswer } from './terminal.ts';

const askEveryMs = 250;
const maxShown = 10;

interface Options {
  sample?: number;
  full?: true;
  heal?: true;
  wait: boolean;
  json?: true;
}

export function addVerify(program: Command, cli: Cli): void {
  program
    .command('verify')
    .description(
      'Read the destination back and compare it, field by field, with what it acknowledged and what the stored records give.',
    )
    .option('--full', 'everybody; this is the default')
    .option('--sample <n>', 'so many at random, one call each, with how sure that makes us of the rest', size)
    .option('--heal', 'send again what differs, is stale or is missing; nothing is ever deleted')
    .option('--no-wait', 'ask the server for it and return at once')
    .option('--json', 'print the verification as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary verify
  $ tributary verify --sample 500
  $ tributary verify --full --heal

Stale are customers whose stored records give something else than was delivered, with nothing on its way to them.
It waits up to a minute for what is on its way, and reads those one by one to whom something was sent meanwhile. Who is
still waiting then is set aside. Those whom Tributary never sent are counted and left alone.

Exit code 0: all match. 1: it failed, or somebody could not be compared (set aside, or not to be read). 3: something
differed, was stale or was missing, healed or not.`,
    )
    .action(async (options: Options) => {
      if (options.full && options.sample !== undefined)
        throw new UsageError('--full and --sample cannot go together: choose one.');
      const reached = await reach(cli, { work: true });
      const stop = listenForStop(cli.clock, () => process.exit(1));
      try {
        await verify(cli, reached, options, stop.signal);
      } finally {
        await reached.close();
        stop.release();
      }
    });
}

function size(value: string): number {
  if (!/^\d{1,5}$/.test(value) || Number(value) < 1 || Number(value) > 10_000)
    throw new InvalidArgumentError('Write a number from 1 to 10000.');
  return Number(value);
}

async function verify(cli: Cli, reached: Reached, options: Options, stop: AbortSignal): Promise<void> {
  const { client } = reached;
  const silent = options.json === true;
  const since = (await client.send(statusShape, '/api/status')).now;
  const { sample, heal = false } = options;
  const json = { ...(sample === undefined ? { full: true } : { sample }), heal };
  if (options.wait || reached.isHere)
    await awaitSchema(cli, client, { silent, stop, what: 'Nothing was verified' });
  const asked = await client.send(verificationShape, '/api/verify', { json });
  if (!options.wait && !reached.isHere && asked.state === 'requested') {
    if (options.json) printAnswer(cli.terminal, verificationShape, asked);
    else print(cli.terminal, `Verification ${asked.id} was asked for.`);
    return;
  }
  const ended = await endOf(cli, client, asked, { silent, stop });
  if (ended.state === 'failed') {
    if (options.json) printAnswer(cli.terminal, verificationShape, ended);
    throw new CommandError(`Verification ${ended.id} failed: ${ended.error}`);
  }
  const { report } = ended;
  if (options.json) printAnswer(cli.terminal, verificationShape, ended);
  else tell(cli, ended);
  const off = report.differing.count + (report.stale?.count ?? 0) + report.missing.count;
  const isWhole = report.inFlight === 0 && Object.keys(report.unread).length === 0;
  cli.exitCode = off > 0 ? differs : isWhole ? exitCodes.well : exitCodes.failed;
  if (report.healed === 0) return;
  const done = await follow(cli, { client, isHere: true, silent, stop, since }, []);
  if (!options.json) print(cli.terminal, `Sent again: ${counted(report.healed, 'customer')}.`);
  if (done.exitCode !== exitCodes.well) {
    for (const { ref, message } of done.deadLetters.slice(0, maxShown))
      cli.terminal.err.write(`${ref}: ${message}\n`);
    cli.exitCode = exitCodes.failed;
  }
}

async function endOf(
  { terminal, clock }: Cli,
  client: Client,
  asked: Verification,
  { silent, stop }: { silent: boolean; stop: AbortSignal },
): Promise<Verification> {
  const progress = new Progress(terminal, { silent });
  try {
    for (let verification = asked; ; ) {
      if (verification.state !== 'requested') return verification;
      if (stop.aborted)
        throw new CommandError(
          `No longer waiting. Verification ${asked.id} goes on from where it is, with the server or the next command.`,
        );
      const { report, error } = verification;
      const done = report.compared + report.missing.count + report.inFlight;
      const text =
        error ??
        (done === 0 ? 'the destination is asked for its customers' : `${counted(done, 'customer')} compared`);
      progress.show(text, report.acknowledged > 0 ? done / report.acknowledged : null, clock.now());
      await clock.sleep(askEveryMs, stop);
      verification = await client.send(verificationShape, `/api/verifications/${asked.id}`);
    }
  } finally {
    progress.end();
  }
}

const ways = { export: 'by an export', list: 'page by page', reads: 'one by one' } as const;

function tell({ terminal }: Cli, { id, report, hash }: Verification): void {
  const say = (text: string) => print(terminal, text);
  say(`Verification ${id}: ${report.summary}.`);
  if (report.confidence) say(report.confidence.sentence);
  say(
    `Read ${report.source ? ways[report.source] : 'nothing'}: ${counted(report.calls, 'call')}, ${report.seconds.toFixed(1)} s. Matching ${number(report.matching)} of ${counted(report.compared, 'customer')} compared.`,
  );
  if (report.fallback) say(`No export: ${report.fallback}`);
  tellExamples(say, report);
  if (report.deletedThere > 0)
    say(`Of the missing ${report.deletedThere} were deleted there, as its webhook had told.`);
  if (report.withoutSourceId > 0)
    say(`${counted(report.withoutSourceId, 'customer')} there without a source ID: left alone.`);
  for (const { field, customers, why } of report.notCompared)
    say(`Not compared: ${field} of ${counted(customers, 'customer')}: ${why}.`);
  for (const { field, form, customers } of report.forms)
    say(`The same in another form (${form}): ${field} of ${counted(customers, 'customer')}.`);
  if (report.inFlight > 0)
    say(
      `${counted(report.inFlight, 'customer')} set aside: a change still waits or was on its way to them, or it is not known how an attempt ended. "tributary status" shows what waits; verify again afterwards.`,
    );
  for (const [why, customers] of Object.entries(report.unread))
    say(`${counted(customers, 'customer')} could not be read: ${why}.`);
  say(`Hash of the report: ${hash}`);
}

function tellFields(
  say: (text: string) => void,
  { count, examples }: Report['differing'],
  how: string,
  word: string,
): void {
  for (const example of examples.slice(0, maxShown)) {
    if ('erased' in example) continue;
    say(`${example.sourceId} ${how}:`);
    for (const [field, { expected, found }] of Object.entries(example.fields ?? {}))
      say(`  ${field}: ${JSON.stringify(expected)} expected, ${JSON.stringify(found)} ${word}`);
  }
  if (count > maxShown) say(`… and ${counted(count - maxShown, 'other')}: see GET /api/verifications.`);
}

function tellExamples(say: (text: string) => void, { differing, stale, missing, unknownToUs }: Report): void {
  tellFields(say, differing, 'differs', 'found');
  if (stale) tellFields(say, stale, 'is stale', 'delivered');
  const named = (examples: Report['missing']['examples']) =>
    examples.slice(0, maxShown).flatMap((example) => ('sourceId' in example ? [example.sourceId] : []));
  if (missing.count > 0)
    say(`Missing: ${number(missing.count)}, for example ${named(missing.examples).join(', ')}`);
  if (unknownToUs.count > 0)
    say(`Unknown to us: ${number(unknownToUs.count)}, for example ${named(unknownToUs.examples).join(', ')}`);
}
