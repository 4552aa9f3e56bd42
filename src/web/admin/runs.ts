// What the pages of runs read.
import { z } from 'zod';
import {
  type ReportedRun,
  type Run,
  reportedRunShape,
  runParam,
  runShape,
  runsQuery,
  runsShape,
} from '../../contract/run.ts';
import { undoPreviewShape, undoQuery } from '../../contract/undo.ts';
import { previewUndo, undosOf } from '../../sync/undo/preview.ts';
import { recordsOfRun } from '../../sync/views/run-records.ts';
import { listRuns, reportOf } from '../../tables/runs.ts';
import { listSpared } from '../../tables/spared-values.ts';
import { runNamed } from '../api/runs.ts';
import { undoable } from '../api/undos.ts';
import type { Deps } from '../deps.ts';
import { requireSource } from '../known.ts';
import { runPage } from '../pages/run.ts';
import { runsPage } from '../pages/run-list.ts';
import { undoCard, undoPage } from '../pages/undo.ts';
import { byId, pageOf } from '../paging.ts';
import { Problem } from '../problem.ts';
import { mayOperate, pagesAt, queryOf } from './visit.ts';

const recordsShown = 50;

const sparedShown = 50;

const runQuery = z.strictObject({
  records: z.literal('true').optional(),
  spared: z.string().max(12_000).optional(),
});

export function runsPages(deps: Deps) {
  const { database, rules } = deps.tributary;
  return pagesAt(deps, {
    '/runs': async ({ now, shown }, c) => {
      const { limit, ...filter } = queryOf(runsQuery, c);
      const { cursor: before, ...which } = filter;
      await requireSource(deps, which.source);
      const read = (most: number) => listRuns(database, { ...which, before, limit: most });
      const { page, next } = await pageOf(limit, read, byId);
      const sources = rules.sources.map(({ name }) => name);
      return runsPage({ runs: shown(runsShape.shape.runs, page), next, filter, sources, now });
    },
    '/runs/:id': async ({ now, shown, status, visitor }, c) => {
      const { data } = runParam.safeParse({ id: c.req.param('id') });
      if (!data) throw new Problem(404, `There is no run ${c.req.param('id')}.`);
      const run = await runNamed(deps, data.id);
      const { records, spared } = queryOf(runQuery, c);
      const kept = (await reportOf(database, run.id)) as
        | (NonNullable<ReportedRun['report']> & Partial<Pick<ReportedRun, 'columns'>>)
        | null;
      const { columns = null, ...report } = kept ?? {};
      const isDry = run.request.dryRun && kept !== null;
      const whole: ReportedRun = {
        ...run,
        report: isDry ? (report as ReportedRun['report']) : null,
        columns,
      };
      const rate = status.sources
        .flatMap(({ going }) => going)
        .find(({ id }) => id === run.id)?.ratePerSecond;
      return runPage({
        run: { ...shown(reportedRunShape, whole), ratePerSecond: rate ?? null },
        records: records ? await recordsOfRun(database, run, recordsShown) : null,
        undone: run.mode === 'undo' ? await undoneBy(deps, run, spared) : null,
        mayUndo: mayOperate({ visitor }),
        now,
      });
    },
    '/runs/:id/undo': async ({ shown, visitor }, c) => {
      const { data } = runParam.safeParse({ id: c.req.param('id') });
      if (!data) throw new Problem(404, `There is no run ${c.req.param('id')}.`);
      const run = await undoable(deps, data.id);
      const takesCreated = queryOf(undoQuery, c).created === 'true';
      await deps.tributary.refreshSegments('person');
      const preview = await previewUndo(database, deps.tributary, run, {
        takesCreated,
        signal: c.req.raw.signal,
      });
      return undoPage({
        run: shown(runShape, run),
        preview: shown(undoPreviewShape, preview),
        takesCreated,
        mayUndo: mayOperate({ visitor }),
      });
    },
  });
}

async function undoneBy({ tributary, cursors }: Deps, run: Run, cursor: string | undefined) {
  const { database } = tributary;
  const [undo] = await undosOf(database, [run]);
  const [sourceId, field = ''] = cursors.open(cursor)?.split('\n') ?? [];
  const after = sourceId === undefined ? undefined : { sourceId, field };
  const { page, next } = await pageOf(
    sparedShown,
    (most) => listSpared(database, run.id, { after, limit: most }),
    (one) => `${one.sourceId}\n${one.field ?? ''}`,
  );
  return undoCard(undo!, { values: page, next: cursors.seal(next), isFirst: cursor === undefined });
}
