// Figures of forecasts: each beside what then came, of a first sync and of an increment of 1%, under strict quotas. It does
// not know how a forecast is made.
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
import { type Database, openDatabase } from '../src/db/database.ts';
import { systemClock } from '../src/engine/clock.ts';
import { createLog } from '../src/engine/log/log.ts';
import { type KeptForecast, keepForecast, listForecasts } from '../src/tables/forecasts.ts';
import type { Figure } from './figures.ts';

const contacts = 20_000;

const latencyMs = 100;

/** Off by more than this is missed. */
const maxOff = 0.1;

/** Small plans, so that it is the quotas that take the time. */
const burst = { requests: 50, seconds: 10 };

const search = { requests: 4, seconds: 1 };

const calls = { requests: 60, seconds: 10 };

const bulkCalls = { requests: 30, seconds: 60 };

/** No quota turns it away from bulk. */
const ample = { calls: { requests: 2_000, seconds: 60 }, bulkCalls: { requests: 1_000, seconds: 60 } };

export async function forecastFigures(): Promise<Figure[]> {
  const hubspot = createHubSpotSimulator({ quotas: { burst, search, daily: false } });
  hubspot.seed(contacts, 7, Date.now() - 3_600_000);
  const voucherify = createVoucherifySimulator({
    now: Date.now,
    appId: 'bench',
    appToken: 'bench',
    metadataWrites: 'merge',
    quotas: { apiCalls: calls, bulkCalls },
    bulkProcessing: { waitMs: 1_000, recordMs: 1 },
  });
  const served = [
    await serve(hubspot.app, { latencyMs }),
    await serve(voucherify.app, { latencyMs }),
  ] as const;
  const directory = mkdtempSync(join(tmpdir(), 'tributary-bench-'));
  const database = await openDatabase({ url: undefined, directory });
  const wired = (bulk: boolean, allowed = { calls, bulkCalls }) =>
    wire(database, { hubspot: served[0].url, voucherify: served[1].url, bulk, allowed });
  try {
    const first = await using(wired(true), (tributary) => carriedOut(tributary));
    let index = 0;
    for (const { id } of [...hubspot.contacts()])
      if (index++ % 100 === 0) hubspot.update(id, { company: `Company of ${id}` });
    // One by one, so that there is a quota to wait for.
    const increment = await using(wired(false), (tributary) => carriedOut(tributary));
    const refused =
      hubspot.quotas!.violations.burst + hubspot.quotas!.violations.search + voucherify.violations;
    return [
      ...figuresOf(`first sync of ${contacts.toLocaleString('en-US')}`, first),
      ...figuresOf('increment of 1%', increment),
      {
        name: 'refused with 429 meanwhile',
        ours: String(refused),
        against: 'none allowed',
        ratio: null,
        bar: { value: refused, most: 0, unit: '' },
      },
      await using(wired(true, ample), perHundredThousand),
    ];
  } finally {
    await database.close();
    for (const server of served) await server.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Wiring {
  hubspot: string;
  voucherify: string;
  bulk: boolean;
  allowed: typeof ample;
}

function wire(database: Database, at: Wiring): Tributary {
  const config = {
    destination: {
      connector: 'voucherify',
      // Another account: of this one the vendor has said what it allows.
      appId: at.allowed === ample ? 'ample' : 'bench',
      appToken: 'bench',
      baseUrl: at.voucherify,
      quota: at.allowed.calls,
      bulkQuota: at.allowed.bulkCalls,
      bulk: at.bulk,
      metadataWrites: 'merge',
    },
    sources: {
      hubspot: {
        connector: 'hubspot',
        accessToken: 'bench',
        baseUrl: at.hubspot,
        quota: [burst],
        searchPerSecond: search.requests,
        mapping: { name: ['firstname', 'lastname'], email: 'email', 'metadata.company': 'company' },
      },
    },
  };
  return new Tributary({
    config: checkConfig('bench/forecast.ts', config, {}, connectors),
    database,
    clock: systemClock,
    log: createLog({ level: 'error', write: (line) => void process.stderr.write(line) }),
  });
}

async function using<Result>(
  tributary: Tributary,
  work: (tributary: Tributary) => Promise<Result>,
): Promise<Result> {
  try {
    await tributary.start({ calendar: false });
    return await work(tributary);
  } finally {
    await tributary.drain();
  }
}

/** What a run would take, then the run. */
async function carriedOut(tributary: Tributary): Promise<KeptForecast> {
  const { database } = tributary;
  const mode = 'incremental';
  const forecast = await tributary.plan(tributary.rules.source('hubspot')!, { mode });
  await keepForecast(database, forecast);
  const { lane } = forecast;
  const run = await tributary.request({ source: 'hubspot', mode, trigger: 'manual', lane });
  for (;;) {
    const [kept] = await listForecasts(database, { run: run!.id, limit: 1 });
    if (kept?.actual) return kept;
    await delay(250);
  }
}

function figuresOf(name: string, { forecast, actual }: KeptForecast): Figure[] {
  const told = forecast.totals.source + forecast.totals.destination;
  const made = actual!.calls.source! + actual!.calls.destination!;
  const figure = (what: string, ours: string, against: string, ratio: number): Figure => ({
    name: `${what} forecast, ${name}`,
    ours,
    against: `${against} taken`,
    ratio,
    bar: { value: Math.abs(ratio - 1), most: maxOff, unit: '' },
  });
  const minutes = (value: number) => `${value.toFixed(2)} min`;
  return [
    figure('calls', `${told}`, `${made}`, told / made),
    figure(
      'minutes',
      minutes(forecast.minutes),
      minutes(actual!.minutes),
      forecast.minutes / actual!.minutes,
    ),
  ];
}

/** As the schedule does it: with bulk, by pages of 200 and calls of 2,000; polls as often as of late. */
async function perHundredThousand(tributary: Tributary): Promise<Figure> {
  const changed = 100_000;
  const { totals, calls } = await tributary.plan(tributary.rules.source('hubspot')!, {
    mode: 'incremental',
    records: changed,
    lane: 'schedule',
  });
  const parts = calls.map(({ what, calls }) => `${calls} ${what}`).join(', ');
  return {
    name: `calls per ${changed.toLocaleString('en-US')} changed customers`,
    ours: `${totals.source + totals.destination} (${parts})`,
    against: `${changed.toLocaleString('en-US')} one by one`,
    ratio: (totals.source + totals.destination) / changed,
    bar: null,
  };
}
