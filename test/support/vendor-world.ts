// Tributary between one simulated vendor, as the source `vendor`, and a simulated Voucherify: what comes in by runs and by
// webhooks, and what Voucherify then holds. It knows no vendor.

import { sql } from 'drizzle-orm';
import { afterEach } from 'vitest';
import { type Served, serve } from '../../simulators/serve.ts';
import type { TruthCustomer } from '../../simulators/voucherify/customer-body.ts';
import type { Run } from '../../src/contract/run.ts';
import { runById } from '../../src/tables/runs.ts';
import { createApp } from '../../src/web/app.ts';
import { behaviour, type TestDatabase } from './databases.ts';
import type { FastClock } from './fast-clock.ts';
import { openSyncWorld, type SyncWorld, until } from './sync-world.ts';

type Settings = { [name: string]: unknown };

/** One request of a vendor's, as its simulator writes it. */
export interface Pushed {
  method?: string;
  /** Behind the name of the source, with its slash: a secret. */
  path?: string;
  headers: { [name: string]: string };
  body: string | Uint8Array;
}

export class VendorWorld {
  readonly world: SyncWorld;
  readonly database: TestDatabase;
  readonly #web: ReturnType<typeof createApp>;
  readonly #server: Served | null;

  private constructor(world: SyncWorld, database: TestDatabase, server: Served | null) {
    this.world = world;
    this.database = database;
    this.#server = server;
    this.#web = createApp(world.tributary, {
      apiToken: 'a-token-for-the-tests',
      version: '0.0.0',
      dataDir: '/nowhere',
    });
  }

  /** `source`: its settings. `app`: the vendor's API; null where it has none. */
  static async open(
    clock: FastClock,
    app: Parameters<typeof serve>[0] | null,
    source: Settings,
  ): Promise<VendorWorld> {
    const server = app ? await serve(app) : null;
    const database = await behaviour[0].open();
    const world = await openSyncWorld(database, {
      clock,
      // For tokens that expire.
      secretKey: 'a-secret-key-of-this-installation',
      sources: { vendor: { ...(server && { baseUrl: server.url }), ...source } },
    });
    await world.tributary.start();
    return new VendorWorld(world, database, server);
  }

  async close(): Promise<void> {
    await this.world.close();
    await this.database.close();
    await this.#server?.close();
  }

  sync(mode: 'incremental' | 'full' = 'full') {
    return this.world.sync(mode, 'vendor');
  }

  /** Records by ID, as `tributary sync --records` asks for them. */
  async read(...recordIds: string[]): Promise<Run | null> {
    const asked = await this.world.tributary.request({
      source: 'vendor',
      mode: 'records',
      trigger: 'manual',
      lane: 'manual',
      request: { recordIds },
    });
    await this.world.rest();
    return runById(this.database, asked!.id);
  }

  /** Sends a webhook, and waits until it has been taken in. */
  async push(pushed: Pushed): Promise<void> {
    await this.#send(pushed);
    await this.world.rest();
  }

  /** Sends a webhook, and waits until all that it names was asked for in vain for two minutes. */
  async pushInVain(pushed: Pushed): Promise<void> {
    await this.#send(pushed);
    const failed = async () => {
      const [row] = await this.database.rows<{ failed: boolean }>(
        sql`select coalesce(bool_and(error is not null), false) as failed from touches`,
      );
      return row!.failed;
    };
    await until(failed);
    const begunAt = this.world.clock.now();
    await until(() => this.world.clock.now() - begunAt > 120_000);
    await until(failed);
  }

  async #send({ method = 'POST', path = '', headers, body }: Pushed): Promise<void> {
    const response = await this.#web.request(`/webhooks/vendor${path}`, {
      method,
      headers,
      body: typeof body === 'string' ? body : new Uint8Array(body),
    });
    if (response.status !== 200) throw new Error(`the webhook was answered ${response.status}`);
  }

  /** What Voucherify holds, by source ID. */
  customers(): { [sourceId: string]: TruthCustomer } {
    const all = [...this.world.voucherify.customers()];
    return Object.fromEntries(all.map((customer) => [customer.source_id, customer]));
  }

  get ids(): (string | undefined)[] {
    return Object.keys(this.customers()).sort();
  }

  /** IDs of the records that the source still has. */
  async standing(): Promise<string[]> {
    const rows = await this.database.rows<{ id: string }>(sql`
      select record_id as id from records where deleted_at is null or deleted_at < changed_at order by record_id`);
    return rows.map(({ id }) => id);
  }

  /** Open ones of any kind. */
  async deadLetters(): Promise<number> {
    const letters = sql`select count(*)::int as count from dead_letters where settled_at is null`;
    const [row] = await this.database.rows<{ count: number }>(letters);
    return row!.count;
  }
}

/** Opens a world, and closes it after the test. */
export function vendorWorlds(): typeof VendorWorld.open {
  let world: VendorWorld | null = null;
  afterEach(async () => {
    await world?.close();
    world = null;
  });
  return async (clock, app, source) => {
    world = await VendorWorld.open(clock, app, source);
    return world;
  };
}
