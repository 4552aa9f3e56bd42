// Columns over hours, drawn on the server. The figures stand in a table for those who do not see them.
import { html } from 'hono/html';
import { counted, iso } from '../../words.ts';
import type { Html } from './parts.ts';

export interface Bar {
  /** When the hour began, epoch milliseconds. */
  hour: number;
  count: number;
  /** Those among them that went wrong. */
  bad?: number;
}

const hourMs = 3_600_000;

const width = 1000;
const height = 72;

/** One column an hour from `from` to `to`; hours without a bar are empty. `thing`: what is counted. */
export function hours(
  label: string,
  bars: readonly Bar[],
  { from, to, thing }: { from: number; to: number; thing: string },
): Html {
  const first = Math.floor(from / hourMs) * hourMs;
  const slots = Math.max(1, Math.floor((to - first) / hourMs) + 1);
  const most = bars.reduce((max, { count }) => Math.max(max, count), 0);
  const step = width / slots;
  const total = bars.reduce((sum, { count }) => sum + count, 0);
  const bad = bars.reduce((sum, { bad: some = 0 }) => sum + some, 0);
  const tall = (count: number) =>
    most === 0 || count === 0 ? 0 : Math.max((count / most) * (height - 4), 2);
  const rects = bars.map(({ hour, count, bad: some = 0 }) => {
    const x = (((hour - first) / hourMs) * step + step * 0.1).toFixed(1);
    const rect = (value: number, tone: string) =>
      html`<rect class="${tone}" x="${x}" y="${(height - tall(value)).toFixed(1)}" width="${(step * 0.8).toFixed(1)}" height="${tall(value).toFixed(1)}"></rect>`;
    return html`<g data-key="${hour}"><title>${iso(hour).slice(0, 16).replace('T', ' ')} UTC: ${counted(count, thing)}</title>${rect(count, '')}${some > 0 ? rect(some, 'bad') : ''}</g>`;
  });
  const said = `${label}: ${counted(total, thing)}${bad > 0 ? `, ${bad} of them refused` : ''}`;
  return html`<svg class="chart" role="img" aria-label="${said}" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none"><line x1="0" x2="${width}" y1="${height - 0.5}" y2="${height - 0.5}"></line>${rects}</svg>
<div class="axis" aria-hidden="true"><span>${iso(first).slice(5, 16).replace('T', ' ')}</span><span>${most > 0 ? `at most ${counted(most, thing)} an hour` : `no ${thing}`}</span><span>now</span></div>`;
}
