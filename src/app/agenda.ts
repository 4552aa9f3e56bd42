// Looks when the next work of several loops falls due, in one statement for all of them: each of them alone would ask as often.
import type { Database } from '../db/database.ts';
import { moments } from '../db/moments.ts';
import type { Clock } from '../engine/clock.ts';
import { lanes } from '../engine/quota/lanes.ts';
import type { Next } from '../engine/work/worker.ts';
import { urgentLanes } from '../sync/deliver/route.ts';
import { streamsRead } from '../sync/inbox/hydrate.ts';
import type { Rules } from '../sync/intake/rules.ts';
import { batchDueAt } from '../tables/batches.ts';
import { deliveryDueAt } from '../tables/deliveries.ts';
import { erasureDueAt } from '../tables/erasures.ts';
import { requestDueAt } from '../tables/inbox.ts';
import { destinationName, trialDueAt } from '../tables/pauses.ts';
import { type Claimable, runClaimableAt } from '../tables/runs.ts';
import { touchDueAt } from '../tables/touches.ts';
import { verificationDueAt } from '../tables/verifications.ts';

/** The loops that it looks for. */
export const agendaLoops = [
  'pull',
  'open',
  'hydrate',
  'deliver',
  'deliverUrgent',
  'poll',
  'erase',
  'verify',
] as const;
export type AgendaLoop = (typeof agendaLoops)[number];

export interface AgendaDeps {
  database: Database;
  clock: Clock;
  rules: Pick<Rules, 'sources'>;
  /** What this worker carries and opens: what waits for another worker, or for a source to be configured again, wakes no loop here. */
  ours(): { runs: Claimable; opened: readonly string[] };
  /** These loops have something to do. */
  wake(names: readonly AgendaLoop[]): void;
}

/** After a look that failed, milliseconds. */
const againMs = 5_000;

export class Agenda {
  readonly #deps: AgendaDeps;
  #isFailing = false;

  constructor(deps: AgendaDeps) {
    this.#deps = deps;
  }

  /** The last look failed: each loop has to look itself. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** One query that fails holds up nobody else: each loop looks itself then, and those that fail tell of it. */
  async step(): Promise<Next> {
    try {
      const next = await this.#look();
      this.#isFailing = false;
      return next;
    } catch {
      this.#isFailing = true;
      this.#deps.wake(agendaLoops);
      return { again: false, afterMs: againMs };
    }
  }

  async #look(): Promise<Next> {
    const { database, clock, rules, wake, ours } = this.#deps;
    const { runs, opened } = ours();
    const { trial, urgent, later, ...others } = await moments(database, {
      pull: runClaimableAt(runs),
      open: requestDueAt(opened),
      hydrate: touchDueAt(streamsRead(rules.sources)),
      urgent: deliveryDueAt(urgentLanes),
      later: deliveryDueAt(lanes.filter((lane) => !urgentLanes.includes(lane))),
      trial: trialDueAt(destinationName),
      poll: batchDueAt,
      erase: erasureDueAt,
      verify: verificationDueAt,
    });
    const deliverUrgent = earliest(urgent, trial);
    const due = { ...others, deliverUrgent, deliver: earliest(deliverUrgent, later) };
    const now = clock.now();
    const isDue = (name: AgendaLoop) => (due[name] ?? Number.POSITIVE_INFINITY) <= now;
    const names = agendaLoops.filter(isDue);
    if (names.length > 0) wake(names);
    // What is due and does not move waits until the next look, as if nothing else were known.
    const next = agendaLoops.filter((name) => !isDue(name)).map((name) => due[name]);
    return { again: false, due: earliest(...next) };
  }
}

function earliest(...times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length > 0 ? Math.min(...known) : null;
}
