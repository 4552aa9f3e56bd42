// Figures of many workers behind PgBouncer in transaction mode, on few connections of the server, against as many workers
// at the server's own address. It does not know how they share the work.
import { sql } from 'drizzle-orm';
import type { Database } from '../src/db/database.ts';
import { hasPgbouncer, startPgbouncer } from '../test/support/pgbouncer.ts';
import { answers, startServer } from '../test/support/postgres.ts';
import { type Figure, median } from './figures.ts';
import { rateOf } from './workers.ts';

const workers = 50;
const serverConnections = 20;
const connectionsEach = 4;
const turns = 3;
const leastRatio = 0.9;

/** On a server of its own, since the one that is there may allow fewer connections than workers at its own address take. */
export async function poolerFigures(): Promise<Figure[]> {
  const own = hasPgbouncer ? await startServer() : null;
  if (!own) return [];
  try {
    await answers(own.url);
    return [await pooledAgainstDirect(own.url)];
  } finally {
    await own.stop();
  }
}

async function pooledAgainstDirect(server: string): Promise<Figure> {
  const pooler = await startPgbouncer({ server, poolSize: serverConnections });
  const behind = (url: string) => pooler.url(new URL(url).pathname.slice(1));
  const rates = { direct: [] as number[], pooled: [] as number[] };
  let connections = 0;
  let evicted = 0;
  const watch = async (database: Database) => {
    const [row] = await database.rows<{ connections: number; evicted: number }>(sql`
      select (select count(*)::int from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()) as connections,
        (select count(*)::int from workers where ended_at is not null) as evicted`);
    // Some are those of the handle that watches.
    connections = Math.max(connections, row!.connections);
    evicted += row!.evicted;
  };
  try {
    for (let turn = 0; turn < turns; turn += 1) {
      rates.direct.push(await rateOf(workers, server, { connections: connectionsEach }));
      rates.pooled.push(await rateOf(workers, server, { through: behind, onSecond: watch }));
    }
  } finally {
    await pooler.stop();
  }
  if (evicted > 0) throw new Error('A worker that lives was taken for dead.');
  const [direct, pooled] = [median(rates.direct), median(rates.pooled)];
  return {
    name: `customers delivered by ${workers} workers on at most ${serverConnections} connections of the server (${connections} seen with those of the observer)`,
    ours: `${pooled.toFixed(0)}/s`,
    against: `as many workers at its own address, ${connectionsEach} connections each: ${direct.toFixed(0)}/s`,
    ratio: pooled / direct,
    bar: { value: pooled / direct, least: leastRatio, unit: '×' },
  };
}
