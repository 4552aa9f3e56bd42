// `tributary customers erase`: erases a customer everywhere and prints the receipt; lets somebody come back who was erased.

import { createInterface } from 'node:readline/promises';
import { type Command, Option } from 'commander';
import { peopleShape } from '../contract/customer.ts';
import { isOpen, liftedShape, type Receipt, receiptShape } from '../contract/erasure.ts';
import { statusShape } from '../contract/status.ts';
import { iso } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import type { Client } from './client.ts';
import { CommandError, exitCodes, UsageError } from './errors.ts';
import { type Reached, reach } from './reach.ts';
import { listenForStop } from './signals.ts';
import { Progress, print, printError, table } from './terminal.ts';

const askEveryMs = 500;
/** Longer than any wait that ends by itself: a delivery in doubt is waited for four minutes. */
const longestMs = 600_000;
/** How long a store that had refused or rejected is given to answer once more. */
const secondAnswerMs = 10_000;

interface Options {
  permanent?: true;
  unknown?: true;
  yes?: true;
  wait: boolean;
  receipt?: string;
  lift?: string;
}

export function defineErase(command: Command, cli: Cli): void {
  command
    .argument('[id]', 'a source ID, else the ID of a record, else an e-mail address')
    .option(
      '--permanent',
      'erase permanently at the destination, with everything that belongs to the customer',
    )
    .option('--unknown', 'also if no customer has this source ID here: the request goes to the destination')
    .option('--yes', 'do not ask for confirmation; required without a terminal')
    .option(
      '--no-wait',
      'return as soon as the customer is erased here; the server completes the erasure at the destination',
    )
    .addOption(
      new Option('--receipt <id>', 'print a receipt, and wait until it is complete').conflicts([
        'lift',
        'permanent',
        'unknown',
        'yes',
      ]),
    )
    .addOption(
      new Option(
        '--lift <sourceId>',
        'let an erased person come back, for example after a new sign-up',
      ).conflicts(['permanent', 'unknown', 'yes']),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ tributary customers erase 4711
  $ tributary customers erase anna@example.com --permanent --yes --json
  $ tributary customers erase --receipt 0a6e1f0e-2f0f-4d0e-9a53-4f3f6a7c3b1d
  $ tributary customers erase --lift 4711

A receipt lists the answer of every store. It survives restarts, and no longer names the person once it is complete.

If an e-mail address or record ID matches several customers, nothing is erased and their source IDs are printed.

Exit code 1: a store has not answered yet, or refuses the erasure. 4: no customer has that ID, and nothing was erased.`,
    )
    .action(async (id: string | undefined, options: Options) => {
      const given = [id, options.receipt, options.lift].filter((value) => value !== undefined);
      if (given.length !== 1)
        throw new UsageError('Name one customer, a receipt with --receipt, or an erased person with --lift.');
      if (id !== undefined && !options.yes) requirePerson(cli);
      const reached = await reach(cli, { work: options.lift === undefined });
      const stop = listenForStop(cli.clock, () => process.exit(1));
      try {
        if (options.lift !== undefined) await liftOne(cli, reached.client, options.lift);
        else {
          const sourceId = id === undefined ? undefined : await personMeant(reached.client, id, options);
          if (sourceId !== undefined && !options.yes) await confirm(sourceId);
          if (sourceId !== undefined && sourceId !== id && !cli.json)
            print(cli.terminal, `${id} is customer ${sourceId}.`);
          await eraseOne(cli, reached, { ...options, sourceId }, stop.signal);
        }
      } finally {
        await reached.close();
        stop.release();
      }
    });
}

/** The source ID that this ID means. Throws where nobody is known by it, or several are. */
async function personMeant(client: Client, id: string, { unknown }: Options): Promise<string> {
  const { people } = await client.send(peopleShape, 'get', '/api/people', {
    query: { id },
  });
  const [first, ...others] = people;
  if (first && others.length === 0) return first.sourceId;
  if (first) {
    const list = people.map(({ sourceId, by }) => `${sourceId} (${by})`).join(', ');
    throw new UsageError(`${id} may mean several customers: ${list}. Erase them one by one, by source ID.`);
  }
  if (unknown) return id;
  throw new CommandError(
    `Nobody is known here by the source ID, record ID or e-mail ${id}. Nothing was erased. To block this source ID anyway and erase it at the destination, add --unknown.`,
    exitCodes.notFound,
  );
}

function requirePerson({ terminal }: Cli): void {
  if (!terminal.errIsTerminal || process.stdin.isTTY !== true)
    throw new UsageError(
      'Erasing cannot be undone. There is no terminal to ask for confirmation: add --yes to confirm.',
    );
}

/** Asks a person to type the source ID once more. */
async function confirm(sourceId: string): Promise<void> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const typed = await lines.question(
      `Erasing cannot be undone. Type ${sourceId} again to erase that customer: `,
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
  const { sourceId, permanent, receipt: id } = options;
  const asked =
    sourceId === undefined
      ? await client.send(receiptShape, 'get', '/api/erasures/{id}', { path: { id: id ?? '' } })
      : await client.send(receiptShape, 'delete', '/api/customers/{sourceId}', {
          path: { sourceId },
          body: permanent ? { permanent: true } : {},
        });
  // Where no server runs nobody would tell the destination: then it is waited for all the same.
  const waits = options.wait || isHere;
  const receipt = waits ? await untilComplete(cli, client, asked, { silent: cli.json, stop }) : asked;
  if (cli.json) answer(cli, `Receipt ${receipt.id}: ${receipt.state}.`, receiptShape.encode(receipt));
  else tell(cli, receipt);
  if (waits && receipt.state === 'open') {
    cli.exitCode = exitCodes.failed;
    printError(
      cli.terminal,
      `It is not complete yet. The server or the next command continues it: tributary customers erase --receipt ${receipt.id}`,
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
  const begun = clock.now();
  const until = begun + longestMs;
  let receipt = asked;
  try {
    while (receipt.state === 'open' && clock.now() < until && !stop.aborted) {
      const open = receipt.stores.filter(({ answer }) => isOpen(answer));
      // These need a person, so waiting is of no use. An answer from before this command may be out of date.
      const isStale = ({ at }: Receipt['stores'][number]) =>
        at < begun && clock.now() - begun < secondAnswerMs;
      if (open.some((store) => store.answer !== 'waiting' && !isStale(store))) break;
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
      receipt = await client.send(receiptShape, 'get', '/api/erasures/{id}', { path: { id: receipt.id } });
    }
    return receipt;
  } finally {
    progress.end();
  }
}

async function isPaused(client: Client): Promise<boolean> {
  const { destination } = await client.send(statusShape, 'get', '/api/status');
  return destination.paused !== null;
}

function tell({ terminal }: Cli, receipt: Receipt): void {
  const { id, state, known, permanent, requestedAt, endedAt, stores, signed } = receipt;
  print(
    terminal,
    `Receipt ${id}: ${state}${endedAt ? ` since ${iso(endedAt)}` : `, asked for ${iso(requestedAt)}`}.`,
  );
  if (!known)
    print(
      terminal,
      'No such customer was stored here. Sources cannot bring one in, and the request was sent to the destination.',
    );
  print(
    terminal,
    `At the destination: ${permanent ? 'erased permanently' : 'deleted; its source ID can be used again'}.`,
  );
  const rows = stores.map(({ store, answer, rows: count, note }) => [
    store,
    answer,
    count === null ? '' : String(count),
    note ?? '',
  ]);
  print(terminal, table(['STORE', 'ANSWER', 'ROWS', 'NOTE'], rows));
  if (signed) print(terminal, `Signed with key ${signed.signature.keyId}.`);
}

async function liftOne(cli: Cli, client: Client, sourceId: string): Promise<void> {
  const lifted = await client.send(liftedShape, 'delete', '/api/suppressions', {
    body: { sourceId },
  });
  const said = 'They can come back with the next change at a source, or with "tributary sync --full".';
  if (cli.json) answer(cli, said, lifted);
  else print(cli.terminal, said);
}
