// A source proof of many contacts beside a running sync, as a process of its own: its calls, how long it takes and whether its memory
// stays flat. Another process has synced the contacts, and the destination is paused, so that nothing else goes on. It knows no yardstick.
import { parseArgs } from 'node:util';
import { connectors } from '../connectors/index.ts';
import { Tributary } from '../src/app/app.ts';
import { checkConfig } from '../src/config.ts';
import { openDatabase } from '../src/db/database.ts';
import { systemClock } from '../src/engine/clock.ts';
import { createLog } from '../src/engine/log/log.ts';
import { destinationName, pause } from '../src/tables/pauses.ts';
import { runById } from '../src/tables/runs.ts';
import { verificationById } from '../src/tables/verifications.ts';

const { values: options } = parseArgs({
  options: {
    hubspot: { type: 'string', default: '' },
    voucherify: { type: 'string', default: '' },
    /** A PostgreSQL database of its own; without it PGlite in `directory`. */
    database: { type: 'string' },
    directory: { type: 'string', default: '' },
    /** Only the first sync: the proof is measured in a process of its own. */
    fill: { type: 'boolean', default: false },
  },
});

const config = checkConfig(
  'bench/source-proof.ts',
  {
    destination: {
      connector: 'voucherify',
      appId: 'bench',
      appToken: 'bench',
      baseUrl: options.voucherify,
      metadataWrites: 'merge',
    },
    sources: {
      hubspot: {
        connector: 'hubspot',
        accessToken: 'bench',
        baseUrl: options.hubspot,
        quota: { requests: 1_000_000, seconds: 10 },
        searchPerSecond: 50,
        mapping: { name: ['firstname', 'lastname'], email: 'email', 'address.city': 'city', phone: 'phone' },
      },
    },
  },
  {},
  connectors,
);

const database = await openDatabase({ url: options.database, directory: options.directory });

const log = createLog({ level: 'warn', write: (line) => void process.stderr.write(line) });

const tributary = new Tributary({ config, database, clock: systemClock, log });

await pause(database, destinationName, { cause: 'person', reason: 'a bench' }, systemClock.now());

await tributary.start({ calendar: false });

if (options.fill) {
  await ended(await requestRun('incremental'));
  console.log('filled');
  await tributary.drain();
  await database.close();
  process.exit(0);
}

let rssPeak = process.memoryUsage.rss();

const watch = setInterval(() => {
  rssPeak = Math.max(rssPeak, process.memoryUsage.rss());
}, 20);

// Everything that changes meanwhile is read beside it.
const running = requestRun('full');

const begun = performance.now();

await tributary.verify({ sample: 1, heal: false, by: 'person', sources: ['hubspot'] });

let proofMs = 0;

let verification = await verificationById(database, 1);

while (verification?.state === 'requested') {
  await systemClock.sleep(50);
  verification = await verificationById(database, 1);
  if (proofMs === 0 && verification?.report.streams?.[0]?.state === 'proven')
    proofMs = performance.now() - begun;
}

clearInterval(watch);

await ended(await running);

const [stream] = verification!.report.streams ?? [];

if (
  verification!.state !== 'finished' ||
  stream?.state !== 'proven' ||
  stream.listed.found + stream.notListed.found > 0
)
  throw new Error(
    `The verification ended as ${verification!.state}: ${verification!.error} ${JSON.stringify(stream)}`,
  );

console.log(
  JSON.stringify({
    listed: stream.listed.count,
    matched: stream.listed.matched,
    postponed: stream.listed.postponed,
    proofMs: Math.round(proofMs || performance.now() - begun),
    calls: stream.calls,
    peakMegabytes: rssPeak / 1024 ** 2,
  }),
);

await tributary.drain();

await database.close();

process.exit(0);

async function requestRun(mode: 'incremental' | 'full'): Promise<number> {
  const lane = mode === 'full' ? 'backfill' : 'schedule';
  const run = await tributary.request({ source: 'hubspot', mode, trigger: 'manual', lane });
  if (!run) throw new Error('The run was not accepted.');
  return run.id;
}

async function ended(id: number): Promise<void> {
  for (;;) {
    const run = await runById(database, id);
    if (run?.state === 'finished') return;
    if (run?.state !== 'requested') throw new Error(`The run ${run?.state}: ${run?.error}`);
    await systemClock.sleep(100);
  }
}
