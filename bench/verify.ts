// A whole verification of many customers, as a process of its own: its calls, how long it takes and whether its memory
// stays flat. The rows are made by SQL and the vendor by its own snapshot, alike but for a known few. It knows no yardstick.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sql } from 'drizzle-orm';
import { connectors } from '../connectors/index.ts';
import { Tributary } from '../src/app/app.ts';
import { checkConfig } from '../src/config.ts';
import { openDatabase } from '../src/db/database.ts';
import { systemClock } from '../src/engine/clock.ts';
import { createLog } from '../src/engine/log/log.ts';
import { verificationById } from '../src/tables/verifications.ts';
import { differingEvery } from './verify-vendor.ts';

const { values: options } = parseArgs({
  options: {
    /** A PostgreSQL database of its own; without it PGlite in a folder that is removed. */
    database: { type: 'string' },
    customers: { type: 'string', default: '200000' },
    /** Where the vendor listens. */
    vendor: { type: 'string' },
  },
});

const many = Number(options.customers);

const directory = mkdtempSync(join(tmpdir(), 'tributary-bench-'));

const database = await openDatabase({ url: options.database, directory });

await fill();

const config = checkConfig(
  'bench/verify.ts',
  {
    destination: {
      connector: 'voucherify',
      appId: 'bench',
      appToken: 'bench',
      baseUrl: options.vendor,
      metadataWrites: 'merge',
    },
    sources: {},
  },
  {},
  connectors,
);

const log = createLog({ level: 'silent', write: () => {} });

const tributary = new Tributary({ config, database, clock: systemClock, log });

await tributary.start({ calendar: false });

globalThis.gc?.();

let rssPeak = process.memoryUsage.rss();

const watch = setInterval(() => {
  rssPeak = Math.max(rssPeak, process.memoryUsage.rss());
}, 20);

const begun = performance.now();

await tributary.verify({ sample: null, heal: false, by: 'person' });

let verification = await verificationById(database, 1);

while (verification?.state === 'requested') {
  await systemClock.sleep(50);
  verification = await verificationById(database, 1);
}

const verifyMs = performance.now() - begun;

clearInterval(watch);

const report = verification!.report;

const expected = Math.ceil(many / differingEvery);

if (report.source !== 'export' || report.compared !== many || report.differing.count !== expected)
  throw new Error(
    `The verification ended as ${verification!.state} (${verification!.error}): ${JSON.stringify({ ...report, differing: report.differing.count })}`,
  );

console.log(
  JSON.stringify({
    customers: many,
    verifyMs: Math.round(verifyMs),
    peakMegabytes: rssPeak / 1024 ** 2,
    calls: report.calls,
  }),
);

await tributary.drain();

await database.close();

rmSync(directory, { recursive: true, force: true });

/** Every customer delivered and acknowledged, as the vendor has them. */
async function fill(): Promise<void> {
  await database.rows(sql`
    insert into deliveries (source_id, revision, acknowledged, state, lane, delivered_at)
    select lpad(number::text, 9, '0'), 1, 1, 'delivered', 3, now() - interval '1 hour'
    from generate_series(0, ${many - 1}::int) as number`);
  await database.rows(sql`
    insert into acknowledgements (source_id, revision, acknowledged_at, fields)
    select lpad(number::text, 9, '0'), 1, now() - interval '1 hour', jsonb_build_object(
      'name', 'First Last ' || number, 'email', 'person.' || number || '@example.org',
      'phone', '+48' || (600000000 + number), 'address.city', 'City, ' || number % 300,
      'metadata.stage', case when number % 3 = 0 then 'lead' else 'customer' end, 'metadata.points', number % 5000)
    from generate_series(0, ${many - 1}::int) as number`);
  await database.rows(sql`vacuum (analyze)`);
}
