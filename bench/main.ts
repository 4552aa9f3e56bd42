// `npm run bench`: runs the sides in turn, prints one line per figure and writes the last figures to a file. It does
// not know how either side works, or how a figure is made.
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { findServer, onServer } from '../test/support/postgres.ts';
import {
  callFigures,
  cpuFigures,
  largeFigures,
  type Measurements,
  memoryFigures,
  timeFigures,
} from './comparison.ts';
import { connectorFigures } from './connectors.ts';
import { type Contestant, tributaryOnPglite, tributaryOnPostgres, yardstick } from './contestants.ts';
import { type Figure, isMissed, line, table } from './figures.ts';
import { forecastFigures } from './forecast.ts';
import { freshnessFigures } from './freshness.ts';
import { intakeFigures } from './intake.ts';
import { pacingFigures } from './pacing.ts';
import { pagesFigures } from './pages.ts';
import { comparePeers } from './peers/peers.ts';
import { planFigures } from './plan.ts';
import { type Plan, planNames } from './plans.ts';
import { poolerFigures } from './pooler.ts';
import { previewFigures } from './preview-figures.ts';
import { scaleFigures } from './scale.ts';
import { checkComparison, runFirstSync, runSeries } from './series.ts';
import { sourceProofFigures } from './source-proof-figures.ts';
import { unchangedFigures } from './unchanged.ts';
import { verifyFigures } from './verify-figures.ts';
import { wakesFigures } from './wakes.ts';
import { workersFigures } from './workers.ts';
import { writeBackFigures } from './write-back.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    large: { type: 'boolean', default: false },
    pacing: { type: 'boolean', default: false },
    intake: { type: 'boolean', default: false },
    verify: { type: 'boolean', default: false },
    'source-proof': { type: 'boolean', default: false },
    forecast: { type: 'boolean', default: false },
    workers: { type: 'boolean', default: false },
    pooler: { type: 'boolean', default: false },
    freshness: { type: 'boolean', default: false },
    'write-back': { type: 'boolean', default: false },
    wakes: { type: 'boolean', default: false },
    unchanged: { type: 'boolean', default: false },
    connectors: { type: 'boolean', default: false },
    pages: { type: 'boolean', default: false },
    scale: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
    /** At default settings on the limits of this plan. */
    plan: { type: 'string' },
    runs: { type: 'string' },
  },
});
const contacts = options.quick ? 2_000 : 20_000;
const manyContacts = 500_000;
const runs = Number(options.runs ?? (options.quick ? 1 : 3));

type Make = () => Contestant | Promise<Contestant>;

const server = await findServer();
if (!server) console.log('No PostgreSQL was found (TEST_DATABASE_URL): Tributary runs on PGlite alone.');
const onPostgres: Make | null = server ? () => tributaryOnPostgres(server) : null;

/** What an interruption leaves behind is removed. */
let end = async () => {};
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void end().finally(() => process.exit(1)));
}

/** What is measured apart from the comparison, each into a file of its own. */
const benches = {
  intake: { measure: () => intakeFigures(server), told: 'medians of three alternating runs' },
  pacing: { measure: () => pacingFigures(server), told: 'one run; 20 ms to the vendor' },
  verify: { measure: () => verifyFigures(server), told: 'one run; 20 ms to the vendor' },
  'source-proof': {
    measure: () => sourceProofFigures(server),
    told: 'one run; 20 ms to the vendor, whose process shares the machine',
  },
  forecast: { measure: () => forecastFigures(), told: 'one run; 100 ms to each vendor' },
  workers: {
    measure: () => workersFigures(server),
    told: 'medians of alternating runs, in brackets the least and the most',
  },
  pooler: { measure: () => poolerFigures(), told: 'medians of alternating runs' },
  freshness: {
    measure: () => freshnessFigures(server),
    told: 'default settings, quotas of the plan Organization; idle and busy in turn; 20 ms to each vendor',
  },
  'write-back': {
    measure: () => writeBackFigures(server),
    told: 'one run; vendors answer at once, in the same process',
  },
  wakes: { measure: () => wakesFigures(server), told: 'medians of three runs' },
  unchanged: {
    measure: () => unchangedFigures(server),
    told: 'medians of three readings, in brackets the least and the most; the vendors answer at once',
  },
  connectors: {
    measure: () => connectorFigures(),
    told: 'medians of five readings; no network, no database',
  },
  pages: {
    measure: () => pagesFigures(server),
    told: '1,000,000 customers, 3,000 dead letters, 300,000 webhooks, 20,000 runs; medians of seven; no network',
  },
  scale: {
    measure: () => scaleFigures(server, options.quick),
    told: 'one run; quotas of a million, and vendors that answer at once, from a process that shares the machine',
  },
  plan: {
    measure: () => planFigures(planOf(options.plan)),
    told: 'one run at default settings; 20 ms to each vendor',
  },
};
const figures: Figure[] = [];
const chosen = (Object.keys(benches) as (keyof typeof benches)[]).filter((name) => options[name]);
if (chosen.length > 1) throw new Error(`One at a time: ${chosen.join(', ')} would disturb each other.`);
const [name] = chosen;
const suffix = name === 'plan' ? ` ${options.plan}` : '';
if (options.peers) await peers();
else if (name) {
  tell(await benches[name].measure());
  if (!options.quick)
    await writeFigures(
      `${name.toUpperCase()}.md`,
      `npm run bench -- --${name}${suffix}`,
      benches[name].told,
      table(figures),
    );
} else await compare();
const missed = figures.filter(isMissed);
if (missed.length > 0) {
  console.log(`\nMissed: ${missed.map(({ name }) => name).join('; ')}.`);
  process.exitCode = 1;
}

