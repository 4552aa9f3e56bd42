// Figures on the limits of a published plan, at default settings: a first load of an empty project and of one that is half
// full of others' customers, what each took, and what had been forecast. It does not know how customers are sent.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connectors } from '../connectors/index.ts';
import { createHubSpotSimulator } from '../simulators/hubspot.ts';
import { serve } from '../simulators/serve.ts';
import { createVoucherifySimulator } from '../simulators/voucherify.ts';
import { Tributary } from '../src/app/app.ts';
import { checkConfig } from '../src/config.ts';
import { openDatabase } from '../src/db/database.ts';
import { systemClock } from '../src/engine/clock.ts';
import { createLog } from '../src/engine/log/log.ts';
import { type KeptForecast, keepForecast, listForecasts } from '../src/tables/forecasts.ts';
import { configurationOf } from './configuration.ts';
import type { Figure } from './figures.ts';
import { type Plan, plans } from './plans.ts';

const contacts = 20_000;
const latencyMs = 20;
/** A forecast that is off by more than this is missed. */
const mostOff = 0.1;

export async function planFigures(plan: Plan): Promise<Figure[]> {
  return [
    ...(await firstLoad(plan, { name: 'empty project', there: 0, minutes: 3, calls: 60 })),
    ...(await firstLoad(plan, { name: 'half-full project', there: contacts / 2, minutes: 5, calls: null })),
  ];
}

interface Load {
  name: string;
  /** Customers that others made before, with metadata of theirs. */
  there: number;
  /** What is allowed. */
  minutes: number;
  calls: number | null;
}

async function firstLoad(plan: Plan, { name, there, minutes, calls }: Load): Promise<Figure[]> {
  const hubspot = createHubSpotSimulator({ quotas: false });
  hubspot.seed(contacts, 7, Date.now() - 3_600_000);
  let isLongAgo = true;
  const voucherify = createVoucherifySimulator({
    // What others made is no news when the load begins.
    now: () => Date.now() - (isLongAgo ? 86_400_000 : 0),
    appId: 'bench',
    appToken: 'bench',
    metadataWrites: 'replace',
    quotas: plans[plan],
    bulkProcessing: { waitMs: 1_000, recordMs: 1 },
  });
  const theirs = [...hubspot.contacts()].map(({ id }) => id).filter((_, index) => index % 2 === 0);
  for (const sourceId of theirs.slice(0, there))
    voucherify.upsert({ source_id: sourceId, metadata: { theirs: sourceId }, address: { line_2: sourceId } });
  isLongAgo = false;
  const served = [
    await serve(hubspot.app, { latencyMs }),
    await serve(voucherify.app, { latencyMs }),
  ] as const;
  const addresses = { hubspot: served[0].url, voucherify: served[1].url };
  const directory = mkdtempSync(join(tmpdir(), 'tributary-bench-'));
  const database = await openDatabase({ url: undefined, directory });
  const app = new Tributary({
    config: checkConfig('bench/plan.ts', configurationOf(addresses), {}, connectors),
    database,
    clock: systemClock,
    log: createLog({ level: 'error', write: (line) => void process.stderr.write(line) }),
  });
  try {
    await app.start({ calendar: false });
    const before = total(voucherify.requests);
    const kept = await carriedOut(app);
    const taken = total(voucherify.requests) - before;
    const routes = [...voucherify.requests].map(([route, count]) => `${count} ${route}`).join(', ');
    console.log(`  ${name}: ${routes}`);
    const lost = theirs.slice(0, there).filter((sourceId) => {
      const customer = voucherify.bySourceId(sourceId);
      return customer?.metadata?.['theirs'] !== sourceId || customer.address?.['line_2'] !== sourceId;
    });
    const missing = [...hubspot.contacts()].filter(({ id }) => voucherify.bySourceId(id)?.name === undefined);
    const { forecast, actual } = kept;
    const figure = (what: string, value: number, most: number | null, unit: string): Figure => ({
      name: `${what}, ${name}, ${plan}`,
      ours: unit === 'min' ? `${value.toFixed(2)} min` : String(value),
      against: most === null ? 'no bar' : `${most}${unit === 'min' ? ' min' : ''} allowed`,
      ratio: most ? value / most : null,
      bar: most === null ? null : { value, most, unit: '' },
    });
    const off = (what: string, told: number, made: number): Figure => ({
      name: `${what} forecast, ${name}, ${plan}`,
      ours: told.toFixed(2),
      against: `${made.toFixed(2)} taken`,
      ratio: told / made,
      bar: { value: Math.abs(told / made - 1), most: mostOff, unit: '' },
    });
    return [
      figure('minutes of the first load', actual!.minutes, minutes, 'min'),
      figure('calls to Voucherify', taken, calls, ''),
      figure('customers not there', missing.length, 0, ''),
      figure('values of others lost', lost.length, 0, ''),
      figure('refused with 429 meanwhile', voucherify.violations, 0, ''),
      off('calls', forecast.totals.destination, actual!.calls.destination!),
      off('minutes', forecast.minutes, actual!.minutes),
    ];
  } finally {
    await app.drain();
    await database.close();
    for (const server of served) await server.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function carriedOut(app: Tributary): Promise<KeptForecast> {
  const mode = 'incremental';
  const forecast = await app.plan(app.rules.source('hubspot')!, { mode });
  await keepForecast(app.database, forecast);
  const { lane } = forecast;
  const run = await app.request({ source: 'hubspot', mode, trigger: 'manual', lane });
  for (;;) {
    const [kept] = await listForecasts(app.database, { run: run!.id, limit: 1 });
    if (kept?.actual) return kept;
    await delay(250);
  }
}

function total(requests: ReadonlyMap<string, number>): number {
  return [...requests.values()].reduce((sum, count) => sum + count, 0);
}
