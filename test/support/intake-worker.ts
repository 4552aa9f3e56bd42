// The server of the door as a process of its own, to be killed or measured: a source that takes signed webhooks, a
// destination that is paused. It tells its address by a message.
import { connectors } from '../../connectors/index.ts';
import { Tributary } from '../../src/app/app.ts';
import { checkConfig } from '../../src/config.ts';
import { openDatabase } from '../../src/db/database.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { createLog } from '../../src/engine/log/log.ts';
import { pause } from '../../src/tables/pauses.ts';
import { createApp } from '../../src/web/app.ts';
import { serveApp } from '../../src/web/server.ts';
import { intakeConfig } from './intake.ts';

const { where, opens } = JSON.parse(process.argv[2] ?? '{}') as {
  where: { url?: string; directory: string };
  /** False: requests are kept and answered, and nothing else is done. */
  opens: boolean;
};

const database = await openDatabase(where);

const log = createLog({ level: 'warn', write: (line) => process.stderr.write(line) });

const config = checkConfig('intake', intakeConfig, {}, connectors);

const tributary = new Tributary({ config, database, clock: systemClock, log });

await pause(database, 'destination', { cause: 'person', reason: 'a test' }, systemClock.now());

if (opens) await tributary.start({ calendar: false });

const app = createApp(tributary, {
  apiToken: 'a-token-for-the-tests',
  version: '0.0.0',
  dataDir: where.directory,
});

const served = await serveApp(app, { host: '127.0.0.1', port: 0 });

process.send?.({ url: served.url });

process.on('message', async (said: string) => {
  if (said !== 'drain') return;
  await served.close();
  await tributary.drain();
  await database.close();
  process.exit(0);
});
