// `tributary erase`: erases a customer everywhere and prints the receipt; lets somebody come back who was erased.
import { createInterface } from 'node:readline/promises';
import { type Command, Option } from 'commander';
import type { Status } from './answers.ts';
import type { Cli } from './cli.ts';
import type { Client } from './client.ts';
import { CommandError, exitCodes, UsageError } from './errors.ts';
import { type Reached, reach } from './reach.ts';
import { listenForStop } from './signals.ts';
import { Progress, print, printJson, table } from './terminal.ts';

const askEveryMs = 500;
/** Longer than any wait that ends by itself: a delivery in doubt is waited for four minutes. */
const longestMs = 600_000;

interface Receipt {
  id: string;
  state: 'open' | 'complete';
  known: boolean;
  permanent: boolean;
  requestedAt: string;
  endedAt: string | null;
  stores: { store: string; answer: string; rows: number | null; note: string | null }[];
}

interface Options {
  permanent?: true;
  yes?: true;
  wait: boolean;
  receipt?: string;
  lift?: string;
  json?: true;
}

export function addErase(program: Command, cli: Cli): void {
  program
    .command('erase')
    .description('Erase a customer here and at the destination, and print the receipt.')
    .argument('[sourceId]', 'the source ID of the customer; it need not be known here')
    .option('--permanent', 'at the destination for good, with all that hangs on the customer')
    .option('--yes', 'do not ask; needed where nobody can answer')
    .option('--no-wait', 'return as soon as it is erased here, and leave the destination to the server')
    .addOption(
      new Option('--receipt <id>', 'print a receipt, and wait until it is complete').conflicts([
        'lift',
        'permanent',
        'yes',
      ]),
    )
    .addOption(
      new Option(
        '--lift <sourceId>',
        'let somebody come back who was erased: they have signed up again',
      ).conflicts(['permanent', 'yes']),
    )
    .option('--json', 'print the receipt as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary erase 4711
  $ tributary erase anna@example.com --permanent --yes --json
  $ tributary erase --receipt 0a6e1f0e-2f0f-4d0e-9a53-4f3f6a7c3b1d
  $ tributary erase --lift 4711

A receipt says of every store what it answered. It survives restarts, and names nobody once it is complete.

Exit code 1: a store has not answered yet, or refuses.`,
    )
    .action(async (sourceId: string | undefined, options: Options) => {
      const given = [sourceId, options.receipt, options.lift].filter((value) => value !== undefined);
      if (given.length !== 1)
        throw new UsageError(
          'Name one customer, or one receipt with --receipt, or whom to let back with --lift.',
        );
      if (sourceId !== undefined && !options.yes) await confirm(cli, sourceId);
      const reached = await reach(cli, { work: options.lift === undefined });
      const stop = listenForStop(cli.clock, () => process.exit(1));
      try {
        if (options.lift !== undefined) await liftOne(cli, reached.client, options.lift, options);
        else await eraseOne(cli, reached, { ...options, sourceId }, stop.signal);
      } finally {
        await reached.close();
        stop.release();
      }
    });
}

/** Asks a person to type the source ID once more. */
async function confirm({ terminal }: Cli, sourceId: string): Promise<void> {
  if (!terminal.errIsTerminal || process.stdin.isTTY !== true)
    throw new UsageError('Erasing cannot be undone. Nobody can be asked here: add --yes if it is meant.');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const typed = await lines.question(
      `Erasing cannot be undone. Type ${sourceId} once more to erase that customer: `,
    );
    if (typed.trim() !== sourceId) throw new CommandError('That is another source ID. Nothing was erased.');
  } finally {
    lines.close();
  }
}

async function eraseOne(
  cli: Cli,
  { client, isHere }: Reached,
  options: Options & { sourceId: string | undefined },
  stop: AbortSignal,
): Promise<void> {
  const { sourceId, permanent, receipt: id, json } = options;
  const asked: Receipt =
    sourceId === undefined
      ? await client.send(`/api/erasures/${encodeURIComponent(id ?? '')}`)
      : await client.send(`/api/customers/${encodeURIComponent(sourceId)}`, {
          method: 'DELETE',
          json: permanent ? { permanent: true } : {},
        });
  // Where no server runs nobody would tell the destination: then it is waited for all the same.
  const waits = options.wait || isHere;
  const receipt = waits ? await untilComplete(cli, client, asked, { silent: json === true, stop }) : asked;
  if (json) printJson(cli.terminal, receipt);
  else tell(cli, receipt);
  if (waits && receipt.state === 'open') {
    cli.exitCode = exitCodes.failed;
    cli.terminal.err.write(
      `It is not complete yet, and goes on with the server or the next command: tributary erase --receipt ${receipt.id}\n`,
    );
  }
}

/** Until every store has answered, or nothing more can come of waiting. */
async function untilComplete(
  { clock, terminal }: Cli,
  client: Client,
  asked: Receipt,
  { silent, stop }: { silent: boolean; stop: AbortSignal },
): Promise<Receipt> {
  const progress = new Progress(terminal, { silent });
  const until = clock.now() + longestMs;
  let receipt = asked;
  try {
    while (receipt.state === 'open' && clock.now() < until && !stop.aborted) {
      const open = receipt.stores.filter(({ answer }) => answer === 'waiting' || answer === 'refused');
      // Both need a person: nothing comes of waiting.
      if (open.some(({ answer }) => answer === 'refused')) break;
      if (open.some(({ store }) => store === 'destination') && (await isPaused(client))) break;
      const [first] = open;
      if (first) {
        const done = receipt.stores.length - open.length;
        progress.show(
          `${first.store}: ${first.note ?? 'waiting'}`,
          done / receipt.stores.length,
          clock.now(),
        );
      }
      await clock.sleep(askEveryMs, stop);
      receipt = await client.send(`/api/erasures/${receipt.id}`);
    }
    return receipt;
  } finally {
    progress.end();
  }
}

async function isPaused(client: Client): Promise<boolean> {
  const { destination }: Status = await client.send('/api/status');
  return destination.paused !== null;
}

function tell({ terminal }: Cli, receipt: Receipt): void {
  const { id, state, known, permanent, requestedAt, endedAt, stores } = receipt;
  print(terminal, `Receipt ${id}: ${state}${endedAt ? ` since ${endedAt}` : `, asked for ${requestedAt}`}.`);
  if (!known)
    print(
      terminal,
      'There was no such customer here. Sources cannot bring one, and the destination is told.',
    );
  print(terminal, `At the destination: ${permanent ? 'for good' : 'deleted, its key free again'}.`);
  const rows = stores.map(({ store, answer, rows: count, note }) => [
    store,
    answer,
    count === null ? '' : String(count),
    note ?? '',
  ]);
  print(terminal, table(['STORE', 'ANSWER', 'ROWS', 'NOTE'], rows));
}

async function liftOne(
  { terminal }: Cli,
  client: Client,
  sourceId: string,
  { json }: Options,
): Promise<void> {
  const answer: { lifted: number } = await client.send('/api/suppressions', {
    method: 'DELETE',
    json: { sourceId },
  });
  if (json) printJson(terminal, answer);
  else
    print(terminal, 'They may come back: with the next change at a source, or with "tributary sync --full".');
}
