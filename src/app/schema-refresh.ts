// The metadata schema and the mappings as they stand now, against those that the stored records were mapped by: where they
// differ, the records are mapped again.
import type { Config } from '../config.ts';
import type { Context, UnauthorizedError } from '../connector.ts';
import type { Database } from '../db/database.ts';
import type { Clock } from '../engine/clock.ts';
import type { Log } from '../engine/log/log.ts';
import type { Next } from '../engine/work/worker.ts';
import { DestinationSchema, type SchemaFault } from '../sync/intake/destination-schema.ts';
import { rulesOf } from '../sync/intake/mapping-fingerprint.ts';
import type { Rules } from '../sync/intake/rules.ts';
import { compareMappings } from '../sync/pull/remap.ts';

export interface SchemaRefreshDeps {
  config: Config;
  database: Database;
  clock: Clock;
  log: Log;
  rules: Rules;
  /** Of the destination. */
  account: string;
  /** What the destination is handed. */
  context(): Context<unknown>;
  /** This process takes records in, and not for dry runs only. */
  takesIn(): boolean;
  /** Its loops run: records may have been taken in under the schema before. */
  isRunning(): boolean;
  /** The destination refused the credentials. */
  onRefused(error: UnauthorizedError): Promise<unknown>;
  /** There may be something to do. */
  onChanged(): void;
}

export class SchemaRefresh {
  readonly #deps: SchemaRefreshDeps;
  readonly #schema: DestinationSchema;
  /** Sources that are withdrawn, and whose contributions are still to go. */
  removedSources: readonly string[] = [];

  constructor(deps: SchemaRefreshDeps) {
    this.#deps = deps;
    const { config, database, clock, log, rules, account, context, takesIn, onRefused } = deps;
    const { connector } = config.destination;
    const { metadataSchema, reach } = connector.destination!;
    this.#schema = new DestinationSchema({
      database,
      clock,
      log,
      rules,
      account,
      vendor: connector.name,
      read:
        config.metadataSchema === 'destination' && metadataSchema ? () => metadataSchema(context()) : null,
      reaches: async () => {
        if (!reach) return false;
        return reach(context()).then(
          () => true,
          () => false,
        );
      },
      onRefused: async (error) => {
        if (takesIn()) await onRefused(error);
      },
    });
  }

  /** The configuration leaves the schema to the destination. */
  get isAsked(): boolean {
    return this.#schema.isAsked;
  }

  /** What waits for the metadata schema and why, in a sentence; null where nothing does. */
  get wait(): ({ sentence: string } & Partial<SchemaFault>) | null {
    const sentence = this.#schema.waitSentence;
    return sentence === null ? null : { sentence, ...this.#schema.fault };
  }

  /** The schema has perhaps changed. */
  doubt(): void {
    this.#schema.doubt();
  }

  /** Takes the destination's metadata schema as it was read before, by whatever process. */
  async learn(): Promise<void> {
    await this.#schema.takeKept();
  }

  /**
   * Reads the destination's metadata schema where the configuration leaves it to it. What cannot be read stays as it
   * was. Where a mapping or the schema is another than the one the stored records were mapped by, they are mapped again.
   */
  async refresh(): Promise<void> {
    await this.#watching(() => this.#schema.refresh(), { compare: true });
  }

  async step(): Promise<Next> {
    let afterMs = 0;
    await this.#watching(async () => {
      afterMs = await this.#schema.step();
    });
    return { again: false, afterMs };
  }

  /** `force`: sources whose stored records are mapped again in any case. */
  async compareMappings(force: ReadonlySet<string> = new Set()): Promise<void> {
    const { database, rules, clock, log, onChanged } = this.#deps;
    const { requested, removed, revived } = await compareMappings(database, rules, {
      now: clock.now(),
      force,
    });
    this.removedSources = removed;
    for (const source of requested)
      log.info(
        { source },
        removed.includes(source)
          ? 'withdrawn: its contributions are removed'
          : 'the mapping has changed: stored records are mapped again',
      );
    if (revived > 0)
      log.info({ customers: revived }, 'the metadata schema has changed: rejected customers are sent again');
    if (requested.length > 0 || revived > 0) onChanged();
  }

  /** Does what may bring another schema, and has everything mapped again that was mapped by the one before. */
  async #watching(read: () => Promise<void>, { compare = false } = {}): Promise<void> {
    const { rules, takesIn, isRunning, onChanged } = this.#deps;
    const wasKnown = rules.schemaIsKnown;
    const wasSettled = this.#schema.isSettled;
    const fingerprints = () => new Map(rules.sources.map((source) => [source.name, rulesOf(rules, source)]));
    const before = fingerprints();
    const schema = rules.schema;
    await read();
    if (!rules.schemaIsKnown) return;
    const isChanged = rules.schema !== schema;
    const after = isChanged ? fingerprints() : before;
    const changed = [...after.keys()].filter((name) => !wasKnown || after.get(name) !== before.get(name));
    const isNew = isChanged || !wasKnown || !wasSettled;
    // What was kept of the schema is perhaps out of date where nothing is taken in.
    if (takesIn() && this.#schema.isSettled && (compare || isNew))
      await this.compareMappings(new Set(isRunning() ? changed : []));
    if (!wasKnown) onChanged();
  }
}