function planOf(name: string | undefined): Plan {
  const plan = planNames.find((one) => one === name);
  if (plan === undefined) throw new Error(`--plan takes one of ${planNames.join(', ')}`);
  return plan;
}

/** Tributary against what a user would pick instead. */
async function peers(): Promise<void> {
  const tables = await comparePeers(server, options.quick);
  console.log(`\n${tables}`);
  const told = 'one run; 20 ms to each vendor, whose process shares the machine';
  if (!options.quick) await writeFigures('PEERS.md', 'npm run bench -- --peers', told, tables);
}

/** Tributary against the script. */
async function compare(): Promise<void> {
  await checkComparison();
  const measured = await measure();
  tell(timeFigures(measured, contacts, !options.quick));
  tell(cpuFigures(measured, contacts, !options.quick));
  tell(callFigures(measured));
  tell(memoryFigures(measured));
  if (!options.quick) tell(await previewFigures(server));
  if (options.large && onPostgres) {
    const ours = await using(onPostgres, (contestant) => runFirstSync(contestant, manyContacts));
    const script = await using(
      () => yardstick(false),
      (contestant) => runFirstSync(contestant, manyContacts),
    );
    tell(largeFigures(measured, { ours, script }, { few: contacts, many: manyContacts }));
  }
  const runsTold = `medians of ${runs} alternating runs, in brackets the least and the most; \`metadataWrites: "merge"\` and quotas of a million, which are not the defaults ([PLAN.md](PLAN.md)); 20 ms to each vendor`;
  if (!options.quick) await writeFigures('RESULTS.md', 'npm run bench', runsTold, table(figures));
}

/** The sides in turn, and again, so that whatever else the machine does falls on all of them. */
async function measure(): Promise<Measurements> {
  const measured: Measurements = { script: [], polling: [], ours: [], embedded: [] };
  const sides: [keyof Measurements, Make | null][] = [
    ['script', () => yardstick(false)],
    ['ours', onPostgres],
    ['polling', () => yardstick(true)],
    ['embedded', tributaryOnPglite],
  ];
  for (let run = 1; run <= runs; run += 1) {
    for (const [side, make] of sides) {
      if (make) measured[side].push(await using(make, (contestant) => runSeries(contestant, contacts)));
    }
  }
  return measured;
}

async function using<Result>(make: Make, work: (contestant: Contestant) => Promise<Result>): Promise<Result> {
  const contestant = await make();
  end = contestant.end;
  try {
    return await work(contestant);
  } finally {
    end = async () => {};
    await contestant.end();
  }
}

function tell(more: readonly Figure[]): void {
  for (const figure of more) console.log(line(figure));
  figures.push(...more);
}

async function writeFigures(file: string, command: string, runsTold: string, tables: string): Promise<void> {
  const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    dependencies: { [name: string]: string };
  };
  const text = [
    '# The last figures',
    '',
    `Written by \`${command}\`; what they mean stands in [README.md](README.md).`,
    '',
    `- ${new Date().toISOString().slice(0, 10)}; ${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'})`,
    `- Node ${process.versions.node}; ${await serverVersion()}; PGlite ${dependencies['@electric-sql/pglite']}`,
    `- ${runsTold}`,
    '',
    tables,
    '',
  ].join('\n');
  writeFileSync(new URL(file, import.meta.url), text);
}

async function serverVersion(): Promise<string> {
  if (!server) return 'no PostgreSQL';
  return onServer(server, async (sql) => {
    const [row] = await sql<{ version: string }[]>`select current_setting('server_version') as version`;
    return `PostgreSQL ${row!.version}`;
  });
}
