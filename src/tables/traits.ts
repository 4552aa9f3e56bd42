// How the destination behaves where its documents leave it open, as a probe or ordinary work found out, and the settings with
// that laid over: the one place where what was proven meets what was set. It asks nobody.
import { sql } from 'drizzle-orm';
import { jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import type { ProbeAnswers } from '../connector/probe.ts';
import type { Destination } from '../connector.ts';
import { time } from '../db/column-types.ts';
import { json, type Queryable, toTimestamp } from '../db/database.ts';

/** How the destination behaves where its documents leave it open, as a probe found out. */
export const destinationTraits = pgTable('destination_traits', {
  account: text().primaryKey(),
  answers: jsonb().$type<ProbeAnswers>().notNull(),
  probedAt: time('probed_at').notNull(),
});

/** What was found out of one account. */
export interface ProvenTraits {
  answers: ProbeAnswers;
  /** Epoch milliseconds; null where only ordinary work has shown something. */
  probedAt: number | null;
}

/** What was found out before of this account is forgotten: it may be true no more. */
export async function keepTraits(
  db: Queryable,
  account: string,
  { answers, probedAt }: ProvenTraits & { probedAt: number },
): Promise<void> {
  await db.rows(sql`
    insert into destination_traits (account, answers, probed_at)
    values (${account}, ${json(answers)}, ${toTimestamp(probedAt)})
    on conflict (account) do update set answers = excluded.answers, probed_at = excluded.probed_at`);
}

const neverProbed = toTimestamp(0);

/** Adds what ordinary work has shown of this account; what was known of these questions is replaced. */
export async function addTraits(db: Queryable, account: string, answers: ProbeAnswers): Promise<void> {
  await db.rows(sql`
    insert into destination_traits (account, answers, probed_at)
    values (${account}, ${json(answers)}, ${neverProbed})
    on conflict (account) do update set answers = destination_traits.answers || excluded.answers`);
}

/** Null where this account was never probed. */
export async function provenTraits(db: Queryable, account: string): Promise<ProvenTraits | null> {
  const [row] = await db.rows<ProvenTraits>(sql`
    select answers, nullif(probed_at, ${neverProbed}) as probed_at from destination_traits where account = ${account}`);
  return row ?? null;
}

/** The settings that the difference, the sender and every preview go by. What a person has set stays. */
export function settingsWith(
  destination: Destination<unknown>,
  settings: unknown,
  traits: ProvenTraits | null,
): unknown {
  return destination.probe && traits ? destination.probe.proven(settings, traits.answers) : settings;
}
