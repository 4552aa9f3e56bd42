// What the overview reads. Figures that are dear to find out are those of the status: found out once for all who look.
import type { Context } from 'hono';
import { z } from 'zod';
import { letterGroupsShape } from '../../contract/dead-letter.ts';
import { holdsShape } from '../../contract/hold.ts';
import { runsShape } from '../../contract/run.ts';
import { verificationShape } from '../../contract/verification.ts';
import { deliveriesByHour } from '../../tables/freshness.ts';
import { destinationName } from '../../tables/pauses.ts';
import { columnsOfRuns, listRuns } from '../../tables/runs.ts';
import { listVerifications } from '../../tables/verifications.ts';
import type { Deps } from '../deps.ts';
import { overviewPage } from '../pages/overview.ts';
import { hoursFrom, spendOf } from '../spend.ts';
import { pagesAt, queryOf } from './visit.ts';

const runsShown = 6;

const causesShown = 3;

const query = z.object({ range: z.enum(['24h', '7d']).default('24h') });

export function overviewPages(deps: Deps) {
  const { database } = deps.tributary;
  return pagesAt(deps, {
    '/': async ({ status, shown, now }, c: Context) => {
      const { range } = queryOf(query, c);
      const hours = range === '7d' ? 168 : 24;
      const from = hoursFrom(now, hours);
      const [runs, groups, holds, [proof], delivered, spent] = await Promise.all([
        listRuns(database, { limit: runsShown }),
        deps.causes.latest(),
        status.holds.open > 0 ? deps.held.latest() : [],
        listVerifications(database, { limit: 1 }),
        deliveriesByHour(database, from),
        spendOf(deps, hours),
      ]);
      const ids = runs.map(({ id }) => id);
      return overviewPage({
        status,
        runs: shown(runsShape.shape.runs, runs),
        columns: await columnsOfRuns(database, ids),
        groups: shown(letterGroupsShape.shape.groups, groups.slice(0, causesShown)),
        holds: shown(holdsShape.shape.groups, holds.slice(0, causesShown)),
        proof: proof ? shown(verificationShape, proof) : null,
        flow: { range, from, delivered, spent },
        spacingMs: deps.tributary.endpoints.get(destinationName)?.budget.spacingMs(undefined) ?? null,
      });
    },
  });
}
