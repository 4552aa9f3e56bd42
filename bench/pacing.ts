// Figures of pacing: how much of a strict sliding window is used, and what is refused, by one worker and by three, against
// p-queue's own rate limit. It does not know how either keeps to a window.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sourceFlags } from '../bin/launch.mjs';
import type { Figure } from './figures.ts';
import { onMigratedDatabase } from './own-database.ts';
import { type Script, spawnScript } from './processes.ts';

/** A window, for how many of it calls are made, and how much of it must be used. */
interface Leg {
  name: string;
  requests: number;
  seconds: number;
  windows: number;
  leastPercent: number;
  /** So few calls a second that the sides do not disturb each other. */
  atOnce: boolean;
}

const legs: Leg[] = [
  { name: '50 per second', requests: 50, seconds: 1, windows: 20, leastPercent: 93, atOnce: false },
  { name: '100 per 10 s', requests: 100, seconds: 10, windows: 4, leastPercent: 95, atOnce: true },
  { name: '200 per minute', requests: 200, seconds: 60, windows: 2, leastPercent: 97, atOnce: true },
];

interface Side {
  name: string;
  workers: number;
  /** Arguments that say how it paces. */
  means: string[];
}

interface Tally {
  /** Calls admitted of those that whole windows could admit. */
  usedPercent: number;
  /** How full the sliding window was on average. */
  filledPercent: number;
  refused: number;
}

/** On PostgreSQL where there is one; without one there is one worker, on PGlite. */
export async function pacingFigures(server: string | null): Promise<Figure[]> {
  const vendor = spawnScript('pacing-vendor.ts', []);
  const address = JSON.parse(await vendor.line) as string;
  try {
    return await onDatabase(server, async (means) => {
      const yardstick: Side = { name: 'p-queue', workers: 1, means: [] };
      const ours: Side[] = [1, ...(server ? [3] : [])].map((workers) => ({
        name: workers === 1 ? 'one worker' : `${workers} workers`,
        workers,
        means,
      }));
      const figures: Figure[] = [];
      for (const leg of legs) {
        const tallies = await runLeg(address, leg, [yardstick, ...ours]);
        const [theirs, ...own] = tallies as [Tally, ...Tally[]];
        own.forEach((tally, index) => {
          figures.push(...figuresOf(leg, ours[index]!, tally, theirs));
        });
      }
      return figures;
    });
  } finally {
    vendor.child.kill();
    await vendor.exit;
  }
}

async function runLeg(vendor: string, leg: Leg, sides: readonly Side[]): Promise<Tally[]> {
  if (leg.atOnce) return Promise.all(sides.map((side) => runSide(vendor, leg, side)));
  const tallies: Tally[] = [];
  for (const side of sides) tallies.push(await runSide(vendor, leg, side));
  return tallies;
}

/** All workers of a side begin together, once each of them is ready. */
async function runSide(vendor: string, leg: Leg, side: Side): Promise<Tally> {
  const account = `${leg.requests}-${leg.seconds}-${side.name.replaceAll(' ', '-')}`;
  const spanMs = leg.windows * leg.seconds * 1000;
  const args = ['--vendor', vendor, '--leg', account, '--account', account, '--span', String(spanMs + 500)];
  args.push('--requests', String(leg.requests), '--seconds', String(leg.seconds), ...side.means);
  const workers = Array.from({ length: side.workers }, () =>
    spawnScript('pacing-worker.ts', args, { flags: sourceFlags }),
  );
  await Promise.all(workers.map(({ line }) => line));
  await ask(vendor, `/begin/${account}`);
  await Promise.all(workers.map(ended));
  return (await ask(vendor, `/tally/${account}?span=${spanMs}`)) as Tally;
}

async function ended(script: Script): Promise<void> {
  const code = await script.exit;
  const complaints = script.complaints();
  if (code !== 0) throw new Error(`pacing-worker.ts ended with ${code}. ${complaints}`);
  if (complaints) console.error(complaints);
}

async function ask(vendor: string, path: string): Promise<unknown> {
  const response = await fetch(`${vendor}${path}`);
  return response.json();
}

/** Of the two measures the lower is ours and the higher the yardstick's. */
function figuresOf(leg: Leg, side: Side, ours: Tally, theirs: Tally): Figure[] {
  const used = Math.min(ours.usedPercent, ours.filledPercent);
  const usedByThem = Math.max(theirs.usedPercent, theirs.filledPercent);
  return [
    {
      name: `used of ${leg.name}, ${side.name}`,
      ours: percent(used),
      against: `p-queue's ${percent(usedByThem)}`,
      ratio: used / usedByThem,
      bar: { value: used, least: leg.leastPercent, unit: '%' },
    },
    {
      name: `refused with 429 of these`,
      ours: String(ours.refused),
      against: `p-queue's ${theirs.refused}`,
      ratio: null,
      bar: { value: ours.refused, most: 0, unit: '' },
    },
  ];
}

const percent = (value: number) => `${value.toFixed(1)}%`;

/** With the arguments that lead to an empty database, migrated, and removed at the end. */
async function onDatabase<Result>(
  server: string | null,
  work: (means: string[]) => Promise<Result>,
): Promise<Result> {
  if (!server) {
    const directory = mkdtempSync(join(tmpdir(), 'tributary-bench-'));
    try {
      return await work(['--directory', directory]);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
  return onMigratedDatabase(server, (url) => work(['--database', url]));
}
