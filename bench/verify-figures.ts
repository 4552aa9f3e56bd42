// Figures of a verification: the same at a tenth of the customers is the yardstick for its memory, the calls that reading
// one by one would take for its calls. It does not know how a verification works.
import { sourceFlags } from '../bin/launch.mjs';
import { type Figure, megabytes, seconds } from './figures.ts';
import { onOwnDatabase } from './own-database.ts';
import { spawnScript } from './processes.ts';

const [few, many] = [20_000, 200_000];
/** A page of the list holds so many: without an export, that is what it would take. */
const pageCustomers = 100;
const maxSeconds = 60;
const maxCalls = 50;
/** More than this much more memory for ten times the customers is not flat. */
const maxGrowth = 1.15;

interface Said {
  verifyMs: number;
  peakMegabytes: number;
  calls: number;
}

/** On PostgreSQL where there is one, else on PGlite. */
export async function verifyFigures(server: string | null): Promise<Figure[]> {
  const small = await verificationOf(few, server);
  const large = await verificationOf(many, server);
  const what = `verification of ${many.toLocaleString('en-US')} customers`;
  const growth = large.peakMegabytes / small.peakMegabytes;
  const pages = many / pageCustomers;
  return [
    {
      name: what,
      ours: seconds(large.verifyMs),
      against: `${maxSeconds} s allowed`,
      ratio: large.verifyMs / 1000 / maxSeconds,
      bar: { value: large.verifyMs / 1000 / maxSeconds, most: 1, unit: '×' },
    },
    {
      name: 'calls of it',
      ours: String(large.calls),
      against: `${pages.toLocaleString('en-US')} pages of the list`,
      ratio: large.calls / pages,
      bar: { value: large.calls, most: maxCalls, unit: '' },
    },
    {
      name: 'peak memory of it',
      ours: megabytes(large.peakMegabytes),
      against: `${megabytes(small.peakMegabytes)} over ${few.toLocaleString('en-US')}`,
      ratio: growth,
      bar: { value: growth, most: maxGrowth, unit: '×' },
    },
  ];
}

async function verificationOf(customers: number, server: string | null): Promise<Said> {
  const vendor = spawnScript('verify-vendor.ts', [String(customers)], { flags: [...sourceFlags] });
  try {
    const args = ['--customers', String(customers), '--vendor', await vendor.line];
    if (server === null) return await said(args);
    return await onOwnDatabase(server, (database) => said([...args, '--database', database]));
  } finally {
    vendor.child.kill('SIGTERM');
    await vendor.exit;
  }
}

async function said(args: string[]): Promise<Said> {
  const script = spawnScript('verify.ts', args, { flags: [...sourceFlags, '--expose-gc'] });
  const found = JSON.parse(await script.line) as Said;
  const code = await script.exit;
  if (code !== 0) throw new Error(`verify.ts ended with ${code}. ${script.complaints()}`);
  return found;
}
