// What a forecast run really took, counted from when it began until the last of its customers is settled.

import type { Actual, Side } from '../../contract/forecast.ts';
import type { Run } from '../../contract/run.ts';
import type { Queryable } from '../../db/database.ts';
import { type Lane, lanes } from '../../engine/quota/lanes.ts';
import { callsByQuota } from '../../engine/quota/spend.ts';
import { deliveriesInLane } from '../../tables/deliveries.ts';
import {
  type Begun,
  beginActual,
  type Forecast,
  keepActual,
  newestForecastOf,
  type OpenForecast,
  openForecasts,
} from '../../tables/forecasts.ts';
import { callsInAll } from './forecast-windows.ts';

/** A forecast that is open for longer than this is left as it is. */
const openMs = 30 * 24 * 3_600_000;
/** All workers have written down their calls by then. */
const quietMs = 2_000;

/**
 * The run that begins carries out the newest forecast of its kind, if one was made within the hour and no other run of the
 * source has begun since. Returns whether it does.
 */
export async function beginForecast(db: Queryable, run: Run): Promise<boolean> {
  if (run.startedAt === null || run.request.dryRun) return false;
  const carriedOut = await newestForecastOf(db, { ...run, startedAt: run.startedAt });
  if (!carriedOut) return false;
  await beginActual(db, carriedOut.id, run.id, { before: await callsOf(db, carriedOut.accounts, run.lane) });
  return true;
}

/**
 * Settles the forecasts whose run has ended, with nothing of it left to deliver. Returns how many are still under way.
 * Calls of other work in the run's lane meanwhile are counted with it: nobody knows them apart.
 */
export async function settleForecasts(db: Queryable, now: number): Promise<number> {
  const rows = await openForecasts(db, now - openMs);
  let underWay = 0;
  for (const row of rows) if (!(await settled(db, row, now))) underWay += 1;
  return underWay;
}

async function settled(db: Queryable, row: OpenForecast, now: number): Promise<boolean> {
  const { id, forecast, begun, state, beganAt } = row;
  if (row.endedAt === null) return false;
  const deliveries = await deliveriesInLane(db, row.lane, beganAt, row.endedAt);
  const endedAt = Math.max(row.endedAt, deliveries.lastAt ?? 0);
  if (deliveries.waiting || now - endedAt < quietMs) return false;
  const quotas = quotasSince(forecast, begun, await callsOf(db, forecast.accounts, lanes[row.lane]!));
  const actual: Actual = {
    state,
    beganAt,
    endedAt,
    minutes: (endedAt - beganAt) / 60_000,
    records: row.received,
    customers: row.customers,
    calls: { source: inAll(forecast, quotas, 'source'), destination: inAll(forecast, quotas, 'destination') },
    quotas,
  };
  await keepActual(db, id, actual);
  return true;
}

function quotasSince(
  { quotas, accounts }: Forecast,
  { before }: Begun,
  after: Begun['before'],
): Actual['quotas'] {
  return quotas.map(({ side, quota }) => {
    const key = keyOf(accounts[side] ?? '', quota);
    return { side, quota, calls: (after[key] ?? 0) - (before[key] ?? 0) };
  });
}

function inAll({ quotas, accounts }: Forecast, actual: Actual['quotas'], side: Side): number | null {
  if (accounts[side] === null) return 0; // read from files
  return callsInAll(
    quotas
      .filter((quota) => quota.side === side)
      .map(({ quota, bucket, all }) => ({
        ...(bucket !== null && { bucket }),
        ...(all && { all }),
        calls: actual.find((one) => one.side === side && one.quota === quota)?.calls ?? 0,
      })),
  );
}

/** Calls of these accounts so far, by quota: in the run's lane and in that of polls. */
async function callsOf(db: Queryable, accounts: Forecast['accounts'], lane: Lane): Promise<Begun['before']> {
  const names = Object.values(accounts).filter((name) => name !== null);
  const calls = await callsByQuota(db, names, [lane, 'schedule']);
  return Object.fromEntries(calls.map(({ account, quota, calls }) => [keyOf(account, quota), calls]));
}

const keyOf = (account: string, quota: string) => `${account}\n${quota}`;
