// A preview over many stored customers, as a process of its own: how long it takes and whether its memory stays flat.
// The customers are made by the real ingest, and acknowledged, before the clock starts. It knows no yardstick.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sql } from 'drizzle-orm';
import { connectors } from '../connectors/index.ts';
import { checkConfig } from '../src/config.ts';
import { openDatabase } from '../src/db/database.ts';
import { ingest } from '../src/sync/intake/ingest.ts';
import { Rules } from '../src/sync/intake/rules.ts';
import { preview } from '../src/sync/preview/preview.ts';

const { values: options } = parseArgs({
  options: {
    /** A PostgreSQL database of its own; without it PGlite in a folder that is removed. */
    database: { type: 'string' },
    customers: { type: 'string', default: '100000' },
  },
});

const many = Number(options.customers);

const pageRecords = 2_000;

const mapping = {
  name: ['firstname', 'lastname'],
  email: 'email',
  phone: 'phone',
  'address.city': 'city',
  'address.country': 'country',
  'metadata.lifecycle_stage': 'lifecyclestage',
  'metadata.loyalty_points': { from: 'loyalty_points', as: 'number' },
};

const configOf = (given: object) =>
  checkConfig(
    'bench/preview.ts',
    {
      destination: { connector: 'voucherify', appId: 'bench', appToken: 'bench', metadataWrites: 'merge' },
      sources: { hubspot: { connector: 'hubspot', accessToken: 'bench', mapping: given } },
    },
    {},
    connectors,
  );

const directory = mkdtempSync(join(tmpdir(), 'tributary-bench-'));

const database = await openDatabase({ url: options.database, directory });

const present = configOf(mapping);

const world = new Rules(present);

await fill();

globalThis.gc?.();

const rssBefore = process.memoryUsage.rss();

let rssPeak = rssBefore;

const watch = setInterval(() => {
  rssPeak = Math.max(rssPeak, process.memoryUsage.rss());
}, 20);

const begun = performance.now();

const report = await preview(database, {
  present: world,
  proposed: new Rules(
    configOf({
      ...mapping,
      phone: { from: 'phone', as: 'phone', region: 'PL' },
      'metadata.country': 'country',
    }),
  ),
  sending: {
    destination: present.destination.connector.destination!,
    settings: present.destination.settings,
    onOrphaned: 'keep',
  },
});

const previewMs = performance.now() - begun;

clearInterval(watch);

if (report.customers.looked !== many || report.writes.customers !== many)
  throw new Error(`The preview looked at ${report.customers.looked} of ${many} customers.`);

const megabyte = 1024 ** 2;

console.log(
  JSON.stringify({
    customers: many,
    previewMs: Math.round(previewMs),
    peakMegabytes: rssPeak / megabyte,
    grownMegabytes: (rssPeak - rssBefore) / megabyte,
    summary: report.summary,
    calls: report.writes.calls,
  }),
);

await database.close();

rmSync(directory, { recursive: true, force: true });

/** Every customer ingested and acknowledged as it is. */
async function fill(): Promise<void> {
  const source = world.source('hubspot')!;
  for (let from = 0; from < many; from += pageRecords) {
    const records = Array.from({ length: Math.min(pageRecords, many - from) }, (_, index) =>
      recordOf(from + index),
    );
    const intake = {
      source,
      stream: source.streams[0]!.name,
      lane: 'backfill',
      runId: null,
      now: Date.now(),
    } as const;
    await database.transaction((tx) => ingest(tx, world, intake, { records }));
  }
  await database.rows(
    sql`insert into acknowledgements (source_id, revision, fields, acknowledged_at) select source_id, revision, fields, now() from customers`,
  );
  await database.rows(sql`vacuum (analyze)`);
}

function recordOf(number: number) {
  const id = String(number).padStart(9, '0');
  const body = {
    id,
    firstname: `First${number % 997}`,
    lastname: `Last${number}`,
    email: `person.${number}@example.org`,
    phone: `600 ${String(number).padStart(6, '0').slice(-6)}`,
    city: `City ${number % 300}`,
    country: 'PL',
    lifecyclestage: number % 3 ? 'lead' : 'customer',
    loyalty_points: String(number % 5000),
  };
  return { recordId: id, changedAt: 1_700_000_000_000 + number, body };
}
