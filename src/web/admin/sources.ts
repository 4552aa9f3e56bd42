// What the pages of sources read.
import type { Context } from 'hono';
import { z } from 'zod';
import { callsShape } from '../../contract/call.ts';
import { forecastsShape } from '../../contract/forecast.ts';
import { type Run, runsShape } from '../../contract/run.ts';
import { type BlastRadius, blastRadiusShape } from '../../contract/segment.ts';
import type { Queryable } from '../../db/database.ts';
import { Calendar } from '../../engine/work/schedule.ts';
import { listCheckpoints } from '../../tables/checkpoints.ts';
import { listForecasts } from '../../tables/forecasts.ts';
import { listRuns, reportOf } from '../../tables/runs.ts';
import { withRatio } from '../api/plan.ts';
import { webhookSetup } from '../api/webhooks.ts';
import { type Deps, sourceNamed } from '../deps.ts';
import { sourcePage, sourcesPage } from '../pages/source.ts';
import { recentCalls } from '../recent-calls.ts';
import { pagesAt, queryOf } from './visit.ts';

const runsShown = 8;

const forecastsShown = 10;

/** A slot is looked for so far ahead: a day, or some minutes of a schedule with seconds. */
const maxSteps = 1500;

const sourceQuery = z.strictObject({ calls: z.enum(['failed']).optional() });

export function sourcesPages(deps: Deps) {
  const { database } = deps.tributary;
  const slots = new Slots();
  return pagesAt(deps, {
    '/sources': async ({ status }, c: Context) => {
      queryOf(z.strictObject({}), c);
      return sourcesPage(status);
    },
    '/sources/:source': async ({ status, shown, now, visitor }, c: Context) => {
      const { calls } = queryOf(sourceQuery, c);
      const onlyFailed = calls === 'failed';
      const { name, config, streams, mapping, fingerprint } = sourceNamed(deps, c.req.param('source')!);
      const source = status.sources.find((one) => one.name === name)!;
      const [runs, checkpoints, forecasts] = await Promise.all([
        listRuns(database, { source: name, limit: runsShown }),
        listCheckpoints(database, name),
        listForecasts(database, { source: name, limit: forecastsShown }),
      ]);
      const next = (schedule: string | null | undefined) =>
        schedule ? slots.next(schedule, config.timezone, now) : null;
      return sourcePage({
        source,
        status,
        calls: source.calls && shown(callsShape, recentCalls(deps, { of: name, onlyFailed })),
        onlyFailed,
        runs: shown(runsShape.shape.runs, runs),
        // A cursor may hold anything of a vendor's, such as an address.
        checkpoints: visitor.isMasked ? checkpoints.map((one) => ({ ...one, cursor: '•••' })) : checkpoints,
        streams: streams.map((stream) => stream.name),
        mapping: { fields: Object.keys(mapping).length, fingerprint },
        sourceId: {
          path: config.sourceId.path ?? config.connector.source?.sourceId ?? null,
          policy: config.sourceId.policy,
        },
        dryRun: await newestDryRun(database, runs, (radius) => shown(blastRadiusShape, radius)),
        forecasts: shown(forecastsShape.shape.forecasts, forecasts.map(withRatio)),
        setup: webhookSetup(deps, name, c.req.url),
        slots: { next: next(config.schedule), full: next(config.fullSchedule) },
      });
    },
  });
}

async function newestDryRun(
  db: Queryable,
  runs: readonly Run[],
  shown: (radius: BlastRadius) => BlastRadius,
) {
  const run = runs.find(({ request, state }) => request.dryRun && state === 'finished');
  if (!run) return null;
  const report = (await reportOf(db, run.id)) as { segments?: BlastRadius } | null;
  return report?.segments ? { run, segments: shown(report.segments) } : null;
}

/** The next slot of each schedule. It is found once for as long as it is to come. */
class Slots {
  readonly #known = new Map<string, { at: number | null; until: number }>();

  next(expression: string, timezone: string, now: number): number | null {
    const key = `${timezone} ${expression}`;
    const known = this.#known.get(key);
    if (known && now < known.until) return known.at;
    const at = new Calendar(expression, timezone).nextDue(now, maxSteps);
    this.#known.set(key, { at, until: at ?? now + 600_000 });
    return at;
  }
}
