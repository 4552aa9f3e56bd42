// Sources, or the destination, that are paused: until a person resumes them, or until a trial is answered. It makes no calls.

import { type SQL, sql } from 'drizzle-orm';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import type { PauseCause } from '../contract/pause.ts';
import { time } from '../db/column-types.ts';
import { type Queryable, texts, toTimestamp } from '../db/database.ts';

/** A source (by name) or the destination (`destination`) that is paused. */
export const pauses = pgTable('pauses', {
  name: text().primaryKey(),
  cause: text().$type<PauseCause>().notNull(),
  /** What happened and what to do. */
  reason: text().notNull(),
  pausedAt: time('paused_at').notNull(),
  /** When it is tried again without a person. Null: only a person, or a restart, resumes it. */
  trialAt: time('trial_at'),
  /** Trials begun since it was paused. */
  trials: integer().notNull().default(0),
});

/** The name under which the destination is paused. No source may be called so. */
export const destinationName = 'destination';

/** The name under which reading facts at the destination is paused. */
export const factsName = 'destination:facts';

/** The name under which writing to the vendor of a source is paused. */
export const writeBackName = (source: string) => `write-back:${source}`;

export type Pause = typeof pauses.$inferSelect;

/** Waits between trials, milliseconds; the last one repeats. */
const trialWaits: { readonly [cause in PauseCause]?: readonly number[] } = {
  unauthorized: [1, 5, 15, 15, 15, 30, 60].map((minutes) => minutes * 60_000),
  refusals: [15, 30, 60, 120, 300].map((seconds) => seconds * 1000),
};

/** Pauses that a trial, a restart or a person's sync may end. The others are a person's to decide. */
const triedCauses = Object.keys(trialWaits);

export function isTried(cause: PauseCause): boolean {
  return triedCauses.includes(cause);
}

/** When the trial after so many is made; null where the cause or its being final allows none. */
function trialTime(cause: PauseCause, trials: number, now: number): number | null {
  const waits = trialWaits[cause] ?? [];
  const waitMs = waits[Math.min(trials, waits.length - 1)];
  return waitMs === undefined ? null : now + waitMs;
}

/**
 * True where it was not paused before. What a person has paused stays paused by a person: no trial and no restart
 * resumes it. A pause that stands keeps its trials. `final`: no trial can succeed (`invalid_grant`), so none is made.
 */
export async function pause(
  db: Queryable,
  name: string,
  why: { cause: PauseCause; reason: string; final?: boolean },
  now: number,
): Promise<boolean> {
  const trialAt = why.final ? null : trialTime(why.cause, 0, now);
  const isTriedNow = sql`excluded.cause = any(${texts(triedCauses)})`;
  const keepsPerson = sql`not pauses.cause = any(${texts(triedCauses)}) and ${isTriedNow}`;
  const keepsTrials = sql`pauses.cause = excluded.cause and excluded.trial_at is not null`;
  const rows = await db.rows<{ fresh: boolean }>(sql`
    insert into pauses (name, cause, reason, paused_at, trial_at)
    values (${name}, ${why.cause}, ${why.reason}, ${toTimestamp(now)}, ${trialAt === null ? null : toTimestamp(trialAt)})
    on conflict (name) do update set
      cause = case when ${keepsPerson} then pauses.cause else excluded.cause end,
      reason = case when ${keepsPerson} then pauses.reason else excluded.reason end,
      trial_at = case when ${keepsPerson} then null when ${keepsTrials} then pauses.trial_at else excluded.trial_at end,
      trials = case when ${keepsTrials} then pauses.trials else 0 end
    returning xmax = 0 as fresh`);
  return rows[0]?.fresh ?? false;
}

export async function resume(db: Queryable, name: string): Promise<boolean> {
  return (await db.rows(sql`delete from pauses where name = ${name} returning name`)).length > 0;
}

/** Ends a pause after a trial was answered. False where it is over already, or a person has paused it meanwhile. */
export async function resumeAfterTrial(db: Queryable, name: string): Promise<boolean> {
  const rows = await db.rows(
    sql`delete from pauses where name = ${name} and cause = any(${texts(triedCauses)}) returning name`,
  );
  return rows.length > 0;
}

/**
 * Takes the trial that is due upon this worker, and sets the time of the next one: a worker that dies in it costs one wait.
 * Null where none is due, or another worker makes it.
 */
export async function takeTrial(db: Queryable, name: string, now: number): Promise<Pause | null> {
  const paused = (await listPauses(db)).get(name);
  if (!paused || paused.trialAt === null || paused.trialAt > now) return null;
  const next = trialTime(paused.cause, paused.trials + 1, now);
  const rows = await db.rows(sql`
    update pauses set trials = trials + 1, trial_at = ${next === null ? null : toTimestamp(next)}
    where name = ${name} and cause = ${paused.cause} and trials = ${paused.trials} and trial_at <= ${toTimestamp(now)}
    returning name`);
  return rows.length > 0 ? { ...paused, trialAt: next, trials: paused.trials + 1 } : null;
}

/** A person wants it tried now, a final pause too. False where it is not paused, or by a person. */
export async function pullTrialForward(db: Queryable, name: string, now: number): Promise<boolean> {
  const rows = await db.rows(sql`
    update pauses set trial_at = ${toTimestamp(now)} where name = ${name} and cause = any(${texts(triedCauses)}) returning name`);
  return rows.length > 0;
}

export async function listPauses(db: Queryable): Promise<Map<string, Pause>> {
  const rows = await db.rows<Pause>(sql`
    select name, cause, reason, paused_at, trial_at, trials from pauses`);
  return new Map(rows.map((row) => [row.name, row]));
}

/** Since when this one is paused. */
export const pausedAt = (name: string): SQL => sql`select paused_at from pauses where name = ${name}`;

/** When a trial of this one is made. */
export const trialDueAt = (name: string): SQL => sql`select trial_at from pauses where name = ${name}`;

/** A source goes on under another name. */
export async function renamePause(db: Queryable, from: string, to: string): Promise<void> {
  await db.rows(sql`update pauses set name = ${to} where name = ${from}`);
}
