// A worker of the wakes bench: all loops, one source that pushes, and a count of the statements it runs. It does not know
// who keeps the webhooks that it opens.
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { connectors } from '../connectors/index.ts';
import { Tributary } from '../src/app/app.ts';
import { checkConfig } from '../src/config.ts';
import { type Database, openDatabase } from '../src/db/database.ts';
import { systemClock } from '../src/engine/clock.ts';
import { createLog } from '../src/engine/log/log.ts';
import { eventSecret, quotas } from './freshness-terms.ts';

const { values: options } = parseArgs({
  options: {
    database: { type: 'string' },
    directory: { type: 'string', default: tmpdir() },
    voucherify: { type: 'string', default: '' },
  },
});

const config = checkConfig(
  'bench/wakes-worker.ts',
  {
    destination: {
      connector: 'voucherify',
      appId: 'bench',
      appToken: 'bench',
      baseUrl: options.voucherify,
      quota: quotas.calls,
      metadataWrites: 'merge',
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
        mapping: { name: 'name', email: 'email', 'metadata.seq': 'seq' },
      },
    },
    metadataSchema: 'none',
  },
  {},
  connectors,
);

const opened = await openDatabase({ url: options.database, directory: options.directory });
let statements = 0;
const database: Database = {
  ...opened,
  rows: (statement) => {
    statements += 1;
    return opened.rows(statement);
  },
  prepared: (statement) => {
    statements += 1;
    return opened.prepared(statement);
  },
  transaction: (work) =>
    opened.transaction((tx) => {
      statements += 2; // begin and commit
      return work({
        rows: (statement) => {
          statements += 1;
          return tx.rows(statement);
        },
      });
    }),
};
const log = createLog({ level: 'warn', write: (line) => void process.stderr.write(line) });
const tributary = new Tributary({ config, database, clock: systemClock, log });
await tributary.start({ calendar: false });
console.log('started');

process.on('SIGUSR2', () => {
  const { user, system } = process.cpuUsage();
  console.log(JSON.stringify({ statements, cpuSeconds: (user + system) / 1e6 }));
});

process.once('SIGTERM', async () => {
  await tributary.drain();
  await database.close();
  process.exit(0);
});
