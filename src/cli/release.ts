// `tributary release`: lets held deliveries go on, or turns them back.

import { type Command, Option } from 'commander';
import { decidedShape, type Holds, holdsShape } from '../contract/hold.ts';
import { counted, number } from '../words.ts';
import type { Cli } from './cli.ts';
import type { Client } from './client.ts';
import { runAndWait } from './errand.ts';
import { UsageError } from './errors.ts';
import { reach } from './reach.ts';
import { print, printAnswer, table } from './terminal.ts';

interface Options {
  run?: number;
  change?: string;
  what?: string;
  all?: true;
  refuse?: true;
  list?: true;
  json?: true;
}

const allHolds = holdsShape.omit({ next: true });

export function addRelease(program: Command, cli: Cli): void {
  program
    .command('release')
    .description('Release deliveries that are held because too many customers would lose the same value.')
    .option('--list', 'only print what is held')
    .option('--run <id>', 'those held by this run', runId)
    .option('--change <change>', 'those that would lose this: a field such as "email", or "deleted"')
    .addOption(new Option('--what <change>').hideHelp())
    .option('--all', 'everything that is held')
    .option('--refuse', 'refuse the change: values are pinned as they were, customers are kept')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary release --list
  $ tributary release --run 12 --change phone
  $ tributary release --run 12 --refuse`,
    )
    .action(async (options: Options) => {
      if (options.what !== undefined) throw new UsageError('--what is now --change.');
      if (options.list) await list(cli, options);
      else await decide(cli, options);
    });
}

function runId(given: string): number {
  if (!/^[1-9]\d{0,14}$/.test(given))
    throw new UsageError(`"${given}" is not the ID of a run: write a number.`);
  return Number(given);
}

async function list(cli: Cli, { run, change, json }: Options): Promise<void> {
  const reached = await reach(cli, { work: false });
  try {
    const query = { runId: run, change };
    if (json) printAnswer(cli.terminal, allHolds, await everything(reached.client, query));
    else tell(cli, await reached.client.send(holdsShape, '/api/holds', { query }));
  } finally {
    await reached.close();
  }
}

async function everything(
  client: Client,
  query: { runId: number | undefined; change: string | undefined },
): Promise<Omit<Holds, 'next'>> {
  const page = (before?: number) =>
    client.send(holdsShape, '/api/holds', { query: { ...query, before, limit: 200 } });
  const { groups, holds, next } = await page();
  for (let before = next; before !== null; ) {
    const more = await page(before);
    holds.push(...more.holds);
    before = more.next;
  }
  return { groups, holds };
}

async function decide(cli: Cli, { run, change, all, refuse, json }: Options): Promise<void> {
  if (all ? run !== undefined || change !== undefined : run === undefined && change === undefined) {
    throw new UsageError(
      'Select holds with --run, --change or both, or use --all. "--list" shows what is held.',
    );
  }
  const which = all ? { all } : { runId: run, change };
  await runAndWait(cli, { json: json === true, wait: true }, async (client) => {
    const path = `/api/holds/${refuse ? 'refuse' : 'release'}`;
    const decided = await client.send(decidedShape, path, { json: which });
    if (!json) {
      const word = refuse ? 'Refused' : 'Released';
      print(
        cli.terminal,
        decided.holds === 0
          ? 'No hold matches.'
          : `${word}: ${counted(decided.holds, 'hold')} of ${counted(decided.customers, 'customer')}.`,
      );
    }
    return { runs: [], more: { [refuse ? 'refused' : 'released']: decided } };
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
    'Release them with "tributary release", or refuse the change with "tributary release --refuse".',
  );
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
