// The vendors behind the sources and the destination, as this process reaches them. It makes no calls of its own.
import type { Config } from '../config.ts';
import type { Context, Relation } from '../connector.ts';
import type { Database } from '../db/database.ts';
import type { Clock } from '../engine/clock.ts';
import { localFiles } from '../engine/files.ts';
import type { Connect, Proxies } from '../engine/http/connections.ts';
import { Endpoint } from '../engine/http/endpoint.ts';
import type { Vault } from '../engine/http/oauth.ts';
import type { Log } from '../engine/log/log.ts';
import type { Budgets } from '../engine/quota/budgets.ts';
import type { Lane } from '../engine/quota/lanes.ts';
import { PostgresRelation } from '../engine/relation/postgres-relation.ts';
import { type ReadOnlyDatabase, readOnlyDatabase } from '../engine/relation/read-only.ts';
import type { Rules } from '../sync/intake/rules.ts';
import { SourceHealth } from '../sync/intake/source-health.ts';
import { destinationName } from '../tables/pauses.ts';

export interface VendorDeps {
  config: Config;
  database: Database;
  clock: Clock;
  log: Log;
  rules: Rules;
  budgets: Budgets;
  /** Where shared access tokens are kept. */
  vault: Vault | undefined;
  /** How vendors are reached. Null: directly. */
  proxies: Proxies | null;
  /** How connections to them are opened. Absent: through sockets. */
  connect?: Connect | undefined;
}

export class Vendors {
  /** Of the sources that have an API, by source, and of the destination by its name. */
  readonly endpoints = new Map<string, Endpoint>();
  readonly #deps: VendorDeps;
  readonly #health = new Map<string, SourceHealth>();
  readonly #databases: ReadOnlyDatabase[] = [];
  readonly #relations = new Map<string, Relation>();

  constructor(deps: VendorDeps) {
    this.#deps = deps;
    for (const source of deps.rules.sources) {
      // What a webhook tells of is to be there soon, also while everybody is written for the first time.
      const isUrgent = source.config.writeBack !== undefined;
      if (source.description) this.#connect(source.name, source.description, { isUrgent });
      if (source.relation) {
        const database = readOnlyDatabase(source.name, source.relation, deps.clock);
        this.#databases.push(database);
        this.#relations.set(source.name, new PostgresRelation(database, source.relation));
      }
    }
    const { connector, settings } = deps.config.destination;
    this.#connect(destinationName, connector.api!(settings));
  }

  get destination(): Endpoint {
    return this.endpoints.get(destinationName)!;
  }

  /** Null where the source has no API, or there is no such source. */
  endpoint = (source: string): Endpoint | null => this.endpoints.get(source) ?? null;

  /** Null where the source is no table or view, or there is no such source. */
  relation = (source: string): Relation | null => this.#relations.get(source) ?? null;

  /** Whether the vendor behind a source answers, as this process knows it. */
  health = (source: string): SourceHealth => {
    const { database, clock, log } = this.#deps;
    let health = this.#health.get(source);
    if (!health) {
      health = new SourceHealth({ name: source, database, clock, log });
      this.#health.set(source, health);
    }
    return health;
  };

  /** What a connector is handed, outside of any run: for checks and for reading schemas. `signal` ends its requests. */
  contextOf(name: string, signal?: AbortSignal, lane: Lane = 'manual'): Context<unknown> {
    const { rules, clock } = this.#deps;
    const config = name === destinationName ? undefined : rules.source(name)?.config;
    const settings = name === destinationName ? this.#deps.config.destination.settings : config?.settings;
    const endpoint = this.endpoints.get(name);
    const api = endpoint?.api(lane, { signal }) ?? {
      request: () => Promise.reject(new Error(`${name} has no API`)),
    };
    const { locale = {} } = config ?? {};
    const relation = this.relation(name);
    return { settings, locale, api, files: localFiles, now: clock.now(), ...(relation && { relation }) };
  }

  async close(): Promise<void> {
    const opened = [...this.endpoints.values(), ...this.#databases];
    await Promise.all(opened.map((one) => one.close()));
  }

  #connect(
    name: string,
    description: ConstructorParameters<typeof Endpoint>[0]['description'],
    options?: Parameters<Budgets['account']>[2],
  ): void {
    const { config, clock, log, budgets, vault, proxies, connect } = this.#deps;
    const { allowPrivateAddresses } = config;
    const budget = budgets.account(description.account, description.quotas, options);
    this.endpoints.set(
      name,
      new Endpoint({
        ...{ name, description, budget, clock, log, vault, proxies, allowPrivateAddresses },
        ...(connect && { connect }),
      }),
    );
  }
}
