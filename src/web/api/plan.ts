// Forecasts over HTTP: what a run would take, before it is asked for, and what came of earlier ones. Nothing is kept but
// the forecast itself.

import { createRoute } from '@hono/zod-openapi';
import {
  type Forecast,
  forecastsMadeShape,
  forecastsQuery,
  forecastsShape,
  type KeptForecast,
  planRequest,
} from '../../contract/forecast.ts';
import type { Run } from '../../contract/run.ts';
import type { Source } from '../../sync/intake/source.ts';
import { UnknownSizeError } from '../../sync/plan/plan-records.ts';
import { waitingRadius } from '../../sync/plan/plan-segments.ts';
import type { PlanRequest } from '../../sync/plan/planning.ts';
import type { DryRunReport } from '../../sync/preview/dry-run.ts';
import { keepForecast, listForecasts } from '../../tables/forecasts.ts';
import { reportOf } from '../../tables/runs.ts';
import { number } from '../../words.ts';
import { type Deps, newApi, sourceNamed } from '../deps.ts';
import { requireSchema } from '../known-schema.ts';
import { jsonOf, secured } from '../openapi.ts';
import { byId, pageOf } from '../paging.ts';
import { Problem, problems } from '../problem.ts';
import { runNamed } from './runs.ts';

const tags = ['forecasts'];

const make = createRoute({
  method: 'post',
  path: '/api/plan',
  operationId: 'planRun',
  summary: 'What a run would take: calls, shares of quotas, minutes',
  description:
    'Counts with cheap calls and simulates the run against the present quotas. A run of this source and mode that begins within the hour is compared with the forecast.',
  tags,
  security: secured,
  request: { body: { required: true, content: jsonOf(planRequest) } },
  responses: {
    200: {
      description: 'A forecast for each source.',
      content: jsonOf(forecastsMadeShape),
    },
    ...problems(400, 404, 409, 413, 415, 503),
  },
});

const list = createRoute({
  method: 'get',
  path: '/api/forecasts',
  operationId: 'listForecasts',
  summary: 'Forecasts and what the runs took, newest first',
  description: 'A forecast is compared with the run that followed it.',
  tags,
  security: secured,
  request: {
    query: forecastsQuery,
  },
  responses: {
    200: {
      description: 'A page of forecasts.',
      content: jsonOf(forecastsShape),
    },
    ...problems(400),
  },
});

export function planApi(deps: Deps) {
  const { tributary } = deps;
  return newApi()
    .openapi(make, async (c) => {
      const { source, mode, records, dryRunId, force } = c.req.valid('json');
      const sources = source === undefined ? pulled(deps) : [requirePull(sourceNamed(deps, source))];
      const exact =
        dryRunId === undefined ? undefined : await dryRunOf(deps, dryRunId, { source: source!, mode });
      await requireSchema(tributary);
      const forecasts: Forecast[] = [];
      const unknown: { source: string; reason: string }[] = [];
      for (const one of sources) {
        try {
          forecasts.push(await tributary.plan(one, { mode, records, exact }));
        } catch (error) {
          if (!(error instanceof UnknownSizeError)) throw error;
          if (source !== undefined || error.hasFailed)
            throw new Problem(409, error.message, { type: 'unknown-size' });
          unknown.push({ source: one.name, reason: error.message });
        }
      }
      if (!force) refuseWhatCannotFit(forecasts);
      const kept = [];
      for (const forecast of forecasts)
        kept.push({ id: await keepForecast(tributary.database, forecast), ...forecast });
      await tributary.refreshSegments('person');
      const segments = {
        waiting: await waitingRadius(tributary.database, tributary.rules, tributary.sending),
        run: exact?.report.segments ?? null,
      };
      return c.json(
        { forecasts: kept, unknown, writeBack: await tributary.planWriteBacks(source), segments },
        200,
      );
    })
    .openapi(list, async (c) => {
      const { limit, cursor: before, ...filter } = c.req.valid('query');
      const read = (most: number) => listForecasts(tributary.database, { ...filter, before, limit: most });
      const { page, next } = await pageOf(limit, read, byId);
      return c.json({ forecasts: page.map(withRatio), nextCursor: next }, 200);
    });
}

function pulled({ tributary }: Deps): Source[] {
  return tributary.rules.sources.filter(({ canPull }) => canPull);
}

function requirePull(source: Source): Source {
  if (source.canPull) return source;
  const { name, config } = source;
  throw new Problem(400, `${name} takes no run: ${config.connector.name} only pushes.`, {
    type: 'bad-input',
  });
}

async function dryRunOf(
  deps: Deps,
  id: number,
  { source, mode }: { source: string; mode: Run['mode'] },
): Promise<PlanRequest['exact']> {
  const run = await runNamed(deps, id);
  const isIt = run.request.dryRun && run.source === source && run.mode === mode && run.state === 'finished';
  const report = isIt ? await reportOf(deps.tributary.database, id) : null;
  if (report) return { runId: id, report: report as unknown as DryRunReport };
  throw new Problem(409, `Run ${id} is not a finished dry run of ${source} with the mode ${mode}.`, {
    type: 'no-report',
  });
}

function refuseWhatCannotFit(forecasts: readonly Forecast[]): void {
  const sentences = forecasts.flatMap(({ source, quotas, vendors }) =>
    quotas
      .filter(({ fits }) => !fits)
      .map(
        ({ side, quota, calls, budget, limit }) =>
          `${source} would take ${number(calls)} calls of the quota ${quota} of ${vendors[side]}, which has ${number(budget)} of ${number(limit)} left`,
      ),
  );
  if (sentences.length === 0) return;
  throw new Problem(409, `${sentences.join('; ')}. Set force to see when it would end anyway.`, {
    type: 'cannot-fit',
  });
}

/** With how well it was forecast, once it is known what it took. */
export function withRatio({ forecast, actual, ...kept }: Omit<KeptForecast, 'ratio'>): KeptForecast {
  const ratio = actual && {
    calls: ratioOf(sumOf(actual.calls), sumOf(forecast.totals)),
    minutes: ratioOf(actual.minutes, forecast.minutes),
    customers: ratioOf(actual.customers, forecast.customers),
  };
  return { ...kept, forecast, actual, ratio };
}

/** Of both sides; null where those of one are not counted. */
function sumOf({
  source,
  destination,
}: {
  source: number | null;
  destination: number | null;
}): number | null {
  return source === null || destination === null ? null : source + destination;
}

function ratioOf(actual: number | null, forecast: number | null): number | null {
  return actual === null || !forecast ? null : actual / forecast;
}
