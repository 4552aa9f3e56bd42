// Waiting for what was asked for: until the runs have ended and their customers are delivered. It asks the API again and
// again, and knows nothing of how the work is done.

import { z } from 'zod';
import { type DeadLetter, letterShape, lettersShape } from '../contract/dead-letter.ts';
import { type ReportedRun, type Run, reportedRunShape } from '../contract/run.ts';
import {
  type CustomerCounts,
  customerCounts,
  type Deliveries,
  deliveriesShape,
  type Status,
  statusShape,
} from '../contract/status.ts';
import { counted, iso } from '../words.ts';
import type { Cli } from './cli.ts';
import type { Client } from './client.ts';
import { CommandError, exitCodes } from './errors.ts';
import { figuresSentence } from './figures.ts';
import { Progress } from './terminal.ts';

const askEveryMs = 250;
/** A run that waits longer for its next attempt is left to whoever runs next. */
const longestPauseMs = 60_000;
/** Deliveries that have not moved for so long are left too: the destination is out of reach, or its quota spent. */
const longestStillMs = 300_000;
/** Of dead letters, 200 a page: the newest are looked at. */
const maxPages = 25;

/** What was asked for, done; `customers`: of what was asked for alone, `deadLetters`: the first of those that came of it. */
export const doneShape = z.object({
  runs: z.array(reportedRunShape),
  customers: customerCounts,
  quarantined: z.number(),
  deadLetters: z.array(letterShape),
});
export type Done = z.output<typeof doneShape> & { exitCode: number };
export interface Following {
  client: Client;
  silent: boolean;
  stop: AbortSignal;
  /** The work is done in this process: when the command ends, so does the work. */
  isHere: boolean;
  /** When it was asked for, by the clock of whoever does it, epoch milliseconds. */
  since: number;
}

/** Where there is nothing to wait for. */
export const nothing: Done = {
  runs: [],
  customers: { total: 0, waiting: 0, delivered: 0, held: 0, dead: 0 },
  quarantined: 0,
  deadLetters: [],
  exitCode: exitCodes.success,
};

/** Follows the runs of these IDs to their end, then the deliveries. Throws CommandError where there is no point in waiting. */
export async function follow(cli: Cli, following: Following, runIds: readonly number[]): Promise<Done> {
  const progress = new Progress(cli.terminal, { silent: following.silent });
  try {
    const runs: ReportedRun[] = [];
    for (const id of runIds) runs.push(await endOf(cli, following, id, progress));
    const { toRead: _, quarantined = 0, ...customers } = await atRest(cli, following, runIds, progress);
    const deadLetters = await lettersOf(following, runs);
    const isWell =
      deadLetters.length === 0 && runs.every(isWhole) && (runs.length === 0 || isOver(customers));
    const exitCode = isWell ? exitCodes.success : exitCodes.failed;
    return { runs, customers, quarantined, deadLetters, exitCode };
  } finally {
    progress.end();
  }
}

/** Every record was taken in, and no column that is probably meant was passed over. */
function isWhole({ state, rejected, columns }: ReportedRun): boolean {
  const isMissing = columns?.missing.some(({ meant }) => meant !== null) ?? false;
  return state === 'finished' && rejected === 0 && !isMissing;
}

function isOver({ waiting, held, dead }: CustomerCounts): boolean {
  return waiting + held + dead === 0;
}

/** The deliveries of these runs, or where there are none those since it was asked for. */
function ownDeliveries({ client, since }: Following, runIds: readonly number[]): Promise<Deliveries> {
  const query = runIds.length > 0 ? { runs: runIds.join(',') } : { since: iso(since) };
  return client.send(deliveriesShape, 'get', '/api/deliveries', { query });
}

export async function endOf(
  { clock }: Cli,
  { client, stop }: Following,
  id: number,
  progress: Progress,
): Promise<ReportedRun> {
  for (;;) {
    const run = await client.send(reportedRunShape, 'get', '/api/runs/{id}', { path: { id } });
    if (run.state !== 'requested') return run;
    if (stop.aborted)
      throw new CommandError(
        `No longer waiting. Run ${id} of ${run.source} continues with the server or the next command.`,
      );
    const status = await client.send(statusShape, 'get', '/api/status');
    refuseHopeless(run, status, clock.now());
    progress.show(
      `${run.source}: ${run.step ?? 'waits for its turn'} · ${figuresSentence(status)}`,
      shareOf(run),
      clock.now(),
    );
    await clock.sleep(askEveryMs, stop);
  }
}

