// The whole at a glance, for the API and the page alike: sources and their runs, what waits, what may be spent.
import { z } from '@hono/zod-openapi';
import { differingSentence } from '../app/app.ts';
import type { Endpoint } from '../engine/http/endpoint.ts';
import type { Source } from '../sync/intake/source.ts';
import { vanishedSentence } from '../sync/pull/vanished.ts';
import { batchesUnderWay } from '../tables/batches.ts';
import { freshnessSince } from '../tables/freshness.ts';
import { destinationName, listPauses } from '../tables/pauses.ts';
import { goingRuns, lastRuns, type Run } from '../tables/runs.ts';
import { lastEnded, type Verification } from '../tables/verifications.ts';
import {
  iso,
  laneShape,
  orNull,
  pauseBody,
  pauseShape,
  runBody,
  runShape,
  time,
  timeOrNull,
} from './api/shapes.ts';
import { type Facts, headlineOf, headlineStates } from './headline.ts';
import type { Room } from './room.ts';
import { usedWebhookState, webhookStateShape } from './webhook-state.ts';

const count = z.int().min(0);

const seconds = z.number().min(0);

export const driftKind = z.enum(['differs', 'deleted', 'unknown']).openapi({
  description:
    'differs: it holds other values. deleted: it holds it no more. unknown: it holds one that was never sent.',
});

const budgetShape = z
  .strictObject({
    quota: z.string(),
    limit: z.number().openapi({
      description:
        'Calls in any `seconds` that we allow ourselves: what the vendor allows, less the reserve.',
    }),
    seconds,
    used: z.number().openapi({ description: 'Calls that count now, as this process knows.' }),
    held: z.number().openapi({ description: 'Calls this process may make without asking the others.' }),
    exhaustedUntil: timeOrNull,
    learnedShare: z
      .number()
      .openapi({ description: 'What refusals have left us of the limit, 0 to 1; it grows back.' }),
  })
  .openapi('Budget');

const callsShape = z
  .strictObject({ total: count, byStatus: z.record(z.string(), count) })
  .openapi('Calls', { description: 'Requests since this process started.' });

export const sourceShape = z
  .strictObject({
    name: z.string(),
    connector: z.string(),
    schedule: z
      .string()
      .nullable()
      .openapi({ description: 'A cron expression; null where it is read only when asked.' }),
    fullSchedule: z.string().nullable().openapi({
      description: 'When everything is read, not only what changed; null where only when asked.',
    }),
    timezone: z.string(),
    paused: orNull(pauseShape),
    going: z.array(runShape).openapi({ description: 'Its runs that have not ended, the one in hand first.' }),
    lastRun: orNull(runShape).openapi({ description: 'Its newest run that has ended.' }),
    records: count.openapi({ description: 'Records kept of it.' }),
    imports: z.boolean().openapi({ description: 'It takes files by `POST /api/sources/{source}/imports`.' }),
    pulls: z.boolean().openapi({ description: 'False where the vendor only pushes: it cannot be synced.' }),
    readsById: z.boolean().openapi({ description: 'It can be synced in mode `records`.' }),
    webhook: orNull(webhookStateShape).openapi({ description: 'Null where the vendor does not push.' }),
    budget: z.array(budgetShape),
    calls: orNull(callsShape),
  })
  .openapi('Source');

const headlineShape = z
  .strictObject({
    state: z.enum(headlineStates),
    sentence: z.string(),
    next: z
      .string()
      .nullable()
      .openapi({ description: 'The command that shows more or does what is to be done; null: nothing is.' }),
  })
  .openapi('Headline');

