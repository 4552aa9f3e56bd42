// Forecasts over HTTP: what a run would take, before it is asked for, and what came of earlier ones. Nothing is kept but
// the forecast itself.
import { createRoute, z } from '@hono/zod-openapi';
import type { Source } from '../../sync/intake/source.ts';
import { UnknownSizeError } from '../../sync/plan/plan-records.ts';
import type { PlanRequest } from '../../sync/plan/planning.ts';
import type { DryRunReport } from '../../sync/preview/dry-run.ts';
import { type Forecast, type KeptForecast, keepForecast, listForecasts } from '../../tables/forecasts.ts';
import { type Run, reportOf } from '../../tables/runs.ts';
import { number } from '../../words.ts';
import { requireSchema } from '../known-schema.ts';
import { Problem, problems } from '../problem.ts';
import { newApi, type Room, sourceNamed } from '../room.ts';
import { runNamed } from './runs.ts';
import { before, iso, jsonOf, laneShape, limit, orNull, secured, text, time } from './shapes.ts';

const tags = ['forecasts'];

const count = z.int().min(0);

const amount = z.number().min(0);

const side = z.enum(['source', 'destination']);

const modes = z.enum(['incremental', 'full']);

const body = z
  .strictObject({
    source: text
      .min(1)
      .optional()
      .openapi({ description: 'Without it: all that are pulled, each by itself.' }),
    mode: modes.default('incremental'),
    records: z
      .int()
      .min(0)
      .max(1_000_000_000)
      .optional()
      .openapi({ description: 'How many records there are, where you know better. With `source` only.' }),
    dryRunId: z
      .int()
      .min(1)
      .optional()
      .openapi({ description: 'A finished dry run of this source and mode: what it found is exact.' }),
    force: z.boolean().default(false).openapi({
      description: 'Answer too where a quota of a day or longer does not have so many calls left.',
    }),
  })
  .superRefine(({ source, records, dryRunId }, context) => {
    for (const [path, value] of Object.entries({ records, dryRunId }))
      if (value !== undefined && source === undefined)
        context.addIssue({ code: 'custom', path: [path], message: 'nothing, but with a source' });
  })
  .openapi('PlanRequest');

const quotaShape = z
  .strictObject({
    side,
    quota: z.string(),
    calls: count,
    limit: count.openapi({ description: 'Calls in any `seconds` that this run may make: less the reserve.' }),
    seconds: amount,
    left: count.openapi({ description: 'Of `limit`, what is left when it begins.' }),
    share: amount.openapi({
      description: 'Of all that the quota allows meanwhile, or in one window where that is longer: 0 to 1.',
    }),
    waitMinutes: amount.openapi({ description: 'How long the work stands still for its sake.' }),
    fits: z.boolean(),
    bucket: z.string().nullable(),
    all: z.boolean(),
  })
  .openapi('ForecastQuota');

const totals = z.strictObject({ source: count, destination: count });

const forecastShape = z
  .strictObject({
    source: z.string(),
    mode: modes,
    first: z.boolean().openapi({ description: 'Nothing of the source was read to its end before.' }),
    at: time,
    lane: laneShape,
    accounts: z.strictObject({ source: z.string().nullable(), destination: z.string() }),
    vendors: z.strictObject({ source: z.string(), destination: z.string() }),
    records: z.strictObject({
      count,
      basis: z.enum(['vendor', 'dry run', 'given', 'last full run', 'recent runs', 'stored records']),
    }),
    customers: count.openapi({ description: 'Customers that are taken to be written.' }),
    bytes: z.strictObject({ read: count, written: count }),
    calls: z.array(z.strictObject({ side, what: z.string(), bucket: z.string().nullable(), calls: count })),
    totals,
    quotas: z.array(quotaShape),
    minutes: amount,
    readMinutes: amount.openapi({ description: 'Until the last record is read.' }),
    endsAt: time,
    bottleneck: orNull(z.strictObject({ side, quota: z.string() })).openapi({
      description: 'The quota that most of the time is spent waiting for; null: the answers themselves.',
    }),
    fits: z.boolean(),
    assumptions: z.array(z.string()),
  })
  .openapi('Forecast');

const actualShape = z
  .strictObject({
    state: z.enum(['requested', 'finished', 'failed', 'cancelled']),
    beganAt: time,
    endedAt: time,
    minutes: amount,
    records: count,
    customers: count,
    calls: z.strictObject({ source: count.nullable(), destination: count.nullable() }),
    quotas: z.array(z.strictObject({ side, quota: z.string(), calls: count })),
  })
  .openapi('ForecastActual');

const ratio = amount.nullable();

const keptShape = z
  .strictObject({
    id: z.int(),
    madeAt: time,
    forecast: forecastShape,
    runId: z.int().nullable().openapi({ description: 'The run that carried it out.' }),
    actual: orNull(actualShape).openapi({
      description: 'What came of it; null until its run has ended and its customers are settled.',
    }),
    ratio: orNull(z.strictObject({ calls: ratio, minutes: ratio, customers: ratio })).openapi({
      description: 'Actual by forecast.',
    }),
  })
  .openapi('KeptForecast');

