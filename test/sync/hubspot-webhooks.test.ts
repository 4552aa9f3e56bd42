// HubSpot's webhooks all the way: from a contact that changes to a customer at Voucherify, with no poll in between.
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import type { PushedRequest } from '../../simulators/hubspot.ts';
import { createApp } from '../../src/web/app.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { differences, openSyncWorld, type SyncWorld, until } from '../support/sync-world.ts';

const clientSecret = 'hubspot-client-secret';
const publicUrl = 'https://sync.example.com/tributary';

describe.each(behaviour)('webhooks of HubSpot on $name', ({ open }) => {
  let world: SyncWorld;
  let database: TestDatabase;
  let send: (request: PushedRequest) => Promise<Response>;

  async function start(people: number, options: { onOrphaned?: string } = {}): Promise<SyncWorld> {
    database = await open();
    world = await openSyncWorld(database, {
      hubspot: {
        push: { clientSecret, url: `${publicUrl}/webhooks/hubspot`, duplicates: 0.2, seed: 5 },
        indexLagMs: 60_000,
      },
      source: { clientSecret },
      config: { publicUrl, ...(options.onOrphaned && { onOrphaned: options.onOrphaned }) },
    });
    const app = createApp(world.tributary, {
      apiToken: 'a-token-for-the-tests',
      version: '0.0.0',
      dataDir: '/nowhere',
    });
    send = async ({ method, headers, body }) =>
      app.request('http://10.0.0.7:3000/webhooks/hubspot', {
        method,
        headers: { ...headers, 'x-forwarded-host': 'forged.example.com' },
        body: Buffer.from(body),
      });
    world.hubspot.seed(people, 7);
    await world.tributary.start();
    await world.sync();
    return world;
  }

  /** Everything that HubSpot has to tell, some of it again, as after an answer that was lost. */
  async function push({ again = false } = {}): Promise<number> {
    const requests = world.hubspot.push!.take(world.clock.now());
    for (const request of requests) {
      expect((await send(request)).status).toBe(200);
      if (again) await send(world.hubspot.push!.again(request, world.clock.now()));
    }
    await world.rest();
    return requests.length;
  }

  afterEach(async () => {
    await world?.close();
    await database?.close();
  });

  const reads = () => world.hubspot.requests.calls('batchRead');
  const ids = () => [...world.hubspot.contacts()].filter(({ archived }) => !archived).map(({ id }) => id);

  it('brings changes and new contacts that the search index still hides, reading each batch once', async () => {
    await start(200);
    const before = reads();
    for (const id of ids().slice(0, 60)) {
      world.hubspot.update(id, { city: 'Kraków' });
      world.hubspot.update(id, { loyalty_points: 7 });
    }
    world.hubspot.create({ firstname: 'Zofia', email: 'zofia@example.org', lifecyclestage: 'lead' });
    await push({ again: true });
    expect(differences(world)).toEqual([]);
    expect(reads() - before).toBeLessThanOrEqual(4);
    const [counts] = await database.rows<{ duplicates: number }>(
      sql`select sum((counts ->> 'duplicates')::int)::int as duplicates from inbox`,
    );
    expect(counts!.duplicates).toBeGreaterThan(60);
  });

  it('hands a customer on when contacts are merged, and takes it away when one is deleted', async () => {
    await start(30, { onOrphaned: 'delete' });
    const [first, second, third, fourth] = ids();
    world.hubspot.merge(first!, second!);
    world.hubspot.archive(third!);
    world.hubspot.gdprDelete(fourth!);
    await push();
    await until(() => world.voucherify.bySourceId(third!) === undefined);
    expect(world.voucherify.bySourceId(fourth!)).toBeUndefined();
    expect(world.voucherify.bySourceId(first!)).toBeDefined();
    const standing = await database.rows<{ count: number }>(
      sql`select count(*)::int as count from records where coalesce(deleted_at < changed_at, true) and merged_into is null`,
    );
    expect(standing[0]!.count).toBe(ids().length);
  });

  it('refuses what was signed for another address, or with another secret', async () => {
    await start(3);
    world.hubspot.update(ids()[0]!, { city: 'Łódź' });
    const [request] = world.hubspot.push!.take(world.clock.now());
    const { 'x-hubspot-signature': _, 'x-hubspot-signature-version': __, ...v3 } = request!.headers;
    expect((await send({ ...request!, headers: v3 })).status).toBe(200);
    const elsewhere = { ...v3, 'x-hubspot-request-timestamp': String(world.clock.now() - 400_000) };
    expect((await send({ ...request!, headers: elsewhere })).status).toBe(401);
    expect((await send({ ...request!, headers: {} })).status).toBe(401);
  });
});
