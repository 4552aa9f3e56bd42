// The forecasts table: each forecast, the run that carried it out, and what that took: counted from when it began until
// the last of its customers is settled. It makes no forecast.
import { sql } from 'drizzle-orm';
import { at, json, ms, type Queryable, texts } from '../../db/database.ts';
import { type Lane, laneNumber, lanes } from '../../engine/quota/lanes.ts';
import type { Run, RunState } from '../runs/runs.ts';
import type { Side } from './forecast.ts';
import { callsInAll } from './forecast-windows.ts';
import type { Forecast } from './plan.ts';

/** A run is one of a forecast that is no older than this. */
const validMs = 3_600_000;
/** All workers have written down their calls by then. */
const quietMs = 2_000;
const keptMs = 400 * 24 * 3_600_000;

export interface Actual {
  state: RunState;
  beganAt: number;
  endedAt: number;
  minutes: number;
  records: number;
  customers: number;
  /** Null where the vendor has no quotas by which calls are counted. */
  calls: { [side in Side]: number | null };
  quotas: { side: Side; quota: string; calls: number }[];
}

export interface KeptForecast {
  id: number;
  madeAt: number;
  forecast: Forecast;
  runId: number | null;
  /** Null until its run has ended and its customers are settled. */
  actual: Actual | null;
}

/** Calls by quota when the run began. */
interface Begun {
  before: { [quota: string]: number };
}

export async function keepForecast(db: Queryable, forecast: Forecast): Promise<number> {
  const { source, mode, accounts } = forecast;
  const [row] = await db.rows<{ id: number }>(sql`
    insert into forecasts (made_at, request, forecast)
    values (${at(forecast.at)}, ${json({ source, mode, accounts })}, ${json(forecast)}) returning id::float8 as id`);
  return row!.id;
}

/**
 * The run that begins carries out the newest forecast of its kind, if one was made within the hour and no other run of the
 * source has begun since. Returns whether it does.
 */
export async function beginForecast(db: Queryable, run: Run): Promise<boolean> {
  if (run.startedAt === null || run.request.dryRun) return false;
  const [row] = await db.rows<{ id: number; accounts: Forecast['accounts'] }>(sql`
    select id::float8 as id, request -> 'accounts' as accounts from forecasts
    where run_id is null and request ->> 'source' = ${run.source} and request ->> 'mode' = ${run.mode}
      and made_at between ${at(run.startedAt - validMs)} and ${at(run.startedAt)}
      and not exists (select 1 from forecasts as other where other.run_id = ${run.id}::bigint)
      and not exists (select 1 from runs where source = ${run.source} and id <> ${run.id}::bigint
                      and request ->> 'dryRun' is null and started_at > made_at)
    order by id desc limit 1`);
  if (!row) return false;
  const begun: Begun = { before: await spent(db, row.accounts, run.lane) };
  await db.rows(sql`
    update forecasts set run_id = ${run.id}::bigint, actual = ${json(begun)} where id = ${row.id}::bigint and run_id is null`);
  return true;
}

/**
 * Settles the forecasts whose run has ended, with nothing of it left to deliver. Returns how many are still under way.
 * Calls of other work in the run's lane meanwhile are counted with it: nobody knows them apart.
 */
export async function settleForecasts(db: Queryable, now: number): Promise<number> {
  const rows = await db.rows<Open>(sql`
    select forecasts.id::float8 as id, forecast, actual as begun, runs.state, lane::int as lane,
      ${ms(sql`started_at`)} as "beganAt", ${ms(sql`ended_at`)} as "endedAt",
      received::float8 as received, customers::float8 as customers
    from forecasts join runs on runs.id = forecasts.run_id
    where actual is not null and actual ->> 'minutes' is null and made_at > ${at(now - 30 * 24 * validMs)}
    order by forecasts.id`);
  let underWay = 0;
  for (const row of rows) if (!(await settled(db, row, now))) underWay += 1;
  return underWay;
}

interface Open {
  id: number;
  forecast: Forecast;
  begun: Begun;
  state: RunState;
  lane: number;
  beganAt: number;
  endedAt: number | null;
  received: number;
  customers: number;
}

async function settled(db: Queryable, row: Open, now: number): Promise<boolean> {
  const { id, forecast, begun, state, beganAt } = row;
  if (row.endedAt === null) return false;
  const [deliveries] = await db.rows<{ waiting: boolean; lastAt: number | null }>(sql`
    select coalesce(bool_or(state = 'waiting' and waiting_since between ${at(beganAt)} and ${at(row.endedAt)}), false) as waiting,
      ${ms(sql`max(delivered_at)`)} as "lastAt"
    from deliveries where lane = ${row.lane} and (state = 'waiting' or delivered_at >= ${at(beganAt)})`);
  const endedAt = Math.max(row.endedAt, deliveries!.lastAt ?? 0);
  if (deliveries!.waiting || now - endedAt < quietMs) return false;
  const quotas = quotasSince(forecast, begun, await spent(db, forecast.accounts, lanes[row.lane]!));
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
  await db.rows(sql`update forecasts set actual = ${json(actual)} where id = ${id}::bigint`);
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

const keyOf = (account: string, quota: string) => `${account}\n${quota}`;

/** Calls of these accounts so far, by quota: in the run's lane and in that of polls. */
async function spent(db: Queryable, accounts: Forecast['accounts'], lane: Lane): Promise<Begun['before']> {
  const names = Object.values(accounts).filter((name) => name !== null);
  const rows = await db.rows<{ account: string; quota: string; calls: number }>(sql`
    select account, quota, sum(calls)::float8 as calls from quota_spend
    where account = any(${texts(names)}) and lane in (${laneNumber(lane)}, ${laneNumber('schedule')})
    group by account, quota`);
  return Object.fromEntries(rows.map(({ account, quota, calls }) => [keyOf(account, quota), calls]));
}

/** The newest first. */
export async function listForecasts(
  db: Queryable,
  filter: {
    source?: string | undefined;
    run?: number | undefined;
    before?: number | undefined;
    limit: number;
  },
): Promise<KeptForecast[]> {
  return db.rows(sql`
    select id::float8 as id, ${ms(sql`made_at`)} as "madeAt", forecast, run_id::float8 as "runId",
      case when actual ->> 'minutes' is not null then actual end as actual
    from forecasts
    where ${filter.source === undefined ? sql`true` : sql`request ->> 'source' = ${filter.source}`}
      and ${filter.run === undefined ? sql`true` : sql`run_id = ${filter.run}::bigint`}
      and ${filter.before === undefined ? sql`true` : sql`id < ${filter.before}::bigint`}
    order by id desc limit ${filter.limit}`);
}

/** Forgets what is older than 400 days. */
export async function forgetForecasts(db: Queryable, now: number): Promise<void> {
  await db.rows(sql`delete from forecasts where made_at < ${at(now - keptMs)}`);
}
