// An errand: what a command asks for, waits for and tells of. Shared by those that start runs or deliveries.

import { z } from 'zod';
import type { components } from '../client/client.ts';
import { keptForecastShape } from '../contract/forecast.ts';
import { type Run, runShape } from '../contract/run.ts';
import { statusShape } from '../contract/status.ts';
import { counted } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import { ApiError, type Client } from './client.ts';
import { printColumns } from './columns.ts';
import { noteSentence, runSentence } from './figures.ts';
import { type Done, doneShape, type Following, follow, nothing } from './follow.ts';
import { comparisonSentence, comparisons } from './forecasts.ts';
import { reach } from './reach.ts';
import { awaitSchema } from './schema.ts';
import { listenForStop } from './signals.ts';
import { print, printError } from './terminal.ts';

const maxLettersShown = 5;

export interface ErrandOptions {
  /** False: it is asked for, and that is all. Where no server runs nobody would do it, so then it is waited for all the same. */
  wait: boolean;
}

/** What was asked for: runs by ID, and what else is to be told. */
export interface RequestedRuns {
  runs: Run[];
  /** Added to the result of `--json`, as it is. */
  more?: object;
  /** Nothing is done, so that there is nothing to wait for. */
  isNothing?: boolean;
  /** In a sentence; default: what became of the runs. */
  summary?: string;
}

const askedShape = z.object({ runs: z.array(runShape) });

/** Asks, waits until it is done, and tells. */
export async function runAndWait(
  cli: Cli,
  options: ErrandOptions,
  ask: (client: Client) => Promise<RequestedRuns>,
): Promise<void> {
  const reached = await reach(cli, { work: true });
  const stop = listenForStop(cli.clock, () => process.exit(1));
  try {
    const { client, isHere } = reached;
    const since = (await client.send(statusShape, 'get', '/api/status')).now;
    const waiting = { silent: cli.json, stop: stop.signal };
    if (options.wait || isHere)
      await awaitSchema(cli, client, { ...waiting, what: 'Nothing was read or sent' });
    const asked = await ask(client);
    if (!options.wait && !reached.isHere) {
      tellAsked(cli, asked);
      return;
    }
    const following: Following = { client, isHere, silent: cli.json, stop: stop.signal, since };
    const ids = asked.runs.map((run) => run.id);
    const done = asked.isNothing ? nothing : await follow(cli, following, ids);
    const forecasts = await comparisons(cli, client, done.runs);
    const told = forecasts.map((kept) => z.encode(keptForecastShape, kept));
    const more = told.length > 0 ? { ...asked.more, forecasts: told } : asked.more;
    tellDone(cli, done, { ...asked, ...(more && { more }) });
    if (!cli.json) for (const kept of forecasts) print(cli.terminal, comparisonSentence(kept));
  } finally {
    // The second signal still ends a close that takes too long.
    await reached.close();
    stop.release();
  }
}

/** The run that was asked for, or the one of its kind that is still going: it brings the same. */
export async function syncOrGoing(
  client: Client,
  source: string,
  body: components['schemas']['Sync'],
): Promise<Run> {
  try {
    return await client.send(runShape, 'post', '/api/sources/{source}/sync', { path: { source }, body });
  } catch (error) {
    if (!(error instanceof ApiError) || error.problem.runId === undefined) throw error;
    return client.send(runShape, 'get', '/api/runs/{id}', { path: { id: error.problem.runId } });
  }
}

function tellAsked(cli: Cli, { runs, more, summary }: RequestedRuns): void {
  const sentences = runs.map(
    ({ id, source, mode }) =>
      `Run ${id} of ${source} was requested (${mode}). "tributary status" shows its progress.`,
  );
  if (cli.json) answer(cli, summary ?? sentences.join(' '), { ...askedShape.encode({ runs }), ...more });
  else for (const sentence of sentences) print(cli.terminal, sentence);
}

function tellDone(cli: Cli, done: Done, { more, summary }: RequestedRuns): void {
  const { terminal } = cli;
  const { runs, customers, deadLetters } = done;
  cli.exitCode = done.exitCode;
  const sentenceOf = (run: Run) => `Run ${run.id} of ${run.source} ${run.state}: ${runSentence(run)}.`;
  const delivered = `Delivered: ${counted(customers.delivered, 'customer')}.`;
  if (cli.json) {
    const said = summary ?? [...runs.map(sentenceOf), delivered].join(' ');
    answer(cli, said, { ...doneShape.encode(done), ...more });
    return;
  }
  for (const run of runs) {
    print(terminal, sentenceOf(run));
    if (run.error) printError(terminal, `${run.error}`);
    if (run.columns) printColumns(terminal, run.source, run.columns);
    for (const note of run.notes) printError(terminal, `${noteSentence(note)}`);
  }
  print(terminal, delivered);
  if (runs.length > 0) for (const sentence of openSentences(done)) printError(terminal, `${sentence}`);
  for (const { source, ref, message } of deadLetters.slice(0, maxLettersShown)) {
    printError(terminal, `${source}: ${ref}: ${message}`);
  }
  const hidden = deadLetters.length - maxLettersShown;
  if (hidden > 0) printError(terminal, `… and ${hidden} more; see "tributary status" or the page.`);
}

/** What of these runs is not delivered or was left out, each with the command that shows it. */
function openSentences({ customers: { held, waiting, dead }, quarantined }: Done): string[] {
  const are = (count: number) => (count === 1 ? 'is' : 'are');
  return [
    held > 0 &&
      `${counted(held, 'customer')} ${are(held)} held by the mass-change breaker: "tributary holds list" shows them.`,
    waiting > 0 && `${counted(waiting, 'customer')} not yet delivered: "tributary status" shows why.`,
    dead > 0 &&
      `${counted(dead, 'customer')} ${are(dead)} refused by the destination: "tributary problems dead-letters" says why.`,
    quarantined > 0 &&
      `${counted(quarantined, 'value')} ${are(quarantined)} left out, but their records were kept: "tributary problems quarantine" says why.`,
  ].filter((sentence) => sentence !== false);
}
