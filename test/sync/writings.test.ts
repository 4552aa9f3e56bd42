// How much of what was claimed is read into memory, to be sent in one call.
import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { voucherify } from '../../connectors/voucherify/index.ts';
import type { Database } from '../../src/db/database.ts';
import { writings } from '../../src/sync/deliver/difference.ts';
import { claim, DueBounds } from '../../src/tables/deliveries.ts';
import { behaviour } from '../support/databases.ts';

const [{ open }] = behaviour;
const now = Date.UTC(2026, 0, 1);
const customers = 1_000;

describe('What is read of claimed customers', () => {
  let database: Database;
  beforeAll(async () => {
    database = await open();
    await database.rows(sql`
      insert into customers (source_id, revision, fields, created_at, updated_at)
      select 'c' || number, 1, jsonb_build_object('name', repeat('n', 4000), 'email', 'c' || number || '@example.org'), now(), now()
      from generate_series(1, ${customers}::int) as number`);
    await database.rows(sql`
      insert into deliveries (source_id, revision, state, lane, due_at, waiting_since)
      select source_id, 1, 'waiting', 2, to_timestamp(0), to_timestamp(0) from customers`);
  });
  afterAll(() => database.close());

  it('is limited to the bytes of one call; the others are returned, to be put back', async () => {
    const claimed = await claim(database, {
      lease: randomUUID(),
      now,
      leaseMs: 60_000,
      most: [0, 0, customers, 0],
      bounds: new DueBounds(),
    });
    expect(claimed).toHaveLength(customers);
    const settings = voucherify.settings.parse({ appId: 'a', appToken: 'b' });
    const sending = { destination: voucherify.destination!, settings, onOrphaned: 'keep' as const };
    const maxBytes = 1_000_000;
    const { all, left } = await writings(database, claimed, sending, { by: 'bulk', maxBytes });
    const sent = Buffer.byteLength(JSON.stringify(all.map(({ payload }) => payload)));
    expect(sent).toBeLessThanOrEqual(maxBytes);
    expect(sent).toBeGreaterThan(maxBytes - 10_000);
    const ids = [...all, ...left].map(({ sourceId }) => sourceId);
    expect(ids.sort()).toEqual(claimed.map(({ sourceId }) => sourceId).sort());
    // One that is larger than a call goes all the same, alone: the destination says what it makes of it.
    const alone = await writings(database, claimed.slice(0, 2), sending, { by: 'bulk', maxBytes: 100 });
    expect([alone.all.length, alone.left.length]).toEqual([1, 1]);
    expect((await writings(database, claimed, sending, { by: 'bulk' })).left).toEqual([]);
    await database.rows(sql`delete from customers where source_id = 'c7'`);
    const { all: there, gone } = await writings(database, claimed, sending, { by: 'bulk' });
    expect([there.length, gone.map(({ sourceId }) => sourceId)]).toEqual([customers - 1, ['c7']]);
  });
});
