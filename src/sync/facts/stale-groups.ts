// Which groups of a customer are to be read again by schedule. Pure.
import type { FactClock, FactClocks } from '../../tables/facts.ts';

/** Those of these groups that were never read, or not for half of the time between two readings of everybody. */
export function staleGroups(
  groups: readonly string[],
  clocks: FactClocks,
  { now, everyMs }: { now: number; everyMs: number },
): string[] {
  return groups.filter((group) => asOf(clocks[group]) < now - everyMs / 2);
}

/** By our clock: what was told is as old as its telling. */
function asOf(clock: FactClock | undefined): number {
  if (clock === undefined) return 0;
  return clock.by === 'read' ? Math.min(clock.at, clock.keptAt) : clock.keptAt;
}
