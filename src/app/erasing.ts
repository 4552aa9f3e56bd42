// Erasure as it is asked for: by a person, or by the delete policy. What forgets is in sync/erase.
import type { Config } from '../config.ts';
import type { Database, Queryable } from '../db/database.ts';
import type { Clock } from '../engine/clock.ts';
import type { Log } from '../engine/log/log.ts';
import { liftSuppression, requestErasure } from '../sync/erase/erase.ts';
import type { Rules } from '../sync/intake/rules.ts';
import type { Erasure } from '../tables/erasures.ts';
import type { Suppressions } from '../tables/suppressions.ts';

export interface ErasingDeps {
  config: Config;
  database: Database;
  clock: Clock;
  log: Log;
  rules: Rules;
  suppressions: Suppressions;
  /** Customers are still to be erased at the destination. */
  onRequested(): void;
  /** A person asked for it: everything looks whether there is something to do. */
  wakeAll(): void;
}

export class Erasing {
  readonly #deps: ErasingDeps;

  constructor(deps: ErasingDeps) {
    this.#deps = deps;
  }

  /**
   * Forgets a customer, known or not, and keeps the receipt; the destination is told next. `permanent`: as configured
   * where it is left out. Throws SecretKeyError where erased customers could not be recognised again.
   */
  async erase({
    sourceId,
    permanent,
  }: {
    sourceId: string;
    permanent?: boolean | undefined;
  }): Promise<Erasure> {
    const { config, database, clock, log, wakeAll } = this.#deps;
    const asked = { sourceId, permanent: permanent ?? config.erasure.permanent, now: clock.now() };
    const receipt = await database.transaction((tx) => requestErasure(tx, this.#deps, asked));
    log.info({ erasure: receipt.id }, 'a customer was erased here; the destination is next');
    wakeAll();
    return receipt;
  }

  /** As the delete policy asks of a customer that all its records have left. */
  async eraseLeft(tx: Queryable, sourceId: string, now: number): Promise<void> {
    const { config, onRequested } = this.#deps;
    await requestErasure(tx, this.#deps, { sourceId, permanent: config.erasure.permanent, now });
    onRequested();
  }

  /** Lets a person come back who was erased; see `liftSuppression`. */
  async lift(sourceId: string): Promise<number | null> {
    const { database, clock, suppressions } = this.#deps;
    const now = clock.now();
    return database.transaction((tx) => liftSuppression(tx, suppressions, { sourceId, now }));
  }
}
