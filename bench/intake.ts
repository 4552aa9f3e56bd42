// How many signed webhooks a second are kept, durably, before they are answered: against one insert a request and against
// no database at all, in the same run and behind the same door.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sourceFlags } from '../bin/launch.mjs';
import { signedEvent } from '../test/support/intake.ts';
import { databaseName, onServer } from '../test/support/postgres.ts';
import { type Figure, median } from './figures.ts';
import { type Load, load } from './intake-load.ts';
import { spawnScript } from './processes.ts';

type Way = 'ours' | 'one insert a request' | 'one prepared insert' | 'no database';

interface Where {
  url?: string;
  directory: string;
}

const events = Array.from({ length: 500 }, (_, number) => signedEvent(number));
const loads = [1, 50, 200];
const secondsEach = 4;
/** After some 10,000 requests the engine compiles the door anew, and holds it up for a moment: services run for longer. */
const secondsBefore = 3;
const turns = 3;

/** PostgreSQL with fsync on where `server` is one; PGlite beside it. */
export async function intakeFigures(server: string | null): Promise<Figure[]> {
  const figures = server ? await onPostgres(server) : [];
  return [...figures, ...(await onPglite())];
}

async function onPostgres(server: string): Promise<Figure[]> {
  const name = databaseName();
  await onServer(server, async (sql) => {
    const [row] = await sql<{ fsync: string; commit: string }[]>`
      select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit`;
    if (row!.fsync !== 'on' || row!.commit !== 'on')
      throw new Error(
        `The server must fsync what it commits: fsync is ${row!.fsync}, synchronous_commit ${row!.commit}.`,
      );
    await sql`create database ${sql(name)}`;
  });
  const url = new URL(server);
  url.pathname = `/${name}`;
  const where = { url: url.href, directory: tmpdir() };
  try {
    return await compare(where);
  } finally {
    await onServer(server, (sql) => sql`drop database if exists ${sql(name)} with (force)`);
  }
}

async function compare(where: Where): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const connections of loads) {
    const measured: { [way in Way]: Load[] } = {
      ours: [],
      'one insert a request': [],
      'one prepared insert': [],
      'no database': [],
    };
    for (let turn = 0; turn < turns; turn += 1)
      for (const way of Object.keys(measured) as Way[])
        measured[way].push(await measure(way, where, { connections }));
    const rate = (way: Way) => median(measured[way].map((one) => one.perSecond));
    const against = (way: Way) => ({
      name: told,
      ours: words(measured.ours),
      against: `${way}: ${words(measured[way])}`,
      ratio: rate('ours') / rate(way),
    });
    const told = `signed acks at ${connections} connection${connections === 1 ? '' : 's'}`;
    const single = against('one insert a request');
    figures.push({ ...single, bar: { value: single.ratio, least: connections === 1 ? 0.95 : 3, unit: '×' } });
    // The same without what the plan's being kept gains: batching alone.
    figures.push({ ...against('one prepared insert'), bar: null });
    const bare = against('no database');
    figures.push({
      ...bare,
      bar: connections === 1 ? null : { value: bare.ratio, least: 0.5, unit: '×' },
    });
    if (connections === 50) figures.push(await atHalf(where, connections));
  }
  return figures;
}

/** Of the same server's peak just before: a shared machine has another one a minute later. */
async function atHalf(where: Where, connections: number): Promise<Figure> {
  const measured: Load[] = [];
  for (let turn = 0; turn < turns; turn += 1)
    await served('ours', where, connections, async (ask) => {
      const peak = await ask(secondsEach);
      measured.push(await ask(secondsEach, peak.perSecond / 2));
    });
  const p99 = median(measured.map((one) => one.p99Ms));
  const rate = median(measured.map((one) => one.perSecond));
  return {
    name: `p99 at half of peak, ${connections} connections`,
    ours: `${p99.toFixed(1)} ms at ${Math.round(rate).toLocaleString('en')}/s`,
    against: '25 ms allowed',
    ratio: p99 / 25,
    bar: { value: p99 / 25, most: 1, unit: '×' },
  };
}

async function onPglite(): Promise<Figure[]> {
  const measured: Load[] = [];
  const bare: Load[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    const directory = mkdtempSync(join(tmpdir(), 'tributary-bench-'));
    try {
      measured.push(await measure('ours', { directory }, { connections: 50 }));
      bare.push(await measure('no database', { directory }, { connections: 50 }));
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
  const ratio = median(measured.map((one) => one.perSecond)) / median(bare.map((one) => one.perSecond));
  return [
    {
      name: 'signed acks at 50 connections, on PGlite',
      ours: words(measured),
      against: `no database: ${words(bare)}`,
      ratio,
      bar: null,
    },
  ];
}

async function measure(way: Way, where: Where, { connections }: { connections: number }): Promise<Load> {
  return served(way, where, connections, (ask) => ask(secondsEach));
}

/** With a server of its own that is warm. `ask` loads it for so many seconds, as fast as it answers or at a rate. */
async function served<Result>(
  way: Way,
  where: Where,
  connections: number,
  work: (ask: (seconds: number, rate?: number) => Promise<Load>) => Promise<Result>,
): Promise<Result> {
  await clear(where);
  const server = spawnScript('intake-server.ts', [JSON.stringify({ way, where })], { flags: sourceFlags });
  try {
    const url = await server.line;
    const ask = async (seconds: number, rate?: number) => {
      const result = await load({ url, connections, seconds, events, ...(rate && { rate }) });
      if (result.refused > 0)
        throw new Error(`${result.refused} requests were refused. ${server.complaints()}`);
      return result;
    };
    await ask(secondsBefore);
    return await work(ask);
  } finally {
    server.child.kill('SIGKILL');
    await server.exit;
  }
}

/** None pays for what the one before has written: the table is empty, and nothing waits to be written out. */
async function clear({ url }: { url?: string }): Promise<void> {
  if (url === undefined) return;
  await onServer(url, async (sql) => {
    const [found] = await sql`select to_regclass('inbox') as inbox`;
    if (found!['inbox'] !== null) await sql`truncate inbox`;
    await sql`checkpoint`;
  });
}

function words(loads: readonly Load[]): string {
  const of = (pick: (load: Load) => number) => median(loads.map(pick));
  return `${Math.round(of((one) => one.perSecond)).toLocaleString('en')}/s, p50 ${of((one) => one.p50Ms).toFixed(1)} p99 ${of((one) => one.p99Ms).toFixed(1)} ms`;
}
