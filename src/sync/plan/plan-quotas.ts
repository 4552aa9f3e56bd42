// The quotas of an account as they stand when a forecast is made: the limit we allow ourselves now, what is spent of it
// already, and what others of ours spend of late. It only reads.
import type { ApiDescription, Quota } from '../../connector.ts';
import type { Database } from '../../db/database.ts';
import type { Endpoint } from '../../engine/http/endpoint.ts';
import { isRate } from '../../engine/quota/gate.ts';
import { type Lane, laneNumber } from '../../engine/quota/lanes.ts';
import { shareAt } from '../../engine/quota/learning.ts';
import { countedSlices, readQuotaStates } from '../../engine/quota/slices.ts';
import { readSpend, type Spent } from '../../engine/quota/spend.ts';
import type { QuotaNow } from './forecast-windows.ts';

const hourMs = 3_600_000;

const dayMs = 24 * hourMs;

/** In shorter windows what is spent is over before it matters, but for what this process has under way. */
const tellingSeconds = 600;

const nobody = '00000000-0000-0000-0000-000000000000';

export async function quotasNow(
  database: Database,
  given: { description: ApiDescription; endpoint: Endpoint; lane: Lane; at: number },
): Promise<QuotaNow[]> {
  const { description, endpoint, lane } = given;
  const { account, quotas } = description;
  const now = given.at;
  const [states, spend, slices] = await Promise.all([
    readQuotaStates(database, { accounts: [account], holder: nobody, now }),
    readSpend(database, { account, from: now - dayMs }),
    countedSlices(database, account, now),
  ]);
  const ours = endpoint.budget.status();
  const kept = endpoint.budget.keptCalls();
  return quotas.map((quota) => {
    const { name, seconds, bucket, all, requests, reserve = 0 } = quota;
    const state = states.find((one) => one.quota === name);
    const own = ours.find((one) => one.quota === name);
    const said = Math.min(requests, state?.limit ?? requests);
    const share = isRate(quota) ? shareAt(state?.learned ?? null, now) : 1;
    const calls = spend.filter((one) => one.quota === name);
    return {
      name,
      seconds,
      ...(bucket !== undefined && { bucket }),
      ...(all && { all }),
      limit: Math.max(1, Math.floor(said * share * (1 - reserve) + 1e-9)),
      spent: isRate(quota)
        ? spentOfRate(quota, Math.max(own?.used ?? 0, spentSince(quota, calls, now)), now)
        : withoutHeld(
            slices.filter((slice) => slice.quota === name),
            own?.held ?? 0,
          ),
      others: othersOf(quota, calls, lane),
      kept: kept.find((one) => one.quota === name)?.calls ?? 0,
      exhaustedUntil: Math.max(state?.exhaustedUntil ?? 0, own?.exhaustedUntil ?? 0) || null,
    };
  });
}

/** What this process has paid for in advance and not used is there for the run. */
function withoutHeld(slices: readonly { calls: number; freeAt: number }[], held: number): QuotaNow['spent'] {
  let left = held;
  return slices
    .toSorted((a, b) => b.freeAt - a.freeAt)
    .map(({ calls, freeAt }) => {
      const unused = Math.min(calls, left);
      left -= unused;
      return { calls: calls - unused, freeAt };
    });
}

/** What all workers spent in a window that is long enough for the hours of the table to tell it. */
function spentSince({ seconds }: Quota, calls: readonly Spent[], now: number): number {
  if (seconds < tellingSeconds) return 0;
  const from = now - seconds * 1000;
  const spent = calls.reduce((sum, { hour, calls }) => {
    const [begun, ended] = [Math.max(hour, from), Math.min(hour + hourMs, now)];
    const passed = Math.max(Math.min(hour + hourMs, now) - hour, 1);
    return sum + calls * Math.min(Math.max(ended - begun, 0) / passed, 1);
  }, 0);
  return Math.ceil(spent);
}

/** When each was made is not known: evenly, one after the other. */
function spentOfRate({ seconds }: Quota, calls: number, now: number): QuotaNow['spent'] {
  return Array.from({ length: calls }, (_, index) => ({
    calls: 1,
    freeAt: now + ((index + 1) / calls) * seconds * 1000,
  }));
}

/** Calls of better lanes in a window, by those of the last day. */
function othersOf({ seconds }: Quota, calls: readonly Spent[], lane: Lane): number {
  const better = calls.filter((one) => laneNumber(one.lane) < laneNumber(lane));
  const daily = better.reduce((sum, { calls }) => sum + calls, 0);
  return (daily * seconds) / (dayMs / 1000);
}
