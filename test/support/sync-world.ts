// A whole world to sync in: simulated vendors on loopback, a database, and Tributary between them, on a clock that runs
// faster than the wall's. It knows no single test.
import { sql } from 'drizzle-orm';
import { connectors } from '../../connectors/index.ts';
import { createHubSpotSimulator, type HubSpotOptions } from '../../simulators/hubspot.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator, type VoucherifyOptions } from '../../simulators/voucherify.ts';
import { Tributary } from '../../src/app/app.ts';
import { checkConfig } from '../../src/config.ts';
import type { Connector } from '../../src/connector.ts';
import type { Run } from '../../src/contract/run.ts';
import type { Database } from '../../src/db/database.ts';
import { createLog } from '../../src/engine/log/log.ts';
import type { Tracer } from '../../src/engine/trace/trace.ts';
import { runById } from '../../src/tables/runs.ts';
import { FastClock } from './fast-clock.ts';
import { searched } from './secrets.ts';

export interface SyncWorldOptions {
  hubspot?: HubSpotOptions;
  voucherify?: Partial<VoucherifyOptions>;
  /** Laid over the configuration of the destination and of the source `hubspot`. */
  destination?: object;
  source?: object;
  /** Other sources, and anything else of the configuration. */
  sources?: object;
  config?: object;
  clock?: FastClock;
  /** Beside ours. */
  connectors?: readonly Connector[];
  /** Without it nobody can be erased. */
  secretKey?: string;
  tracer?: Tracer;
  /** Lines of the log, for tests that read them. */
  log?: (line: string) => void;
}

export type SyncWorld = Awaited<ReturnType<typeof openSyncWorld>>;

const accessToken = 'pat-test-00000000';

const [appId, appToken] = ['app-id', 'app-token-00000000'];

export async function openSyncWorld(database: Database, options: SyncWorldOptions = {}) {
  const clock = options.clock ?? new FastClock();
  const hubspot = createHubSpotSimulator({
    now: () => clock.now(),
    accessToken,
    quotas: false,
    ...options.hubspot,
  });
  const voucherify = createVoucherifySimulator({
    now: () => clock.now(),
    appId,
    appToken,
    ...options.voucherify,
  });
  const served: Served[] = [await serve(hubspot.app), await serve(voucherify.app)];
  const raw = {
    destination: {
      connector: 'voucherify',
      appId,
      appToken,
      baseUrl: served[1]!.url,
      quota: { requests: 10_000, seconds: 10, reserve: 0 },
      bulkQuota: { requests: 1_000, seconds: 10, reserve: 0 },
      metadataWrites: options.voucherify?.metadataWrites ?? 'merge',
      ...options.destination,
    },
    sources: {
      hubspot: {
        connector: 'hubspot',
        accessToken,
        baseUrl: served[0]!.url,
        quota: { requests: 10_000, seconds: 10 },
        searchPerSecond: 50,
        mapping: {
          name: ['firstname', 'lastname'],
          email: 'email',
          phone: { from: 'phone', as: 'text' },
          'address.city': 'city',
          'metadata.lifecycle_stage': 'lifecyclestage',
          'metadata.loyalty_points': { from: 'loyalty_points', as: 'number' },
        },
        ...options.source,
      },
      ...options.sources,
    },
    ...options.config,
  };
  const log = createLog({
    level: options.log ? 'debug' : 'info',
    clock,
    write: searched(options.log ?? (() => {})),
  });
  /** As a worker of its own would be wired; `again` is another worker on the same database. */
  const wire = (on: Database = database) =>
    new Tributary({
      config: checkConfig('test', raw, {}, [...connectors, ...(options.connectors ?? [])]),
      database: on,
      clock,
      log,
      secretKey: options.secretKey ?? null,
      ...(options.tracer && { tracer: options.tracer }),
    });
  const tributary = wire();
  const workers = [tributary];
  return {
    clock,
    hubspot,
    voucherify,
    tributary,
    raw,
    /** Another worker. */
    async again(on: Database): Promise<Tributary> {
      const worker = wire(on);
      workers.push(worker);
      await worker.start();
      return worker;
    },
    /** Asks for a run and waits until it has ended and nothing is left to deliver. */
    async sync(mode: 'incremental' | 'full' = 'incremental', source = 'hubspot'): Promise<Run> {
      const requested = await tributary.request({
        source,
        mode,
        trigger: 'manual',
        lane: mode === 'full' ? 'backfill' : 'schedule',
      });
      if (!requested) throw new Error('a run of this mode is still going');
      await this.rest();
      return (await runById(database, requested.id))!;
    },
    /** Waits until nothing is left to do, nor put off; fails after two minutes. */
    async rest(): Promise<void> {
      await until(async () => {
        const [row] = await database.rows<{ waiting: number }>(
          sql`select count(*)::int as waiting from deliveries where state = 'waiting'`,
        );
        return row?.waiting === 0 && (await tributary.isAtRest());
      });
    },
    async close(): Promise<void> {
      for (const worker of workers) await worker.drain();
      for (const server of served) await server.close();
    },
  };
}

/** Waits for something that the running loops will bring about; fails after two minutes. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + 120_000;
  for (;;) {
    const lookedAt = performance.now();
    if (await condition()) return;
    if (performance.now() > deadline) throw new Error('it did not come about within two minutes');
    // A look holds simulated time while its statements last: one after the other would keep what is waited for from happening.
    const pauseMs = Math.min(Math.max(3 * (performance.now() - lookedAt), 2), 50);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** What HubSpot holds, as Voucherify should hold it: the fields of the world's mapping by source ID. */
export function truth(hubspot: SyncWorld['hubspot']): Map<string, Record<string, unknown>> {
  const expected = new Map<string, Record<string, unknown>>();
  for (const { id, properties, archived } of hubspot.contacts()) {
    if (archived) continue;
    const text = (name: string) => properties[name]?.trim() || null;
    expected.set(id, {
      name: [text('firstname'), text('lastname')].filter(Boolean).join(' ') || null,
      email: text('email')?.toLowerCase() ?? null,
      phone: text('phone'),
      city: text('city'),
      stage: text('lifecyclestage'),
      points: text('loyalty_points') === null ? null : Number(text('loyalty_points')),
    });
  }
  return expected;
}

/** What Voucherify holds, in the same words. */
export function held(voucherify: SyncWorld['voucherify']): Map<string, Record<string, unknown>> {
  const found = new Map<string, Record<string, unknown>>();
  for (const customer of voucherify.customers()) {
    found.set(customer.source_id ?? customer.id, {
      name: customer.name ?? null,
      email: customer.email ?? null,
      phone: customer.phone ?? null,
      city: customer.address?.city ?? null,
      stage: customer.metadata?.['lifecycle_stage'] ?? null,
      points: customer.metadata?.['loyalty_points'] ?? null,
    });
  }
  return found;
}

/** Every source ID on which the two differ, with both sides. */
export function differences(world: Pick<SyncWorld, 'hubspot' | 'voucherify'>): unknown[] {
  const [want, have] = [truth(world.hubspot), held(world.voucherify)];
  const ids = new Set([...want.keys(), ...have.keys()]);
  return [...ids].flatMap((id) =>
    JSON.stringify(want.get(id)) === JSON.stringify(have.get(id))
      ? []
      : [{ id, want: want.get(id), have: have.get(id) }],
  );
}
