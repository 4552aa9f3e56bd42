// What the page of spend and forecasts reads.
import type { Context } from 'hono';
import { z } from 'zod';
import { forecastsQuery, forecastsShape } from '../../contract/forecast.ts';
import { listForecasts } from '../../tables/forecasts.ts';
import { withRatio } from '../api/plan.ts';
import type { Deps } from '../deps.ts';
import { requireSource } from '../known.ts';
import { spendPage } from '../pages/spend.ts';
import { byId, pageOf } from '../paging.ts';
import { hoursFrom, spendOf } from '../spend.ts';
import { pagesAt, queryOf } from './visit.ts';

const rowsShown = 20;

const query = forecastsQuery
  .pick({ source: true, cursor: true })
  .extend({ range: z.enum(['24h', '7d']).default('24h') });

export function spendPages(deps: Deps) {
  const { database, rules } = deps.tributary;
  return pagesAt(deps, {
    '/spend': async ({ status, shown, now }, c: Context) => {
      const { range, source, cursor } = queryOf(query, c);
      await requireSource(deps, source);
      const hours = range === '7d' ? 168 : 24;
      const read = (most: number) => listForecasts(database, { source, before: cursor, limit: most });
      const [vendors, { page, next }] = await Promise.all([
        spendOf(deps, hours),
        pageOf(rowsShown, read, byId),
      ]);
      return spendPage({
        status,
        vendors,
        from: hoursFrom(now, hours),
        forecasts: shown(forecastsShape.shape.forecasts, page.map(withRatio)),
        next,
        filter: { range, source, cursor },
        sources: rules.sources.filter(({ canPull }) => canPull).map(({ name }) => name),
      });
    },
  });
}
