// `npm run bench`: runs both sides in turn, prints one line per figure and writes the last figures to RESULTS.md. It knows
// the figures and their bars, and nothing of how either side works.
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { findServer, onServer } from '../test/support/postgres.ts';
import { type Contestant, tributaryOnPglite, tributaryOnPostgres, yardstick } from './contestants.ts';
import { type Figure, isMissed, line, median, megabytes, seconds, spread, table } from './figures.ts';
import { checkComparison, type Leg, runFirstSync, runSeries, type Series } from './series.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    large: { type: 'boolean', default: false },
    runs: { type: 'string' },
  },
});
const contacts = options.quick ? 2_000 : 20_000;
const largeContacts = 500_000;
const runs = Number(options.runs ?? (options.quick ? 1 : 3));

/** The most that our time may be of the script's. Not judged on few contacts, where the processes' start is most of it. */
const mostTime = 1.5;
const mostMegabytes = 250;
/** Peak memory at 500,000 contacts against 20,000: flat, but for the garbage collector's mood. */
const mostGrowth = 1.15;

const searchPage = 200;
const bulkCall = 2000;

type Side = (series: Series) => Leg;
type All = Record<'script' | 'polling' | 'ours' | 'embedded', Series[]>;

const server = await findServer();
if (!server) console.log('No PostgreSQL was found (TEST_DATABASE_URL): Tributary is measured on PGlite alone.');
const sides: [keyof All, () => Promise<Contestant> | Contestant][] = [
  ['script', () => yardstick(false)],
  ...(server ? [['ours', () => tributaryOnPostgres(server)] as [keyof All, () => Promise<Contestant>]] : []),
  ['polling', () => yardstick(true)],
  ['embedded', tributaryOnPglite],
];

await checkComparison();
const all = await measureAll();
const figures = [...timeFigures(all), ...callFigures(all), ...memoryFigures(all)];
for (const figure of figures) console.log(line(figure));
if (options.large) {
  for (const figure of await largeFigures(all)) {
    console.log(line(figure));
    figures.push(figure);
  }
}
if (!options.quick) await writeResults(figures);
const missed = figures.filter(isMissed);
if (missed.length > 0) {
  console.log(`\n${missed.length} of the bars missed: ${missed.map(({ name }) => name).join('; ')}.`);
  process.exitCode = 1;
}

/** The sides in turn, and again, so that whatever else the machine does falls on all of them. */
async function measureAll(): Promise<All> {
  const measured: All = { script: [], polling: [], ours: [], embedded: [] };
  for (let run = 1; run <= runs; run += 1) {
    for (const [side, make] of sides) {
      progress(`run ${run} of ${runs}: ${side}`);
      measured[side].push(await using(make, (contestant) => runSeries(contestant, contacts)));
    }
  }
  progress('');
  return measured;
}

async function using<Result>(make: () => Promise<Contestant> | Contestant, work: (contestant: Contestant) => Promise<Result>): Promise<Result> {
  const contestant = await make();
  try {
    return await work(contestant);
  } finally {
    await contestant.end();
  }
}

function timeFigures(all: All): Figure[] {
  const legs: [string, Side, boolean][] = [
    [`first sync of ${contacts.toLocaleString('en')}`, (series) => series.first, true],
    ['full sync, nothing changed', (series) => series.unchanged, true],
    ['sync after 1% changed', (series) => series.changes, false],
  ];
  return legs.flatMap(([name, leg, isJudged]) => {
    const wall = (of: Series[]) => of.map((series) => leg(series).wallMs);
    const script = wall(all.script);
    const against = `the script's ${spread(script)}`;
    const compare = (detail: string, times: number[], judged: boolean): Figure[] => {
      if (times.length === 0) return [];
      const ratio = median(times) / median(script);
      return [{ name: `${name}${detail}`, ours: spread(times), against, ratio, bar: judged && !options.quick ? { value: ratio, most: mostTime, unit: '×' } : null }];
    };
    return [
      ...compare('', wall(all.ours), isJudged),
      ...compare(', by a service that runs', all.ours.map((series) => leg(series).runMs!), false),
      ...compare(', on PGlite', wall(all.embedded), isJudged && !server),
      ...compare(', by the script that polls', wall(all.polling), false),
    ];
  });
}

