// The path, end to end: from a HubSpot contact to a Voucherify customer, on both databases.
import { afterEach, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../support/databases.ts';
import { differences, openSyncWorld, type SyncWorld, type SyncWorldOptions } from '../support/sync-world.ts';

describe.each(databases)('the path on $name', ({ open }) => {
  let world: SyncWorld | null = null;
  let database: TestDatabase | null = null;

  async function start(options: SyncWorldOptions = {}, people = 250): Promise<SyncWorld> {
    database = await open();
    world = await openSyncWorld(database, options);
    world.hubspot.seed(people, 7);
    await world.tributary.start();
    return world;
  }

  afterEach(async () => {
    await world?.close();
    await database?.close();
    world = database = null;
  });

  it('brings every contact to Voucherify by source ID, and each once', async () => {
    const { hubspot, voucherify, sync } = await start();
    const run = await world!.sync();
    expect(run).toMatchObject({ state: 'finished', received: 250, changed: 250, rejected: 0 });
    expect(voucherify.count).toBe(250);
    expect(voucherify.duplicates()).toEqual([]);
    expect(differences(world!)).toEqual([]);
    void hubspot;
    void sync;
  });
});
