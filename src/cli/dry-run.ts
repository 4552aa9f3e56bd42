// A dry run as a command: asked for, waited for, and its report told. Nothing of it is kept or sent.

import { z } from 'zod';
import { type ReportedRun, type Run, reportedRunShape, runShape } from '../contract/run.ts';
import { counted, number } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import type { Client } from './client.ts';
import { printColumns } from './columns.ts';
import { printDifferences } from './differences.ts';
import { exitCodes } from './errors.ts';
import { noteSentence, runSentence } from './figures.ts';
import { endOf } from './follow.ts';
import { reach } from './reach.ts';
import { awaitSchema } from './schema.ts';
import { listenForStop } from './signals.ts';
import { Progress, print, printError, type Terminal } from './terminal.ts';

const askedShape = z.object({ runs: z.array(runShape) });
const doneShape = z.object({ runs: z.array(reportedRunShape) });

/** `exitZero`: differences end with 0 too. */
export async function runDryRuns(
  cli: Cli,
  options: { wait: boolean; exitZero?: true },
  ask: (client: Client) => Promise<Run[]>,
): Promise<void> {
  const { terminal } = cli;
  const reached = await reach(cli, { work: 'dry runs' });
  const stop = listenForStop(cli.clock, () => process.exit(1));
  const progress = new Progress(terminal, { silent: cli.json });
  try {
    const waiting = { silent: cli.json, stop: stop.signal, what: 'Nothing was read' };
    await awaitSchema(cli, reached.client, waiting);
    const asked = await ask(reached.client);
    if (!options.wait && !reached.isHere) {
      if (cli.json)
        answer(cli, `${counted(asked.length, 'dry run')} requested.`, askedShape.encode({ runs: asked }));
      else for (const { id, source } of asked) print(terminal, `Dry run ${id} of ${source} was asked for.`);
      return;
    }
    const { client, isHere } = reached;
    const following = { client, isHere, silent: cli.json, stop: stop.signal, since: cli.clock.now() };
    const runs: ReportedRun[] = [];
    for (const { id } of asked) runs.push(await endOf(cli, following, id, progress));
    progress.end();
    if (cli.json) answer(cli, summaryOf(runs), doneShape.encode({ runs }));
    else for (const run of runs) tell(cli, run);
    const isFinished = runs.every(({ state }) => state === 'finished');
    const found = runs.some(({ report }) => report?.differs);
    const whole = found && !options.exitZero ? exitCodes.differs : exitCodes.success;
    cli.exitCode = isFinished ? whole : exitCodes.failed;
  } finally {
    progress.end();
    await reached.close();
    stop.release();
  }
}

function summaryOf(runs: readonly ReportedRun[]): string {
  return runs
    .map((run) => `Dry run of ${run.source} ${run.state}: ${run.report?.summary ?? runSentence(run)}.`)
    .join(' ');
}

function tell({ terminal }: Cli, run: ReportedRun): void {
  print(terminal, `Dry run ${run.id} of ${run.source} ${run.state}: ${runSentence(run)}.`);
  if (run.error) printError(terminal, `${run.error}`);
  if (run.columns) printColumns(terminal, run.source, run.columns, true);
  for (const note of run.notes) printError(terminal, `${noteSentence(note)}`);
  if (!run.report) return;
  print(terminal, `Read: ${counted(run.report.pages, 'page')}. Nothing was kept or sent.`);
  printRejected(terminal, run);
  printDifferences(terminal, run.report);
}

function printRejected(terminal: Terminal, { rejected: count, report }: ReportedRun): void {
  const named = report?.rejected ?? [];
  if (named.length === 0) return;
  print(terminal, `\nrejected: ${number(count)}`);
  for (const { ref, message } of named) print(terminal, `  ${ref}: ${message}`);
  if (count > named.length) print(terminal, `  and ${number(count - named.length)} more`);
}
