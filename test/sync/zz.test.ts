import { it } from 'vitest';
import { sql } from 'drizzle-orm';
import { databases } from '../support/databases.ts';
import { FastClock, openSyncWorld } from '../support/sync-world.ts';
it('trace', async () => {
  const database = await databases.at(-1)!.open();
  const clock = new FastClock(25);
  const calls = { requests: 30, seconds: 60 };
  const world = await openSyncWorld(database, {
    clock,
    voucherify: { metadataWrites: 'replace', quotas: { apiCalls: calls } },
    destination: { quota: calls },
  });
  world.hubspot.seed(300, 7, clock.now() - 3_600_000);
  await world.tributary.start({ calendar: false });
  await world.tributary.request({ source: 'hubspot', mode: 'incremental', trigger: 'manual', lane: 'backfill' });
  for (let i = 0; i < 6; i += 1) {
    await new Promise((r) => setTimeout(r, 5000));
    console.log('AT', i, JSON.stringify([...world.voucherify.requests]), JSON.stringify(await database.rows(sql`select state, count(*)::int from deliveries group by 1`)));
  }
  await world.close(); await database.close();
}, 60000);
