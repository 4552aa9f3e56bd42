// Figures of freshness: how long a change takes from its source to the destination's word while a backfill is being
// delivered, against the same changes on a system that does nothing else. It does not know how they are kept apart.

import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { sourceFlags } from '../bin/launch.mjs';
import type { Database } from '../src/db/database.ts';
import type { Figure } from './figures.ts';
import type { Addresses, Lags } from './freshness-terms.ts';
import { onMigratedDatabase } from './own-database.ts';
import { type Script, spawnScript } from './processes.ts';

const perSecond = 12;
const secondsEach = 60;
/** Idle and beside a backfill in turn, so often. */
const turns = 2;
const maxRatio = 1.2;
/** The most that 99 of 100 changes may take beside the backfill, milliseconds. */
const maxMs: { [kind in keyof Lags]: number } = { record: 50, touch: 150 };
const backfilled = 200_000;

const words: { [kind in keyof Lags]: string } = {
  record: 'told whole by webhook',
  touch: 'told by webhook and read',
};

/** Two processes and a database between them: without PostgreSQL there is nothing to measure. */
export async function freshnessFigures(server: string | null): Promise<Figure[]> {
  if (!server) return [];
  const vendor = spawnScript('freshness-vendor.ts', []);
  const addresses = JSON.parse(await vendor.line) as Addresses;
  try {
    return await onMigratedDatabase(server, (url, database) => measure(url, database, addresses));
  } finally {
    vendor.child.kill();
    await vendor.exit;
  }
}

async function measure(url: string, database: Database, addresses: Addresses): Promise<Figure[]> {
  const args = ['--database', url, '--hubspot', addresses.hubspot, '--voucherify', addresses.voucherify];
  const worker = spawnScript('freshness-worker.ts', args, { flags: sourceFlags });
  const door = await worker.line;
  const lags = { idle: none(), busy: none() };
  await live(addresses, door, 10); // whatever is slow the first time
  await eventLoop(worker);
  let [begun, ended] = [0, 0];
  for (let turn = 0; turn < turns; turn += 1) {
    add(lags.idle, await live(addresses, door, secondsEach));
    const idle = await eventLoop(worker);
    if (turn === 0) await fill(database);
    await resume(database);
    await delay(3_000);
    begun = await waiting(database);
    add(lags.busy, await live(addresses, door, secondsEach));
    ended = await waiting(database);
    const busy = await eventLoop(worker);
    console.log(
      `# event loop held: idle ${idle}, beside the backfill ${busy}; ${begun} to ${ended} customers waited`,
    );
    if (ended === 0) throw new Error('The backfill was over before it was measured.');
    await putOff(database);
  }
  worker.child.kill('SIGTERM');
  const code = await worker.exit;
  if (code !== 0) throw new Error(`freshness-worker.ts ended with ${code}. ${worker.complaints()}`);
  if (worker.complaints()) console.log(worker.complaints());
  return (Object.keys(words) as (keyof Lags)[]).flatMap((kind) =>
    figuresOf(kind, lags.idle[kind], lags.busy[kind]),
  );
}

const none = (): Lags => ({ record: [], touch: [] });

function add(all: Lags, more: Lags): void {
  all.record.push(...more.record);
  all.touch.push(...more.touch);
}

function figuresOf(kind: keyof Lags, idle: readonly number[], busy: readonly number[]): Figure[] {
  const told = (lags: readonly number[]) =>
    `p99 ${percentile(lags, 0.99).toFixed(0)} ms, p50 ${percentile(lags, 0.5).toFixed(0)}`;
  const value = percentile(busy, 0.99);
  const ratio = value / percentile(idle, 0.99);
  return [
    {
      name: `live change ${words[kind]}, beside a backfill`,
      ours: told(busy),
      against: `${told(idle)} on an idle system`,
      ratio,
      bar: { value: ratio, most: maxRatio, unit: '×' },
    },
    {
      name: 'p99 of it',
      ours: `${value.toFixed(0)} ms`,
      against: `${maxMs[kind]} ms allowed`,
      ratio: value / maxMs[kind],
      bar: { value, most: maxMs[kind], unit: ' ms' },
    },
  ];
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? 0;
}

async function live({ control }: Addresses, door: string, seconds: number): Promise<Lags> {
  const query = new URLSearchParams({ door, seconds: String(seconds), perSecond: String(perSecond) });
  const response = await fetch(`${control}/live?${query}`, { method: 'POST' });
  const said = (await response.json()) as { lags: Lags; lost: number; refused: number; heldMs: number };
  if (said.lost > 0) throw new Error(`${said.lost} changes never arrived.`);
  if (said.refused > 0) throw new Error(`${said.refused} calls were refused for quota.`);
  return said.lags;
}

function eventLoop({ child }: Script): Promise<string> {
  const lines = createInterface({ input: child.stdout! });
  child.kill('SIGUSR2');
  return new Promise((resolve) =>
    lines.once('line', (line) => {
      lines.close();
      resolve(line);
    }),
  );
}

async function waiting(database: Database): Promise<number> {
  const [row] = await database.rows<{ count: number }>(
    sql`select count(*)::int as count from deliveries where state = 'waiting' and lane = 3`,
  );
  return row!.count;
}

async function fill(database: Database): Promise<void> {
  await database.rows(sql`
    insert into customers (source_id, revision, fields, created_at, updated_at)
    select 'old-' || number, 1, jsonb_build_object(
      'name', 'First Last ' || number, 'email', 'person.' || number || '@example.org', 'phone', '+48' || (600000000 + number),
      'address.city', 'City ' || number % 300, 'metadata.stage', 'customer', 'metadata.points', number % 5000), now(), now()
    from generate_series(1, ${backfilled}::int) as number`);
  await database.rows(sql`
    insert into deliveries (source_id, revision, state, lane, due_at, waiting_since)
    select source_id, 1, 'waiting', 3, now() + interval '1 day', now() from customers where source_id like 'old-%'`);
  await database.rows(sql`vacuum (analyze)`);
}

/** The backfill goes on. */
const resume = (database: Database) =>
  database.rows(
    sql`update deliveries set due_at = now() where state = 'waiting' and lane = 3 and batch_id is null and lease is null`,
  );

/** The backfill rests; what is under way is waited for. */
async function putOff(database: Database): Promise<void> {
  await database.rows(
    sql`update deliveries set due_at = now() + interval '1 day' where state = 'waiting' and lane = 3 and batch_id is null and lease is null`,
  );
  for (;;) {
    const [row] = await database.rows<{ busy: boolean }>(sql`
      select exists(select 1 from batches) or exists(select 1 from deliveries where state = 'waiting' and lane = 3 and lease is not null) as busy`);
    if (!row!.busy) break;
    await delay(250);
  }
  await database.rows(sql`vacuum (analyze)`);
}
