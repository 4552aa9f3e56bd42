// `tributary webhooks replay`: opens webhook requests of the inbox again, or says what would come of it.

import { type Command, Option } from 'commander';
import { type ItemCounts, type Replayed, replayedShape } from '../contract/inbox.ts';
import { counted, number } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import type { Client } from './client.ts';
import { runAndWait } from './errand.ts';
import { exitCodes, UsageError } from './errors.ts';
import { countsText, numberOf, stateOption } from './inbox.ts';
import { reach } from './reach.ts';
import { print, printError } from './terminal.ts';
import { timeOf } from './times.ts';
import { untilRead } from './until-read.ts';

interface Options {
  source?: string;
  state?: string;
  rejected?: true;
  faulty?: true;
  since?: string;
  until?: string;
  all?: true;
  dryRun?: true;
}

/** Of all calls together. */
type Total = Omit<Replayed, 'nextCursor'>;

export function defineReplay(command: Command, cli: Cli): void {
  command
    .argument('[ids...]', 'requests, as "tributary webhooks inbox" shows them')
    .option('--source <name>', 'of this source; "destination" for its own webhooks')
    .addOption(stateOption())
    .option('--rejected', 'dead, or opened with rejected items')
    .addOption(new Option('--faulty').hideHelp())
    .option('--since <time>', 'received at this time or later; UTC if it has no offset')
    .option('--until <time>', 'received before this time')
    .option('--all', 'every stored request')
    .option('--dry-run', 'show what would happen, and change nothing')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary webhooks replay 1207 1208
  $ tributary webhooks replay --source hubspot --rejected --dry-run
  $ tributary webhooks replay --source hubspot --since 2026-03-01T12:00 --until 2026-03-01T13:00

Items that were counted before are not skipped as repeats. Exit code 1: something could not be read, or is still to be
read.`,
    )
    .action(async (ids: string[], { dryRun, faulty, ...which }: Options) => {
      if (faulty) throw new UsageError('--faulty is now --rejected.');
      const asked = askedOf(ids, which);
      if (dryRun) await tryOnly(cli, asked);
      else await replay(cli, asked);
    });
}

/** What is asked of the API, and in words. */
interface ReplaySelection {
  which: object;
  words: string;
}

function askedOf(given: readonly string[], which: Omit<Options, 'dryRun'>): ReplaySelection {
  const { source, state, rejected, since, until, all } = which;
  const ids = given
    .flatMap((text) => text.split(','))
    .filter((text) => text !== '')
    .map(numberOf);
  const filter = {
    source,
    state,
    rejected,
    since: since === undefined ? undefined : timeOf(since),
    until: until === undefined ? undefined : timeOf(until),
  };
  const narrows = Object.values(filter).some((value) => value !== undefined);
  if (ids.length > 0 && (narrows || all))
    throw new UsageError('Select requests by ID or by options, not both.');
  if (all && narrows) throw new UsageError('--all selects every stored request: omit the other options.');
  if (ids.length > 1000) throw new UsageError('At most 1,000 requests can be named by ID.');
  if (ids.length > 0) return { which: { ids: [...new Set(ids)] }, words: `request ${ids.join(', ')}` };
  if (!narrows && !all)
    throw new UsageError(
      'Select requests by ID, --source, --state, --rejected, --since or --until, or use --all.',
    );
  const parts = [
    ...(rejected ? ['with rejected items'] : []),
    ...(state ? [`in the state ${state}`] : []),
    ...(filter.since ? [`received at ${filter.since} or later`] : []),
    ...(filter.until ? [`received before ${filter.until}`] : []),
  ];
  const words = [`the requests${source ? ` of ${source}` : ''}`, ...parts].join(', ');
  return { which: all ? { all } : filter, words: all ? 'every stored request' : words };
}

async function tryOnly(cli: Cli, { which }: ReplaySelection): Promise<void> {
  const reached = await reach(cli, { work: false });
  try {
    const replayed = await everything(reached.client, { ...which, dryRun: true });
    if (cli.json) answer(cli, `${counted(replayed.requests, 'request')} would be opened again.`, replayed);
    else tell(cli, replayed, true);
    cli.exitCode = exitCodeOf(replayed, which);
  } finally {
    await reached.close();
  }
}

async function replay(cli: Cli, { which, words }: ReplaySelection): Promise<void> {
  if (!cli.json) printError(cli.terminal, `Opening again: ${words}.`);
  let code: number = exitCodes.success;
  await runAndWait(cli, { wait: true }, async (client) => {
    const replayed = await everything(client, which);
    code = exitCodeOf(replayed, which);
    if (!cli.json) tell(cli, replayed, false);
    const isRead = await untilRead(cli, client, replayed.counts.touched > 0);
    if (!isRead) code = exitCodes.failed;
    const summary = `${counted(replayed.requests, 'request')} opened again.`;
    return { runs: [], summary, more: { replayed }, isNothing: replayed.requests === 0 };
  });
  if (code !== exitCodes.success) cli.exitCode = code;
}

/** Requests that were named and of which none is there are not found. */
function exitCodeOf({ requests, rejected, dead, failed, cannot }: Total, which: object): number {
  if (requests === 0 && 'ids' in which) return exitCodes.notFound;
  return rejected + dead + failed + cannot.length === 0 ? exitCodes.success : exitCodes.failed;
}

/** One call opens so many at most; what fits is opened call by call. */
async function everything(client: Client, which: object): Promise<Total> {
  let total: Total | null = null;
  for (let cursor: string | undefined; ; ) {
    const { nextCursor, ...page } = await client.send(replayedShape, 'post', '/api/inbox/replay', {
      body: { ...which, cursor },
    });
    total = total === null ? page : sumOf(total, page);
    if (nextCursor === null) return total;
    cursor = String(nextCursor);
  }
}

const maxResults = 50;

function sumOf(a: Total, b: Total): Total {
  const counts = { ...a.counts };
  for (const name of Object.keys(counts) as (keyof ItemCounts)[]) counts[name] += b.counts[name];
  return {
    dryRun: a.dryRun,
    requests: a.requests + b.requests,
    opened: a.opened + b.opened,
    rejected: a.rejected + b.rejected,
    dead: a.dead + b.dead,
    failed: a.failed + b.failed,
    counts,
    results: [...a.results, ...b.results].slice(0, maxResults),
    cannot: [...a.cannot, ...b.cannot],
  };
}

const maxTold = 10;

function tell({ terminal }: Cli, replayed: Total, dryRun: boolean): void {
  const { requests, counts, results, cannot } = replayed;
  if (requests + cannot.length === 0) {
    print(terminal, 'No request in the inbox matches: nothing was opened.');
    return;
  }
  if (requests > 0) {
    const ends = (['opened', 'rejected', 'dead', 'failed'] as const)
      .filter((end) => replayed[end] > 0)
      .map((end) => `${number(replayed[end])} ${end}`);
    const verb = dryRun ? 'Would be opened again' : 'Opened again';
    print(terminal, `${verb}: ${counted(requests, 'request')} = ${ends.join(' + ')}.`);
    print(terminal, `${countsText(counts)}.`);
  }
  for (const { reason, requests } of cannot)
    print(terminal, `Not opened: ${counted(requests, 'request')}: ${reason}.`);
  const rejected = results.filter(({ result }) => result !== 'opened').slice(0, maxTold);
  for (const { id, source, error } of rejected) printError(terminal, `${source}: ${id}: ${error}`);
}