const make = createRoute({
  method: 'post',
  path: '/api/plan',
  summary: 'What a run would take: calls, share of the quotas, minutes',
  description:
    'Counts by cheap calls and plays the run through against the quotas as they stand. A run of this source and mode that begins within the hour is compared with it.',
  tags,
  security: secured,
  request: { body: { required: true, content: jsonOf(body) } },
  responses: {
    200: {
      description: 'A forecast for each source.',
      content: jsonOf(
        z.strictObject({ forecasts: z.array(z.strictObject({ id: z.int(), ...forecastShape.shape })) }),
      ),
    },
    ...problems(400, 404, 409, 413, 415, 503),
  },
});

const list = createRoute({
  method: 'get',
  path: '/api/forecasts',
  summary: 'Forecasts beside what came of them, the newest first',
  tags,
  security: secured,
  request: {
    query: z.strictObject({
      source: text.optional(),
      run: z.coerce.number('the ID of a run').int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
      before: before.openapi({ description: 'Only forecasts before this ID: `next` of the page before.' }),
      limit,
    }),
  },
  responses: {
    200: {
      description: 'A page of forecasts.',
      content: jsonOf(
        z.strictObject({
          forecasts: z.array(keptShape),
          next: z.int().nullable().openapi({ description: '`before` of the next page; null on the last.' }),
        }),
      ),
    },
    ...problems(400),
  },
});

export function planApi(room: Room) {
  const { tributary } = room;
  return newApi()
    .openapi(make, async (c) => {
      const { source, mode, records, dryRunId, force } = c.req.valid('json');
      const sources = source === undefined ? pulled(room) : [requirePull(sourceNamed(room, source))];
      const exact =
        dryRunId === undefined ? undefined : await dryRunOf(room, dryRunId, { source: source!, mode });
      await requireSchema(tributary);
      const forecasts: Forecast[] = [];
      for (const one of sources) forecasts.push(await planOf(room, one, { mode, records, exact }));
      if (!force) refuseWhatCannotFit(forecasts);
      const kept = [];
      for (const forecast of forecasts)
        kept.push({ id: await keepForecast(tributary.database, forecast), ...forecastBody(forecast) });
      return c.json({ forecasts: kept }, 200);
    })
    .openapi(list, async (c) => {
      const { limit, ...filter } = c.req.valid('query');
      const all = await listForecasts(tributary.database, { ...filter, limit: limit + 1 });
      const page = all.slice(0, limit);
      const next = all.length > limit ? page.at(-1)!.id : null;
      return c.json({ forecasts: page.map(keptBody), next }, 200);
    });
}

async function planOf({ tributary }: Room, source: Source, request: PlanRequest): Promise<Forecast> {
  try {
    return await tributary.plan(source, request);
  } catch (error) {
    if (error instanceof UnknownSizeError) throw new Problem(409, error.message, { type: 'unknown-size' });
    throw error;
  }
}

function pulled({ tributary }: Room): Source[] {
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
  room: Room,
  id: number,
  { source, mode }: { source: string; mode: Run['mode'] },
): Promise<PlanRequest['exact']> {
  const run = await runNamed(room, id);
  const isIt = run.request.dryRun && run.source === source && run.mode === mode && run.state === 'finished';
  const report = isIt ? await reportOf(room.tributary.database, id) : null;
  if (report) return { runId: id, report: report as unknown as DryRunReport };
  throw new Problem(409, `Run ${id} is no finished dry run of ${source} in the mode ${mode}.`, {
    type: 'no-report',
  });
}

function refuseWhatCannotFit(forecasts: readonly Forecast[]): void {
  const sentences = forecasts.flatMap(({ source, quotas, vendors }) =>
    quotas
      .filter(({ fits }) => !fits)
      .map(
        ({ side, quota, calls, left, limit }) =>
          `${source} would take ${number(calls)} calls of the quota ${quota} of ${vendors[side]}, which has ${number(left)} of ${number(limit)} left`,
      ),
  );
  if (sentences.length === 0) return;
  throw new Problem(409, `${sentences.join('; ')}. Force it to see when it would be done all the same.`, {
    type: 'cannot-fit',
  });
}

function forecastBody(forecast: Forecast): z.infer<typeof forecastShape> {
  return { ...forecast, at: iso(forecast.at), endsAt: iso(Math.round(forecast.endsAt)) };
}

function keptBody({ madeAt, forecast, actual, ...kept }: KeptForecast): z.infer<typeof keptShape> {
  return {
    ...kept,
    madeAt: iso(madeAt),
    forecast: forecastBody(forecast),
    actual: actual && { ...actual, beganAt: iso(actual.beganAt), endedAt: iso(actual.endedAt) },
    ratio: actual && {
      calls: ratioOf(sumOf(actual.calls), sumOf(forecast.totals)),
      minutes: ratioOf(actual.minutes, forecast.minutes),
      customers: ratioOf(actual.customers, forecast.customers),
    },
  };
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
