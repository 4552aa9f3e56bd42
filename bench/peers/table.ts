// What was measured as tables, one a leg, and what they come to: who said that all was well though it was not, and where Tributary is
// behind. It measures nothing.
import type { Verdict } from '../vendors.ts';
import { type Leg, type LegName, type Legs, legs } from './legs.ts';

export interface Compared {
  name: string;
  legs: Legs;
}

type Column = 'time' | 'CPU' | 'peak memory' | 'calls';

const headings: { [Name in LegName]: (contacts: number) => string } = {
  start: () => 'Start, until it can be asked',
  first: (contacts) => `First sync of ${written(contacts)} contacts`,
  unchanged: () => 'Everything read again, nothing changed',
  changed: () => '1% changed',
  failing: (contacts) => `First sync of ${written(contacts)}, 5% of the calls to Voucherify fail`,
  killed: (contacts) =>
    `First sync of ${written(contacts)}, killed in the middle, started and asked once more`,
  plan: (contacts) => `First sync of ${written(contacts)} on the limits of a plan`,
};

export function peersTables(compared: readonly Compared[], contacts: number): string {
  return legs
    .flatMap((name) => {
      const rows = compared.flatMap(({ name: who, legs: found }) => {
        const leg = found[name];
        return leg ? [row([who, ...(name === 'start' ? costs(leg) : [...outcome(leg), ...costs(leg)])])] : [];
      });
      if (rows.length === 0) return [];
      const columns = [...(name === 'start' ? [] : ['it says', 'right at Voucherify']), ...costColumns];
      const dashes = columns.map(() => '---');
      return [
        [
          `## ${headings[name](contacts)}`,
          '',
          row(['', ...columns]),
          row(['---', ...dashes]),
          ...rows,
          '',
        ].join('\n'),
      ];
    })
    .join('\n');
}

/** Who reported success and has not brought over everything. */
export function falseReports(compared: readonly Compared[], contacts: number): string[] {
  return each(compared, (who, name, leg) =>
    name !== 'start' && leg.said.success && !isRight(leg.verdict)
      ? [`${who}, ${heading(name, contacts)}: ${right(leg.verdict)}`]
      : [],
  );
}

/** Where another that brought over everything took less than `ours`, and by how much. */
export function losses(compared: readonly Compared[], ours: string, contacts: number): string[] {
  const own = compared.find(({ name }) => name === ours);
  if (!own) return [];
  return legs.flatMap((name) => {
    const leg = own.legs[name];
    if (!leg) return [];
    const others = compared.flatMap(({ name: who, legs: found }) => {
      const other = found[name];
      const counts = other && (name === 'start' || (other.said.success && isRight(other.verdict)));
      return counts && !who.startsWith('Tributary') ? [{ who, leg: other }] : [];
    });
    return (Object.keys(figures) as Column[]).flatMap((column) => {
      const { value, told } = figures[column];
      const best = others.toSorted((a, b) => value(a.leg) - value(b.leg))[0];
      if (!best || value(leg) <= value(best.leg)) return [];
      return [`${heading(name, contacts)}, ${column}: ${told(leg)}, and ${told(best.leg)} of ${best.who}`];
    });
  });
}

const figures: { [Name in Column]: { value: (leg: Leg) => number; told: (leg: Leg) => string } } = {
  time: { value: ({ wallMs }) => wallMs, told: ({ wallMs }) => seconds(wallMs / 1000) },
  CPU: {
    value: ({ cpuSeconds, databaseCpuSeconds }) => cpuSeconds + (databaseCpuSeconds ?? 0),
    told: ({ cpuSeconds, databaseCpuSeconds }) =>
      databaseCpuSeconds === null
        ? seconds(cpuSeconds)
        : `${cpuSeconds.toFixed(1)} + ${seconds(databaseCpuSeconds)} of the database`,
  },
  'peak memory': {
    value: ({ peakMegabytes }) => peakMegabytes,
    told: ({ peakMegabytes }) => `${Math.round(peakMegabytes)} MB`,
  },
  calls: {
    value: (leg) => calls(leg, 'hubspot') + calls(leg, 'voucherify'),
    told: (leg) => written(calls(leg, 'hubspot') + calls(leg, 'voucherify')),
  },
};

const costColumns = ['time', 'CPU', 'peak memory', 'calls to HubSpot', 'calls to Voucherify'];

const costs = (leg: Leg) => [
  figures.time.told(leg),
  figures.CPU.told(leg),
  figures['peak memory'].told(leg),
  written(calls(leg, 'hubspot')),
  callsToVoucherify(leg),
];

const outcome = ({ said, verdict }: Leg) => [said.words.replaceAll(/[|\n]/g, ' '), right(verdict)];

const isRight = ({ differences, duplicated }: Verdict) => differences === 0 && duplicated === 0;

/** All, or how many and what is wrong with the others. */
function right({ contacts, differences, missing, duplicated }: Verdict): string {
  if (differences === 0 && duplicated === 0) return `all ${written(contacts)}`;
  const wrong = { missing, differing: differences - missing, duplicated };
  const told = Object.entries(wrong).flatMap(([word, count]) =>
    count > 0 ? [`${written(count)} ${word}`] : [],
  );
  return `${written(Math.max(0, contacts - differences))}; ${told.join(', ')}`;
}

function callsToVoucherify(leg: Leg): string {
  const failed = calls(leg, 'voucherify', / (429|5\d\d)$/);
  return `${written(calls(leg, 'voucherify'))}${failed > 0 ? `, ${written(failed)} failed` : ''}`;
}

function calls({ requests }: Leg, vendor: string, pattern = /./): number {
  return Object.entries(requests).reduce(
    (sum, [route, count]) => sum + (route.startsWith(vendor) && pattern.test(route) ? count : 0),
    0,
  );
}

function each(
  compared: readonly Compared[],
  of: (who: string, name: LegName, leg: Leg) => string[],
): string[] {
  return compared.flatMap(({ name: who, legs: found }) =>
    legs.flatMap((name) => (found[name] ? of(who, name, found[name]) : [])),
  );
}

function heading(name: LegName, contacts: number): string {
  const text = headings[name](contacts);
  return `${text[0]!.toLowerCase()}${text.slice(1)}`;
}

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
const seconds = (value: number) => `${value.toFixed(1)} s`;
const written = (count: number) => count.toLocaleString('en');
