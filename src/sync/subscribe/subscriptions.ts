// Keeps subscriptions at vendors alive that end by themselves: each is granted once and renewed after half of its time, by one of
// the workers. One that cannot be renewed is attempted again and again, and stops nothing else.
import { fingerprint } from '../../connector/checking.ts';
import type { Context } from '../../connector.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Log } from '../../engine/log/log.ts';
import type { Next } from '../../engine/work/worker.ts';
import { claimRenewal, noteRenewal, noteRenewalFault } from '../../tables/subscriptions.ts';
import type { Rules } from '../intake/rules.ts';
import type { Source } from '../intake/source.ts';

/** From one attempt to the next. */
const retryMs = 600_000;
const restMs = 60_000;

export interface SubscriptionDeps {
  database: Database;
  clock: Clock;
  log: Log;
  rules: Rules;
  /** Where vendors reach this server, without a slash at the end. Null: nobody knows, and there are no subscriptions. */
  publicUrl: string | null;
  contextOf(source: string, signal: AbortSignal): Context<unknown>;
}

export class Subscriptions {
  readonly #deps: SubscriptionDeps;

  constructor(deps: SubscriptionDeps) {
    this.#deps = deps;
  }

  async step(signal: AbortSignal): Promise<Next> {
    for (const source of this.#deps.rules.sources) if (!signal.aborted) await this.#keep(source, signal);
    return { again: false, afterMs: restMs };
  }

  async #keep({ name, config, webhook }: Source, signal: AbortSignal): Promise<void> {
    const { database, clock, log, publicUrl, contextOf } = this.#deps;
    const { connector, settings } = config;
    const subscription = connector.source?.subscription?.(settings) ?? null;
    // A vendor whose requests would be refused is asked for none.
    if (publicUrl === null || subscription === null || !webhook?.authentication.length) return;
    const address = `${publicUrl}/webhooks/${encodeURIComponent(name)}`;
    const terms = fingerprint(JSON.stringify([address, settings]));
    const now = clock.now();
    if (!(await claimRenewal(database, { source: name, terms, now, retryMs }))) return;
    try {
      const until = now + subscription.lastsSeconds * 1000;
      const expiresAt = await subscription.renew(contextOf(name, signal), { address, until });
      if (expiresAt <= now) throw new Error(`the vendor let it end at ${new Date(expiresAt).toISOString()}`);
      await noteRenewal(database, name, { renewAt: now + (expiresAt - now) / 2, expiresAt });
      log.info(
        { source: name, expiresAt: new Date(expiresAt).toISOString() },
        'the webhook subscription was renewed',
      );
    } catch (error) {
      if (signal.aborted) return;
      const fault = error instanceof Error ? error.message : String(error);
      const isNew = (await noteRenewalFault(database, name, fault)) !== fault;
      if (isNew)
        log.warn({ source: name, err: error }, 'the webhook subscription could not be renewed; retried');
    }
  }
}
