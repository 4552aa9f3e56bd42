// How soon work that one process commits is begun by another, and how often loops that have nothing to do ask the database.
// It does not know how they are woken.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { sourceFlags } from '../bin/launch.mjs';
import { type Database, toEpochMs } from '../src/db/database.ts';
import { InboxWriter } from '../src/tables/inbox.ts';
import { type Figure, median } from './figures.ts';
import type { Addresses } from './freshness-terms.ts';
import { onMigratedDatabase } from './own-database.ts';
import { type Script, spawnScript } from './processes.ts';

const idleSeconds = 20;
const webhooks = 100;
const runs = 3;

/** What one worker did in a while. */
interface Work {
  statements: number;
  cpuSeconds: number;
}

export async function wakesFigures(server: string | null): Promise<Figure[]> {
  const figures: Figure[] = [];
  const vendor = spawnScript('freshness-vendor.ts', []);
  const { voucherify } = JSON.parse(await vendor.line) as Addresses;
  try {
    figures.push(idleFigure('PGlite, one worker', await repeated(() => idleOnPglite(voucherify))));
    if (!server) return figures;
    for (const workers of [1, 2]) {
      const measured: { idle: Work; openedMs: number[] }[] = [];
      for (let run = 0; run < runs; run += 1)
        measured.push(
          await onMigratedDatabase(server, (url, database) =>
            onPostgres({ url, database, workers, voucherify }),
          ),
        );
      const told = `PostgreSQL, ${workers === 1 ? 'one worker' : 'two workers'}`;
      figures.push(
        idleFigure(
          told,
          measured.map(({ idle }) => idle),
        ),
      );
      figures.push(openedFigure(told, measured));
    }
    return figures;
  } finally {
    vendor.child.kill();
    await vendor.exit;
  }
}

async function repeated(measure: () => Promise<Work>): Promise<Work[]> {
  const all: Work[] = [];
  for (let run = 0; run < runs; run += 1) all.push(await measure());
  return all;
}

function idleFigure(told: string, all: readonly Work[]): Figure {
  const perSecond = median(all.map(({ statements }) => statements)) / idleSeconds;
  const cpu = median(all.map(({ cpuSeconds }) => cpuSeconds)) / idleSeconds;
  return {
    name: `idle, ${told}`,
    ours: `${perSecond.toFixed(1)} statements a second`,
    against: `${(cpu * 1000).toFixed(0)} ms of CPU a second`,
    ratio: null,
    bar: null,
  };
}

function openedFigure(told: string, all: readonly { idle: Work; openedMs: readonly number[] }[]): Figure {
  const at = (share: number) => median(all.map(({ openedMs }) => percentile(openedMs, share))).toFixed(0);
  return {
    name: `webhook committed by another process, until it is opened, ${told}`,
    ours: `p50 ${at(0.5)} ms, p95 ${at(0.95)}`,
    against: `${webhooks} webhooks, medians of ${runs} runs`,
    ratio: null,
    bar: null,
  };
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? 0;
}

async function idleOnPglite(voucherify: string): Promise<Work> {
  const directory = mkdtempSync(join(tmpdir(), 'tributary-wakes-'));
  try {
    const worker = await startWorker(['--directory', directory, '--voucherify', voucherify]);
    const idle = await idleWork([worker]);
    await stop(worker);
    return idle;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function onPostgres(options: {
  url: string;
  database: Database;
  workers: number;
  voucherify: string;
}): Promise<{ idle: Work; openedMs: number[] }> {
  const { url, database, voucherify } = options;
  const args = ['--database', url, '--voucherify', voucherify];
  const workers = await Promise.all(Array.from({ length: options.workers }, () => startWorker(args)));
  const idle = await idleWork(workers);
  const openedMs = await openedAfter(database);
  await Promise.all(workers.map(stop));
  return { idle, openedMs };
}

async function startWorker(args: string[]): Promise<Script> {
  const worker = spawnScript('wakes-worker.ts', args, { flags: sourceFlags });
  await worker.line;
  await delay(5_000); // its first steps are over
  return worker;
}

async function stop(worker: Script): Promise<void> {
  worker.child.kill('SIGTERM');
  const code = await worker.exit;
  if (code !== 0) throw new Error(`wakes-worker.ts ended with ${code}. ${worker.complaints()}`);
  if (worker.complaints()) console.log(worker.complaints());
}

/** Of all workers together. */
async function idleWork(workers: readonly Script[]): Promise<Work> {
  const before = await Promise.all(workers.map(told));
  await delay(idleSeconds * 1000);
  const after = await Promise.all(workers.map(told));
  const sum = (all: readonly Work[], of: keyof Work) => all.reduce((total, one) => total + one[of], 0);
  return {
    statements: sum(after, 'statements') - sum(before, 'statements'),
    cpuSeconds: sum(after, 'cpuSeconds') - sum(before, 'cpuSeconds'),
  };
}

function told({ child }: Script): Promise<Work> {
  const lines = createInterface({ input: child.stdout! });
  child.kill('SIGUSR2');
  return new Promise((resolve) =>
    lines.once('line', (line) => {
      lines.close();
      resolve(JSON.parse(line) as Work);
    }),
  );
}

/** Keeps webhooks one by one, at moments that do not keep step with any loop, and looks when each was opened. */
async function openedAfter(database: Database): Promise<number[]> {
  const inbox = new InboxWriter(database, () => {});
  const committedAt: number[] = [];
  for (let number = 0; number < webhooks; number += 1) {
    const body = { event_id: `event-${number}`, id: `p${number}`, name: 'Ann', changed_at: new Date() };
    await inbox.keep({
      source: 'events',
      receivedAt: Date.now(),
      method: 'POST',
      query: {},
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(body)),
    });
    committedAt.push(Date.now());
    await delay(100 + ((number * 37) % 200));
  }
  for (;;) {
    const rows = await database.rows<{ openedAt: number | null }>(
      sql`select ${toEpochMs(sql`opened_at`)} as "openedAt" from inbox order by id`,
    );
    if (rows.every(({ openedAt }) => openedAt !== null))
      return rows.map(({ openedAt }, index) => Math.max(openedAt! - committedAt[index]!, 0));
    await delay(100);
  }
}
