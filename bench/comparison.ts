// The figures that the measured series give, and the bars they are held to. It runs nothing.
import { type Figure, median, megabytes, seconds, spread } from './figures.ts';
import { contactsChanged, type Leg, type Series } from './series.ts';

export interface Measurements {
  /** The yardstick: it does not ask what became of its bulk calls, which makes it faster. */
  script: Series[];
  polling: Series[];
  /** On PostgreSQL; empty where there is none. */
  ours: Series[];
  embedded: Series[];
}

/** The most that our time may be of the script's. */
const maxTime = 1.5;
const maxMegabytes = 250;
/** Peak memory on many contacts against few: flat, but for the garbage collector's mood. */
const maxGrowth = 1.15;

/** The most contacts that one of HubSpot's searches gives, and customers that one bulk call takes. */
const searchPage = 200;
const bulkCall = 2000;

/** `judged`: on few contacts the processes' start is most of the time, and no bar is held to it. */
export function timeFigures(measured: Measurements, contacts: number, judged: boolean): Figure[] {
  const legs: { name: string; leg: (series: Series) => Leg; barred: boolean }[] = [
    { name: `first sync of ${written(contacts)}`, leg: (series) => series.first, barred: true },
    { name: 'full sync, nothing changed', leg: (series) => series.unchanged, barred: true },
    { name: `sync after ${contactsChanged} changed`, leg: (series) => series.changes, barred: false },
  ];
  return legs.flatMap(({ name, leg, barred }) => {
    const wall = (of: Series[]) => of.map((series) => leg(series).wallMs);
    const running = measured.ours.map((series) => leg(series).runMs!);
    const script = wall(measured.script);
    const figure = (who: string, times: number[], bar: boolean): Figure[] => {
      if (times.length === 0) return [];
      const ratio = median(times) / median(script);
      return [
        {
          name: `${name}${who}`,
          ours: spread(times),
          against: `the script's ${spread(script)}`,
          ratio,
          bar: bar && judged ? { value: ratio, most: maxTime, unit: '×' } : null,
        },
      ];
    };
    return [
      ...figure('', wall(measured.ours), barred),
      ...figure(', by a service that runs', running, false),
      ...figure(', on PGlite', wall(measured.embedded), false),
      ...figure(', by the script that polls', wall(measured.polling), false),
    ];
  });
}

/** CPU seconds of worker and database together, against the script's. */
export function cpuFigures(measured: Measurements, contacts: number, judged: boolean): Figure[] {
  const legs = [
    { name: `CPU, first sync of ${written(contacts)}`, leg: (series: Series) => series.first, most: 3 },
    { name: 'CPU, full sync, nothing changed', leg: (series: Series) => series.unchanged, most: 2 },
  ];
  const told = (value: number) => `${value.toFixed(1)} s`;
  return legs.flatMap(({ name, leg, most }) => {
    const script = median(measured.script.map((series) => leg(series).cpuSeconds));
    const figure = (who: string, of: Series[], isBarred: boolean): Figure[] => {
      if (of.length === 0) return [];
      const worker = median(of.map((series) => leg(series).cpuSeconds));
      const database = median(of.map((series) => leg(series).databaseCpuSeconds ?? Number.NaN));
      const ratio = (worker + database) / script;
      return [
        {
          name: `${name}${who}`,
          ours: database > 0 ? `${told(worker)} + ${told(database)} of the database` : told(worker),
          against: `the script's ${told(script)}`,
          ratio,
          bar: isBarred && judged && !Number.isNaN(ratio) ? { value: ratio, most, unit: '×' } : null,
        },
      ];
    };
    return [...figure('', measured.ours, true), ...figure(', on PGlite', measured.embedded, false)];
  });
}

/** What an increment costs in calls, in the worst of the runs. The ideal: full search pages and full bulk calls. */
export function callFigures({ ours, embedded }: Measurements): Figure[] {
  const figure = (where: string, of: Series[]): Figure[] => {
    const runs = of.map(({ changes, changed }) => ({ ...callsOf(changes), changed }));
    const worst = runs.toSorted((a, b) => b.counted - a.counted)[0];
    if (!worst) return [];
    const { counted, polls, schemas, changed } = worst;
    const ideal = Math.ceil(changed / searchPage) + Math.ceil(changed / bulkCall);
    const ratio = counted / ideal;
    return [
      {
        name: `calls after ${changed} changed${where}`,
        ours: `${counted}, ${polls} to prove, ${schemas} at start`,
        against: `the ideal ${ideal}`,
        ratio,
        bar: { value: ratio, most: 1, unit: '×' },
      },
    ];
  };
  return [...figure('', ours), ...figure(', on PGlite', embedded)];
}

/** Counted apart: questions what became of a bulk call, and the metadata schema, read once by a process that starts. */
function callsOf({ requests }: Leg): { counted: number; polls: number; schemas: number } {
  const polls = requests['voucherify GET /v1/async-actions/:id 200'] ?? 0;
  const schemas = requests['voucherify GET /v1/metadata-schemas 200'] ?? 0;
  const total = Object.values(requests).reduce((sum, calls) => sum + calls, 0);
  return { counted: total - polls - schemas, polls, schemas };
}

export function memoryFigures({ ours, embedded, script }: Measurements): Figure[] {
  const figure = (where: string, of: Series[], bar: boolean): Figure[] => {
    if (of.length === 0) return [];
    const value = peak(of);
    return [
      {
        name: `peak memory${where}`,
        ours: megabytes(value),
        against: `the script's ${megabytes(peak(script))}`,
        ratio: value / peak(script),
        bar: bar ? { value, most: maxMegabytes, unit: ' MB' } : null,
      },
    ];
  };
  return [...figure('', ours, true), ...figure(', on PGlite', embedded, false)];
}

/** The most over all runs and legs. */
function peak(of: Series[]): number {
  const legs = of.flatMap(({ first, unchanged, changes }) => [first, unchanged, changes]);
  return Math.max(...legs.map((leg) => leg.peakRssMegabytes));
}

export function largeFigures(
  measured: Measurements,
  large: { ours: Leg; script: Leg },
  contacts: { few: number; many: number },
): Figure[] {
  const few = (of: Series[]) => Math.max(...of.map(({ first }) => first.peakRssMegabytes));
  const { ours, script } = large;
  const growth = ours.peakRssMegabytes / few(measured.ours);
  const scriptGrowth = (script.peakRssMegabytes / few(measured.script)).toFixed(2);
  const name = `peak memory, first sync of ${written(contacts.many)}`;
  return [
    {
      name,
      ours: megabytes(ours.peakRssMegabytes),
      against: `the script's ${megabytes(script.peakRssMegabytes)}`,
      ratio: ours.peakRssMegabytes / script.peakRssMegabytes,
      bar: { value: ours.peakRssMegabytes, most: maxMegabytes, unit: ' MB' },
    },
    {
      name: `the same against ${written(contacts.few)}`,
      ours: megabytes(ours.peakRssMegabytes),
      against: `our own ${megabytes(few(measured.ours))}; the script grows ${scriptGrowth}×`,
      ratio: growth,
      bar: { value: growth, most: maxGrowth, unit: '×' },
    },
    {
      name: `first sync of ${written(contacts.many)}`,
      ours: seconds(ours.wallMs),
      against: `the script's ${seconds(script.wallMs)}`,
      ratio: ours.wallMs / script.wallMs,
      bar: null,
    },
  ];
}

const written = (count: number) => count.toLocaleString('en');
