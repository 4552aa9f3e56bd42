// `tributary runs`: what was read and what became of it; and a person's word to call a run off.
import type { Command } from 'commander';
import { type Run, reportedRunShape, runShape, runStates, runsShape } from '../contract/run.ts';
import { duration, iso, number } from '../words.ts';
import type { Cli } from './cli.ts';
import { UsageError } from './errors.ts';
import { withClient } from './reach.ts';
import { print, printAnswer, table } from './terminal.ts';

export function addRuns(program: Command, cli: Cli): void {
  const { terminal } = cli;
  const runs = program
    .command('runs')
    .description('List runs, show one, or call one off.')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary runs list --source hubspot --limit 5
  $ tributary runs show 12
  $ tributary runs cancel 12`,
    );
  runs
    .command('list', { isDefault: true })
    .description('List runs, newest first.')
    .option('--source <source>', 'only runs of this source')
    .option('--state <state>', `only runs in this state: ${runStates.join(', ')}`)
    .option('--limit <n>', 'the number of runs to show, at most 200. Default: 20')
    .option('--json', 'print the answer as JSON')
    .action(
      ({
        json,
        limit = '20',
        ...filter
      }: { [option in 'source' | 'state' | 'limit']?: string } & { json?: true }) =>
        withClient(cli, async (client) => {
          const found = await client.send(runsShape, '/api/runs', { query: { ...filter, limit } });
          if (json) return printAnswer(terminal, runsShape, found);
          print(terminal, found.runs.length === 0 ? 'There are no such runs.' : listText(found.runs));
        }),
    );
  runs
    .command('show')
    .description('Show one run.')
    .argument('<id>', 'the ID of the run')
    .option('--json', 'print the answer as JSON')
    .action((id: string, { json }: { json?: true }) =>
      withClient(cli, async (client) => {
        const found = await client.send(reportedRunShape, pathOf(id));
        if (json) return printAnswer(terminal, reportedRunShape, found);
        print(terminal, runText(found));
      }),
    );
  runs
    .command('cancel')
    .description('Call a run off: at once if no worker is processing it, else after its current page.')
    .argument('<id>', 'the ID of the run')
    .option('--json', 'print the answer as JSON')
    .action((id: string, { json }: { json?: true }) =>
      withClient(cli, async (client) => {
        const found = await client.send(runShape, `${pathOf(id)}/cancel`, { method: 'POST' });
        if (json) return printAnswer(terminal, runShape, found);
        const when = found.working ? 'ends after its current page' : 'is called off';
        print(terminal, `Run ${found.id} of ${found.source} ${when}. What it has ingested stays.`);
      }),
    );
}

function pathOf(id: string): string {
  if (!/^[1-9]\d{0,14}$/.test(id))
    throw new UsageError(`${id} is not the ID of a run: use a number from "tributary runs".`);
  return `/api/runs/${id}`;
}

function stateOf({ state, working }: Run): string {
  return state !== 'requested' ? state : working ? 'running' : 'waiting';
}

function listText(runs: readonly Run[]): string {
  const rows = runs.map((run) => [
    String(run.id),
    run.source,
    run.mode,
    stateOf(run),
    iso(run.startedAt ?? run.requestedAt),
    ...[run.received, run.changed, run.unchanged, run.superseded, run.filtered, run.rejected].map(number),
  ]);
  const counts = ['Received', '= Changed', '+ Unchanged', '+ Superseded', '+ Filtered', '+ Rejected'];
  return table(['Run', 'Source', 'Mode', 'State', 'Begun', ...counts], rows);
}

function runText(run: Run): string {
  const { id, source, mode, trigger, startedAt, endedAt, error, notes } = run;
  const took = startedAt !== null && endedAt !== null ? ` in ${duration((endedAt - startedAt) / 1000)}` : '';
  const { received, changed, unchanged, superseded, filtered, rejected, customers, pages } = run;
  return [
    `Run ${id} of ${source}: ${mode}, ${trigger}, ${stateOf(run)}${took}`,
    `Requested ${iso(run.requestedAt)}, begun ${startedAt === null ? 'not yet' : iso(startedAt)}`,
    `${number(received)} received = ${number(changed)} changed + ${number(unchanged)} unchanged + ${number(superseded)} superseded + ${number(filtered)} filtered + ${number(rejected)} rejected, in ${number(pages)} pages`,
    `${number(customers)} customers changed`,
    ...(error === null ? [] : [`Error: ${error}`]),
    ...notes.map(({ message, count }) => `Note (${number(count)}): ${message}`),
  ].join('\n');
}
