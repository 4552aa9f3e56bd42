// `tributary status`: sources and their last runs, what waits, what may still be spent, what was given up.

import { type Command, InvalidArgumentError, Option } from 'commander';
import type { DriftKind } from '../contract/drift.ts';
import type { Pause } from '../contract/pause.ts';
import { type SourceStatus, type Status, statusShape } from '../contract/status.ts';
import type { Seen, WebhookState } from '../contract/webhook.ts';
import { counted, duration, iso, lag, number, percent } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import { exitCodes, UsageError } from './errors.ts';
import { runSentence } from './figures.ts';
import { reachServer, withClient } from './reach.ts';
import { listenForStop } from './signals.ts';
import { print, printable, table } from './terminal.ts';

export function defineStatus(command: Command, cli: Cli): void {
  command
    .addOption(
      new Option('--watch [seconds]', 'draw it again and again, until Ctrl-C').argParser(seconds).preset('2'),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ tributary status
  $ tributary status --watch
  $ TRIBUTARY_API_TOKEN=… tributary status --url https://sync.example.com`,
    )
    .action(async ({ watch }: { watch?: number }) => {
      if (watch !== undefined) return watchStatus(cli, watch);
      await withClient(cli, async (client) => {
        const status = await client.send(statusShape, 'get', '/api/status');
        if (cli.json) answer(cli, status.headline.sentence, statusShape.encode(status));
        else print(cli.terminal, statusText(status));
      });
    });
}

function seconds(value: string): number {
  if (!/^\d{1,4}$/.test(value) || Number(value) < 1)
    throw new InvalidArgumentError('Write a whole number of seconds, 1 or more.');
  return Number(value);
}

/** Draws the status over itself until Ctrl-C. */
async function watchStatus(cli: Cli, everySeconds: number): Promise<void> {
  const { terminal, clock } = cli;
  if (cli.json || !terminal.outIsTerminal)
    throw new UsageError(
      '--watch draws on a terminal. A program calls "tributary status --json" again, or follows "tributary logs -f --json".',
    );
  const client = await reachServer(cli);
  const stop = listenForStop(clock, () => process.exit(exitCodes.failed));
  try {
    while (!stop.signal.aborted) {
      const status = await client.send(statusShape, 'get', '/api/status');
      const lines = [
        `${iso(clock.now())}, every ${duration(everySeconds)}. Ctrl-C ends it.`,
        '',
        statusText(status),
      ].map(printable);
      // From the top left; the rest of each line and of the screen is cleared, so that nothing flickers.
      terminal.out.write(`\x1b[H${lines.join('\n').replaceAll('\n', '\x1b[K\n')}\x1b[K\n\x1b[J`);
      await clock.sleep(everySeconds * 1_000, stop.signal);
    }
  } finally {
    stop.release();
  }
}

function statusText(status: Status): string {
  return [
    ...headlineLines(status),
    '',
    ...figures(status),
    ...status.vanished.map(({ note }) => note),
    '',
    ...sources(status),
    '',
    ...writeBacks(status),
    ...webhooks(status),
    ...spending(status),
    ...letters(status),
    ...doubts(status),
  ].join('\n');
}

function headlineLines({ headline: { sentence, next } }: Status): string[] {
  return [sentence, ...(next === null || next === 'tributary status' ? [] : [`Next: ${next}`])];
}

