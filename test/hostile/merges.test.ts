// Merges that vendors cannot mean: a record merged into itself, records merged into each other. Of each circle one record stays, so
// that its customer does not vanish without a word, and the order in which they are told makes no difference.
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Connector, defineConnector, type SourceRecord } from '../../src/connector.ts';
import { balances } from '../../src/tables/counts.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { openSyncWorld, type SyncWorld } from '../support/sync-world.ts';

describe.each(databases)('merges that go round on $name', ({ open }) => {
  let database: TestDatabase;
  let world: SyncWorld;
  let pages: SourceRecord[][] = [];

  afterEach(async () => {
    await world?.close();
    await database?.close();
  });

  async function start(): Promise<void> {
    const given: Connector = defineConnector({
      name: 'given',
      settings: z.strictObject({}),
      source: {
        sourceId: 'id',
        mapping: { name: 'name' },
        streams: [
          {
            name: 'people',
            pull: async () => ({
              records: pages.shift() ?? [],
              cursor: pages.length,
              done: pages.length === 0,
            }),
          },
        ],
      },
    });
    database = await open();
    world = await openSyncWorld(database, { connectors: [given], sources: { crm: { connector: 'given' } } });
    await world.tributary.start();
  }

  const record = (id: string, merged: string[], changedAt = 1_700_000_000_000): SourceRecord => ({
    recordId: id,
    changedAt,
    body: { id, name: `Name of ${id}` },
    ...(merged.length > 0 && { merged }),
  });
  const delivered = () => [...world.voucherify.customers()].map((customer) => customer.source_id).sort();

  const later = 1_700_000_001_000;
  const cases: [string, SourceRecord[], string[]][] = [
    ['a record and itself', [record('a', ['a']), record('x', [])], ['a', 'x']],
    ['two records', [record('a', ['b']), record('b', ['a'], later), record('x', [])], ['b', 'x']],
    ['three records', [record('a', ['b'], later), record('b', ['c']), record('c', ['a'])], ['a']],
    [
      'two records that a third was merged into',
      [record('a', ['b', 'c'], later), record('b', ['a']), record('c', [])],
      ['a'],
    ],
  ];

  it.each(cases)('of %s leave the one that was changed last', async (_what, records, left) => {
    for (const order of [records, records.toReversed()]) {
      pages = [order];
      await start();
      const run = await world.sync('full', 'crm');
      expect(run).toMatchObject({ state: 'finished', received: order.length, rejected: 0 });
      expect(balances(run)).toBe(true);
      expect(delivered()).toEqual(left);
      const isCircle = left.length < order.length;
      expect(run.notes.map(({ code }) => code)).toEqual(isCircle ? ['merge_circle'] : []);
      await world.close();
      await database.close();
    }
  });

  it('that close over several pages and runs withdraw no customer that was delivered and stands', async () => {
    await start();
    pages = [[record('a', []), record('b', [])], [record('a', ['b'], later)]];
    await world.sync('full', 'crm');
    pages = [[record('b', ['a'])], [record('b', ['a'])], [record('a', ['b'], later)]];
    const run = await world.sync('full', 'crm');
    expect(run).toMatchObject({ state: 'finished' });
    expect(delivered()).toContain('a');
    expect(await database.rows(sql`select record_id, merged_into from records order by record_id`)).toEqual([
      { recordId: 'a', mergedInto: null },
      { recordId: 'b', mergedInto: 'a' },
    ]);
  });
});