export const statusShape = z
  .strictObject({
    headline: headlineShape.openapi({
      description:
        'How far the destination is in step, the worst first. Only `in_step` says that it is: nothing waits, and the last verification found no difference.',
    }),
    version: z.string(),
    now: time,
    startedAt: time,
    database: z.enum(['postgres', 'pglite']),
    log: orNull(z.strictObject({ code: z.string(), since: time })).openapi({
      description: 'Why log lines are being lost, for example ENOSPC for a full disk; null if none are lost.',
    }),
    databaseFault: orNull(
      z.strictObject({ kind: z.enum(['silent', 'readOnly']), since: time, reason: z.string() }),
    ).openapi({
      description:
        'What is wrong with the database: readOnly where it answers and takes no writes. Where it does not answer at all, this is answered with 503.',
    }),
    loops: z
      .array(z.strictObject({ name: z.string(), failingSince: time, failures: count, lastError: z.string() }))
      .openapi({
        description:
          'Loops of this process whose last step failed, and that are tried again; those that work are left out.',
      }),
    differingWorkers: z
      .array(
        z.strictObject({
          host: z.string(),
          pid: z.int(),
          version: z.string(),
          parts: z.array(z.string()),
          note: z.string(),
        }),
      )
      .openapi({
        description:
          'Other workers of this database whose version or configuration differs, and in which parts.',
      }),
    customers: z.strictObject({ total: count, delivered: count, waiting: count, held: count, dead: count }),
    freshness: z.strictObject({
      oldestWaitingAt: timeOrNull.openapi({
        description: 'Since when the oldest change that is not delivered has waited.',
      }),
      oldestWaitSeconds: seconds.nullable(),
      lastDeliveredAt: timeOrNull,
      lastDay: z
        .array(
          z.strictObject({ lane: laneShape, deliveries: count, p50Seconds: seconds, p99Seconds: seconds }),
        )
        .openapi({
          description:
            "From the source's change to the destination's word, by the lane it came in, of the last 24 hours. Backfills do not count.",
        }),
    }),
    backlog: z.array(
      z.strictObject({
        lane: laneShape,
        waiting: count,
        due: count,
        oldestAt: timeOrNull,
        oldestWaitSeconds: seconds.nullable(),
      }),
    ),
    putOff: orNull(
      z.strictObject({ customers: count, nextAt: time, lastAt: time, why: z.string().nullable() }),
    ).openapi({
      description:
        'Customers that are tried again in some minutes only, and what was said of the one that waits longest.',
    }),
    destination: z.strictObject({
      connector: z.string(),
      paused: orNull(pauseShape),
      circuit: z
        .strictObject({
          state: z.enum(['closed', 'open', 'half-open']),
          failures: count,
          openUntil: timeOrNull,
          reason: z.string().nullable().openapi({ description: 'What the last failure said.' }),
        })
        .openapi({
          description: 'Open: it fails again and again, so it is left alone for a while. Of this process.',
        }),
      bulk: z
        .strictObject({ records: count, off: z.boolean() })
        .openapi({ description: 'How many customers a bulk call takes now; off: it was refused.' }),
      batches: z
        .strictObject({ underWay: count, customers: count })
        .openapi({ description: 'Bulk actions that the destination has not ended.' }),
      budget: z.array(budgetShape),
      calls: orNull(callsShape),
      webhook: orNull(webhookStateShape).openapi({ description: "The destination's own webhooks." }),
      schemaWait: orNull(
        z
          .strictObject({
            sentence: z.string(),
            since: timeOrNull,
            attempts: count,
            nextAt: timeOrNull.openapi({ description: 'When it is asked for again.' }),
            lasting: z.boolean().openapi({ description: 'It does not pass before a person does something.' }),
          })
          .openapi('SchemaWait'),
      ).openapi({
        description:
          'Why no record is taken in: the metadata schema is not known, by which values are typed. Null where it is. Webhooks are kept meanwhile.',
      }),
    }),
    drifts: z.array(z.strictObject({ kind: driftKind, count })).openapi({
      description:
        'Customers that the destination holds otherwise than it acknowledged: see `GET /api/drifts`.',
    }),
    holds: z
      .strictObject({ open: count, customers: count })
      .openapi({ description: 'Losses held until a person decides: see `GET /api/holds`.' }),
    deadLetters: z.strictObject({
      open: count,
      groups: z.array(
        z.strictObject({
          kind: z.enum(['inbox', 'record', 'delivery']),
          source: z.string(),
          code: z.string(),
          open: count,
        }),
      ),
    }),
    quarantined: count.openapi({ description: 'Values left out because they failed their type or rule.' }),
    clashes: count.openapi({
      description: 'Customers that two records of one source and stream claim.',
    }),
    strayWebhooks: orNull(
      z.strictObject({ count, lastAt: time, lastName: z.string() }).openapi('StrayWebhooks'),
    ).openapi({
      description:
        'Requests to `/webhooks/…` behind which there is no source that takes them, since this process started, and the name that the last of them called.',
    }),
    sources: z.array(sourceShape),
    vanished: z
      .array(
        z.strictObject({
          name: z.string(),
          records: count,
          customers: count,
          fields: z.array(z.string()),
          frozen: z.boolean(),
          note: z.string(),
        }),
      )
      .openapi({
        description:
          'Sources that are no longer in the configuration. Their contributions remain until you withdraw them.',
      }),
  })
  .openapi('Status');

