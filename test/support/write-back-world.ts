// Tributary between a simulated HubSpot and a simulated Klaviyo, as sources, and a simulated Voucherify, whose points, tiers and codes
// flow back to both. Voucherify's webhooks arrive as it sends them.
import { createKlaviyoSimulator, type KlaviyoOptions } from '../../simulators/klaviyo.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import { signWebhook, type WebhookEnvelope } from '../../simulators/voucherify.ts';
import type { Database } from '../../src/db/database.ts';
import { readWalk } from '../../src/sync/write-back/fact-walk.ts';
import { walkOf } from '../../src/tables/walks.ts';
import type { WriteBackRow } from '../../src/tables/write-backs.ts';
import { writeBacksOfOne } from '../../src/tables/write-backs.ts';
import { createApp } from '../../src/web/app.ts';
import { behaviour } from './databases.ts';
import { FastClock } from './fast-clock.ts';
import { openSyncWorld, type SyncWorldOptions, until } from './sync-world.ts';

const webhookSecret = 'a-webhook-secret';

export interface WriteBackWorldOptions extends SyncWorldOptions {
  klaviyo?: KlaviyoOptions;
  /** Laid over the source `klaviyo`. */
  klaviyoSource?: object;
  /** Laid over `writeBack`. */
  writeBack?: object;
  /** Whether Voucherify's webhooks arrive. Default: true. */
  webhooks?: boolean | (() => boolean);
  database?: Database;
  start?: boolean;
}

export const hubspotFields = { vf_points: 'loyalty.points', vf_tier: 'loyalty.tier' };
export const klaviyoFields = {
  loyalty_points: 'loyalty.points',
  last_code: 'vouchers.last.code',
  segments: 'segments',
};

export async function openWriteBackWorld(options: WriteBackWorldOptions = {}) {
  const clock = options.clock ?? new FastClock();
  const database = options.database ?? (await behaviour[0].open());
  const klaviyo = createKlaviyoSimulator({ now: () => clock.now(), quotas: false, ...options.klaviyo });
  const served: Served = await serve(klaviyo.app);
  const told: WebhookEnvelope[] = [];
  const arriving = new Set<Promise<void>>();
  const world = await openSyncWorld(database, {
    ...options,
    clock,
    secretKey: 'a-secret-key-of-this-installation',
    voucherify: {
      ...options.voucherify,
      webhooks: (envelope) => {
        told.push(envelope);
        const { webhooks = true } = options;
        if (!(typeof webhooks === 'function' ? webhooks() : webhooks)) return;
        const arrival = push(envelope).finally(() => arriving.delete(arrival));
        arriving.add(arrival);
      },
    },
    destination: { webhookSecret, ...options.destination },
    sources: {
      klaviyo: {
        connector: 'klaviyo',
        apiKey: 'pk_0123456789',
        baseUrl: served.url,
        quota: { requests: 10_000, seconds: 1 },
        ...options.klaviyoSource,
      },
      ...options.sources,
    },
    config: {
      writeBack: {
        hubspot: { fields: hubspotFields },
        klaviyo: { fields: klaviyoFields },
        ...options.writeBack,
      },
      ...options.config,
    },
  });
  for (const name of ['vf_points', 'vf_tier'])
    world.hubspot.define({ name, type: name === 'vf_points' ? 'number' : 'string', label: name });
  const web = createApp(world.tributary, {
    apiToken: 'a-token-for-the-tests',
    version: '0.0.0',
    dataDir: '/nowhere',
  });
  async function push(envelope: WebhookEnvelope): Promise<void> {
    const body = JSON.stringify(envelope);
    const headers = { 'x-voucherify-signature': signWebhook(body, webhookSecret) };
    const response = await web.request('/webhooks/destination', { method: 'POST', headers, body });
    if (response.status !== 200) throw new Error(`the webhook was answered ${response.status}`);
  }
  if (options.start !== false) {
    await world.tributary.start();
    // Nobody is there yet: what a test changes is not read by the first reading as well.
    await until(async () => ((await walkOf(database, readWalk))?.rounds ?? 0) > 0);
  }
  return {
    ...world,
    database,
    klaviyo,
    web,
    /** Every webhook of Voucherify, whether it arrived or not. */
    told,
    push,
    /** Waits until every webhook that was sent has arrived, and until nothing is left to do. */
    async rest(): Promise<void> {
      while (arriving.size > 0) await Promise.all(arriving);
      await world.rest();
    },
    /** The write-back of a customer to a vendor. */
    async row(source: string, sourceId: string): Promise<WriteBackRow | undefined> {
      const rows = await writeBacksOfOne(database, sourceId);
      return rows.find((row) => row.source === source);
    },
    /** Waits until a vendor shows it. */
    shows: (found: () => unknown, wanted: unknown) =>
      until(() => JSON.stringify(found() ?? null) === JSON.stringify(wanted)),
    properties: (id: string) =>
      (klaviyo.get(id)?.attributes as { properties?: Record<string, unknown> } | undefined)?.properties ?? {},
    async close(): Promise<void> {
      await world.close();
      await served.close();
      if (!options.database) await database.close();
    },
  };
}

export type WriteBackWorld = Awaited<ReturnType<typeof openWriteBackWorld>>;
