// `tributary runs`: what was read and what became of it; and a person's word to call a run off.
import type { Command } from 'commander';
import { type Run, reportedRunShape, runShape, runStates, runsShape } from '../contract/run.ts';
import { counted, duration, iso, number } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import { UsageError } from './errors.ts';
import { addLimit, moreSentence, readUpTo } from './pages.ts';
import { withClient } from './reach.ts';
import { print, table } from './terminal.ts';

type Filter = { [option in 'source' | 'state']?: string };

export function defineRunsList(command: Command, cli: Cli): void {
  addLimit(command, 20)
    .option('--source <source>', 'only runs of this source')
    .option('--state <state>', `only runs in this state: ${runStates.join(', ')}`)
    .addHelpText(
      'after',
      `
Examples:
  $ tributary runs list
  $ tributary runs list --source hubspot --limit 5`,
    )
    .action(({ limit, ...filter }: Filter & { limit: number }) =>
      withClient(cli, async (client) => {
        const { items: runs, hasMore } = await readUpTo(limit, async ({ limit, cursor }) => {
          const query = { ...filter, limit, cursor };
          const { runs, nextCursor } = await client.send(runsShape, 'get', '/api/runs', { query });
          return { items: runs, nextCursor };
        });
        const more = hasMore ? [moreSentence] : [];
        if (cli.json) {
          const said = [`${counted(runs.length, 'run')}.`, ...more].join(' ');
          return answer(cli, said, runsShape.encode({ runs, nextCursor: null }).runs);
        }
        const text = runs.length === 0 ? 'There are no such runs.' : listText(runs);
        print(cli.terminal, [text, ...more].join('\n'));
      }),
    );
}

export function defineRunsShow(command: Command, cli: Cli): void {
  command
    .argument('<id>', 'the ID of the run')
    .addHelpText('after', '\nExamples:\n  $ tributary runs show 12')
    .action((id: string) =>
      withClient(cli, async (client) => {
        const found = await client.send(reportedRunShape, 'get', '/api/runs/{id}', idOf(id));
        if (cli.json) answer(cli, headText(found), reportedRunShape.encode(found));
        else print(cli.terminal, runText(found));
      }),
    );
}

export function defineRunsCancel(command: Command, cli: Cli): void {
  command
    .argument('<id>', 'the ID of the run')
    .addHelpText('after', '\nExamples:\n  $ tributary runs cancel 12')
    .action((id: string) =>
      withClient(cli, async (client) => {
        const found = await client.send(runShape, 'post', '/api/runs/{id}/cancel', idOf(id));
        const when = found.working ? 'ends after its current page' : 'is cancelled';
        const said = `Run ${found.id} of ${found.source} ${when}. What it has ingested stays.`;
        if (cli.json) answer(cli, said, runShape.encode(found));
        else print(cli.terminal, said);
      }),
    );
}

function idOf(id: string) {
  if (!/^[1-9]\d{0,14}$/.test(id))
    throw new UsageError(`${id} is not the ID of a run: use a number from "tributary runs".`);
  return { path: { id } };
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
  const counts = ['RECEIVED', '= CHANGED', '+ UNCHANGED', '+ SUPERSEDED', '+ FILTERED', '+ REJECTED'];
  return table(['RUN', 'SOURCE', 'MODE', 'STATE', 'BEGUN', ...counts], rows);
}

function headText(run: Run): string {
  const { id, source, mode, trigger, startedAt, endedAt } = run;
  const took = startedAt !== null && endedAt !== null ? ` in ${duration((endedAt - startedAt) / 1000)}` : '';
  return `Run ${id} of ${source}: ${mode}, ${trigger}, ${stateOf(run)}${took}`;
}

function runText(run: Run): string {
  const { startedAt, error, notes } = run;
  const { received, changed, unchanged, superseded, filtered, rejected, customers, pages } = run;
  return [
    headText(run),
    `Requested ${iso(run.requestedAt)}, begun ${startedAt === null ? 'not yet' : iso(startedAt)}`,
    `${number(received)} received = ${number(changed)} changed + ${number(unchanged)} unchanged + ${number(superseded)} superseded + ${number(filtered)} filtered + ${number(rejected)} rejected, in ${counted(pages, 'page')}`,
    `${counted(customers, 'customer')} changed`,
    ...(error === null ? [] : [`Error: ${error}`]),
    ...notes.map(({ message, count }) => `Note (${number(count)}): ${message}`),
  ].join('\n');
}
