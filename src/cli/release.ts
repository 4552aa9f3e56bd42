// `tributary holds release`: lets held deliveries go on, or turns them back.

import { type Command, Option } from 'commander';
import { decidedShape, type Holds, holdsShape } from '../contract/hold.ts';
import { counted, number } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import type { Client } from './client.ts';
import { runAndWait } from './errand.ts';
import { UsageError } from './errors.ts';
import { reach } from './reach.ts';
import { print, table } from './terminal.ts';

interface Options {
  run?: number;
  change?: string;
  what?: string;
  all?: true;
  refuse?: true;
  list?: true;
}

const allHolds = holdsShape.omit({ nextCursor: true });

const changeWords =
  'those that would lose this: a field such as "email", "deleted", or a segment as "tributary holds list" names it';

export function defineRelease(command: Command, cli: Cli): void {
  command
    .addOption(new Option('--list', 'the same as "tributary holds list"').hideHelp())
    .option('--run <id>', 'those held by this run', runId)
    .option('--change <change>', changeWords)
    .addOption(new Option('--what <change>').hideHelp())
    .option('--all', 'everything that is held')
    .addOption(new Option('--refuse', 'the same as "tributary holds refuse"').hideHelp())
    .addHelpText(
      'after',
      `
Examples:
  $ tributary holds release --run 12 --change phone
  $ tributary holds release --all

"tributary holds list" shows what is held, "tributary holds refuse" turns it back.`,
    )
    .action(async (options: Options) => {
      if (options.what !== undefined) throw new UsageError('--what is now --change.');
      if (options.list) await list(cli, options);
      else await decide(cli, options);
    });
}

export function defineHoldsList(command: Command, cli: Cli): void {
  command
    .option('--run <id>', 'only those held by this run', runId)
    .option('--change <change>', `only ${changeWords}`)
    .addHelpText('after', '\nExamples:\n  $ tributary holds list\n  $ tributary holds list --run 12')
    .action((options: Options) => list(cli, options));
}

export function defineRefuse(command: Command, cli: Cli): void {
  command
    .option('--run <id>', 'those held by this run', runId)
    .option('--change <change>', changeWords)
    .option('--all', 'everything that is held')
    .addHelpText('after', '\nExamples:\n  $ tributary holds refuse --run 12 --change phone')
    .action((options: Options) => decide(cli, { ...options, refuse: true }));
}

function runId(given: string): number {
  if (!/^[1-9]\d{0,14}$/.test(given))
    throw new UsageError(`"${given}" is not the ID of a run: write a number.`);
  return Number(given);
}

async function list(cli: Cli, { run, change }: Options): Promise<void> {
  const reached = await reach(cli, { work: false });
  try {
    const query = { runId: run, change };
    if (cli.json) {
      const held = await everything(reached.client, query);
      answer(cli, `${counted(held.holds.length, 'hold')}.`, allHolds.encode(held).holds);
    } else tell(cli, await reached.client.send(holdsShape, 'get', '/api/holds', { query }));
  } finally {
    await reached.close();
  }
}

async function everything(
  client: Client,
  query: { runId: number | undefined; change: string | undefined },
): Promise<Omit<Holds, 'nextCursor'>> {
  const page = (cursor?: number) =>
    client.send(holdsShape, 'get', '/api/holds', { query: { ...query, cursor, limit: 200 } });
  const { groups, holds, nextCursor } = await page();
  for (let cursor = nextCursor; cursor !== null; ) {
    const more = await page(cursor);
    holds.push(...more.holds);
    cursor = more.nextCursor;
  }
  return { groups, holds };
}

async function decide(cli: Cli, { run, change, all, refuse }: Options): Promise<void> {
  if (all ? run !== undefined || change !== undefined : run === undefined && change === undefined) {
    throw new UsageError(
      'Select holds with --run, --change or both, or use --all. "tributary holds list" shows what is held.',
    );
  }
  const which = all ? { all } : { runId: run, change };
  await runAndWait(cli, { wait: true }, async (client) => {
    const route = refuse ? '/api/holds/refuse' : '/api/holds/release';
    const decided = await client.send(decidedShape, 'post', route, { body: which });
    const word = refuse ? 'Refused' : 'Released';
    const summary =
      decided.holds === 0
        ? 'No hold matches.'
        : `${word}: ${counted(decided.holds, 'hold')} of ${counted(decided.customers, 'customer')}.`;
    if (!cli.json) print(cli.terminal, summary);
    const more = { [refuse ? 'refused' : 'released']: decided };
    return { runs: [], summary, more, isNothing: decided.holds === 0 };
  });
}

function tell({ terminal }: Cli, { groups, holds }: Holds): void {
  if (groups.length === 0) {
    print(terminal, 'Nothing is held.');
    return;
  }
  const rows = groups.map(({ source, runId, change, open, samples }) => [
    source,
    runId === null ? '' : String(runId),
    change,
    number(open),
    samples
      .map(({ sourceId, from }) => (from === null ? sourceId : `${sourceId} (${text(from)})`))
      .join(', '),
  ]);
  print(terminal, table(['SOURCE', 'RUN', 'LOSES', 'HELD', 'FOR EXAMPLE'], rows));
  const [first] = holds;
  if (first?.payload)
    print(terminal, `For ${first.sourceId}, this would be sent: ${JSON.stringify(first.payload)}`);
  print(
    terminal,
    'Release them with "tributary holds release", or refuse the change with "tributary holds refuse".',
  );
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
