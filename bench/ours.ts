// Tributary, started as a process of its own: one run from its request to rest, or one verification, and what that took. It knows nothing of
// what it is compared with.
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connectors } from '../connectors/index.ts';
import { Tributary } from '../src/app/app.ts';
import { checkConfig } from '../src/config.ts';
import { openDatabase } from '../src/db/database.ts';
import { systemClock } from '../src/engine/clock.ts';
import { createLog } from '../src/engine/log/log.ts';
import { runById } from '../src/tables/runs.ts';
import { verificationById } from '../src/tables/verifications.ts';
import { configurationOf, quotasOpen } from './configuration.ts';

const { values: options } = parseArgs({
  options: {
    hubspot: { type: 'string', default: '' },
    voucherify: { type: 'string', default: '' },
    /** A PostgreSQL database; without it PGlite in `directory`. */
    database: { type: 'string' },
    directory: { type: 'string', default: '' },
    /** incremental, full or verify. */
    mode: { type: 'string', default: 'incremental' },
  },
});

const config = checkConfig(
  'bench/ours.ts',
  configurationOf({ hubspot: options.hubspot, voucherify: options.voucherify }, quotasOpen),
  {},
  connectors,
);

const database = await openDatabase({ url: options.database, directory: options.directory });

const log = createLog({ level: 'warn', write: (line) => void process.stderr.write(line) });

const tributary = new Tributary({ config, database, clock: systemClock, log });

await tributary.start();

const requestedAt = performance.now();

const startCpuSeconds = cpuSeconds();

const told = options.mode === 'verify' ? await verify() : await sync();

console.log(
  JSON.stringify({
    ...told,
    startMs: requestedAt,
    startCpuSeconds,
    peakRssKilobytes: process.resourceUsage().maxRSS,
    cpuSeconds: cpuSeconds(),
  }),
);

await tributary.drain();

await database.close();

async function sync() {
  const mode = options.mode === 'full' ? 'full' : 'incremental';
  const run = await tributary.request({ source: 'hubspot', mode, trigger: 'manual', lane: 'schedule' });
  if (!run) throw new Error('The run was not accepted.');
  while (!(await tributary.isAtRest())) await delay(50);
  const restedAt = performance.now();
  const ended = await runById(database, run.id);
  if (ended?.state !== 'finished')
    throw new Error(`The run ${ended?.state ?? 'is gone'}: ${ended?.error ?? 'no reason given'}`);
  const { received, changed, unchanged, customers } = ended;
  return {
    counts: { received, changed, unchanged, customers },
    pulledMs: ended.endedAt! - ended.startedAt!,
    runMs: restedAt - requestedAt,
  };
}

/** Reads all customers back. Throws where one differs from what was acknowledged. */
async function verify() {
  const begun = await tributary.verify({ sample: null, heal: false, by: 'person' });
  if (!begun || !('verification' in begun)) throw new Error('The verification was not accepted.');
  const { id } = begun.verification;
  let verification = await verificationById(database, id);
  while (verification?.state === 'requested') {
    await delay(50);
    verification = await verificationById(database, id);
  }
  const { compared, matching } = verification!.report;
  if (verification!.state !== 'finished' || matching !== compared)
    throw new Error(`The verification found differences: ${JSON.stringify(verification)}`);
  return { compared, runMs: performance.now() - requestedAt };
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
