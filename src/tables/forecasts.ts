// The forecasts table: each forecast, the run that carried it out, and what that took. It makes no forecast.

import { sql } from 'drizzle-orm';
import { bigint, jsonb, pgTable } from 'drizzle-orm/pg-core';
import type { Actual, Side } from '../contract/forecast.ts';
import type { RunState } from '../contract/run.ts';
import { time } from '../db/column-types.ts';
import { json, type Queryable, toTimestamp } from '../db/database.ts';
import type { Lane } from '../engine/quota/lanes.ts';

/** Forecasts, with what came of those that were carried out. */
export const forecasts = pgTable('forecasts', {
  id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  madeAt: time('made_at').notNull(),
  /** What was forecast: {source, mode}. */
  request: jsonb().notNull(),
  forecast: jsonb().$type<Forecast>().notNull(),
  /** The run that carried it out, where one did. */
  runId: bigint('run_id', { mode: 'number' }),
  /** Null until its run has ended and its customers are settled. */
  actual: jsonb().$type<Actual>(),
});

export interface CallLine {
  side: Side;
  /** What the calls are for: pages of `everything`, `single writes`, `bulk writes`, `polls`, `reads before writes`. */
  what: string;
  bucket: string | null;
  calls: number;
}

export interface QuotaLine {
  side: Side;
  quota: string;
  calls: number;
  /** Calls in any `seconds` that this may make. */
  limit: number;
  seconds: number;
  /** Of `limit`, the calls that may still be made when it begins. */
  budget: number;
  /** Of all that the quota allows meanwhile, or in one window where that is longer: 0 to 1. */
  share: number;
  /** How long the work stands still for its sake. */
  waitMinutes: number;
  /** False where a quota longer than an hour has not so many calls left. */
  fits: boolean;
}

export interface SimulationResult {
  minutes: number;
  /** Until the last record is read. */
  readMinutes: number;
  endsAt: number;
  calls: CallLine[];
  /** Calls in all, by side. */
  totals: { [side in Side]: number };
  quotas: QuotaLine[];
  /** The quota that most of the time is spent waiting for; null where it is the vendors' answers. */
  bottleneck: { side: Side; quota: string } | null;
}

const keptMs = 400 * 24 * 3_600_000;

export type KeptForecast = Omit<typeof forecasts.$inferSelect, 'request'>;

export async function keepForecast(db: Queryable, forecast: Forecast): Promise<number> {
  const { source, mode, accounts } = forecast;
  const [row] = await db.rows<{ id: number }>(sql`
    insert into forecasts (made_at, request, forecast)
    values (${toTimestamp(forecast.at)}, ${json({ source, mode, accounts })}, ${json(forecast)}) returning id`);
  return row!.id;
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
    select id, made_at, forecast, run_id,
      case when actual ->> 'minutes' is not null then actual end as actual
    from forecasts
    where ${filter.source === undefined ? sql`true` : sql`request ->> 'source' = ${filter.source}`}
      and ${filter.run === undefined ? sql`true` : sql`run_id = ${filter.run}::bigint`}
      and ${filter.before === undefined ? sql`true` : sql`id < ${filter.before}::bigint`}
    order by id desc limit ${filter.limit}`);
}

/** Forgets what is older than 400 days. */
export async function forgetForecasts(db: Queryable, now: number): Promise<void> {
  await db.rows(sql`delete from forecasts where made_at < ${toTimestamp(now - keptMs)}`);
}

/** Where a number of records comes from. */
export type Basis = 'vendor' | 'dry run' | 'given' | 'last full run' | 'recent runs' | 'stored records';

export interface Forecast extends Omit<SimulationResult, 'quotas'> {
  source: string;
  mode: 'incremental' | 'full';
  /** Nothing of the source was read to its end before. */
  first: boolean;
  at: number;
  lane: Lane;
  accounts: { source: string | null; destination: string };
  vendors: { source: string; destination: string };
  records: { count: number; basis: Basis };
  customers: number;
  bytes: { read: number; written: number };
  quotas: (QuotaLine & { bucket: string | null; all: boolean })[];
  /** False where a quota of a day or longer has not so many calls left. */
  fits: boolean;
  /** What it takes for granted, in sentences. */
  assumptions: string[];
}

/** Calls by quota when the run began. */
export interface Begun {
  before: { [quota: string]: number };
}

/** A forecast whose run is not settled yet. */
export interface OpenForecast {
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

/** A run is one of a forecast that is no older than this. */
const validMs = 3_600_000;

/**
 * The newest forecast of a run's kind, if one was made within the hour, and neither this run nor a later one of the source
 * is of any.
 */
export async function newestForecastOf(
  db: Queryable,
  run: { id: number; source: string; mode: string; startedAt: number },
): Promise<{ id: number; accounts: Forecast['accounts'] } | null> {
  const [row] = await db.rows<{ id: number; accounts: Forecast['accounts'] }>(sql`
    select id, request -> 'accounts' as accounts from forecasts
    where run_id is null and request ->> 'source' = ${run.source} and request ->> 'mode' = ${run.mode}
      and made_at between ${toTimestamp(run.startedAt - validMs)} and ${toTimestamp(run.startedAt)}
      and not exists (select 1 from forecasts as other where other.run_id = ${run.id}::bigint)
      and not exists (select 1 from runs where source = ${run.source} and id <> ${run.id}::bigint
                      and request ->> 'dryRun' is null and started_at > made_at)
    order by id desc limit 1`);
  return row ?? null;
}

/** From now on this run is the one that carries the forecast out. */
export async function beginActual(db: Queryable, id: number, runId: number, begun: Begun): Promise<void> {
  await db.rows(sql`
    update forecasts set run_id = ${runId}::bigint, actual = ${json(begun)} where id = ${id}::bigint and run_id is null`);
}

/** Forecasts made since `from` whose run has begun and is not settled. */
export async function openForecasts(db: Queryable, from: number): Promise<OpenForecast[]> {
  return db.rows(sql`
    select forecasts.id, forecast, actual as begun, runs.state, lane::int as lane,
      started_at as began_at, ended_at,
      received, customers
    from forecasts join runs on runs.id = forecasts.run_id
    where actual is not null and actual ->> 'minutes' is null and made_at > ${toTimestamp(from)}
    order by forecasts.id`);
}

export async function keepActual(db: Queryable, id: number, actual: Actual): Promise<void> {
  await db.rows(sql`update forecasts set actual = ${json(actual)} where id = ${id}::bigint`);
}
