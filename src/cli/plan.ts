// `tributary plan`: what a sync would take before it is begun: calls, share of the quotas, minutes. Nothing is read but
// counts, unless an exact answer is asked for.

import { type Command, InvalidArgumentError } from 'commander';
import { type Forecast, forecastsMadeShape } from '../contract/forecast.ts';
import { runShape } from '../contract/run.ts';
import { answer, type Cli } from './cli.ts';
import type { Client } from './client.ts';
import { CommandError, UsageError } from './errors.ts';
import { endOf } from './follow.ts';
import { firstLoadSentence, printForecast, printWriteBackForecast } from './forecasts.ts';
import { reach } from './reach.ts';
import { awaitSchema } from './schema.ts';
import { printSegments } from './segments.ts';
import { listenForStop } from './signals.ts';
import { Progress, print } from './terminal.ts';

interface Options {
  full?: true;
  exact?: true;
  records?: number;
  force?: true;
}

export function definePlan(command: Command, cli: Cli): void {
  command
    .argument('[source]', 'the name of a source; default: every source that can be pulled, each on its own')
    .option('--full', 'forecast a full reading, not only what changed')
    .option('--exact', 'read everything that the sync would read, in a dry run, and forecast from that')
    .option('--records <n>', 'assume that the source has N records', wholeNumber)
    .option('--force', 'forecast even if a quota of a day or longer has too few calls left')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary plan
  $ tributary plan hubspot --full
  $ tributary plan hubspot --full --exact
  $ tributary plan crm --records 250000 --json

A "tributary sync" within the hour is compared with its forecast.

A vendor that does not say how many records it has is forecast by --exact or --records. Without SOURCE such a source is
named and left out.

Exit code 0: it fits. 1: a quota of a day or longer has too few calls left, or the number of records of SOURCE is unknown.
2: wrong usage or configuration.`,
    )
    .action(async (source: string | undefined, options: Options) => {
      const asked = checked(source, options);
      const reached = await reach(cli, { work: options.exact ? 'dry runs' : false });
      try {
        const dryRunId = options.exact ? await dryRunOf(cli, reached.client, asked) : undefined;
        const { forecasts, unknown, writeBack, segments } = await reached.client.send(
          forecastsMadeShape,
          'post',
          '/api/plan',
          { body: { ...asked, dryRunId } },
        );
        if (cli.json)
          answer(
            cli,
            summaryOf(forecasts),
            forecastsMadeShape.encode({ forecasts, unknown, writeBack, segments }),
          );
        else {
          if (forecasts.length + unknown.length === 0)
            print(cli.terminal, 'No configured source can be pulled.');
          tell(cli, forecasts);
          for (const { source: name, reason } of unknown)
            print(
              cli.terminal,
              `\nNo forecast of ${name}: ${reason} "tributary plan ${name} --exact" does the latter.`,
            );
          if (writeBack) printWriteBackForecast(cli.terminal, writeBack);
          printSegments(cli.terminal, segments);
        }
      } finally {
        await reached.close();
      }
    });
}

function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError('Write a whole number of records.');
  return Number(value);
}

interface PlanOptions {
  source?: string;
  mode: 'full' | 'incremental';
  records?: number;
  force?: true;
}

function checked(source: string | undefined, { full, exact, records, force }: Options): PlanOptions {
  if (source === undefined && (exact || records !== undefined))
    throw new UsageError(`${exact ? '--exact' : '--records'} requires a source: tributary plan hubspot.`);
  if (exact && records !== undefined)
    throw new UsageError('--exact and --records cannot be combined: a dry run counts the records itself.');
  return {
    ...(source !== undefined && { source }),
    mode: full ? 'full' : 'incremental',
    ...(records !== undefined && { records }),
    ...(force && { force }),
  };
}

/** Runs it dry, and waits for its end. */
async function dryRunOf(cli: Cli, client: Client, { source, mode }: PlanOptions): Promise<number> {
  const progress = new Progress(cli.terminal, { silent: cli.json });
  const stop = listenForStop(cli.clock, () => process.exit(1));
  try {
    await awaitSchema(cli, client, { silent: cli.json, stop: stop.signal, what: 'Nothing was read' });
    const path = { source: source! };
    const asked = await client.send(runShape, 'post', '/api/sources/{source}/sync', {
      path,
      body: { mode, dryRun: true },
    });
    const following = {
      client,
      isHere: false,
      silent: cli.json,
      stop: stop.signal,
      since: cli.clock.now(),
    };
    const run = await endOf(cli, following, asked.id, progress);
    if (run.state !== 'finished')
      throw new CommandError(`The dry run ${run.state}: ${run.error ?? 'without a reason'}`);
    return run.id;
  } finally {
    progress.end();
    stop.release();
  }
}

function summaryOf(forecasts: readonly Forecast[]): string {
  return forecasts.map(firstLoadSentence).join(' ') || 'No configured source can be pulled.';
}

function tell({ terminal }: Cli, forecasts: readonly Forecast[]): void {
  forecasts.forEach((forecast, index) => {
    if (index > 0) print(terminal, '');
    printForecast(terminal, forecast);
  });
  if (forecasts.length > 1)
    print(
      terminal,
      '\nEach source is forecast on its own. If they run at the same time, they share the quotas of the destination.',
    );
}
