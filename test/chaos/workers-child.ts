// One of several workers, as a process of its own: on a clock that all of them share and that may run faster than the
// wall's, and that the system stops with the process. It is told what to do by its first argument and by messages.
import { connectors } from '../../connectors/index.ts';
import { Tributary } from '../../src/app/app.ts';
import { checkConfig } from '../../src/config.ts';
import { openDatabase } from '../../src/db/database.ts';
import { type Clock, systemClock } from '../../src/engine/clock.ts';
import { createLog } from '../../src/engine/log/log.ts';
import type { LeaseTimes } from '../../src/engine/work/worker-registry.ts';
import { createApp } from '../../src/web/app.ts';
import { serveApp } from '../../src/web/server.ts';

export interface Orders {
  where: { url?: string; directory: string };
  config: object;
  /** Since `since`, epoch milliseconds, so many milliseconds pass in a real one. */
  time: { since: number; factor: number };
  /** Of the workers' leases, on their clock. */
  leaseTimes: LeaseTimes;
  calendar: boolean;
  /** Takes webhooks, and says where. */
  door?: boolean;
}

export type Said =
  | { started: true; url: string | null }
  | { rest: boolean }
  /** Whether the run that was asked for is one of its own: else one of its kind is going. */
  | { asked: boolean }
  /** A scheduled moment, epoch milliseconds, that got no run of its own here, since it has one or falls into one. */
  | { heldSlot: number };

const orders = JSON.parse(process.argv[2] ?? '{}') as Orders;

const { since, factor } = orders.time;

const clock: Clock = {
  now: () => Math.floor(since + (Date.now() - since) * factor),
  sleep: (milliseconds, signal) => systemClock.sleep(milliseconds / factor, signal),
};

const database = await openDatabase(orders.where);

const say = (said: Said) => process.send?.(said);

const log = createLog({
  level: 'debug',
  write(line) {
    const { level, slot } = JSON.parse(line) as { level: string; slot?: number };
    if (level === 'debug' && slot !== undefined) say({ heldSlot: slot });
    else if (level !== 'debug' && level !== 'info') process.stderr.write(line);
  },
});

const config = checkConfig('chaos', orders.config, {}, connectors);

const tributary = new Tributary({ config, database, clock, log, leaseTimes: orders.leaseTimes });

await tributary.start({ calendar: orders.calendar });

const served = orders.door
  ? await serveApp(
      createApp(tributary, {
        apiToken: 'a-token-for-the-tests',
        version: '0.0.0',
        dataDir: orders.where.directory,
      }),
      { host: '127.0.0.1', port: 0 },
    )
  : null;

say({ started: true, url: served?.url ?? null });

process.on('message', (said: { sync: 'incremental' | 'full' }) => {
  const lane = said.sync === 'full' ? 'backfill' : 'schedule';
  const asked = tributary.request({ source: 'hubspot', mode: said.sync, trigger: 'manual', lane });
  void asked.then((run) => say({ asked: run !== null }));
});

let over = false;

process.once('SIGTERM', async () => {
  over = true;
  await served?.close();
  await tributary.drain();
  await database.close();
  process.exit(0);
});

while (!over) {
  await systemClock.sleep(100);
  // While it was stopped its connections may have been ended.
  const rest = await tributary.isAtRest().catch(() => false);
  if (!over) say({ rest });
}
