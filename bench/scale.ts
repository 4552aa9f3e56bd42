// What a million contacts take, against ten thousand: for each, for the machine and for the database. Every leg ends with both
// vendors compared, contact by contact and field by field. It does not know how anything is stored.
import { onServer } from '../test/support/postgres.ts';
import { type Measured, tributaryOnPostgres } from './contestants.ts';
import { type Figure, megabytes, seconds } from './figures.ts';
import { type Leg, runLeg } from './series.ts';
import { Vendors } from './vendors.ts';

const sizes = [10_000, 100_000, 1_000_000];
const quickSizes = [500, 1_000, 2_000];
const fullSyncs = 10;
/** Of the cost of a contact with the fewest. */
const maxGrowth = 1.3;
const maxMegabytes = 250;

/** What one size went through, and how large its database was. */
interface Size {
  contacts: number;
  first: Leg;
  changed: number;
  changes: Leg;
  full: Leg;
  verify: Leg;
  bytesAfterFirst: number;
  /** After the last of `fullSyncs`. */
  bytesAfterAll: number;
}

/** The figures are of a service on PostgreSQL. */
export async function scaleFigures(server: string | null, quick: boolean): Promise<Figure[]> {
  if (!server) return [];
  const measured: Size[] = [];
  for (const contacts of quick ? quickSizes : sizes) measured.push(await measure(server, contacts));
  const fewest = measured[0]!;
  return measured.flatMap((size) => [
    ...figuresOf(size),
    ...(size === fewest ? [] : growthFigures(size, fewest)),
  ]);
}

async function measure(server: string, contacts: number): Promise<Size> {
  const tributary = await tributaryOnPostgres(server);
  const vendors = await Vendors.start(contacts, 0);
  try {
    const leg = (mode: 'incremental' | 'full' | 'verify') => runLeg(tributary, vendors, mode);
    const first = await leg('incremental');
    const bytesAfterFirst = await bytesOf(tributary.databaseUrl);
    const changed = await vendors.change(100);
    const changes = await leg('incremental');
    const verify = await leg('verify');
    const full: Leg[] = [];
    while (full.length < fullSyncs) full.push(await leg('full'));
    const bytesAfterAll = await bytesOf(tributary.databaseUrl);
    return { contacts, first, changed, changes, full: full.at(-1)!, verify, bytesAfterFirst, bytesAfterAll };
  } finally {
    await vendors.end();
    await tributary.end();
  }
}

function bytesOf(url: string): Promise<number> {
  return onServer(url, async (sql) => {
    const [row] = await sql<{ bytes: string }[]>`select pg_database_size(current_database()) as bytes`;
    return Number(row!.bytes);
  });
}

function figuresOf(size: Size): Figure[] {
  const { contacts, first, changes, changed, full, verify, bytesAfterFirst, bytesAfterAll } = size;
  const of = written(contacts);
  const peak = Math.max(...[first, changes, full, verify].map(({ peakRssMegabytes }) => peakRssMegabytes));
  const growth = bytesAfterAll / bytesAfterFirst;
  return [
    told(
      `first sync of ${of}`,
      `${seconds(first.runMs!)}, ${perSecond(contacts, first)} a second`,
      callsTold(first),
    ),
    told(`${written(changed)} of them changed`, seconds(changes.runMs!), callsTold(changes)),
    told(`all ${of} read back and compared`, seconds(verify.runMs!), callsTold(verify)),
    told(
      `full sync of ${of}`,
      `${seconds(full.runMs!)}, ${perSecond(contacts, full)} a second`,
      callsTold(full),
    ),
    {
      ...told(`peak memory with ${of}`, megabytes(peak), `${maxMegabytes} MB`),
      ratio: peak / maxMegabytes,
      bar: { value: peak, most: maxMegabytes, unit: ' MB' },
    },
    {
      ...told(
        `database of ${of} after ${fullSyncs} full syncs`,
        megabytes(bytesAfterAll / 1e6),
        `${megabytes(bytesAfterFirst / 1e6)} after the first, ${Math.round(bytesAfterFirst / contacts)} bytes each`,
      ),
      ratio: growth,
      bar: { value: growth, most: maxGrowth, unit: '×' },
    },
  ];
}

/** Without the start of a process, which is no cost of a contact. */
function growthFigures(size: Size, fewest: Size): Figure[] {
  return (['first', 'full'] as const).map((leg) => {
    const [cost, least] = [size, fewest].map((one) => microsecondsEach(one[leg], one.contacts)) as [
      number,
      number,
    ];
    const ratio = cost / least;
    return {
      name: `CPU of each of ${written(size.contacts)}, ${leg === 'first' ? 'first sync' : 'full sync'}`,
      ours: `${cost.toFixed(0)} µs`,
      against: `${least.toFixed(0)} µs each of ${written(fewest.contacts)}`,
      ratio,
      bar: { value: ratio, most: maxGrowth, unit: '×' },
    };
  });
}

/** Worker and database. */
function microsecondsEach(
  { cpuSeconds, startCpuSeconds, databaseCpuSeconds }: Measured,
  contacts: number,
): number {
  return ((cpuSeconds - startCpuSeconds + (databaseCpuSeconds ?? Number.NaN)) * 1e6) / contacts;
}

function callsTold({ requests }: Leg): string {
  const calls = (vendor: string) =>
    Object.entries(requests).reduce((sum, [route, count]) => sum + (route.startsWith(vendor) ? count : 0), 0);
  return `${written(calls('hubspot'))} calls to HubSpot, ${written(calls('voucherify'))} to Voucherify`;
}

const told = (name: string, ours: string, against: string): Figure => ({
  name,
  ours,
  against,
  ratio: null,
  bar: null,
});

const perSecond = (contacts: number, { runMs }: Measured) => written(Math.round(contacts / (runMs! / 1000)));

const written = (count: number) => count.toLocaleString('en');