function figures(status: Status): string[] {
  const { headline, customers, received, freshness, backlog, putOff, destination, log } = status;
  const { delivered, waiting, held, dead, total } = customers;
  const lanes = backlog
    .filter((lane) => lane.waiting > 0)
    .map((lane) => `${lane.lane} ${number(lane.waiting)}`);
  const oldest =
    freshness.oldestWaitSeconds === null ? '' : `, the oldest for ${duration(freshness.oldestWaitSeconds)}`;
  return [
    ...(received === null
      ? []
      : [
          `Received:  ${number(received.records)} = ${number(received.changed)} changed + ${number(received.unchanged)} unchanged + ${number(received.superseded)} superseded + ${number(received.filtered)} filtered + ${number(received.rejected)} rejected`,
        ]),
    `Customers: ${number(total)} = ${number(delivered)} delivered + ${number(waiting)} waiting${held > 0 ? ` + ${number(held)} held` : ''} + ${number(dead)} given up`,
    ...(held > 0 ? ['Held:      see "tributary holds list"'] : []),
    ...(waiting > 0 ? [`Waiting:   ${lanes.join(', ')}${oldest}`] : []),
    ...(putOff === null
      ? []
      : [
          `Postponed:   ${counted(putOff.customers, 'customer')} until ${iso(putOff.lastAt)} at the latest${putOff.why === null ? '' : `: ${putOff.why}`}`,
        ]),
    ...(freshness.lastDay.length > 0
      ? [
          `Freshness: ${freshness.lastDay.map(({ lane, p50Seconds, p99Seconds }) => `${lane} half within ${duration(p50Seconds)}, 99 % within ${duration(p99Seconds)}`).join('; ')} (from change to delivery, last 24 h)`,
        ]
      : []),
    ...(destination.circuit.state === 'closed'
      ? []
      : [
          `The destination failed ${counted(destination.circuit.failures, 'time')} in a row. Nothing is sent until ${iso(destination.circuit.openUntil ?? status.now)}.${destination.circuit.reason === null ? '' : ` ${destination.circuit.reason}`}`,
        ]),
    ...(destination.batches.underWay > 0
      ? [
          `In bulk:   ${counted(destination.batches.underWay, 'action')} with ${counted(destination.batches.customers, 'customer')}`,
        ]
      : []),
    ...(destination.schemaWait && destination.schemaWait.sentence !== headline.sentence
      ? [destination.schemaWait.sentence]
      : []),
    ...(destination.paused ? [`The destination is paused: ${pauseWords(destination.paused)}`] : []),
    ...(log
      ? [`Log lines have been lost since ${iso(log.since)} (${log.code}). Work continues without them.`]
      : []),
    ...troubles(status),
  ];
}

/** What fails in the process itself. */
function troubles({ databaseFault, loops, differingClocks, differingWorkers, apiEnds }: Status): string[] {
  return [
    ...(databaseFault
      ? [`The database has not worked since ${iso(databaseFault.since)}: ${databaseFault.reason}.`]
      : []),
    ...loops.map(
      ({ name, failingSince, failures, lastError }) =>
        `The loop "${name}" has been failing since ${iso(failingSince)} (${counted(failures, 'time')}): ${lastError}`,
    ),
    ...(differingClocks === null ? [] : [differingClocks]),
    ...differingWorkers.map(({ note }) => note),
    ...apiEnds.map(({ note }) => note),
  ];
}

function sources({ sources }: Status): string[] {
  if (sources.length === 0) return ['No source is configured.'];
  const rows = sources.map((source) => [
    source.name,
    source.connector,
    scheduleOf(source),
    number(source.records),
    stateOf(source),
  ]);
  return [table(['SOURCE', 'CONNECTOR', 'SCHEDULE', 'RECORDS', 'STATE'], rows)];
}

function writeBacks({ writeBacks, now }: Status): string[] {
  if (writeBacks.length === 0) return [];
  const rows = writeBacks.map((one) => [
    one.source,
    number(one.waiting),
    one.oldestWaitingAt === null ? '' : duration(Math.max(now - one.oldestWaitingAt, 0) / 1000),
    number(one.deadLetters),
    number(one.delivered),
    number(one.unlinked),
    writingState(one),
  ]);
  const head = ['WRITTEN BACK TO', 'PENDING', 'OLDEST', 'DEAD LETTERS', 'DELIVERED', 'UNLINKED', 'STATE'];
  return [table(head, rows), ''];
}

function writingState({ paused, failing, dryRun }: Status['writeBacks'][number]): string {
  if (paused) return `paused: ${pauseWords(paused)}`;
  if (failing !== null) return `does not answer: ${failing}`;
  return dryRun ? 'dry run: nothing is written' : 'writes';
}

function pauseWords({ reason, trialAt }: Pause): string {
  return trialAt === null ? reason : `${reason} It is tried again at ${iso(trialAt)}.`;
}

function scheduleOf({ schedule, fullSchedule, pulls }: SourceStatus): string {
  if (fullSchedule !== null) return `${schedule === null ? '' : `${schedule}, `}all: ${fullSchedule}`;
  return schedule ?? (pulls ? 'when asked' : 'only pushes');
}

