// Pages of a list in the order of a time, where the vendor has no cursor: each begins at the time of the last row before it, so that
// rows that disappear meanwhile move no others out of sight. Rows are skipped within one time only. It knows no vendor.
import { TransientError } from './errors.ts';

/** More rows of one time than any vendor gives: the page repeats. */
const maxSkip = 50_000;
/** The share of a page by which skipping advances. */
const advance = 0.9;

export interface TimedPage {
  /** Epoch milliseconds; rows of then and later are wanted. */
  from: number;
  /** How many of them are skipped. */
  skip: number;
}

/** `page`: what `nextTimedPage` returned, undefined for the first. `from`: where the list begins. */
export function timedPage(page: string | undefined, from: number): TimedPage {
  const [at = from, skip = 0] = page?.split(' ').map(Number) ?? [];
  return { from: at, skip };
}

/** The page after this one, undefined where it was not full. `times`: of its rows, epoch milliseconds. */
export function nextTimedPage(
  { from, skip }: TimedPage,
  { times, limit }: { times: readonly (number | undefined)[]; limit: number },
): string | undefined {
  if (times.length < limit) return undefined;
  // A row without a time is rejected, and must not end the reading.
  const last = times.findLast((time) => time !== undefined);
  if (last === undefined || skip > maxSkip)
    throw new TransientError('A page was answered after which reading cannot continue', { foreign: true });
  if (times.find((time) => time !== undefined)! > last)
    throw new TransientError('A page was answered whose times go down, not up', { foreign: true });
  return last > from ? `${last} 0` : `${from} ${skip + advanceBy(times.length)}`;
}

/** How many rows are skipped after a page of so many: fewer than it had, so that a few that are deleted meanwhile hide no others. */
export function advanceBy(rows: number): number {
  return Math.max(1, Math.min(rows - 1, Math.ceil(rows * advance)));
}
