// The whole at a glance: sources and their runs, what waits, what may be spent.

import { z } from 'zod';
import { receivedShape } from './balance.ts';
import { letterKind } from './dead-letter.ts';
import { driftKind } from './drift.ts';
import { answer, count, laneShape, moment, orNull, time } from './parts.ts';
import { pauseShape } from './pause.ts';
import { runShape } from './run.ts';
import { webhookStateShape } from './webhook.ts';
import { writeBackVendor } from './write-back.ts';

const seconds = z.number().min(0);

/** How far the destination is in step, from the worst to the best. Only the last says that it is. */
export const headlineStates = [
  'destination_failing',
  'credentials_refused',
  'paused',
  'project_undecided',
  'schema_unknown',
  'sources_vanished',
  'held',
  'differs',
  'dead_letters',
  'source_failing',
  'impaired',
  'behind',
  'empty',
  'unverified',
  'in_step',
] as const;
export type HeadlineState = (typeof headlineStates)[number];

/** Those that do not pass by themselves in ordinary work. */
export const problemStates = headlineStates.slice(0, headlineStates.indexOf('behind'));

const headlineShape = answer(
  {
    state: z.enum(headlineStates),
    sentence: z.string(),
    next: z
      .string()
      .nullable()
      .meta({ description: 'The command that shows more or takes the next step. Null if none is needed.' }),
  },
  'Headline',
  'The state of synchronisation; the worst that applies. Only `in_step` means that nothing waits and the last verification found no difference.',
);
export type Headline = z.output<typeof headlineShape>;

const problemShape = answer(
  {
    ...headlineShape.shape,
    subject: z.string().nullable().meta({
      description:
        'What it is about: a source, `destination`, or a part of a worker. Null if there is one such problem at most.',
    }),
  },
  'OpenProblem',
  'Something that needs a person.',
);
export type OpenProblem = z.output<typeof problemShape>;

const budgetShape = answer(
  {
    quota: z.string(),
    limit: z.number().meta({
      description:
        'The calls in any `seconds` that Tributary may make: the limit of the vendor without the reserve.',
    }),
    seconds,
    used: z.number().meta({ description: 'Calls in the present window, as far as this process knows.' }),
    held: z.number().meta({ description: 'Calls that this process may make without asking the database.' }),
    exhaustedUntil: time.nullable(),
    learnedShare: z.number().meta({
      description:
        'The share of the limit that Tributary uses after refusals, 0 to 1. It recovers over time.',
    }),
  },
  'Budget',
  'What is left of a quota now.',
);
export type Budget = z.output<typeof budgetShape>;

const callsShape = answer(
  { total: count, byStatus: z.record(z.string(), count) },
  'Calls',
  'Requests since this process started.',
);

const spending = { budget: z.array(budgetShape), calls: orNull(callsShape) };

export const sourceShape = answer(
  {
    name: z.string(),
    connector: z.string(),
    schedule: z
      .string()
      .nullable()
      .meta({ description: 'A cron expression. Null if it is read only on request.' }),
    fullSchedule: z.string().nullable().meta({
      description: 'When everything is read, not only what changed. Null: only on request.',
    }),
    timezone: z.string(),
    imports: z.boolean().meta({ description: 'It accepts files by `POST /api/sources/{source}/imports`.' }),
    pulls: z.boolean().meta({ description: 'False if the vendor only pushes, so that it cannot be synced.' }),
    readsById: z.boolean().meta({ description: 'It can be synced with the mode `records`.' }),
    paused: orNull(pauseShape),
    going: z.array(runShape).meta({ description: 'Its runs that have not ended, the running one first.' }),
    lastRun: orNull(runShape).meta({ description: 'Its last ended run.' }),
    records: count.meta({ description: 'The number of stored records.' }),
    webhook: orNull(webhookStateShape).meta({ description: 'Null if the vendor does not push.' }),
    ...spending,
  },
  'Source',
  'A configured source and what it does now.',
);
export type SourceStatus = z.output<typeof sourceShape>;
export const sourcesShape = answer({ sources: z.array(sourceShape) });

const customers = { total: count, waiting: count, delivered: count, held: count, dead: count };
export const customerCounts = answer(customers);
/** By the state of their delivery. */
export type CustomerCounts = z.output<typeof customerCounts>;

