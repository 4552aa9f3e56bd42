// Figures of a full reading in which nothing has changed, of a source that answers at once: how long a record takes then. It
// does not know how records are compared.
import { type Contestant, type Measured, tributaryOnPostgres } from './contestants.ts';
import { type Figure, median, spread } from './figures.ts';
import { Vendors } from './vendors.ts';

const contacts = 100_000;
const readings = 3;
const minPerSecond = 40_000;

/** The rate that is asked for is of a service on PostgreSQL. */
export async function unchangedFigures(server: string | null): Promise<Figure[]> {
  if (!server) return [];
  const tributary = await tributaryOnPostgres(server);
  const vendors = await Vendors.start(contacts, 0, { isReplayed: true });
  try {
    await tributary.run(vendors.address, 'incremental');
    await vendors.verify(tributary.name, 'now');
    return figuresOf(await readAgain(tributary, vendors));
  } finally {
    await vendors.end();
    await tributary.end();
  }
}

async function readAgain(tributary: Contestant, vendors: Vendors): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (let reading = 0; reading < readings; reading += 1)
    measured.push(await tributary.run(vendors.address, 'full'));
  return measured;
}

function figuresOf(measured: readonly Measured[]): Figure[] {
  const perSecond = Math.round(contacts / (median(measured.map(({ runMs }) => runMs!)) / 1000));
  const cpu = (of: (one: Measured) => number | null) =>
    ((median(measured.map((one) => of(one) ?? Number.NaN)) * 1e6) / contacts).toFixed(0);
  const written = (count: number) => count.toLocaleString('en');
  return [
    {
      name: `full reading, ${written(contacts)} unchanged`,
      ours: `${written(perSecond)} a second`,
      against: `${written(minPerSecond)} a second`,
      ratio: perSecond / minPerSecond,
      bar: { value: perSecond, least: minPerSecond, unit: '' },
    },
    {
      name: 'CPU of a record in it, worker + database',
      ours: `${cpu(({ cpuSeconds }) => cpuSeconds)} + ${cpu(({ databaseCpuSeconds }) => databaseCpuSeconds)} µs`,
      against: `${spread(measured.map(({ wallMs }) => wallMs))} with the start`,
      ratio: null,
      bar: null,
    },
  ];
}
