// Figures of several workers: how many customers a second three deliver to a vendor whose answers are late, against one. It
// does not know how they share the work.
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { sourceFlags } from '../bin/launch.mjs';
import type { Database } from '../src/db/database.ts';
import { type Figure, median } from './figures.ts';
import { onMigratedDatabase } from './own-database.ts';
import { type Script, spawnScript } from './processes.ts';

const latencyMs = 150;
const many = 3;
const secondsEach = 8;
/** More than they can deliver meanwhile. */
const due = 8_000;
const turns = 3;
const leastRatio = 2.5;

/** Several processes share no PGlite: without PostgreSQL there are none. */
export async function workersFigures(server: string | null): Promise<Figure[]> {
  if (!server) return [];
  const rates = { one: [] as number[], many: [] as number[] };
  for (let turn = 0; turn < turns; turn += 1) {
    rates.one.push(await rateOf(1, server));
    rates.many.push(await rateOf(many, server));
  }
  const [one, three] = [median(rates.one), median(rates.many)];
  const words = (values: readonly number[]) =>
    `${median(values).toFixed(0)}/s (${Math.min(...values).toFixed(0)}–${Math.max(...values).toFixed(0)})`;
  return [
    {
      name: `customers delivered by ${many} workers, ${latencyMs} ms a call`,
      ours: words(rates.many),
      against: `one worker: ${words(rates.one)}`,
      ratio: three / one,
      bar: { value: three / one, least: leastRatio, unit: '×' },
    },
  ];
}

/** How the workers of a measurement reach the database, and who watches it meanwhile. */
interface Reach {
  /** The address for the workers, where it is not the database's own. */
  through?: (url: string) => string;
  connections?: number;
  /** Asked each second while they are measured. */
  onSecond?: (database: Database) => Promise<void>;
}

/** Customers a second, once all are at work. Throws where one was sent twice. */
export async function rateOf(workers: number, server: string, reach: Reach = {}): Promise<number> {
  const { through = (url) => url, connections, onSecond = async () => {} } = reach;
  const vendor = spawnScript('workers-vendor.ts', [String(latencyMs)]);
  const address = await vendor.line;
  try {
    return await onMigratedDatabase(server, async (url, database) => {
      await fill(database);
      const args = ['--database', through(url), '--vendor', address];
      if (connections !== undefined) args.push('--connections', String(connections));
      const scripts = Array.from({ length: workers }, () =>
        spawnScript('workers-child.ts', args, { flags: sourceFlags }),
      );
      await Promise.all(scripts.map(({ line }) => line));
      const before = await ask(address);
      const begun = performance.now();
      for (let second = 0; second < secondsEach; second += 1) {
        await delay(1000);
        await onSecond(database);
      }
      const after = await ask(address);
      const seconds = (performance.now() - begun) / 1000;
      await Promise.all(scripts.map(ended));
      const { calls, customers } = await ask(address);
      if (after.customers === due) throw new Error('There were too few customers to measure with.');
      if (calls !== customers) throw new Error(`${calls - customers} customers were sent twice.`);
      return (after.customers - before.customers) / seconds;
    });
  } finally {
    vendor.child.kill();
    await vendor.exit;
  }
}

async function ended(script: Script): Promise<void> {
  script.child.kill('SIGTERM');
  const code = await script.exit;
  if (code !== 0) throw new Error(`workers-child.ts ended with ${code}. ${script.complaints()}`);
}

async function ask(vendor: string): Promise<{ customers: number; calls: number }> {
  return (await (await fetch(vendor)).json()) as { customers: number; calls: number };
}

/** So many customers that are due, none of them ever sent. */
async function fill(database: Database): Promise<void> {
  await database.rows(sql`
    insert into customers (source_id, revision, fields, created_at, updated_at)
    select lpad(number::text, 9, '0'), 1, jsonb_build_object('name', 'Person ' || number), now(), now()
    from generate_series(1, ${due}::int) as number`);
  await database.rows(sql`
    insert into deliveries (source_id, revision, state, lane, due_at, waiting_since)
    select source_id, 1, 'waiting', 2, now(), now() from customers`);
  await database.rows(sql`vacuum (analyze)`);
}
