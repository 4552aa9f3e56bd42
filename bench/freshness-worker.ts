// Tributary with its door, as a process of its own, between the vendors of the freshness bench. It prints its address.
import { tmpdir } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { connectors } from '../connectors/index.ts';
import { Tributary } from '../src/app/app.ts';
import { checkConfig } from '../src/config.ts';
import { openDatabase } from '../src/db/database.ts';
import { systemClock } from '../src/engine/clock.ts';
import { createLog } from '../src/engine/log/log.ts';
import { createApp } from '../src/web/app.ts';
import { serveApp } from '../src/web/server.ts';
import { clientSecret, eventSecret, publicUrl, quotas } from './freshness-terms.ts';

const { values: options } = parseArgs({
  options: {
    database: { type: 'string', default: '' },
    hubspot: { type: 'string', default: '' },
    voucherify: { type: 'string', default: '' },
  },
});

const config = checkConfig(
  'bench/freshness-worker.ts',
  {
    destination: {
      connector: 'voucherify',
      appId: 'bench',
      appToken: 'bench',
      baseUrl: options.voucherify,
      quota: quotas.calls,
      bulkQuota: quotas.bulk,
    },
    sources: {
      events: {
        connector: 'webhook',
        authentication: {
          type: 'signature',
          algorithm: 'hmac-sha256',
          secret: eventSecret,
          message: ['body'],
          header: 'x-signature',
          encoding: 'hex',
        },
        eventId: 'event_id',
        record: { id: 'id', changedAt: 'changed_at' },
        mapping: { name: 'name', email: 'email', 'metadata.seq': 'seq', 'metadata.stage': 'stage' },
      },
      hubspot: {
        connector: 'hubspot',
        accessToken: 'bench',
        clientSecret,
        baseUrl: options.hubspot,
        mapping: {
          name: ['firstname', 'lastname'],
          email: 'email',
          'metadata.seq': 'seq',
          'metadata.stage': 'lifecyclestage',
        },
      },
    },
    publicUrl,
    metadataSchema: 'none',
  },
  {},
  connectors,
);

const database = await openDatabase({ url: options.database, directory: '' });

const log = createLog({ level: 'warn', write: (line) => void process.stderr.write(line) });

const tributary = new Tributary({ config, database, clock: systemClock, log });

await tributary.start({ calendar: false });

const app = createApp(tributary, { apiToken: 'a-token-for-the-bench', version: '0', dataDir: tmpdir() });

const served = await serveApp(app, { host: '127.0.0.1', port: 0 });

console.log(served.url);

/** How long the event loop was held, to be told when asked. */
const delays = monitorEventLoopDelay({ resolution: 5 });

delays.enable();

process.on('SIGUSR2', () => {
  const told = { p50: delays.percentile(50), p99: delays.percentile(99), max: delays.max };
  console.log(
    JSON.stringify(
      Object.fromEntries(Object.entries(told).map(([name, value]) => [name, Math.round(value / 1e6)])),
    ),
  );
  delays.reset();
});

process.once('SIGTERM', async () => {
  await served.close();
  await tributary.drain();
  await database.close();
  process.exit(0);
});
