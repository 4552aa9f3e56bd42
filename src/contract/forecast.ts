// Forecasts: what a run would take, before it is asked for, and what came of earlier ones.
import { z } from 'zod';
import {
  answer,
  count,
  idCursor,
  idText,
  laneShape,
  limit,
  nextIdCursor,
  orNull,
  text,
  time,
} from './parts.ts';
import { runStates } from './run.ts';
import { blastRadiusShape } from './segment.ts';

const amount = z.number().min(0);
const sides = ['source', 'destination'] as const;
export type Side = (typeof sides)[number];
const side = z.enum(sides);
const modes = z.enum(['incremental', 'full']);

export const planRequest = z
  .strictObject({
    source: text
      .min(1)
      .optional()
      .meta({ description: 'Default: every source that is pulled, each on its own.' }),
    mode: modes.default('incremental'),
    records: z
      .int()
      .min(0)
      .max(1_000_000_000)
      .optional()
      .meta({ description: 'The number of records to assume. Only with `source`.' }),
    dryRunId: z
      .int()
      .min(1)
      .optional()
      .meta({ description: 'A finished dry run of this source and mode, whose counts are exact.' }),
    force: z.boolean().default(false).meta({
      description: 'Answer even if a quota of a day or longer has too few calls left.',
    }),
  })
  .superRefine(({ source, records, dryRunId }, context) => {
    for (const [path, value] of Object.entries({ records, dryRunId }))
      if (value !== undefined && source === undefined)
        context.addIssue({ code: 'custom', path: [path], message: 'nothing, but with a source' });
  })
  .meta({
    id: 'PlanRequest',
    example: { source: 'hubspot', mode: 'full' },
    description: 'The run to forecast.',
  });

const quotaLine = {
  side,
  quota: z.string(),
  calls: count,
  limit: count.meta({
    description: 'The calls in any `seconds` that this run may make, without the reserve.',
  }),
  seconds: amount,
  budget: count.meta({ description: 'The calls of `limit` that remain when it begins.' }),
  share: amount.meta({
    description:
      'The share of what the quota allows during the run, or in one window if that is longer: 0 to 1.',
  }),
  waitMinutes: amount.meta({ description: 'How long the run waits for this quota.' }),
  fits: z.boolean(),
};
const quotaShape = answer(
  { ...quotaLine, bucket: z.string().nullable(), all: z.boolean() },
  'ForecastQuota',
  'What a run would take of one quota.',
);

const forecastShape = answer(
  {
    source: z.string(),
    mode: modes,
    first: z.boolean().meta({ description: 'The source has never been read completely.' }),
    at: time,
    lane: laneShape,
    accounts: answer({ source: z.string().nullable(), destination: z.string() }),
    vendors: answer({ source: z.string(), destination: z.string() }),
    records: answer({
      count,
      basis: z.enum(['vendor', 'dry run', 'given', 'last full run', 'recent runs', 'stored records']),
    }),
    customers: count.meta({ description: 'The number of customers that are assumed to be written.' }),
    bytes: answer({ read: count, written: count }),
    calls: z.array(answer({ side, what: z.string(), bucket: z.string().nullable(), calls: count })),
    totals: answer({ source: count, destination: count }),
    quotas: z.array(quotaShape),
    minutes: amount,
    readMinutes: amount.meta({ description: 'The time until the last record is read.' }),
    endsAt: time,
    bottleneck: orNull(answer({ side, quota: z.string() })).meta({
      description: 'The quota that causes most of the waiting. Null: the calls themselves take the time.',
    }),
    fits: z.boolean(),
    assumptions: z.array(z.string()),
  },
  'Forecast',
  'What a run would take.',
);
export type Forecast = z.output<typeof forecastShape>;

