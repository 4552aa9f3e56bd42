// `tributary verify`: reads the destination back, compares it with what it acknowledged, and tells; with `--heal` it also
// waits until what differed is delivered again.

import { type Command, InvalidArgumentError } from 'commander';
import {
  findingWords,
  foundIn,
  isWhole as isWholeStream,
  type ProvenStream,
  streamSentence,
} from '../contract/source-proof.ts';
import { statusShape } from '../contract/status.ts';
import {
  proofForecastsShape,
  type Report,
  type Verification,
  verificationShape,
  verificationsShape,
} from '../contract/verification.ts';
import { counted, number } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import type { Client } from './client.ts';
import { CommandError, exitCodes, UsageError } from './errors.ts';
import { follow } from './follow.ts';
import { type Reached, reach, withClient } from './reach.ts';
import { awaitSchema } from './schema.ts';
import { listenForStop } from './signals.ts';
import { Progress, print, printError } from './terminal.ts';

const askEveryMs = 250;
const maxShown = 10;

interface Options {
  source?: string | true;
  contents?: true;
  cancel?: true;
  sample?: number;
  full?: true;
  heal?: true;
  wait: boolean;
}

export function defineVerify(command: Command, cli: Cli): void {
  command
    .option('--full', 'verify every customer (the default)')
    .option(
      '--sample <n>',
      'verify N random customers, one call each, with a confidence bound for the rest',
      size,
    )
    .option(
      '--source [source]',
      'read the vendors of all sources, or of one, as well and compare them with the stored records',
    )
    .option('--contents', 'with --source: compare the contents of all records, not of a sample of them')
    .option(
      '--heal',
      'send differing, stale and missing customers again, and read records again that differ from their vendor; nothing is ever deleted at the destination',
    )
    .option('--cancel', 'cancel the verification that is running')
    .option('--no-wait', 'request it from the server and return immediately')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary verify
  $ tributary verify --sample 500
  $ tributary verify --full --heal
  $ tributary verify --source
  $ tributary verify --source hubspot --heal

A customer is stale if its stored records give other values than were delivered, and no delivery is pending.
A verification waits up to a minute for pending deliveries, and reads customers one by one that were sent something
meanwhile. Customers that are still pending after that are set aside. Customers that Tributary never sent are counted
and not changed.

With --source, the vendor's list of all records is compared with the stored records first, by its clock; a record that
differs is read by ID before it is reported, and one that changed too recently to be stored is postponed.

Exit code 0: all customers match. 1: the verification failed, a customer could not be compared (set aside, or not
readable), or a source could not be read to the end. 3: a customer or a record differed, was stale or was missing,
whether it was healed or not.`,
    )
    .action(async (options: Options) => {
      if (options.full && options.sample !== undefined)
        throw new UsageError('--full and --sample cannot be combined.');
      if (options.contents && options.source === undefined)
        throw new UsageError('--contents needs --source.');
      if (options.cancel) return withClient(cli, (client) => cancelRunning(cli, client));
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
  const silent = cli.json;
  const since = (await client.send(statusShape, 'get', '/api/status')).now;
  const { sample, heal = false, source, contents: isWhole } = options;
  const contents = isWhole ? ('all' as const) : ('sample' as const);
  const body = {
    ...(sample === undefined ? { full: true as const } : { sample }),
    heal,
    ...(source !== undefined && { sources: source === true ? ('all' as const) : [source], contents }),
  };
  if (source !== undefined && !cli.json) await tellForecast(cli, client, { source, contents });
  if (options.wait || reached.isHere)
    await awaitSchema(cli, client, { silent, stop, what: 'Nothing was verified' });
  const asked = await client.send(verificationShape, 'post', '/api/verify', { body });
  if (!options.wait && !reached.isHere && asked.state === 'requested') {
    const said = `Verification ${asked.id} was requested.`;
    if (cli.json) answer(cli, said, verificationShape.encode(asked));
    else print(cli.terminal, said);
    return;
  }
  const ended = await endOf(cli, client, asked, { silent, stop });
  if (ended.state === 'failed') {
    if (cli.json)
      answer(cli, `Verification ${ended.id} failed: ${ended.error}`, verificationShape.encode(ended));
    throw new CommandError(`Verification ${ended.id} failed: ${ended.error}`);
  }
  const { report } = ended;
  if (cli.json) answer(cli, `${report.summary}.`, verificationShape.encode(ended));
  else tell(cli, ended);
  const { streams = [] } = report;
  const off = report.differing.count + (report.stale?.count ?? 0) + report.missing.count + foundIn(streams);
  const hasAll =
    report.inFlight === 0 && Object.keys(report.unread).length === 0 && streams.every(isWholeStream);
  cli.exitCode = off > 0 ? exitCodes.differs : hasAll ? exitCodes.success : exitCodes.failed;
  if (report.healed === 0 && streams.every(({ touched }) => touched === 0)) return;
  const done = await follow(cli, { client, isHere: true, silent, stop, since }, []);
  if (!cli.json && report.healed > 0)
    print(cli.terminal, `Sent again: ${counted(report.healed, 'customer')}.`);
  if (done.exitCode !== exitCodes.success) {
    for (const { ref, message } of done.deadLetters.slice(0, maxShown))
      printError(cli.terminal, `${ref}: ${message}`);
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
          `No longer waiting. Verification ${asked.id} continues with the server or the next command.`,
        );
      const { report, error } = verification;
      const reading = report.streams?.find(({ state }) => state === 'reading');
      if (reading) {
        const { source, stream, listed, counted: all } = reading;
        const text = error ?? `${source}: ${counted(listed.count, stream.replace(/s$/, ''))} listed`;
        progress.show(text, all ? Math.min(listed.count / all, 1) : null, clock.now());
        await clock.sleep(askEveryMs, stop);
        verification = await client.send(verificationShape, 'get', '/api/verifications/{id}', {
          path: { id: asked.id },
        });
        continue;
      }
      const done = report.compared + report.missing.count + report.inFlight;
      const text =
        error ??
        (done === 0 ? 'the destination is asked for its customers' : `${counted(done, 'customer')} compared`);
      progress.show(text, report.acknowledged > 0 ? done / report.acknowledged : null, clock.now());
      await clock.sleep(askEveryMs, stop);
      verification = await client.send(verificationShape, 'get', '/api/verifications/{id}', {
        path: { id: asked.id },
      });
    }
  } finally {
    progress.end();
  }
}

/** What the vendors will be asked, before they are. */
async function tellForecast(
  { terminal }: Cli,
  client: Client,
  { source, contents }: { source: string | true; contents: 'sample' | 'all' },
): Promise<void> {
  const query = { contents, ...(source !== true && { source }) };
  const { streams } = await client.send(proofForecastsShape, 'get', '/api/verifications/forecast', { query });
  for (const { source: name, stream, by, records, calls } of streams)
    print(
      terminal,
      by === null
        ? `${name}: the vendor has no list of ${stream}, so they cannot be verified.`
        : `${name}: ${number(records)} ${stream}, ${calls === null ? 'an unknown number of calls' : `about ${counted(calls, 'call')}`}, in the backfill lane.`,
    );
}

async function cancelRunning(cli: Cli, client: Client): Promise<void> {
  const { verifications } = await client.send(verificationsShape, 'get', '/api/verifications', {
    query: { state: 'requested', limit: 1 },
  });
  const [running] = verifications;
  if (!running) throw new CommandError('No verification is running.');
  const ended = await client.send(verificationShape, 'post', '/api/verifications/{id}/cancel', {
    path: { id: running.id },
  });
  const said = `Verification ${ended.id} was cancelled.`;
  if (cli.json) answer(cli, said, verificationShape.encode(ended));
  else print(cli.terminal, said);
}

/** What was found at the vendor of a source, by kind. */
function tellStream(say: (text: string) => void, stream: ProvenStream): void {
  say(`${stream.source} ${stream.stream}: ${streamSentence(stream)}`);
  for (const { kind, count, examples } of stream.findings) {
    const named = examples.flatMap((example) => ('recordId' in example ? [example] : []));
    say(`  ${number(count)} ${findingWords[kind]}:`);
    for (const { recordId, properties, detail } of named.slice(0, maxShown))
      say(`    ${[recordId, properties.join(', '), detail].filter(Boolean).join(' · ')}`);
    if (count > maxShown) say(`    … and ${counted(count - maxShown, 'other')}`);
  }
}

const ways = { export: 'by an export', list: 'page by page', reads: 'one by one' } as const;

function tell({ terminal }: Cli, { id, report, hash, signed }: Verification): void {
  const say = (text: string) => print(terminal, text);
  for (const stream of report.streams ?? []) tellStream(say, stream);
  say(`Verification ${id}: ${report.summary}.`);
  if (report.confidence) say(report.confidence.sentence);
  say(
    `Read ${report.source ? ways[report.source] : 'nothing'}: ${counted(report.calls, 'call')}, ${report.seconds.toFixed(1)} s. Matching ${number(report.matching)} of ${counted(report.compared, 'customer')} compared.`,
  );
  if (report.fallback) say(`No export: ${report.fallback}`);
  tellExamples(say, report);
  if (report.deletedThere > 0)
    say(`${report.deletedThere} of the missing were deleted there, as its webhook reported.`);
  if (report.withoutSourceId > 0)
    say(`${counted(report.withoutSourceId, 'customer')} there without a source ID: not changed.`);
  for (const { field, customers, why } of report.notCompared)
    say(`Not compared: ${field} of ${counted(customers, 'customer')}: ${why}.`);
  for (const { field, form, customers } of report.forms)
    say(`Equal in another form (${form}): ${field} of ${counted(customers, 'customer')}.`);
  if (report.inFlight > 0)
    say(
      `${counted(report.inFlight, 'customer')} set aside: a change was waiting or being sent, or the result of an attempt is unknown. "tributary status" shows what waits; verify again afterwards.`,
    );
  for (const [why, customers] of Object.entries(report.unread))
    say(`${counted(customers, 'customer')} could not be read: ${why}.`);
  say(`Hash of the report: ${hash}`);
  if (signed) say(`Signed with key ${signed.signature.keyId}. "tributary receipts check" checks it.`);
}

function tellFields(
  say: (text: string) => void,
  { count, examples }: Report['differing'],
  { how, word, rest }: { how: string; word: string; rest: string },
): void {
  for (const example of examples.slice(0, maxShown)) {
    if ('erased' in example) continue;
    say(`${example.sourceId} ${how}:`);
    for (const [field, { expected, found }] of Object.entries(example.fields ?? {}))
      say(`  ${field}: ${JSON.stringify(expected)} expected, ${JSON.stringify(found)} ${word}`);
  }
  if (count > maxShown) say(`… and ${counted(count - maxShown, 'other')}: ${rest}.`);
}

function tellExamples(say: (text: string) => void, { differing, stale, missing, unknownToUs }: Report): void {
  tellFields(say, differing, { how: 'differs', word: 'found', rest: '"tributary drifts" lists them' });
  if (stale)
    tellFields(say, stale, {
      how: 'is stale',
      word: 'delivered',
      rest: 'the page Verification shows up to 100',
    });
  const named = (examples: Report['missing']['examples']) =>
    examples.slice(0, maxShown).flatMap((example) => ('sourceId' in example ? [example.sourceId] : []));
  if (missing.count > 0)
    say(`Missing: ${number(missing.count)}, for example ${named(missing.examples).join(', ')}`);
  if (unknownToUs.count > 0)
    say(`Unknown to us: ${number(unknownToUs.count)}, for example ${named(unknownToUs.examples).join(', ')}`);
}