export type Status = z.infer<typeof statusShape>;

export type SourceStatus = z.infer<typeof sourceShape>;

export type BudgetStatus = z.infer<typeof budgetShape>;

export async function readStatus(room: Room): Promise<Status> {
  const [status, ended] = await Promise.all([readFigures(room), lastEnded(room.tributary.database)]);
  return { headline: headlineOf(factsOf(status, ended)), ...status };
}

type Figured = Omit<Status, 'headline'>;

/** What the headline goes by. */
function factsOf(status: Figured, ended: Verification | null): Facts {
  const { destination, sources, freshness, drifts, log } = status;
  return {
    destination: destination.connector,
    circuit: destination.circuit,
    paused: destination.paused,
    customers: status.customers,
    oldestWaitSeconds: freshness.oldestWaitSeconds,
    lastDeliveredAt: freshness.lastDeliveredAt,
    sources: sources.map(sourceFact),
    schemaWait: destination.schemaWait?.sentence ?? null,
    toTakeIn: destination.webhook?.waiting ?? 0,
    vanished: status.vanished.map(({ name }) => name),
    // Customers that were never sent by us are none of our concern.
    drifted: drifts.reduce((sum, { kind, count }) => (kind === 'unknown' ? sum : sum + count), 0),
    deadLetters: status.deadLetters.open,
    failingLoops: status.loops.filter(({ failures }) => failures >= 3).map(({ name }) => name),
    logLost: log?.code ?? null,
    quarantined: status.quarantined,
    verification: ended && verificationFact(ended),
  };
}

function sourceFact({
  name,
  paused,
  pulls,
  going,
  lastRun,
  webhook,
}: SourceStatus): Facts['sources'][number] {
  const real = going.filter(({ request }) => request['dryRun'] !== true);
  const [next] = real;
  const failed = lastRun?.state === 'failed' ? (lastRun.error ?? 'its last run failed') : null;
  return {
    name,
    paused,
    pulls,
    reading: next !== undefined,
    toTakeIn: webhook ? webhook.waiting + webhook.toRead : 0,
    failure: next ? next.error : failed,
  };
}

function verificationFact({ state, endedAt, error, request, report }: Verification): Facts['verification'] {
  // Reports of older versions have none.
  const stale = (report.stale as typeof report.stale | undefined)?.count ?? 0;
  const unread = Object.values(report.unread).reduce((sum, customers) => sum + customers, 0);
  return {
    state: state === 'failed' ? 'failed' : 'finished',
    endedAt: iso(endedAt!),
    error,
    isSample: request.sample !== null,
    compared: report.compared,
    off: report.differing.count + stale + report.missing.count,
    stale: request.heal ? 0 : stale,
    aside: report.inFlight + unread,
  };
}

async function readFigures(room: Room): Promise<Figured> {
  const { tributary } = room;
  const { database, clock, config } = tributary;
  const { circuit, bulk } = tributary.delivering;
  const { strays } = room.refusals;
  const [figures, fresh, paused, batches, sources, vanished] = await Promise.all([
    room.figures.get(),
    freshnessSince(database, clock.now() - 86_400_000),
    listPauses(database),
    batchesUnderWay(database),
    readSources(room),
    room.vanished.get(),
  ]);
  const now = clock.now();
  const waited = (since: number | null) => (since === null ? null : Math.max(now - since, 0) / 1000);
  return {
    version: room.version,
    now: iso(now),
    startedAt: iso(room.startedAt),
    database: database.kind,
    log: logFault(room),
    databaseFault: databaseFault(room),
    differingWorkers: tributary.differingWorkers.map((worker) => ({
      ...worker,
      note: differingSentence(worker),
    })),
    loops: tributary.failingLoops.map(({ name, since, failures, error }) => ({
      name,
      failingSince: iso(since),
      failures,
      lastError: error,
    })),
    customers: figures.customers,
    freshness: {
      oldestWaitingAt: iso(figures.oldestWaitingAt),
      oldestWaitSeconds: waited(figures.oldestWaitingAt),
      lastDeliveredAt: iso(figures.lastDeliveredAt),
      lastDay: fresh.lanes.flatMap(({ lane, deliveries, p50Ms, p99Ms }) =>
        p50Ms === null || p99Ms === null
          ? []
          : [{ lane, deliveries, p50Seconds: p50Ms / 1000, p99Seconds: p99Ms / 1000 }],
      ),
    },
    backlog: figures.backlog.map(({ lane, waiting, due, oldestAt }) => ({
      lane,
      waiting,
      due,
      oldestAt: iso(oldestAt),
      oldestWaitSeconds: waited(oldestAt),
    })),
    putOff: figures.putOff && {
      ...figures.putOff,
      nextAt: iso(figures.putOff.nextAt),
      lastAt: iso(figures.putOff.lastAt),
    },
    destination: {
      connector: config.destination.connector.name,
      paused: pauseBody(paused.get(destinationName)),
      batches: { underWay: batches.count, customers: figures.inBatches },
      circuit: {
        state: circuit.state,
        failures: circuit.failures,
        openUntil: iso(circuit.openUntil),
        reason: circuit.reason,
      },
      bulk,
      ...spending(tributary.endpoints.get(destinationName)),
      webhook: usedWebhookState(room, figures, destinationName),
      schemaWait: schemaWait(room),
    },
    drifts: figures.drifts,
    holds: figures.holds,
    deadLetters: {
      open: figures.deadLetters.reduce((sum, group) => sum + group.open, 0),
      groups: figures.deadLetters,
    },
    quarantined: figures.quarantined,
    clashes: figures.clashes,
    strayWebhooks: strays && { ...strays, lastAt: iso(strays.lastAt) },
    sources,
    vanished: vanished.map((one) => ({ ...one, note: vanishedSentence(one) })),
  };
}