const callsForecast = {
  calls: z.array(answer({ what: z.string(), bucket: z.string().nullable(), calls: count })),
  quotas: z.array(
    answer({
      quota: z.string(),
      calls: count,
      limit: count,
      seconds: amount,
      budget: count,
      share: amount,
      waitMinutes: amount,
      fits: z.boolean(),
    }),
  ),
  minutes: amount,
  endsAt: time,
  bottleneck: z
    .string()
    .nullable()
    .meta({ description: 'The quota that causes most of the waiting. Null: the calls take the time.' }),
  fits: z.boolean(),
};
const paused = z.string().nullable().meta({ description: 'Why nothing happens now, if it is paused.' });

const writeBackForecast = answer(
  {
    at: time,
    reading: answer({
      ...callsForecast,
      connector: z.string(),
      first: z.boolean().meta({ description: 'Not all customers have been read yet.' }),
      customers: count.meta({ description: 'Those whose facts are still to be read.' }),
      isKnown: z.boolean().meta({ description: 'False: the destination does not say how many there are.' }),
      paused,
    }).meta({ description: 'Reading the facts at the destination.' }),
    vendors: z.array(
      answer({
        ...callsForecast,
        source: z.string(),
        connector: z.string(),
        pending: count.meta({ description: 'Customers that wait to be written.' }),
        expected: count.meta({
          description:
            'Customers of the vendor whose facts have not been read yet: at most so many more are written.',
        }),
        dryRun: z.boolean(),
        paused,
      }),
    ),
  },
  'WriteBackForecast',
  'What the pending write-backs would take.',
);
export type WriteBackForecast = z.output<typeof writeBackForecast>;

export const forecastsMadeShape = answer({
  writeBack: orNull(writeBackForecast).meta({
    description: 'What flows back to vendors, or to that of the source. Null if nothing does.',
  }),
  forecasts: z.array(answer({ id: z.int(), ...forecastShape.shape })),
  unknown: z.array(answer({ source: z.string(), reason: z.string() })).meta({
    description:
      'Sources without a forecast, because nobody says how many records they have. Empty if a source was named: then this is an error.',
  }),
  segments: answer({
    waiting: answer({
      customers: count.meta({
        description: 'Customers that wait to be delivered or are held, at most 50000.',
      }),
      radius: blastRadiusShape,
    }).meta({ description: 'Who enters and leaves segments by what waits to be delivered.' }),
    run: orNull(blastRadiusShape).meta({
      description:
        'The same for the run. Null without `dryRunId`: records that were not read cannot be told.',
    }),
  }),
});

const actualShape = answer(
  {
    state: z.enum(runStates),
    beganAt: time,
    endedAt: time,
    minutes: amount,
    records: count,
    customers: count,
    calls: answer({ source: count.nullable(), destination: count.nullable() }),
    quotas: z.array(answer({ side, quota: z.string(), calls: count })),
  },
  'ForecastActual',
  'What the run took.',
);
export type Actual = z.output<typeof actualShape>;

const ratio = amount.nullable();
export const keptForecastShape = answer(
  {
    id: z.int(),
    madeAt: time,
    forecast: forecastShape,
    runId: z.int().nullable().meta({ description: 'The run that was forecast.' }),
    actual: orNull(actualShape).meta({
      description: 'What the run took. Null until it has ended and its customers are settled.',
    }),
    ratio: orNull(answer({ calls: ratio, minutes: ratio, customers: ratio })).meta({
      description: 'Actual by forecast.',
    }),
  },
  'KeptForecast',
  'A forecast and what the run took.',
);
export type KeptForecast = z.output<typeof keptForecastShape>;

export const forecastsQuery = z.strictObject({
  source: text.optional().meta({ description: 'Only forecasts of this source.' }),
  run: idText('the ID of a run').optional().meta({ description: 'Only the forecast of this run.' }),
  cursor: idCursor,
  limit,
});
export const forecastsShape = answer({
  forecasts: z.array(keptForecastShape),
  nextCursor: nextIdCursor,
});
