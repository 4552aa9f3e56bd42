// Delays as a histogram of doublings from 100 ms on: small to keep, added up by rows, and good enough for percentiles.
// Pure, but for the piece of SQL that adds two of them.
import { type SQL, sql } from 'drizzle-orm';

const firstMs = 100;

/** The last one holds everything above about nine days. */
const doublings = 23;

/** How many in each doubling: up to 100 ms, up to 200 ms, … */
export type Lags = number[];

export function lagsOf(delaysMs: readonly number[]): Lags {
  const lags = new Array<number>(doublings + 1).fill(0);
  for (const ms of delaysMs) lags[indexOf(ms)]! += 1;
  return lags;
}

function indexOf(ms: number): number {
  if (!(ms > firstMs)) return 0;
  return Math.min(Math.ceil(Math.log2(ms / firstMs)), doublings);
}

export function addLags(a: Lags, b: Lags): Lags {
  return a.map((count, index) => count + (b[index] ?? 0));
}

/** The delay that this share of them do not exceed, milliseconds, to within its doubling; null where there are none. */
export function percentile(lags: Lags, share: number): number | null {
  const total = lags.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const rank = Math.max(1, Math.ceil(total * share));
  let below = 0;
  for (const [index, count] of lags.entries()) {
    if (below + count >= rank) {
      const from = index === 0 ? 0 : firstMs * 2 ** (index - 1);
      const to = firstMs * 2 ** index;
      return Math.round(from + ((to - from) * (rank - below)) / count);
    }
    below += count;
  }
  return null;
}

/** Two histograms in jsonb added up, as an expression. */
export const summedLags = (a: SQL, b: SQL) => sql`(
  select jsonb_agg(coalesce(x.count, 0) + coalesce(y.count, 0) order by place)
  from (select value::int as count, ordinality as place from jsonb_array_elements_text(${a}) with ordinality) as x
  full join (select value::int as count, ordinality as place from jsonb_array_elements_text(${b}) with ordinality) as y using (place))`;
