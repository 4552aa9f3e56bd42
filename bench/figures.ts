// Figures: ratios to a yardstick, each with its bar if it has one, as lines and as a table. It does not know how anything
// is measured.

export interface Figure {
  name: string;
  ours: string;
  /** What ours is divided by, and who it is. */
  against: string;
  /** Null where nothing is divided. */
  ratio: number | null;
  /** Null where the figure is only told. */
  bar: Bar | null;
}

/** At most or at least so much. */
export type Bar = { value: number; unit: '×' | ' MB' | ' ms' | ' s' | '%' | '' } & (
  | { most: number }
  | { least: number }
);

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(2)} s`;
export const megabytes = (value: number) => `${Math.round(value)} MB`;

/** The median, and from where to where the values went. */
export function spread(milliseconds: readonly number[]): string {
  const middle = seconds(median(milliseconds));
  if (milliseconds.length === 1) return middle;
  const ends = [Math.min(...milliseconds), Math.max(...milliseconds)].map((end) => (end / 1000).toFixed(2));
  return `${middle} (${ends.join('–')})`;
}

export function isMissed({ bar }: Figure): boolean {
  return bar !== null && ('most' in bar ? bar.value > bar.most : bar.value < bar.least);
}

function cells(figure: Figure): [string, string, string, string, string] {
  const { name, ours, against, ratio, bar } = figure;
  const limit = bar && ('most' in bar ? `≤ ${bar.most}` : `≥ ${bar.least}`);
  const judged = bar === null ? '' : `${limit}${bar.unit} ${isMissed(figure) ? 'MISSED' : 'met'}`;
  return [name, ours, against, ratio === null ? '' : `${ratio.toFixed(2)}×`, judged];
}

export function line(figure: Figure): string {
  const [name, ours, against, ratio, judged] = cells(figure);
  return `${name.padEnd(52)} ${ours.padEnd(26)} ${ratio.padStart(6)} ${`of ${against}`.padEnd(44)} ${judged}`.trimEnd();
}

export function table(figures: readonly Figure[]): string {
  const rows = [
    ['figure', 'Tributary', 'of', 'ratio', 'bar'],
    ['---', '---', '---', '---:', '---'],
    ...figures.map((figure) => {
      const [name, ours, against, ratio, judged] = cells(figure);
      return [name, ours, against, ratio, judged];
    }),
  ];
  return rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
}
