// What the overview reads. Figures that are dear to find out are those of the status: found out once for all who look.
import { letterGroupsShape } from '../../contract/dead-letter.ts';
import { runsShape } from '../../contract/run.ts';
import { verificationShape } from '../../contract/verification.ts';
import { letterGroups } from '../../sync/views/letter-groups.ts';
import { columnsOfRuns, listRuns } from '../../tables/runs.ts';
import { listVerifications } from '../../tables/verifications.ts';
import type { Deps } from '../deps.ts';
import { overviewPage } from '../pages/overview.ts';
import { Remembered } from '../remembered.ts';
import { pagesAt } from './visit.ts';

const runsShown = 6;

const causesShown = 3;

export function overviewPages(deps: Deps) {
  const { clock, database } = deps.tributary;
  const causes = new Remembered(clock, () => letterGroups(database, {}));
  return pagesAt(deps, {
    '/': async ({ status, shown }) => {
      const [runs, groups, [proof]] = await Promise.all([
        listRuns(database, { limit: runsShown }),
        causes.latest(),
        listVerifications(database, { limit: 1 }),
      ]);
      const ids = runs.map(({ id }) => id);
      return overviewPage({
        status,
        runs: shown(runsShape.shape.runs, runs),
        columns: await columnsOfRuns(database, ids),
        groups: shown(letterGroupsShape.shape.groups, groups.slice(0, causesShown)),
        proof: proof ? shown(verificationShape, proof) : null,
      });
    },
  });
}
