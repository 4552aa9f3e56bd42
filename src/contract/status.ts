// The whole at a glance: sources and their runs, what waits, what may be spent.
import { z } from 'zod';
import { letterKind } from './dead-letter.ts';
import { driftKind } from './drift.ts';
import { answer, count, laneShape, moment, orNull, time } from './parts.ts';
import { pauseShape } from './pause.ts';
import { runShape } from './run.ts';
import { webhookStateShape } from './webhook.ts';

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

const headlineShape = answer(
  {
    state: z.enum(headlineStates),
    sentence: z.string(),
    next: z
      .string()
      .nullable()
      .meta({ description: 'The command that shows more or does what is to be done; null: nothing is.' }),
  },
  'Headline',
  'How far the destination is in step, the worst first. Only `in_step` says that it is: nothing waits, and the last verification found no difference.',
);
export type Headline = z.output<typeof headlineShape>;

const budgetShape = answer(
  {
    quota: z.string(),
    limit: z.number().meta({
      description:
        'Calls in any `seconds` that we allow ourselves: what the vendor allows, less the reserve.',
    }),
    seconds,
    used: z.number().meta({ description: 'Calls that count now, as this process knows.' }),
    held: z.number().meta({ description: 'Calls this process may make without asking the others.' }),
    exhaustedUntil: time.nullable(),
    learnedShare: z
      .number()
      .meta({ description: 'What refusals have left us of the limit, 0 to 1; it grows back.' }),
  },
  'Budget',
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
      .meta({ description: 'A cron expression; null where it is read only when asked.' }),
    fullSchedule: z.string().nullable().meta({
      description: 'When everything is read, not only what changed; null where only when asked.',
    }),
    timezone: z.string(),
    imports: z.boolean().meta({ description: 'It takes files by `POST /api/sources/{source}/imports`.' }),
    pulls: z.boolean().meta({ description: 'False where the vendor only pushes: it cannot be synced.' }),
    readsById: z.boolean().meta({ description: 'It can be synced in mode `records`.' }),
    paused: orNull(pauseShape),
    going: z.array(runShape).meta({ description: 'Its runs that have not ended, the one in hand first.' }),
    lastRun: orNull(runShape).meta({ description: 'Its newest run that has ended.' }),
    records: count.meta({ description: 'Records kept of it.' }),
    webhook: orNull(webhookStateShape).meta({ description: 'Null where the vendor does not push.' }),
    ...spending,
  },
  'Source',
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
        'What is wrong with the database: readOnly where it answers and takes no writes. Where it does not answer at all, this is answered with 503.',
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
          'Other workers of this database whose version or configuration differs, and in which parts.',
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
          'Loops of this process whose last step failed, and that are tried again; those that work are left out.',
      }),
    customers: customerCounts,
    freshness: answer({
      oldestWaitingAt: time.nullable().meta({
        description: 'Since when the oldest change that is not delivered has waited.',
      }),
      oldestWaitSeconds: seconds.nullable(),
      lastDeliveredAt: time.nullable(),
      lastDay: z
        .array(answer({ lane: laneShape, deliveries: count, p50Seconds: seconds, p99Seconds: seconds }))
        .meta({
          description:
            "From the source's change to the destination's word, by the lane it came in, of the last 24 hours. Backfills do not count.",
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
          'Customers that are tried again in some minutes only, and what was said of the one that waits longest.',
      },
    ),
    destination: answer({
      connector: z.string(),
      paused: orNull(pauseShape),
      batches: answer({ underWay: count, customers: count }).meta({
        description: 'Bulk actions that the destination has not ended.',
      }),
      circuit: answer({
        state: z.enum(['closed', 'open', 'half-open']),
        failures: count,
        openUntil: time.nullable(),
        reason: z.string().nullable().meta({ description: 'What the last failure said.' }),
      }).meta({
        description: 'Open: it fails again and again, so it is left alone for a while. Of this process.',
      }),
      bulk: answer({ records: count, off: z.boolean() }).meta({
        description: 'How many customers a bulk call takes now; off: it was refused.',
      }),
      ...spending,
      webhook: orNull(webhookStateShape).meta({ description: "The destination's own webhooks." }),
      schemaWait: orNull(
        answer(
          {
            sentence: z.string(),
            since: time.nullable(),
            attempts: count,
            nextAt: time.nullable().meta({ description: 'When it is asked for again.' }),
            lasting: z.boolean().meta({ description: 'It does not pass before a person does something.' }),
          },
          'SchemaWait',
        ),
      ).meta({
        description:
          'Why no record is taken in: the metadata schema is not known, by which values are typed. Null where it is. Webhooks are kept meanwhile.',
      }),
    }),
    drifts: z.array(answer({ kind: driftKind, count })).meta({
      description:
        'Customers that the destination holds otherwise than it acknowledged: see `GET /api/drifts`.',
    }),
    holds: answer({ open: count, customers: count }).meta({
      description: 'Losses held until a person decides: see `GET /api/holds`.',
    }),
    deadLetters: answer({
      open: count,
      groups: z.array(answer({ kind: letterKind, source: z.string(), code: z.string(), open: count })),
    }),
    quarantined: count.meta({ description: 'Values left out because they failed their type or rule.' }),
    clashes: count.meta({ description: 'Customers that two records of one source and stream claim.' }),
    strayWebhooks: orNull(answer({ count, lastAt: time, lastName: z.string() }, 'StrayWebhooks')).meta({
      description:
        'Requests to `/webhooks/…` behind which there is no source that takes them, since this process started, and the name that the last of them called.',
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
      'Only customers whose records these runs changed; delivered are those delivered since the runs were asked for.',
    example: '12,13',
  }),
  since: moment.optional().meta({
    description: 'Of the delivered customers count only those delivered since this time.',
  }),
});
export const deliveriesShape = answer({
  ...customers,
  quarantined: count.optional().meta({
    description: 'Values of the records of the runs that were left out; only with `runs`.',
  }),
  toRead: count,
});
export type Deliveries = z.output<typeof deliveriesShape>;