export const statusShape = answer(
  {
    headline: headlineShape,
    problems: z.array(problemShape).meta({
      description:
        'Everything that fails or needs a person now, the worst first. Alarms are raised for these.',
    }),
    version: z.string(),
    now: time,
    startedAt: time,
    database: z.enum(['postgres', 'pglite']),
    log: orNull(answer({ code: z.string(), since: time })).meta({
      description: 'Why log lines are being lost, for example ENOSPC for a full disk; null if none are lost.',
    }),
    databaseFault: orNull(
      answer({ kind: z.enum(['unresponsive', 'readOnly']), since: time, reason: z.string() }),
    ).meta({
      description:
        'What is wrong with the database. readOnly: it answers but accepts no writes. If it does not answer, this route returns 503.',
    }),
    differingClocks: orNull(z.string()).meta({
      description:
        'By how much the clock of this machine and the clock of the database differ, in a sentence; null if they differ by less than a minute.',
    }),
    differingWorkers: z
      .array(
        answer({
          host: z.string(),
          pid: z.int(),
          version: z.string(),
          parts: z.array(z.string()),
          note: z.string(),
        }),
      )
      .meta({
        description:
          'Other workers on this database whose version or configuration differs, and which parts differ.',
      }),
    apiEnds: z
      .array(
        answer({ name: z.string(), version: z.string().nullable(), endsOn: z.iso.date(), note: z.string() }),
      )
      .meta({
        description:
          'Versions of the APIs of vendors that end within 90 days, or have ended: of which source (or `destination`), and the day.',
      }),
    loops: z
      .array(answer({ name: z.string(), failingSince: time, failures: count, lastError: z.string() }))
      .meta({
        description:
          'Loops of this process whose last step failed. They are retried. Loops that work are omitted.',
      }),
    customers: customerCounts,
    received: orNull(receivedShape).meta({
      description:
        'What became of the records received. It may be some seconds old. Null while it is counted for the first time.',
    }),
    freshness: answer({
      oldestWaitingAt: time.nullable().meta({
        description: 'When the oldest undelivered change began to wait.',
      }),
      oldestWaitSeconds: seconds.nullable(),
      lastDeliveredAt: time.nullable(),
      lastDay: z
        .array(answer({ lane: laneShape, deliveries: count, p50Seconds: seconds, p99Seconds: seconds }))
        .meta({
          description:
            'The time from a change at the source to its acknowledgement, by lane, in the last 24 hours. Without backfills.',
        }),
    }),
    backlog: z.array(
      answer({
        lane: laneShape,
        waiting: count,
        due: count,
        oldestAt: time.nullable(),
        oldestWaitSeconds: seconds.nullable(),
      }),
    ),
    putOff: orNull(answer({ customers: count, nextAt: time, lastAt: time, why: z.string().nullable() })).meta(
      {
        description:
          'Customers that are retried in some minutes only, and the reason of the one that waits longest.',
      },
    ),
    destination: answer({
      connector: z.string(),
      paused: orNull(pauseShape),
      batches: answer({ underWay: count, customers: count }).meta({
        description: 'Batches that the destination has not finished.',
      }),
      circuit: answer({
        state: z.enum(['closed', 'open', 'half-open']),
        failures: count,
        openUntil: time.nullable(),
        reason: z.string().nullable().meta({ description: 'The message of the last failure.' }),
      }).meta({
        description: 'Open: it fails repeatedly, so calls are suspended for a while. Of this process.',
      }),
      bulk: answer({ records: count, off: z.boolean() }).meta({
        description: 'The number of customers in a batch now. off: batches were refused.',
      }),
      ...spending,
      webhook: orNull(webhookStateShape).meta({ description: "The destination's own webhooks." }),
      schemaWait: orNull(
        answer(
          {
            sentence: z.string(),
            since: time.nullable(),
            attempts: count,
            nextAt: time.nullable().meta({ description: 'When it is requested again.' }),
            lasting: z.boolean().meta({ description: 'It needs a person to act.' }),
          },
          'SchemaWait',
          'The metadata schema cannot be read, so nothing is mapped.',
        ),
      ).meta({
        description:
          'Why no record is ingested: the metadata schema, which gives the types of values, is unknown. Null if it is known. Webhooks are stored meanwhile.',
      }),
    }),
    drifts: z.array(answer({ kind: driftKind, count })).meta({
      description:
        'Customers whose values at the destination differ from what it acknowledged: see `GET /api/drifts`.',
    }),
    acknowledgedDrifts: count.meta({
      description: 'Customers whose differences a person has acknowledged; `drifts` does not count them.',
    }),
    writeBacks: z.array(writeBackVendor).meta({
      description: 'How write-back to each vendor stands, as `GET /api/write-backs` shows it.',
    }),
    holds: answer({ open: count, customers: count }).meta({
      description: 'Changes that are held until a person decides: see `GET /api/holds`.',
    }),
    deadLetters: answer({
      open: count,
      groups: z.array(answer({ kind: letterKind, source: z.string(), code: z.string(), open: count })),
    }),
    quarantined: count.meta({ description: 'Values left out because they failed their type or rule.' }),
    acknowledgedValues: count.meta({
      description: 'Values left out that a person has acknowledged; `quarantined` does not count them.',
    }),
    clashes: count.meta({ description: 'Customers that two records of one source and stream claim.' }),
    strayWebhooks: orNull(
      answer(
        { count, lastAt: time, lastName: z.string() },
        'StrayWebhooks',
        'Webhook requests that named no configured source.',
      ),
    ).meta({
      description:
        'Requests to `/webhooks/…` that name no source that accepts webhooks, since this process started, and the name in the last of them.',
    }),
    sources: z.array(sourceShape),
    vanished: z
      .array(
        answer({
          name: z.string(),
          records: count,
          customers: count,
          fields: z.array(z.string()),
          frozen: z.boolean(),
          note: z.string(),
        }),
      )
      .meta({
        description:
          'Sources that are no longer in the configuration. Their contributions remain until you withdraw them.',
      }),
  },
  'Status',
  'How far the destination is in step, and what keeps it.',
);
export type Status = z.output<typeof statusShape>;

/** A list of IDs in one parameter: a command asks for few runs. */
const runIds = z
  .string()
  .regex(/^[1-9]\d{0,14}(,[1-9]\d{0,14}){0,199}$/, 'IDs of runs, comma-separated')
  .transform((text) => text.split(',').map(Number));

export const deliveriesQuery = z.strictObject({
  runs: runIds.optional().meta({
    type: 'string',
    description:
      'Only customers whose records these runs changed; `delivered` counts those delivered since the runs were requested.',
    example: '12,13',
  }),
  since: moment.optional().meta({
    description: 'Of the delivered customers count only those delivered since this time.',
  }),
});
export const deliveriesShape = answer({
  ...customers,
  quarantined: count.optional().meta({
    description: 'Values that were left out of the records of the runs. Only with `runs`.',
  }),
  toRead: count,
});
export type Deliveries = z.output<typeof deliveriesShape>;
