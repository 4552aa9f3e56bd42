// Keeping house: what was kept long enough is forgotten, and polls come more often where webhooks leave changes out. It
// knows which tables there are, and none of what they mean.
import type { Database } from '../db/database.ts';
import { vacuum } from '../db/vacuum.ts';
import type { Clock } from '../engine/clock.ts';
import { forgetSpend } from '../engine/quota/spend.ts';
import { forgetOldEntries } from '../tables/audit.ts';
import { forgetCounts } from '../tables/breaker.ts';
import { forgetOldFindings } from '../tables/checked-records.ts';
import { coverageSince, forgetCoverage, pollEverySeconds } from '../tables/coverage.ts';
import { forgetForecasts } from '../tables/forecasts.ts';
import { forgetFreshness } from '../tables/freshness.ts';
import { forgetOldKeys } from '../tables/idempotency-keys.ts';
import { forgetOpened } from '../tables/inbox.ts';
import { forgetKeys } from '../tables/item-keys.ts';
import { destinationName } from '../tables/pauses.ts';
import type { NewRun } from '../tables/runs.ts';
import { forgetOldWriteBackEvents } from '../tables/write-back-events.ts';
import type { Rules } from './intake/rules.ts';

const dayMs = 86_400_000;

const figuresKeptDays = 90;

/** Of what became of write-backs. */
const eventsKeptDays = 30;

/** Of records that a source proof found to differ. */
const findingsKeptDays = 30;

/** Of who changed what. */
const auditKeptDays = 400;

/** Of the destination's own webhooks; a source says it itself. */
const destinationKeepDays = 14;

export interface HousekeepingDeps {
  database: Database;
  rules: Rules;
  clock: Clock;
  request(run: Omit<NewRun, 'now'>): Promise<unknown>;
}

/** Forgets whatever its time is over for. */
export async function forgetOld({ database, rules, clock }: HousekeepingDeps): Promise<void> {
  const now = clock.now();
  await forgetCounts(database, now);
  await forgetForecasts(database, now);
  await forgetSpend(database, now);
  await forgetCoverage(database, now - figuresKeptDays * dayMs);
  await forgetFreshness(database, now - figuresKeptDays * dayMs);
  const kept = [
    ...rules.sources.map(({ name, config }) => ({ source: name, days: config.webhook.keepDays })),
    { source: destinationName, days: destinationKeepDays },
  ];
  for (const { source, days } of kept)
    while ((await forgetOpened(database, { source, before: now - days * dayMs })) === 1000);
  while ((await forgetKeys(database, now)) === 10_000);
  const eventsBefore = now - eventsKeptDays * dayMs;
  while ((await forgetOldWriteBackEvents(database, eventsBefore)) === 10_000);
  while ((await forgetOldFindings(database, now - findingsKeptDays * dayMs)) === 10_000);
  while ((await forgetOldEntries(database, now - auditKeptDays * dayMs)) === 10_000);
  while ((await forgetOldKeys(database, now)) === 10_000);
  await vacuum(database);
}

/** Polls more often than the schedule says while webhooks leave changes out; each slot is asked for once. */
export class CoveragePolls {
  readonly #deps: HousekeepingDeps;
  readonly #asked = new Map<string, number>();

  constructor(deps: HousekeepingDeps) {
    this.#deps = deps;
  }

  async ask(): Promise<void> {
    const { database, rules, clock, request } = this.#deps;
    const now = clock.now();
    const coverage = await coverageSince(database, now - dayMs);
    for (const { name, hearsWebhooks, canPull, config } of rules.sources) {
      const seen = coverage.get(name);
      const seconds = seen && pollEverySeconds(seen);
      if (!hearsWebhooks || !canPull || config.schedule === null || !seconds) continue;
      const slot = Math.floor(now / 1000 / seconds) * seconds * 1000;
      if (this.#asked.get(name) === slot) continue;
      this.#asked.set(name, slot);
      await request({ source: name, mode: 'incremental', trigger: 'coverage', lane: 'schedule', slot });
    }
  }
}
