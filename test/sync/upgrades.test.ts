// Databases that earlier commits left in the middle of their work, opened by the code of today: everything in them is kept, goes
// on, and is explained. `test/upgrades/make.ts` made them.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { explainCustomer } from '../../src/sync/views/explanation.ts';
import { verificationById } from '../../src/tables/verifications.ts';
import { databases, type OwnDatabase, type TestDatabases } from '../support/databases.ts';
import { openSyncWorld, type SyncWorld, truth, until } from '../support/sync-world.ts';
import { type OldDatabase, oldDatabases, rawConfig, readOldDatabase } from '../upgrades/old-database.ts';

const names = oldDatabases();

/** On PGlite, whose statements are the same and take far longer: the oldest, one in the middle and the newest. */
const few = [names[0]!, names[Math.floor(names.length / 2)]!, names.at(-1)!];

it('There is a database of each migration but the newest, whose commit may not exist yet', () => {
  const numberOf = (name: string) => name.slice(0, 4);
  const migrations = readdirSync(join(import.meta.dirname, '../../drizzle'))
    .filter((file) => file.endsWith('.sql'))
    .map(numberOf)
    .sort();
  const made = new Set(names.map(numberOf));
  expect(migrations.slice(0, -1).filter((number) => !made.has(number))).toEqual([]);
});

describe.each(databases)('a database on $name', ({ name, openFrom }) => {
  let world: SyncWorld | undefined;
  let database: OwnDatabase | undefined;

  afterEach(async () => {
    await world?.close();
    await database?.close();
    [world, database] = [undefined, undefined];
  });

  async function open(old: OldDatabase, from: TestDatabases['openFrom']): Promise<[OwnDatabase, SyncWorld]> {
    database = await from(old.sql);
    const { sources } = rawConfig({ hubspot: 'http://127.0.0.1', voucherify: 'http://127.0.0.1' });
    world = await openSyncWorld(database, {
      source: { mapping: sources.hubspot.mapping },
      sources: { list: sources.list },
    });
    world.hubspot.restoreSnapshot(old.hubspot);
    world.voucherify.restoreSnapshot(old.voucherify);
    return [database, world];
  }

  it.each(name === 'PGlite' ? few : names)('of %s keeps everything and goes on', async (old) => {
    const [database, world] = await open(readOldDatabase(old), openFrom);
    const countOf = async (rows: ReturnType<typeof sql>) =>
      (await database.rows<{ count: number }>(rows))[0]!.count;
    const letters = () =>
      countOf(sql`select count(*)::int as count from dead_letters where settled_at is null`);
    const records = () => countOf(sql`select count(*)::int as count from records`);
    const [lettersBefore, recordsBefore] = [await letters(), await records()];

    await world.tributary.start({ calendar: false });
    // What a killed process had in hand is taken up by itself.
    await world.rest();
    const late = [...world.hubspot.contacts()].filter(
      ({ properties }) => properties['city'] === 'Sopot' || properties['firstname'] === 'Late',
    );
    expect(late.map(({ id }) => held(world, id)?.address?.city ?? held(world, id)?.name)).toEqual([
      'Sopot',
      'Late Comer',
    ]);
    expect(await letters()).toBe(lettersBefore);

    for (const mode of ['incremental', 'full'] as const)
      expect(await world.sync(mode), mode).toMatchObject({ state: 'finished', rejected: 0 });
    expect(await records()).toBe(recordsBefore);
    expect(differing(world)).toEqual([]);
    expect(['l1', 'l3'].map((id) => held(world, id)?.name)).toEqual(['Lena Lind', 'Lise Lyng']);

    await world.tributary.verify({ sample: null, heal: false, by: 'person' });
    await until(async () => (await verificationById(database, 1))?.state === 'finished');
    const { report } = (await verificationById(database, 1))!;
    expect(report).toMatchObject({
      matching: report.compared,
      missing: { count: 0 },
      differing: { count: 0 },
    });

    const customers = await database.rows<{ sourceId: string }>(sql`select source_id from customers`);
    const { rules, writingBack } = world.tributary;
    const deps = { rules, writeBackRules: writingBack.rules, destination: 'voucherify' };
    for (const { sourceId } of customers)
      expect(await explainCustomer(database, deps, sourceId), sourceId).not.toBeNull();
  });
});

const held = (world: SyncWorld, sourceId: string) => world.voucherify.bySourceId(sourceId);

/** Contacts that Voucherify does not hold as HubSpot does: but for the one whose name is pinned. */
function differing(world: SyncWorld): unknown[] {
  return [...truth(world.hubspot)].flatMap(([id, { name, email, city, points }]) => {
    const found = held(world, id);
    const wanted = {
      name: id === '1101' ? 'Pinned Person' : name,
      email,
      city,
      points,
    };
    const shown = {
      name: found?.name ?? null,
      email: found?.email ?? null,
      city: found?.address?.city ?? null,
      points: found?.metadata?.['loyalty_points'] ?? null,
    };
    return JSON.stringify(wanted) === JSON.stringify(shown) ? [] : [{ id, wanted, shown }];
  });
}
