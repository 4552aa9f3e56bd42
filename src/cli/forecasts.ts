// Forecasts as lines for a person: before a run the table of what it takes, after it the comparison with what it took. It
// knows no command.

import {
  type Forecast,
  forecastsShape,
  type KeptForecast,
  type Side,
  type WriteBackForecast,
} from '../contract/forecast.ts';
import type { Run } from '../contract/run.ts';
import { counted, duration, iso, number, percent } from '../words.ts';
import type { Cli } from './cli.ts';
import type { Client } from './client.ts';
import { padded, print, type Terminal, table, wrapped } from './terminal.ts';
import { textWidth } from './text-width.ts';

const basisWords: { [basis: string]: string } = {
  vendor: "the vendor's own count",
  'dry run': 'counted by a dry run',
  given: 'as given',
  'last full run': 'from the last full reading',
  'recent runs': 'from the rate of recent runs',
  'stored records': 'from the stored records',
};
const askEveryMs = 500;
/** For longer it is not waited: the server settles it when its deliveries are done. */
const longestWaitMs = 8_000;

export function printForecast(terminal: Terminal, forecast: Forecast): void {
  const { source, mode, first, records, customers, bytes, vendors, endsAt } = forecast;
  const what = mode === 'full' ? 'a full reading' : first ? 'the first reading' : 'what changed';
  print(
    terminal,
    `${source}, ${what}: ${counted(records.count, 'record')} to read (${basisWords[records.basis] ?? records.basis}), ${counted(customers, 'customer')} to write; ${size(bytes.read)} in, ${size(bytes.written)} out.`,
  );
  print(terminal, `\n${callTable(forecast)}`);
  if (forecast.quotas.length > 0) print(terminal, `\n${quotaTable(forecast)}`);
  print(terminal, '');
  const say = (sentence: string) => print(terminal, wrapped(sentence, Math.max(terminal.columns, 40)));
  say(
    `It takes ${took(forecast.minutes)}, of which ${took(forecast.readMinutes)} until all is read, and ends at ${iso(endsAt)} if it starts now.`,
  );
  say(bottleneckSentence(forecast));
  for (const { side, quota, calls, budget, fits } of forecast.quotas)
    if (!fits)
      say(
        `It does not fit: ${number(calls)} calls of the quota ${quota} of ${vendors[side]}, which has ${number(budget)} left.`,
      );
  for (const sentence of forecast.assumptions) say(`note: ${sentence}`);
}

/** What a first load takes, in one line. */
export function firstLoadSentence(
  forecast: Pick<Forecast, 'source' | 'records' | 'customers' | 'totals' | 'vendors' | 'minutes'>,
): string {
  const { source, records, customers, totals, vendors, minutes } = forecast;
  return `First load of ${source}: ${counted(records.count, 'record')}, ${counted(customers, 'customer')} to write; about ${counted(totals.source, 'call')} to ${vendors.source}, ${number(totals.destination)} to ${vendors.destination}, and ${duration(minutes * 60)} ("tributary plan" shows more).`;
}

/** What flows back, a paragraph for the reading of facts and one for each vendor. */
export function printWriteBackForecast(terminal: Terminal, forecast: WriteBackForecast): void {
  for (const sentence of writeBackForecastSentences(forecast))
    print(terminal, `\n${wrapped(sentence, Math.max(terminal.columns, 40))}`);
}

export function writeBackForecastSentences({ reading, vendors }: WriteBackForecast): string[] {
  return [
    [
      readingSentence(reading),
      ...(reading.paused === null ? [] : [`It is paused: ${reading.paused}.`]),
      ...slowestSentences(reading, reading.connector),
    ].join(' '),
    ...vendors.map((vendor) => {
      const { source, pending, expected, dryRun, paused } = vendor;
      const more = expected === 0 ? '' : ` and at most ${number(expected)} when their facts are read`;
      return [
        `Written back to ${source}: ${counted(pending, 'customer')} now${more}; ${callsText(vendor)}.`,
        ...(dryRun
          ? [`It is a dry run: nothing is written. "tributary write-backs ${source}" shows what would be.`]
          : []),
        ...(paused === null ? [] : [`It is paused: ${paused}.`]),
        ...slowestSentences(vendor, source),
      ].join(' ');
    }),
  ];
}

type CallsForecast = Pick<
  WriteBackForecast['reading'],
  'calls' | 'minutes' | 'bottleneck' | 'quotas' | 'fits'
>;

function readingSentence(reading: WriteBackForecast['reading']): string {
  const { connector, customers, isKnown, first } = reading;
  if (!isKnown)
    return `Facts to read at ${connector}: it does not say how many customers it has; ${callsText(reading)} are known of.`;
  const which = first ? ' for the first time' : '';
  return `Facts to read at ${connector}${which}: ${counted(customers, 'customer')}; ${callsText(reading)}.`;
}

