// A worker that writes back is killed at any moment, again and again: in the end the vendor holds what Voucherify knows, no value ever
// goes back, and what was written comes in again without a delivery.
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { connectors } from '../../connectors/index.ts';
import { checkConfig } from '../../src/config.ts';
import { keepFacts } from '../../src/sync/facts/keep-facts.ts';
import { WriteBackRules } from '../../src/sync/facts/write-back-rules.ts';
import { randomOf, seed } from '../support/random.ts';
import { onServer, openWorkers, type Worker, type Workers } from './workers-world.ts';

const kills = 20;
const people = 500;
const changes = 10_000;
const factor = 5;

const writeBack = { hubspot: { fields: { vf_points: 'loyalty.points' } } };

/** The rules as a worker has them, for facts that this process takes the part of the inbox for. */
function rulesOf(): WriteBackRules {
  const config = checkConfig(
    'chaos',
    {
      destination: { connector: 'voucherify', appId: 'a', appToken: 'b' },
      sources: { hubspot: { connector: 'hubspot', accessToken: 'pat-eu1-0123456789' } },
      writeBack,
    },
    {},
    connectors,
  );
  return new WriteBackRules(config.sources, config.destination.connector.destination!.facts);
}

describe.runIf(onServer)('write-back by workers that are killed', () => {
  let world: Workers;
  afterEach(() => world?.close());

  it(`loses nothing, turns nothing back and echoes nothing in ${changes} round trips over ${kills} kills (seed ${seed})`, {
    timeout: 540_000,
  }, async () => {
    const random = randomOf(seed);
    const shown = new Map<string, number>();
    const wentBack: string[] = [];
    let writes = 0;
    world = await openWorkers({
      factor,
      leaseMs: 100,
      latencyMs: [40, 20],
      hubspot: {
        indexLagMs: 0,
        quotas: false,
        onWrite({ id, properties }, change) {
          if (change.type !== 'propertyChange' || !change.properties.includes('vf_points')) return;
          writes += 1;
          const points = Number(properties['vf_points'] || 0);
          if (points < (shown.get(id) ?? 0)) wentBack.push(id);
          shown.set(id, points);
        },
      },
      config: { writeBack },
    });
    const { hubspot, voucherify, database } = world;
    hubspot.define({ name: 'vf_points', type: 'number', label: 'Points' });
    hubspot.seed(people, 3);
    const ids = [...hubspot.contacts()].map(({ id }) => id);
    const first = await world.start('the first worker');
    await first.sync('full');
    for (let inRow = 0; inRow < 5; ) inRow = (await first.nextLook()) ? inRow + 1 : 0;
    await first.kill();
    const delivered = voucherify.count;
    const before = new Map(ids.map((id) => [id, voucherify.writesOf(id)]));

    const rules = rulesOf();
    const points = new Map<string, number>(ids.map((id) => [id, 0]));
    let made = 0;
    const change = async (some: number) => {
      const now = world.now();
      const known = Array.from({ length: some }, () => {
        const sourceId = ids[Math.floor(random() * ids.length)]!;
        points.set(sourceId, points.get(sourceId)! + 1);
        made += 1;
        const loyalty = { points: points.get(sourceId)!, referred_customers: 0, campaigns: {} };
        // Each by a clock of its own, as events have them.
        return { sourceId, groups: { loyalty }, at: now * 1000 + made, by: 'told' as const, changedAt: now };
      });
      await database.transaction((tx) =>
        keepFacts(tx, { rules, suppressions: null }, known, {
          lane: random() < 0.3 ? 'webhook' : 'schedule',
          now,
        }),
      );
    };
    for (let kill = 0; kill < kills; kill += 1) {
      const worker: Worker = await world.start(`worker ${kill + 1}`);
      const until = performance.now() + 100 + random() * 900;
      while (performance.now() < until && made < (changes / kills) * (kill + 1)) {
        await change(25);
        await delay(5);
      }
      await worker.kill();
    }
    while (made < changes) await change(Math.min(50, changes - made));

    const last = await world.start('the last worker');
    const open = async () => {
      const [row] = await database.rows<{ open: number }>(sql`
        select (select count(*) from write_backs where state <> 'delivered')::int
             + (select count(*) from write_back_jobs)::int as open`);
      return row!.open;
    };
    const deadline = performance.now() + 200_000;
    while ((await open()) > 0 && performance.now() < deadline) await delay(100);
    expect(await open()).toBe(0);
    const held = ids.map((id) => Number(hubspot.get(id)?.properties['vf_points'] || 0));
    expect(held).toEqual(ids.map((id) => points.get(id)));
    expect(wentBack).toEqual([]);
    expect(writes).toBeLessThanOrEqual(changes + kills * 200);

    for (let run = 0; run < 2; run += 1) {
      await last.sync('incremental');
      for (let inRow = 0; inRow < 10; ) inRow = (await last.nextLook()) ? inRow + 1 : 0;
    }
    await last.drain();
    expect(voucherify.count).toBe(delivered);
    expect(ids.filter((id) => voucherify.writesOf(id) !== before.get(id))).toEqual([]);
    expect(await database.rows(sql`select 1 from dead_letters where settled_at is null`)).toEqual([]);
  });
});