function stateOf({ paused, going, lastRun, pulls, webhook }: SourceStatus): string {
  if (paused) return `paused: ${pauseWords(paused)}`;
  const run = going.find((candidate) => candidate.working) ?? going[0];
  if (run?.working)
    return `${run.step ?? 'begins'}, ${number(run.received)}${run.expected ? ` of ${number(run.expected)}` : ''} records`;
  if (run) return run.error ? `put off until ${iso(run.dueAt)}: ${run.error}` : 'waits for its turn';
  if (!lastRun && !pulls) return webhook?.configured ? 'listens' : 'accepts no webhooks yet';
  if (!lastRun) return 'never read';
  return `${lastRun.mode} run ${lastRun.id} ${lastRun.state} ${iso(lastRun.endedAt!)}: ${lastRun.error ?? runSentence(lastRun)}`;
}

function webhooks({ sources, destination }: Status): string[] {
  const all = [...sources, { ...destination, name: 'destination' }];
  const rows = all.flatMap(({ name, webhook }) => (webhook ? [webhookRow(name, webhook)] : []));
  const faults = all.flatMap(({ name, webhook }) => (webhook ? webhookFaults(name, webhook) : []));
  if (rows.length === 0) return [];
  const head = ['WEBHOOKS OF', 'TO OPEN', 'DEAD', 'TO READ', 'SEEN BY WEBHOOK FIRST', 'LAG (HALF, 99 %)'];
  return [table(head, rows), ...faults, ''];
}

function webhookRow(name: string, { waiting, dead, toRead, coverage }: WebhookState): string[] {
  const changes = coverage ? coverage.webhook.changes + coverage.poll.changes : 0;
  const share = coverage?.share ?? null;
  return [
    name,
    number(waiting),
    number(dead),
    number(toRead),
    share === null
      ? name === 'destination'
        ? ''
        : 'nothing changed in 24 h'
      : `${percent(share)} of ${counted(changes, 'change')} in 24 h`,
    coverage ? lags(coverage) : '',
  ];
}

function lags({ webhook, poll }: { webhook: Seen; poll: Seen }): string {
  const of = ({ p50Seconds, p99Seconds }: Seen) =>
    p50Seconds === null || p99Seconds === null ? [] : [`${lag(p50Seconds)}, ${lag(p99Seconds)}`];
  return [...of(webhook), ...of(poll).map((text) => `by poll ${text}`)].join('; ');
}

function webhookFaults(name: string, { configured, missing, refusals }: WebhookState): string[] {
  const refused = refusals.reduce((sum, { count }) => sum + count, 0);
  const [last] = refusals;
  return [
    ...(configured ? [] : [`${name} accepts no webhooks: ${missing}`]),
    ...(last
      ? [
          `${name} was sent ${counted(refused, 'request')} that ${refused === 1 ? 'was' : 'were'} refused, the last at ${iso(last.lastAt)}: ${last.reason}`,
        ]
      : []),
  ];
}

function spending({ destination, sources }: Status): string[] {
  const rows = [{ ...destination, name: 'destination' }, ...sources].flatMap(({ name, budget }) =>
    budget.map(({ quota, limit, seconds, used, exhaustedUntil }) => [
      name,
      quota,
      `${number(used)} of ${number(limit)} in ${duration(seconds)}`,
      exhaustedUntil === null ? '' : `used up until ${iso(exhaustedUntil)}`,
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
    'Retry them with "tributary problems retry".',
  ];
}

const driftWords: { [kind in DriftKind]: string } = {
  differs: 'hold other values than were acknowledged',
  deleted: 'are gone',
  unknown: 'were never sent',
};

function doubts({ quarantined, clashes, drifts, strayWebhooks }: Status): string[] {
  return [
    ...(strayWebhooks
      ? [
          `Webhooks to unknown sources: ${counted(strayWebhooks.count, 'request')}, the last to "${strayWebhooks.lastName}" at ${iso(strayWebhooks.lastAt)}. Correct the address at the vendor; "tributary webhooks setup SOURCE" prints it.`,
        ]
      : []),
    ...drifts.map(
      ({ kind, count }) =>
        `Drift: ${counted(count, 'customer')} at the destination ${driftWords[kind]}, listed by "tributary drifts list".`,
    ),
    ...(quarantined > 0
      ? [`In quarantine: ${counted(quarantined, 'value')}, listed by "tributary problems quarantine".`]
      : []),
    ...(clashes > 0
      ? [
          `Clashes: ${counted(clashes, 'customer')} claimed by two records of one source. "tributary customers explain" shows them.`,
        ]
      : []),
  ];
}