function shareOf({ received, expected }: Run): number | null {
  return expected ? received / expected : null;
}

/** Throws where the run will not go on before a person does something, or not soon. */
function refuseHopeless(run: Run, { sources }: Status, now: number): void {
  const paused = sources.find((source) => source.name === run.source)?.paused;
  if (paused && !run.working)
    throw new CommandError(
      `${run.source} is paused: ${ended(paused.reason)} Run ${run.id} waits until it is resumed.`,
    );
  if (run.working || run.error === null || run.dueAt - now <= longestPauseMs) return;
  throw new CommandError(
    `Run ${run.id} of ${run.source} is postponed until ${iso(run.dueAt)}: ${ended(run.error)} It then continues with the server or the next command.`,
  );
}

/**
 * Waits until nothing waits, or on a server nothing of what was asked for: there others work too. Returns what became of what was
 * asked for, as it was then: a customer that changes again a moment later is not this command's. The figures of the status may
 * be old; whether something waits is asked for apart.
 */
async function atRest(
  { clock }: Cli,
  following: Following,
  runIds: readonly number[],
  progress: Progress,
): Promise<Deliveries> {
  const { client, stop, isHere } = following;
  let movedAt = clock.now();
  let moved = '';
  let most = 0;
  for (;;) {
    const begun = clock.now();
    const found = isHere
      ? await client.send(deliveriesShape, 'get', '/api/deliveries')
      : await ownDeliveries(following, runIds);
    const now = clock.now();
    const { waiting, delivered, dead } = found;
    if (waiting === 0) return isHere ? ownDeliveries(following, runIds) : found;
    const { destination } = await client.send(statusShape, 'get', '/api/status');
    const state = `${waiting} ${delivered} ${dead}`;
    if (state !== moved) [moved, movedAt] = [state, now];
    const why = destination.paused
      ? `The destination is paused: ${ended(destination.paused.reason)}`
      : stop.aborted
        ? 'No longer waiting.'
        : now - movedAt > longestStillMs
          ? `No progress for ${longestStillMs / 60_000} minutes.`
          : null;
    if (why !== null) return requireOwnDelivered(following, runIds, why);
    most = Math.max(most, waiting);
    progress.show(
      `${counted(most - waiting, 'customer')} delivered, ${waiting} to go`,
      1 - waiting / most,
      now,
    );
    // Counting must not become the work itself.
    await clock.sleep(Math.max(askEveryMs, (now - begun) * 10), stop);
  }
}

/** What became of what was asked for. Throws where something of it still waits, though there is no point in waiting. */
async function requireOwnDelivered(
  following: Following,
  runIds: readonly number[],
  why: string,
): Promise<Deliveries> {
  const found = await ownDeliveries(following, runIds);
  const { waiting, delivered, held } = found;
  if (waiting === 0) return found;
  const left = `${counted(waiting, 'customer')} ${waiting === 1 ? 'waits' : 'wait'} for delivery`;
  const besides = held > 0 ? ` ${counted(held, 'customer')} held: "tributary holds list".` : '';
  throw new CommandError(
    `${why} ${left}, ${counted(delivered, 'customer')} delivered.${besides} They stay queued for the server or the next command: "tributary status".`,
  );
}

/** What was given up since: records of these runs, or where there are none whatever was tried again; and deliveries. */
async function lettersOf({ client, since }: Following, runs: readonly Run[]): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  let cursor: number | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const { deadLetters, nextCursor } = await client.send(lettersShape, 'get', '/api/dead-letters', {
      query: { cursor, limit: 200 },
    });
    letters.push(...deadLetters.filter((letter) => letter.lastAt >= since));
    if (nextCursor === null) break;
    cursor = nextCursor;
  }
  const ours = ({ kind, runId }: DeadLetter) =>
    kind === 'delivery' || runs.length === 0 || runs.some((run) => run.id === runId);
  return letters.filter(ours).toSorted((a, b) => a.id - b.id);
}

/** With its full stop. */
function ended(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
