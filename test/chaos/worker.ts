// One worker as a process of its own, to be killed. It is told what to do by its first argument and says by messages
// how far it is.
import { connectors } from '../../connectors/index.ts';
import { Tributary } from '../../src/app/app.ts';
import { checkConfig } from '../../src/config.ts';
import { openDatabase } from '../../src/db/database.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { createLog } from '../../src/engine/log/log.ts';

const { where, config } = JSON.parse(process.argv[2] ?? '{}') as {
  where: { url?: string; directory: string };
  config: object;
};

const database = await openDatabase(where);

const log = createLog({ level: 'warn', write: (line) => process.stderr.write(line) });

const tributary = new Tributary({
  config: checkConfig('chaos', config, {}, connectors),
  database,
  clock: systemClock,
  log,
});

await tributary.start();

process.send?.({ started: true });

process.on('message', async (said: { do: 'sync' | 'drain' }) => {
  if (said.do === 'sync')
    await tributary.request({ source: 'hubspot', mode: 'incremental', trigger: 'manual', lane: 'schedule' });
  if (said.do === 'drain') {
    await tributary.drain();
    await database.close();
    process.exit(0);
  }
});

for (;;) {
  await systemClock.sleep(100);
  process.send?.({ rest: await tributary.isAtRest() });
}
