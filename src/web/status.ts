// The whole at a glance, for the API and the page alike: sources and their runs, what waits, what may be spent.
import { apiEnds } from '../app/api-ends.ts';
import { differingSentence } from '../app/differing-workers.ts';
import type { Received } from '../contract/balance.ts';
import type { Run } from '../contract/run.ts';
import { foundIn } from '../contract/source-proof.ts';
import type { SourceStatus, Status } from '../contract/status.ts';
import type { Verification } from '../contract/verification.ts';
import type { Endpoint } from '../engine/http/endpoint.ts';
import type { Source } from '../sync/intake/source.ts';
import { vanishedSentence } from '../sync/pull/vanished.ts';
import type { Figures } from '../sync/views/status.ts';
import { batchesUnderWay } from '../tables/batches.ts';
import { freshnessSince } from '../tables/freshness.ts';
import { destinationName, listPauses } from '../tables/pauses.ts';
import { goingRuns, lastRuns } from '../tables/runs.ts';
import { lastEnded } from '../tables/verifications.ts';
import type { Deps } from './deps.ts';
import { type Facts, headlineOf, problemsOf } from './headline.ts';
import { usedWebhookState } from './webhook-state.ts';
import { writtenBack } from './written-back.ts';

/** So long a page waits for a figure that is not known yet. */
const quickMs = 50;

/** `isQuick`: figures that are dear to find out may be a few seconds old. */
export async function readStatus(deps: Deps, { isQuick = false } = {}): Promise<Status> {
  const figures = isQuick ? deps.figures.latest() : deps.figures.get();
  const received = isQuick ? deps.received.within(quickMs) : deps.received.get();
  const [status, ended] = await Promise.all([
    readFigures(deps, figures, received),
    lastEnded(deps.tributary.database),
  ]);
  const facts = factsOf(status, ended);
  return { headline: headlineOf(facts), problems: problemsOf(facts), ...status };
}

type Figured = Omit<Status, 'headline' | 'problems'>;

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
    acknowledgedDrifts: status.acknowledgedDrifts,
    deadLetters: status.deadLetters.open,
    lettersBySource: lettersBySource(status),
    failingLoops: status.loops.filter(({ failures }) => failures >= 3).map(({ name }) => name),
    logLost: log?.code ?? null,
    quarantined: status.quarantined,
    verification: ended && verificationFact(ended),
  };
}

function lettersBySource({ deadLetters: { groups } }: Figured): Map<string, number> {
  const bySource = new Map<string, number>();
  for (const { source, open } of groups) bySource.set(source, (bySource.get(source) ?? 0) + open);
  return bySource;
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
  const found = foundIn(report.streams);
  const unread = Object.values(report.unread).reduce((sum, customers) => sum + customers, 0);
  return {
    state: state === 'failed' ? 'failed' : 'finished',
    endedAt: endedAt!,
    error,
    isSample: request.sample !== null,
    compared: report.compared,
    off: report.differing.count + stale + report.missing.count + found,
    stale: request.heal ? 0 : stale,
    found: request.heal ? 0 : found,
    aside: report.inFlight + unread,
  };
}

