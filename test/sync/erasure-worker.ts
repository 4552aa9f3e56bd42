// A worker as a process of its own that erases one customer, to be killed before the destination has answered. It says by
// a message that it has erased here.
import { connectors } from '../../connectors/index.ts';
import { Tributary } from '../../src/app/app.ts';
import { checkConfig } from '../../src/config.ts';
import { openDatabase } from '../../src/db/database.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { createLog } from '../../src/engine/log/log.ts';

const { where, config, secretKey, sourceId } = JSON.parse(process.argv[2] ?? '{}') as {
  where: { url?: string; directory: string };
  config: object;
  secretKey: string;
  sourceId: string;
};

const tributary = new Tributary({
  config: checkConfig('erasure', config, {}, connectors),
  database: await openDatabase(where),
  clock: systemClock,
  log: createLog({ level: 'warn', write: (line) => process.stderr.write(line) }),
  secretKey,
});

await tributary.start({ calendar: false });

const { id } = await tributary.erase({ sourceId });

process.send?.({ id });