/** What an increment costs in calls. */
function callFigures(all: All): Figure[] {
  return ([['', all.ours], [', on PGlite', all.embedded]] as const).flatMap(([detail, measured]) => {
    const worst = measured.map(({ changes, changed }) => ({ ...callsOf(changes), changed })).sort((a, b) => b.counted - a.counted)[0];
    if (!worst) return [];
    const ideal = Math.ceil(worst.changed / searchPage) + Math.ceil(worst.changed / bulkCall);
    const ratio = worst.counted / ideal;
    const apart = `and ${worst.polls} to prove it, ${worst.schemas} at start`;
    return [{ name: `calls after 1% changed (${worst.changed})${detail}`, ours: `${worst.counted} (${apart})`, against: `the ideal ${ideal}`, ratio, bar: { value: ratio, most: 1, unit: '×' } }];
  });
}

function callsOf({ requests }: Leg): { counted: number; polls: number; schemas: number } {
  const polls = requests['voucherify GET /v1/async-actions/:id 200'] ?? 0;
  const schemas = requests['voucherify GET /v1/metadata-schemas 200'] ?? 0;
  const total = Object.values(requests).reduce((sum, calls) => sum + calls, 0);
  return { counted: total - polls - schemas, polls, schemas };
}

/** The most over all runs and legs. */
function peak(of: Series[]): number {
  const legs = of.flatMap(({ first, unchanged, changes }) => [first, unchanged, changes]);
  return Math.max(...legs.map((leg) => leg.peakRssMegabytes));
}

function memoryFigures({ ours, embedded, script }: All): Figure[] {
  const against = `the script's ${megabytes(peak(script))}`;
  const figure = (detail: string, of: Series[], isJudged: boolean): Figure[] => {
    if (of.length === 0) return [];
    const value = peak(of);
    return [{ name: `peak memory${detail}`, ours: megabytes(value), against, ratio: value / peak(script), bar: isJudged ? { value, most: mostMegabytes, unit: ' MB' } : null }];
  };
  return [...figure('', ours, true), ...figure(', on PGlite', embedded, false)];
}

async function largeFigures({ ours, script }: All): Promise<Figure[]> {
  if (!server) return [];
  progress(`${largeContacts.toLocaleString('en')} contacts`);
  const large = await using(() => tributaryOnPostgres(server), (contestant) => runFirstSync(contestant, largeContacts));
  const largeScript = await using(() => yardstick(false), (contestant) => runFirstSync(contestant, largeContacts));
  progress('');
  const small = Math.max(...ours.map(({ first }) => first.peakRssMegabytes));
  const growth = large.peakRssMegabytes / small;
  const scriptGrowth = largeScript.peakRssMegabytes / Math.max(...script.map(({ first }) => first.peakRssMegabytes));
  const name = `${largeContacts.toLocaleString('en')} contacts`;
  return [
    { name: `peak memory, ${name}`, ours: megabytes(large.peakRssMegabytes), against: `the script's ${megabytes(largeScript.peakRssMegabytes)}`, ratio: large.peakRssMegabytes / largeScript.peakRssMegabytes, bar: { value: large.peakRssMegabytes, most: mostMegabytes, unit: ' MB' } },
    { name: `peak memory, ${name} against ${contacts.toLocaleString('en')}`, ours: megabytes(large.peakRssMegabytes), against: `our ${megabytes(small)} (the script: ${scriptGrowth.toFixed(2)}×)`, ratio: growth, bar: { value: growth, most: mostGrowth, unit: '×' } },
    { name: `first sync, ${name}`, ours: seconds(large.wallMs), against: `the script's ${seconds(largeScript.wallMs)}`, ratio: large.wallMs / largeScript.wallMs, bar: null },
  ];
}

async function writeResults(figures: readonly Figure[]): Promise<void> {
  const lock = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { dependencies: { [name: string]: string } };
  const postgres = server ? await onServer(server, async (sql) => (await sql<{ version: string }[]>`select current_setting('server_version') as version`)[0]!.version) : 'none';
  const machine = [
    `${new Date().toISOString().slice(0, 10)}; ${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'})`,
    `Node ${process.versions.node}; PostgreSQL ${postgres}; PGlite ${lock.dependencies['@electric-sql/pglite']}`,
    `medians of ${runs} alternating runs (least to most); 20 ms to each vendor`,
  ];
  const text = `# The last figures\n\nWritten by \`npm run bench\`; what they mean stands in [README.md](README.md).\n\n${machine.map((part) => `- ${part}`).join('\n')}\n\n${table(figures)}\n`;
  writeFileSync(new URL('RESULTS.md', import.meta.url), text);
}

/** On a terminal only, over itself. */
function progress(what: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${what}`);
}