/** `50 calls for lists of customers, 10,000 for single customers, 1 h 41 min` */
function callsText({ calls, minutes }: CallsForecast): string {
  if (calls.length === 0) return 'no calls';
  const parts = calls.map(({ what, calls }, index) =>
    index === 0 ? `${counted(calls, 'call')} for ${what}` : `${number(calls)} for ${what}`,
  );
  return `${parts.join(', ')}, ${took(minutes)}`;
}

function slowestSentences({ bottleneck, quotas }: CallsForecast, vendor: string): string[] {
  const slowest = quotas.find(({ quota }) => quota === bottleneck);
  return [
    ...(slowest
      ? [
          `The bottleneck is the quota ${slowest.quota} of ${vendor}, ${number(slowest.limit)} calls per ${span(slowest.seconds)}.`,
        ]
      : []),
    ...quotas
      .filter(({ fits }) => !fits)
      .map(
        ({ quota, calls, budget }) =>
          `It does not fit into the quota ${quota} of ${vendor} now: ${number(calls)} calls, of which ${number(budget)} are left; the rest waits for the next window.`,
      ),
  ];
}

function callTable({ calls, totals, vendors, source }: Forecast): string {
  const name = (side: Side) => (side === 'source' ? source : vendors.destination);
  const rows = calls.map(({ side, what, calls }) => [name(side), what, number(calls)]);
  const sum = number(totals.source + totals.destination);
  return aligned(['vendor', 'for', 'calls'], [...rows, ['', 'in all', sum]], [2]);
}

function quotaTable({ quotas, vendors, source }: Forecast): string {
  const rows = quotas.map(({ side, quota, calls, limit, seconds, budget, share, waitMinutes }) => [
    side === 'source' ? source : vendors[side],
    quota,
    number(calls),
    `${number(limit)} per ${span(seconds)}`,
    number(budget),
    percent(share),
    waitMinutes > 0 ? took(waitMinutes) : '–',
  ]);
  return aligned(['vendor', 'quota', 'calls', 'of', 'left now', 'share', 'waits'], rows, [2, 4, 5]);
}

/** Columns of numbers stand to the right. */
function aligned(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[],
): string {
  const all = [head, ...rows];
  const width = (column: number) => Math.max(...all.map((row) => textWidth(row[column]!)));
  const [first, ...others] = all.map((row) =>
    row.map((cell, column) => (right.includes(column) ? padded(cell, width(column), true) : cell)),
  );
  return table(first!, others);
}

function bottleneckSentence({ bottleneck, quotas, vendors, minutes }: Forecast): string {
  if (!bottleneck) return 'No quota slows it down: the calls themselves take the time.';
  const { side, quota } = bottleneck;
  const line = quotas.find((one) => one.side === side && one.quota === quota)!;
  return `The bottleneck is the quota ${quota} of ${vendors[side]}, ${number(line.limit)} calls per ${span(line.seconds)} for this run: ${took(line.waitMinutes)} of ${took(minutes)} are spent waiting for it.`;
}

/** Forecasts of these runs beside what they took. Waits a little for what is not settled yet. */
export async function comparisons(cli: Cli, client: Client, runs: readonly Run[]): Promise<KeptForecast[]> {
  const deadline = cli.clock.now() + longestWaitMs;
  const kept: KeptForecast[] = [];
  for (const { id } of runs) {
    for (;;) {
      const { forecasts } = await client.send(forecastsShape, 'get', '/api/forecasts', {
        query: { run: id, limit: 1 },
      });
      const [found] = forecasts;
      if (!found || found.actual || cli.clock.now() >= deadline) {
        if (found?.actual) kept.push(found);
        break;
      }
      await cli.clock.sleep(askEveryMs);
    }
  }
  return kept;
}

/** `Run 3: forecast 12 calls, 0.4 min; actual 12 calls, 0.4 min.` */
export function comparisonSentence({ runId, forecast, actual }: KeptForecast): string {
  const calls = (sides: { [side in Side]: number | null }) =>
    sides.source === null || sides.destination === null
      ? 'calls not counted'
      : counted(sides.source + sides.destination, 'call');
  const told = (sides: { [side in Side]: number | null }, minutes: number) =>
    `${calls(sides)}, ${minutes.toFixed(1)} min`;
  return `Run ${runId}: forecast ${told(forecast.totals, forecast.minutes)}; actual ${told(actual!.calls, actual!.minutes)}.`;
}

function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(0)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function span(seconds: number): string {
  const names: { [seconds: number]: string } = { 1: 'second', 60: 'minute', 3600: 'hour', 86400: 'day' };
  if (names[seconds]) return names[seconds];
  return seconds % 86_400 === 0 ? `${seconds / 86_400} days` : `${seconds} s`;
}

/** In whole seconds, rounded up: no work takes none. */
function took(minutes: number): string {
  return duration(Math.ceil(minutes * 60));
}
