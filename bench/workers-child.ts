// One worker that delivers: customers that are due, to a vendor far away, until none is left. It says when it is ready, and
// begins with the others.
import { parseArgs } from 'node:util';
import { connectors } from '../connectors/index.ts';
import { Tributary } from '../src/app/app.ts';
import { checkConfig } from '../src/config.ts';
import { openDatabase } from '../src/db/database.ts';
import { systemClock } from '../src/engine/clock.ts';
import { createLog } from '../src/engine/log/log.ts';

const { values: options } = parseArgs({
  options: {
    database: { type: 'string', default: '' },
    /** Where the vendor listens. */
    vendor: { type: 'string', default: '' },
    /** To the database, at most. */
    connections: { type: 'string' },
  },
});

const config = checkConfig(
  'bench/workers-child.ts',
  {
    destination: {
      connector: 'voucherify',
      appId: 'bench',
      appToken: 'bench',
      baseUrl: options.vendor,
      quota: { requests: 1_000_000, seconds: 60 },
      bulk: false,
      metadataWrites: 'merge',
    },
    sources: {},
    metadataSchema: 'none',
  },
  {},
  connectors,
);

const database = await openDatabase({
  url: options.database,
  directory: '',
  connections: options.connections === undefined ? undefined : Number(options.connections),
});

const log = createLog({ level: 'warn', write: (line) => void process.stderr.write(line) });

const tributary = new Tributary({ config, database, clock: systemClock, log });

await tributary.start({ calendar: false });

console.log('"ready"');

process.once('SIGTERM', async () => {
  await tributary.drain();
  await database.close();
  process.exit(0);
});
