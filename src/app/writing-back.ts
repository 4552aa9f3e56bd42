// The parts that write facts back, by vendor, and what reads those facts at the destination. Each vendor has loops of its own, so
// that a slow one keeps no other waiting.
import type { Config } from '../config.ts';
import type { Database } from '../db/database.ts';
import type { Clock } from '../engine/clock.ts';
import type { CircuitStatus } from '../engine/http/circuit.ts';
import type { Log } from '../engine/log/log.ts';
import type { Tracer } from '../engine/trace/trace.ts';
import type { WriteBackRules } from '../sync/facts/write-back-rules.ts';
import { SourceHealth } from '../sync/intake/source-health.ts';
import { FactLoad } from '../sync/write-back/fact-load.ts';
import { FactReader } from '../sync/write-back/fact-reader.ts';
import { FactWalk } from '../sync/write-back/fact-walk.ts';
import { WriteBackJobs } from '../sync/write-back/jobs.ts';
import { WriteBackSender } from '../sync/write-back/sending.ts';
import { writeBackName } from '../tables/pauses.ts';
import type { Suppressions } from '../tables/suppressions.ts';
import type { Step } from './loops.ts';
import type { Vendors } from './vendors.ts';

export interface WritingBackDeps {
  config: Config;
  database: Database;
  clock: Clock;
  log: Log;
  tracer: Tracer;
  rules: WriteBackRules;
  suppressions: Suppressions;
  vendors: Vendors;
  newLease(): string;
}

interface Vendor {
  health: SourceHealth;
  sender: WriteBackSender;
  jobs: WriteBackJobs;
}

export class WritingBack {
  readonly rules: WriteBackRules;
  readonly #reader: FactReader | null;
  readonly #walk: FactWalk | null;
  readonly #vendors = new Map<string, Vendor>();

  constructor(deps: WritingBackDeps) {
    const { rules, vendors, config } = deps;
    this.rules = rules;
    const settings = config.destination.settings;
    const everyMs = config.facts.everyHours * 3_600_000;
    const reading = { ...deps, endpoint: vendors.destination, everyMs };
    const reader = rules.isEmpty ? null : new FactReader({ ...reading, settings });
    this.#reader = reader;
    this.#walk = reader && new FactWalk({ ...reading, reader, load: new FactLoad({ ...reading, reader }) });
    for (const rule of rules.rules) {
      const endpoint = vendors.endpoint(rule.source);
      if (!endpoint) continue;
      const health = new SourceHealth({ ...deps, name: writeBackName(rule.source) });
      const shared = { ...deps, rule, health, endpoint };
      const sender = new WriteBackSender(shared);
      const jobs = new WriteBackJobs({ ...shared, settler: sender.settler });
      this.#vendors.set(rule.source, { health, sender, jobs });
    }
  }

  /** Begins the walks that were never gone, or were gone by other rules. */
  async begin(): Promise<void> {
    await this.#walk?.begin();
  }

  /** Whether the vendor of a source is left alone because writes fail; null where nothing is written back to it. */
  circuit(source: string): CircuitStatus | null {
    return this.#vendors.get(source)?.health.status ?? null;
  }

  /** A person asks for it: what waits for a later moment goes now. `only`: to this vendor. */
  async hurry(only?: string): Promise<void> {
    for (const [source, { sender }] of this.#vendors)
      if (only === undefined || source === only) await sender.hurry();
  }

  /** What its loops do, by their labels. */
  steps(): { facts: Map<string, Step>; writeBack: Map<string, Step> } {
    const [reader, walk] = [this.#reader, this.#walk];
    return {
      facts: new Map<string, Step>([
        // Two, so that one slow answer does not hold up what others are told of.
        ...(reader
          ? [1, 2].map(
              (each) =>
                [`read facts ${each}`, (signal: AbortSignal) => reader.step('facts', signal)] as const,
            )
          : []),
        ...(reader
          ? [
              [
                'read scheduled facts',
                (signal: AbortSignal) => reader.step('scheduled facts', signal),
              ] as const,
            ]
          : []),
        ...(walk ? [['walk over facts', (signal: AbortSignal) => walk.step(signal)] as const] : []),
      ]),
      writeBack: new Map<string, Step>(
        [...this.#vendors].flatMap(([source, { sender, jobs }]) => [
          [`write back ${source}`, (signal: AbortSignal) => sender.step(signal)] as const,
          ...Array.from(
            { length: sender.urgentSteps },
            (_, index) =>
              [
                `write back ${source} urgent ${index + 1}`,
                (signal: AbortSignal) => sender.stepUrgent(signal),
              ] as const,
          ),
          [`write back ${source} jobs`, (signal: AbortSignal) => jobs.step(signal)] as const,
        ]),
      ),
    };
  }
}
