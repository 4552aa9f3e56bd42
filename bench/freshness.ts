// Figures of freshness: how long a change takes from its source to the destination's word while a backfill is being
// delivered, against the same changes on a system that does nothing else. It does not know how they are kept apart.

import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { workerFlags } from '../bin/launch.mjs';
import { type Database, openDatabase } from '../src/db/database.ts';
import { onServer } from '../test/support/postgres.ts';
import type { Figure } from './figures.ts';
import type { Addresses, Lags } from './freshness-terms.ts';
import { type Script, spawnScript } from './processes.ts';

const perSecond = 12;
const secondsEach = Number(process.env['BENCH_SECONDS'] ?? 60);
/** Idle and beside a backfill in turn, so often. */
const turns = Number(process.env['BENCH_TURNS'] ?? 2);
const mostRatio = 1.2;
const backfilled = Number(process.env['BENCH_BACKFILL'] ?? 200_000);

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
    return await onOwnDatabase(server, (url, database) => measure(url, database, addresses));
  } finally {
    vendor.child.kill();
    await vendor.exit;
  }
}

async function measure(url: string, database: Database, addresses: Addresses): Promise<Figure[]> {
  const args = ['--database', url, '--hubspot', addresses.hubspot, '--voucherify', addresses.voucherify];
  const worker = spawnScript('freshness-worker.ts', args, { flags: [...workerFlags, ...(process.env['BENCH_FLAGS']?.split(' ') ?? [])] });
  const door = await worker.line;
  const lags = { idle: none(), busy: none() };
  await live(addresses, door, 10); // whatever is slow the first time
  await eventLoop(worker);
  let [begun, ended] = [0, 0];
  for (let turn = 0; turn < turns; turn += 1) {
    add(lags.idle, await live(addresses, door, secondsEach));
    await breakdown(database, 'idle');
    const idle = await eventLoop(worker);
    if (turn === 0) await fill(database);
    await resume(database);
    await delay(3_000);
    begun = await waiting(database);
    add(lags.busy, await live(addresses, door, secondsEach));
    ended = await waiting(database);
    await breakdown(database, 'busy');
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
  return (Object.keys(words) as (keyof Lags)[]).map((kind) =>
    figureOf(kind, lags.idle[kind], lags.busy[kind]),
  );
}

const none = (): Lags => ({ record: [], touch: [] });

function add(all: Lags, more: Lags): void {
  all.record.push(...more.record);
  all.touch.push(...more.touch);
}

function figureOf(kind: keyof Lags, idle: readonly number[], busy: readonly number[]): Figure {
  const told = (lags: readonly number[]) =>
    `p99 ${percentile(lags, 0.99).toFixed(0)} ms, p50 ${percentile(lags, 0.5).toFixed(0)}`;
  const ratio = percentile(busy, 0.99) / percentile(idle, 0.99);
  return {
    name: `live change ${words[kind]}, beside a backfill`,
    ours: told(busy),
    against: `${told(idle)} on an idle system`,
    ratio,
    bar: { value: ratio, most: mostRatio, unit: '×' },
  };
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? 0;
}

async function live({ control }: Addresses, door: string, seconds: number): Promise<Lags> {
  const query = new URLSearchParams({ door, seconds: String(seconds), perSecond: String(perSecond) });
  const response = await fetch(`${control}/live?${query}`, { method: 'POST' });
  const said = (await response.json()) as { lags: Lags; lost: number; refused: number; heldMs: number };
  if (process.env['BENCH_DEBUG'])
    console.log(`# the vendor was held for up to ${said.heldMs} ms (p99)`, words2(said.lags));
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

async function onOwnDatabase<Result>(
  server: string,
  work: (url: string, database: Database) => Promise<Result>,
): Promise<Result> {
  const name = `tributary_bench_${Math.random().toString(36).slice(2, 10)}`;
  await onServer(server, (sql) => sql`create database ${sql(name)}`);
  if (process.env['BENCH_ASYNC']) await onServer(server, (sql) => sql`alter database ${sql(name)} set synchronous_commit = off`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const database = await openDatabase({ url: url.href, directory: '' });
  try {
    return await work(url.href, database);
  } finally {
    await database.close();
    await onServer(server, (sql) => sql`drop database if exists ${sql(name)} with (force)`);
  }
}

function words2(l: Lags) {
  return Object.entries(l)
    .map(([k, v]) => `${k}: ${[0.5, 0.9, 0.95, 0.99, 1].map((q) => percentile(v, q).toFixed(0)).join(' ')}`)
    .join('; ');
}

async function breakdown(database: Database, name: string) {
  if (!process.env['BENCH_DEBUG']) return;
  const [row] = await database.rows<{ open: number[]; send: number[] }>(sql`select
   (select percentile_cont(array[0.5,0.9,0.95,0.99]) within group (order by extract(epoch from opened_at - received_at) * 1000) from inbox where source = 'events' and received_at > now() - ${secondsEach} * interval '1 second') as open,
   (select percentile_cont(array[0.5,0.9,0.95,0.99]) within group (order by extract(epoch from acknowledged_at - at) * 1000) from acknowledgements a join revisions r using (source_id, revision) where source_id like 'person-%' and at > now() - ${secondsEach} * interval '1 second') as send`);
  console.log('#', name, 'open', row!.open, 'send', row!.send);
}