function databaseFault({ tributary }: Room): Status['databaseFault'] {
  const { fault } = tributary.databaseHealth;
  return fault && { kind: fault.kind, since: iso(fault.since), reason: fault.reason };
}

function schemaWait({ tributary: { schemaWait: wait } }: Room): Status['destination']['schemaWait'] {
  if (wait === null) return null;
  const { sentence, since = null, attempts = 0, nextAt = null, lasting = false } = wait;
  return { sentence, since: iso(since), attempts, nextAt: iso(nextAt), lasting };
}

function logFault({ output }: Room): Status['log'] {
  const fault = output?.fault;
  return fault ? { code: fault.code, since: iso(fault.since) } : null;
}

/** Every source of the configuration, in its order. */
export async function readSources(room: Room): Promise<SourceStatus[]> {
  const { database, clock, rules } = room.tributary;
  const names = rules.sources.map((source) => source.name);
  const [figures, paused, going, last] = await Promise.all([
    room.figures.get(),
    listPauses(database),
    goingRuns(database),
    lastRuns(database, names),
  ]);
  const now = clock.now();
  room.rates.keep(going.map((run) => run.id));
  return rules.sources.map((source) => ({
    ...describe(source),
    paused: pauseBody(paused.get(source.name)),
    going: going.filter((run) => run.source === source.name).map((run) => withRate(room, run, now)),
    lastRun: ((run) => (run ? runBody(run) : null))(last.find((run) => run.source === source.name)),
    records: figures.records[source.name] ?? 0,
    webhook: usedWebhookState(room, figures, source.name),
    ...spending(room.tributary.endpoints.get(source.name)),
  }));
}

function describe({ name, config, streams, canPull }: Source) {
  return {
    name,
    connector: config.connector.name,
    schedule: config.schedule,
    fullSchedule: config.fullSchedule ?? null,
    timezone: config.timezone,
    imports: takesImports(config.connector.name),
    pulls: canPull,
    readsById: streams.some((stream) => stream.read !== undefined),
  };
}

/** The connector that reads files. */
export function takesImports(connector: string): boolean {
  return connector === 'csv';
}

function withRate(room: Room, run: Run, now: number) {
  const ratePerSecond = run.leased
    ? room.rates.note({ id: run.id, count: run.received, from: run.startedAt }, now)
    : null;
  return { ...runBody(run), ratePerSecond };
}

function spending(endpoint: Endpoint | undefined): Pick<SourceStatus, 'budget' | 'calls'> {
  if (!endpoint) return { budget: [], calls: null };
  const shares = new Map(endpoint.budget.shares().map(({ quota, share }) => [quota, share]));
  const budget = endpoint.budget.status().map((status) => ({
    ...status,
    exhaustedUntil: iso(status.exhaustedUntil),
    learnedShare: shares.get(status.quota) ?? 1,
  }));
  return { budget, calls: endpoint.calls() };
}
