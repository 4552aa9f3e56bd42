// `tributary status`: sources and their last runs, what waits, what may still be spent, what was given up.
import type { Command } from 'commander';
import type { SourceStatus, Status } from './answers.ts';
import type { Cli } from './cli.ts';
import { runSentence } from './figures.ts';
import { reach } from './reach.ts';
import { counted, print, printJson, table } from './terminal.ts';

const number = (value: number) => value.toLocaleString('en-US');

export function addStatus(program: Command, cli: Cli): void {
  program
    .command('status')
    .description('Print what is read, what waits and what was given up.')
    .option('--json', 'print the status as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary status
  $ tributary status --json
  $ TRIBUTARY_URL=https://sync.example.com TRIBUTARY_API_TOKEN=… tributary status`,
    )
    .action(async (options: { json?: true }) => {
      const reached = await reach(cli, { work: false });
      try {
        const status: Status = await reached.client.send('/api/status');
        if (options.json) printJson(cli.terminal, status);
        else
          print(
            cli.terminal,
            [
              ...headline(status),
              '',
              ...sources(status),
              '',
              ...spending(status),
              ...letters(status),
              ...doubts(status),
            ].join('\n'),
          );
      } finally {
        await reached.close();
      }
    });
}

function headline({ customers, freshness, backlog, destination }: Status): string[] {
  const { delivered, waiting, held, dead, total } = customers;
  const lanes = backlog
    .filter((lane) => lane.waiting > 0)
    .map((lane) => `${lane.lane} ${number(lane.waiting)}`);
  const oldest =
    freshness.oldestWaitSeconds === null ? '' : `, the oldest for ${duration(freshness.oldestWaitSeconds)}`;
  return [
    `Customers: ${number(total)} = ${number(delivered)} delivered + ${number(waiting)} waiting${held > 0 ? ` + ${number(held)} held` : ''} + ${number(dead)} given up`,
    ...(held > 0 ? ['Held:      see "tributary release --list"'] : []),
    ...(waiting > 0 ? [`Waiting:   ${lanes.join(', ')}${oldest}`] : []),
    ...(destination.batches.underWay > 0
      ? [
          `In bulk:   ${counted(destination.batches.underWay, 'action')} with ${counted(destination.batches.customers, 'customer')}`,
        ]
      : []),
    ...(destination.paused ? [`The destination is paused: ${destination.paused.reason}`] : []),
  ];
}

function sources({ sources }: Status): string[] {
  if (sources.length === 0) return ['No source is configured.'];
  const rows = sources.map((source) => [
    source.name,
    source.connector,
    source.schedule ?? 'when asked',
    number(source.records),
    stateOf(source),
  ]);
  return [table(['SOURCE', 'CONNECTOR', 'SCHEDULE', 'RECORDS', 'STATE'], rows)];
}

function stateOf({ paused, going, lastRun }: SourceStatus): string {
  if (paused) return `paused: ${paused.reason}`;
  const run = going.find((candidate) => candidate.working) ?? going[0];
  if (run?.working)
    return `${run.step ?? 'begins'}, ${number(run.received)}${run.expected ? ` of ${number(run.expected)}` : ''} records`;
  if (run) return run.error ? `put off until ${run.dueAt}: ${run.error}` : 'waits for its turn';
  if (!lastRun) return 'never read';
  return `${lastRun.mode} run ${lastRun.id} ${lastRun.state} ${lastRun.endedAt}: ${lastRun.error ?? runSentence(lastRun)}`;
}

function spending({ destination, sources }: Status): string[] {
  const rows = [{ ...destination, name: 'destination' }, ...sources].flatMap(({ name, budget }) =>
    budget.map(({ quota, limit, seconds, used, exhaustedUntil }) => [
      name,
      quota,
      `${number(used)} of ${number(limit)} in ${duration(seconds)}`,
      exhaustedUntil === null ? '' : `nothing left until ${exhaustedUntil}`,
    ]),
  );
  return rows.length === 0 ? [] : [table(['API CALLS OF', 'QUOTA', 'USED', ''], rows)];
}

function letters({ deadLetters }: Status): string[] {
  if (deadLetters.open === 0) return [];
  const rows = deadLetters.groups.map(({ kind, source, code, open }) => [kind, source, code, number(open)]);
  return [
    '',
    table(['GIVEN UP', 'SOURCE', 'CODE', 'HOW MANY'], rows),
    'They are tried again by "tributary retry".',
  ];
}

function doubts({ quarantined, clashes }: Status): string[] {
  return [
    ...(quarantined > 0
      ? [`In quarantine: ${counted(quarantined, 'value')}, listed by "tributary quarantine".`]
      : []),
    ...(clashes > 0
      ? [
          `Clashes: ${counted(clashes, 'customer')} claimed by two records of one source, told by "tributary explain".`,
        ]
      : []),
  ];
}

/** `45 s`, `10 min`, `3 h`, `2 days`: whole, of the largest unit that fits. */
function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`;
}
