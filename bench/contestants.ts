// The two sides, each as someone who runs one of them: what a run of it is, where it keeps what it knows, and what it
// said of itself. It does not know which figures are made of that.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { workerEnvironment, workerFlags } from '../bin/launch.mjs';
import { onServer } from '../test/support/postgres.ts';
import { databaseCpuSeconds } from './database-cpu.ts';
import { packaged } from './package.ts';
import { spawnScript } from './processes.ts';
import type { WorldAddress } from './vendors.ts';

/** One run, from the process being spawned to everything being done. */
export interface Measured {
  wallMs: number;
  /** Tributary's own: from the run's request to rest. It is a service; the script pays for its start each time. */
  runMs: number | null;
  peakRssMegabytes: number;
  /** User and system, of its process. */
  cpuSeconds: number;
  /** What of that passed before it could begin. 0 where it does not tell. */
  startCpuSeconds: number;
  /** Of the database server meanwhile, whoever asked it. 0 where there is none; null where it cannot be told. */
  databaseCpuSeconds: number | null;
}

export interface Contestant {
  name: string;
  /** Whether its being done means that Voucherify has it, or only that it was accepted. */
  doneMeans: 'written' | 'accepted';
  run(world: WorldAddress, mode: 'incremental' | 'full' | 'verify'): Promise<Measured>;
  end(): Promise<void>;
}

/** Ours is started as users start it. */
const asStarted = { flags: workerFlags, environment: workerEnvironment };

export function yardstick(poll: boolean): Contestant {
  const directory = mkdtempSync(join(tmpdir(), 'tributary-bench-'));
  const environment = { HUBSPOT_TOKEN: 'bench', VOUCHERIFY_APP_ID: 'bench', VOUCHERIFY_TOKEN: 'bench' };
  return {
    name: poll ? 'script that asks what became of its bulk calls' : 'script',
    doneMeans: poll ? 'written' : 'accepted',
    run: (world) =>
      measured(
        'yardstick.ts',
        [...vendorArguments(world), '--hashes', join(directory, 'hashes.json'), ...(poll ? ['--poll'] : [])],
        { environment },
      ),
    end: async () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** On a database of its own, dropped at the end. */
export async function tributaryOnPostgres(server: string): Promise<Contestant & { databaseUrl: string }> {
  const database = `tributary_bench_${Math.random().toString(36).slice(2, 10)}`;
  await onServer(server, (sql) => sql`create database ${sql(database)}`);
  const url = new URL(server);
  url.pathname = `/${database}`;
  return {
    name: 'Tributary on PostgreSQL',
    databaseUrl: url.href,
    doneMeans: 'written',
    run: async (world, mode) => {
      const before = await databaseCpuSeconds(server);
      const args = [...vendorArguments(world), '--mode', mode, '--database', url.href];
      const found = await measured(await packaged('ours'), args, asStarted);
      const after = await databaseCpuSeconds(server);
      return { ...found, databaseCpuSeconds: before === null || after === null ? null : after - before };
    },
    end: () =>
      onServer(
        server,
        async (sql) => void (await sql`drop database if exists ${sql(database)} with (force)`),
      ),
  };
}

export async function tributaryOnPglite(): Promise<Contestant> {
  const directory = mkdtempSync(join(tmpdir(), 'tributary-bench-'));
  return {
    name: 'Tributary on PGlite',
    doneMeans: 'written',
    run: async (world, mode) => {
      const args = [...vendorArguments(world), '--mode', mode, '--directory', directory];
      return measured(await packaged('ours'), args, asStarted);
    },
    end: async () => rmSync(directory, { recursive: true, force: true }),
  };
}

const vendorArguments = ({ hubspot, voucherify }: WorldAddress) => [
  '--hubspot',
  hubspot,
  '--voucherify',
  voucherify,
];

/** A run that takes longer hangs. 500,000 contacts take three minutes. */
const deadlineMs = 900_000;

async function measured(...[name, args, options]: Parameters<typeof spawnScript>): Promise<Measured> {
  const script = spawnScript(name, args, options);
  const hangs = setTimeout(() => script.child.kill('SIGKILL'), deadlineMs);
  const said = JSON.parse(await script.line.finally(() => clearTimeout(hangs))) as {
    runMs?: number;
    peakRssKilobytes: number;
    cpuSeconds: number;
    startCpuSeconds?: number;
  };
  const wallMs = await script.wallMs;
  const code = await script.exit;
  if (code !== 0) throw new Error(`${name} ended with ${code}. ${script.complaints()}`);
  return {
    wallMs,
    runMs: said.runMs ?? null,
    peakRssMegabytes: said.peakRssKilobytes / 1024,
    cpuSeconds: said.cpuSeconds,
    startCpuSeconds: said.startCpuSeconds ?? 0,
    databaseCpuSeconds: 0,
  };
}