async function readFigures(
  deps: Deps,
  known: Promise<Figures>,
  brought: Promise<Received | null>,
): Promise<Figured> {
  const { tributary } = deps;
  const { database, clock, config } = tributary;
  const { circuit, bulk } = tributary.delivering;
  const { strays } = deps.refusals;
  const [figures, received, fresh, paused, batches, sources, vanished] = await Promise.all([
    known,
    brought,
    freshnessSince(database, clock.now() - 86_400_000),
    listPauses(database),
    batchesUnderWay(database),
    readSources(deps, known),
    deps.vanished.latest(),
  ]);
  const now = clock.now();
  const waited = (since: number | null) => (since === null ? null : Math.max(now - since, 0) / 1000);
  return {
    version: deps.version,
    now: now,
    startedAt: deps.startedAt,
    database: database.kind,
    log: logFault(deps),
    databaseFault: databaseFault(deps),
    apiEnds: apiEnds(tributary.config, now),
    differingClocks: tributary.differingClocks,
    differingWorkers: tributary.differingWorkers.map((worker) => ({
      ...worker,
      note: differingSentence(worker),
    })),
    loops: tributary.failingLoops.map(({ name, since, failures, error }) => ({
      name,
      failingSince: since,
      failures,
      lastError: error,
    })),
    customers: figures.customers,
    received,
    freshness: {
      oldestWaitingAt: figures.oldestWaitingAt,
      oldestWaitSeconds: waited(figures.oldestWaitingAt),
      lastDeliveredAt: figures.lastDeliveredAt,
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
      oldestAt: oldestAt,
      oldestWaitSeconds: waited(oldestAt),
    })),
    putOff: figures.putOff && {
      ...figures.putOff,
      nextAt: figures.putOff.nextAt,
      lastAt: figures.putOff.lastAt,
    },
    destination: {
      connector: config.destination.connector.name,
      paused: paused.get(destinationName) ?? null,
      batches: { underWay: batches, customers: figures.inBatches },
      circuit: {
        state: circuit.state,
        failures: circuit.failures,
        openUntil: circuit.openUntil,
        reason: circuit.reason,
      },
      bulk,
      ...spending(tributary.endpoints.get(destinationName)),
      webhook: usedWebhookState(deps, figures, destinationName),
      schemaWait: schemaWait(deps),
    },
    drifts: figures.drifts,
    acknowledgedDrifts: figures.acknowledgedDrifts,
    writeBacks: writtenBack(tributary, figures, paused),
    holds: figures.holds,
    deadLetters: {
      open: figures.deadLetters.reduce((sum, group) => sum + group.open, 0),
      groups: figures.deadLetters,
    },
    quarantined: figures.quarantine.open,
    acknowledgedValues: figures.quarantine.acknowledged,
    clashes: figures.clashes,
    strayWebhooks: strays && { ...strays, lastAt: strays.lastAt },
    sources,
    vanished: vanished.map((one) => ({ ...one, note: vanishedSentence(one) })),
  };
}

function databaseFault({ tributary }: Deps): Status['databaseFault'] {
  const { fault } = tributary.databaseHealth;
  return fault && { kind: fault.kind, since: fault.since, reason: fault.reason };
}

function schemaWait({ tributary: { schemaWait: wait } }: Deps): Status['destination']['schemaWait'] {
  if (wait === null) return null;
  const { sentence, since = null, attempts = 0, nextAt = null, lasting = false } = wait;
  return { sentence, since: since, attempts, nextAt: nextAt, lasting };
}

function logFault({ output }: Deps): Status['log'] {
  const fault = output?.fault;
  return fault ? { code: fault.code, since: fault.since } : null;
}

/** Every configured source, in its order. */
export async function readSources(deps: Deps, known = deps.figures.get()): Promise<SourceStatus[]> {
  const { database, clock, rules } = deps.tributary;
  const names = rules.sources.map((source) => source.name);
  const [figures, paused, going, last] = await Promise.all([
    known,
    listPauses(database),
    goingRuns(database),
    lastRuns(database, names),
  ]);
  const now = clock.now();
  deps.rates.keep(going.map((run) => run.id));
  return rules.sources.map((source) => ({
    ...describe(source),
    paused: paused.get(source.name) ?? null,
    going: going.filter((run) => run.source === source.name).map((run) => withRate(deps, run, now)),
    lastRun: last.find((run) => run.source === source.name) ?? null,
    records: figures.records[source.name] ?? 0,
    webhook: usedWebhookState(deps, figures, source.name),
    ...spending(deps.tributary.endpoints.get(source.name)),
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

function withRate(deps: Deps, run: Run, now: number) {
  const ratePerSecond = run.working
    ? deps.rates.note({ id: run.id, count: run.received, from: run.startedAt }, now)
    : null;
  return { ...run, ratePerSecond };
}

function spending(endpoint: Endpoint | undefined): Pick<SourceStatus, 'budget' | 'calls'> {
  if (!endpoint) return { budget: [], calls: null };
  const shares = new Map(endpoint.budget.shares().map(({ quota, share }) => [quota, share]));
  const budget = endpoint.budget.status().map((status) => ({
    ...status,
    exhaustedUntil: status.exhaustedUntil,
    learnedShare: shares.get(status.quota) ?? 1,
  }));
  return { budget, calls: endpoint.calls() };
}
