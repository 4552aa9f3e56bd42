// Runs over HTTP: what they brought, and a person's word to call one off.

import { createRoute } from '@hono/zod-openapi';
import {
  type ReportedRun,
  reportedRunShape,
  runParam,
  runShape,
  runsQuery,
  runsShape,
} from '../../contract/run.ts';
import { cancelRun, listRuns, reportOf, runById } from '../../tables/runs.ts';
import { type Deps, newApi } from '../deps.ts';
import { requireSource } from '../known.ts';
import { jsonOf, secured } from '../openapi.ts';
import { byId, pageOf } from '../paging.ts';
import { Problem, problems } from '../problem.ts';

const tags = ['runs'];

const list = createRoute({
  method: 'get',
  path: '/api/runs',
  operationId: 'listRuns',
  summary: 'Runs, newest first',
  description: 'Each with the outcome of its records, which add up to those received.',
  tags,
  security: secured,
  request: {
    query: runsQuery,
  },
  responses: {
    200: {
      description: 'A page of runs.',
      content: jsonOf(runsShape),
    },
    ...problems(400),
  },
});

const one = createRoute({
  method: 'get',
  path: '/api/runs/{id}',
  operationId: 'getRun',
  summary: 'One run',
  description: 'With the report of a dry run and the columns of a file.',
  tags,
  security: secured,
  request: { params: runParam },
  responses: { 200: { description: 'The run.', content: jsonOf(reportedRunShape) }, ...problems(400, 404) },
});

const cancel = createRoute({
  method: 'post',
  path: '/api/runs/{id}/cancel',
  operationId: 'cancelRun',
  summary: 'Call a run off',
  description:
    'Immediately if no worker is processing it, else after its current page. What it has ingested stays.',
  tags,
  security: secured,
  request: { params: runParam },
  responses: { 202: { description: 'The run.', content: jsonOf(runShape) }, ...problems(400, 404, 409) },
});

export function runsApi(deps: Deps) {
  const { tributary } = deps;
  return newApi()
    .openapi(list, async (c) => {
      const { limit, cursor: before, ...filter } = c.req.valid('query');
      await requireSource(deps, filter.source);
      const read = (most: number) => listRuns(tributary.database, { ...filter, before, limit: most });
      const { page: runs, next } = await pageOf(limit, read, byId);
      return c.json({ runs, nextCursor: next }, 200);
    })
    .openapi(one, async (c) => {
      const run = await runNamed(deps, c.req.valid('param').id);
      const kept = (await reportOf(tributary.database, run.id)) as
        | (NonNullable<ReportedRun['report']> & Partial<Pick<ReportedRun, 'columns'>>)
        | null;
      const { columns = null, ...report } = kept ?? {};
      const isFound = run.request.dryRun && kept !== null;
      return c.json({ ...run, report: isFound ? (report as ReportedRun['report']) : null, columns }, 200);
    })
    .openapi(cancel, async (c) => {
      const { id } = await runNamed(deps, c.req.valid('param').id);
      const run = await cancelRun(tributary.database, id, tributary.clock.now());
      if (!run)
        throw new Problem(409, `Run ${id} has already ended: ${(await runNamed(deps, id)).state}.`, {
          type: 'ended',
        });
      return c.json(run, 202);
    });
}

/** Throws the problem where there is no such run. */
export async function runNamed(deps: Deps, id: number) {
  const run = await runById(deps.tributary.database, id);
  if (!run) throw new Problem(404, `There is no run ${id}.`);
  return run;
}
