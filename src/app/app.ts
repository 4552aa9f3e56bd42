// The running whole: every room wired to the next, started and drained. It knows all rooms and none of their work.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { differingParts, type Fingerprint, fingerprintOf } from '../config/fingerprint.ts';
import type { Config } from '../config.ts';
import type { Webhook } from '../connector/webhook.ts';
import type { Connector, Context, DestinationChange } from '../connector.ts';
import type { Run } from '../contract/run.ts';
import { isUnavailable } from '../db/availability.ts';
import type { Database, Queryable } from '../db/database.ts';
import { type Clock, systemClock } from '../engine/clock.ts';
import { localFiles } from '../engine/files.ts';
import type { CircuitStatus } from '../engine/http/circuit.ts';
import type { Proxies } from '../engine/http/connections.ts';
import { Endpoint } from '../engine/http/endpoint.ts';
import type { Log } from '../engine/log/log.ts';
import { Budgets } from '../engine/quota/budgets.ts';
import { DatabaseHealth } from '../engine/work/database-health.ts';
import { RightOfWay } from '../engine/work/right-of-way.ts';
import { Calendar, Schedule } from '../engine/work/schedule.ts';
import { type FailingLoop, type Next, Worker } from '../engine/work/worker.ts';
import { leaseOf, WorkerRegistry } from '../engine/work/worker-registry.ts';
import { Census } from '../sync/census/census.ts';
import { Deliverer } from '../sync/deliver/deliver.ts';
import type { Sending } from '../sync/deliver/difference.ts';
import { ProjectWatch } from '../sync/deliver/project-watch.ts';
import { Eraser, liftSuppression, requestErasure } from '../sync/erase/erase.ts';
import { CoveragePolls, forgetOld, type HousekeepingDeps } from '../sync/housekeeping.ts';
import { destinationOpening } from '../sync/inbox/destination-changes.ts';
import { Hydrator } from '../sync/inbox/hydrate.ts';
import { Opener } from '../sync/inbox/open.ts';
import { DestinationSchema, type SchemaFault } from '../sync/intake/destination-schema.ts';
import { Rules } from '../sync/intake/rules.ts';
import type { Source } from '../sync/intake/source.ts';
import { SourceHealth } from '../sync/intake/source-health.ts';
import { plan } from '../sync/plan/plan.ts';
import type { Planning, PlanRequest } from '../sync/plan/planning.ts';
import { beginForecast, settleForecasts } from '../sync/plan/settle-forecasts.ts';
import { carryRun, type PullDeps } from '../sync/pull/pull.ts';
import { compareMappings, rulesOf } from '../sync/pull/remap.ts';
import {
  describeVanished,
  noteDefinitions,
  renameSources,
  vanishedSentence,
  vanishedSources,
  withdrawSource,
} from '../sync/pull/vanished.ts';
import { Verifier } from '../sync/verify/verify.ts';
import { freeBatches } from '../tables/batches.ts';
import { freeDeliveries, isUnderWay } from '../tables/deliveries.ts';
import { type Erasure, freeErasures } from '../tables/erasures.ts';
import type { Forecast } from '../tables/forecasts.ts';
import { InboxWriter, nextRequestDue } from '../tables/inbox.ts';
import {
  destinationName,
  isTried,
  listPauses,
  pullTrialForward,
  resume,
  takeTrial,
} from '../tables/pauses.ts';
import {
  claimRun,
  endCancelledRuns,
  freeRuns,
  nextRunDue,
  pullRunForward,
  putOffRun,
  releaseFuture,
  requestRun,
} from '../tables/runs.ts';
import { Suppressions } from '../tables/suppressions.ts';
import { freeTouches, someTouchesWait } from '../tables/touches.ts';
import { type ProvenTraits, provenTraits, settingsWith } from '../tables/traits.ts';
import {
  freeVerifications,
  releaseFutureSlots,
  requestVerification,
  type VerificationRequest,
} from '../tables/verifications.ts';

const runLeaseMs = 30_000;

/** What waits for the metadata schema is woken when it is known; this is the second line. */
const untypedRestMs = 1_000;

export interface DifferingWorker {
  host: string;
  pid: number;
  version: string;
  /** What differs: `version`, `destination`, `sources.NAME`, `merge` … */
  parts: string[];
}

export function differingSentence({ host, pid, parts }: DifferingWorker): string {
  return `The worker ${pid} on ${host} works on this database with another configuration: ${parts.join(', ')} ${parts.length === 1 ? 'differs' : 'differ'}. What is done depends on which worker does it: give all the same file and version.`;
}

export class Tributary {
  readonly config: Config;
  readonly database: Database;
  /** Whether it can be worked with. */
  readonly databaseHealth: DatabaseHealth;
  readonly clock: Clock;
  readonly log: Log;
  readonly rules: Rules;
  readonly budgets: Budgets;
  /** The vendors behind the sources that have an API, by source, and the destination by its name. */
  readonly endpoints = new Map<string, Endpoint>();
  /** Whether the vendors behind the sources answer, as this process knows it. */
  readonly #health = new Map<string, SourceHealth>();
  /** Where webhook requests are kept before they are answered. */
  readonly inbox: InboxWriter;
  /** What the destination pushes. */
  readonly destinationWebhook: Webhook<DestinationChange> | null;
  /** What opens them, and opens them again. */
  readonly opener: Opener;
  /** Whether the destination is the project that acknowledged the customers. */
  readonly project: ProjectWatch;
  /** This machine: files given to it are read by it alone. */
  readonly host = hostname();
  /** This process, as rows name it. */
  readonly worker = randomUUID();
  /** Called when the other workers took this one for dead: it must stop. */
  onEvicted: () => void = () => {};
  #registry: WorkerRegistry | null = null;
  readonly #setup: { version: string; configuration: Fingerprint };
  #differing: DifferingWorker[] = [];
  #dryRunsOnly = false;
  /** Sources that are withdrawn, and whose contributions are still to go. */
  #removedSources: string[] = [];
  readonly #connectors: readonly Connector[];
  readonly #proxies: Proxies | null;
  readonly #schema: DestinationSchema;
  /** What a probe found out of the destination, and its settings with that laid over. */
  #traits: ProvenTraits | null = null;
  #provenSettings: unknown;
  readonly #deliverer: Deliverer;
  readonly #coveragePolls: CoveragePolls;
  readonly #eraser: Eraser;
  readonly #verifier: Verifier;
  readonly #suppressions: Suppressions;
  readonly #vault: { database: Database; secretKey: string } | undefined;
  readonly #workers = new Map<string, Worker>();
  readonly #schedule = new Schedule(systemClock, (moment) => this.clockSetBack(moment));
  /** Done when what a clock that was set back had left is in order. */
  #clockInOrder: Promise<void> = Promise.resolve();
  readonly #drained = new AbortController();
  #setBackTo = Number.NEGATIVE_INFINITY;

  /** `secretKey`: keys the hashes of whom was erased; without it nobody can be. */
  constructor(options: {
    config: Config;
    database: Database;
    clock: Clock;
    log: Log;
    secretKey?: string | null;
    /** Of Tributary, for the other workers to compare. */
    version?: string;
    /** How vendors are reached. Default: directly. */
    proxies?: Proxies | null;
    /** Those that stored records may be of. Default: those of the configuration. */
    connectors?: readonly Connector[];
  }) {
    const { config, clock, log } = options;
    this.databaseHealth = new DatabaseHealth({
      database: options.database,
      clock,
      log,
      onRecovered: () => this.wake(),
    });
    const { database } = this.databaseHealth;
    this.config = config;
    this.#setup = { version: options.version ?? '', configuration: fingerprintOf(config) };
    this.#proxies = options.proxies ?? null;
    this.#connectors = options.connectors ?? config.sources.map(({ connector }) => connector);
    this.database = database;
    this.clock = clock;
    this.log = log;
    this.#vault = options.secretKey ? { database, secretKey: options.secretKey } : undefined;
    const declared = typeof config.metadataSchema === 'object' ? config.metadataSchema : null;
    this.rules = new Rules(config, declared);
    this.#suppressions = new Suppressions(options.secretKey ?? null, database);
    this.rules.suppressions = this.#suppressions;
    this.budgets = new Budgets({
      database,
      clock,
      holder: this.worker,
      onError: (error) => {
        // Of the database itself is told once, not at each renewal.
        if (!isUnavailable(error)) log.warn({ err: error }, 'budgets could not be renewed; tried again');
      },
    });
    for (const source of this.rules.sources)
      if (source.description) this.#connect(source.name, source.description);
    const { connector, settings } = config.destination;
    this.#provenSettings = settings;
    this.#connect(destinationName, connector.api!(settings));
    const sending = () => this.sending;
    const rightOfWay = new RightOfWay(clock);
    this.#deliverer = new Deliverer({
      database,
      clock,
      log,
      destination: connector.destination!,
      get settings() {
        return sending().settings;
      },
      endpoint: this.endpoints.get(destinationName)!,
      rightOfWay,
      census: this.#makeCensus(),
      onOrphaned: config.onOrphaned,
      onLeft: (tx, sourceId, now) => this.#eraseLeft(tx, sourceId, now),
      newLease: () => leaseOf(this.worker),
      onUrgentSent: () => this.#workers.get('deliver urgent')?.wake(),
      onRejected: () => this.#schema.doubt(),
    });
    this.#schema = this.#makeSchema();
    this.inbox = new InboxWriter(database, () => this.#workers.get('open')?.wake());
    this.destinationWebhook = connector.destination!.webhook?.(settings) ?? null;
    const pushed = this.destinationWebhook;
    this.opener = new Opener({
      database,
      rules: this.rules,
      clock,
      log,
      rightOfWay,
      destination: pushed ? destinationOpening(pushed, { drift: config.drift }) : null,
      onOpened: () => this.#wakeForOpened(),
    });
    this.project = new ProjectWatch({
      database,
      clock,
      log,
      account: this.destinationAccount,
      destination: connector.destination!,
      context: () => this.contextOf(destinationName),
      onDecided: () => this.wake(),
    });
    this.#eraser = new Eraser({
      database,
      clock,
      log,
      rules: this.rules,
      host: this.host,
      destination: connector.destination!,
      settings,
      endpoint: this.endpoints.get(destinationName)!,
      newLease: () => leaseOf(this.worker),
      confirmRefused: (error, signal) => this.#deliverer.confirmRefused(error, signal),
    });
    this.#verifier = this.#makeVerifier();
    this.#coveragePolls = new CoveragePolls(this.#housekeepingDeps);
  }

  #makeCensus(): Census {
    const { database, clock, log, destinationAccount: account } = this;
    return new Census({
      database,
      clock,
      log,
      account,
      destination: this.config.destination.connector.destination!,
      newLease: () => leaseOf(this.worker),
      erased: async (tx, sourceIds) => {
        const known = await this.#suppressions.known(tx, () => sourceIds.map((sourceId) => ({ sourceId })));
        return (sourceId) => known({ sourceId });
      },
    });
  }

  #makeSchema(): DestinationSchema {
    const { database, clock, log, rules, config } = this;
    const { connector } = config.destination;
    const { metadataSchema, reach } = connector.destination!;
    return new DestinationSchema({
      database,
      clock,
      log,
      rules,
      account: this.destinationAccount,
      vendor: connector.name,
      read:
        config.metadataSchema === 'destination' && metadataSchema
          ? () => metadataSchema(this.contextOf(destinationName))
          : null,
      reaches: async () => {
        if (!reach) return false;
        return reach(this.contextOf(destinationName)).then(
          () => true,
          () => false,
        );
      },
      onRefused: async (error) => {
        if (this.#registry && !this.#dryRunsOnly) await this.#deliverer.confirmRefused(error);
      },
    });
  }

  #makeVerifier(): Verifier {
    const { database, clock, log } = this;
    const { connector, settings } = this.config.destination;
    return new Verifier({
      database,
      clock,
      log,
      destination: connector.destination!,
      settings,
      endpoint: this.endpoints.get(destinationName)!,
      rules: this.rules,
      sending: () => this.sending,
      onHealed: () => this.#wakeDelivery(),
      newLease: () => leaseOf(this.worker),
    });
  }

  #connect(name: string, description: ConstructorParameters<typeof Endpoint>[0]['description']): void {
    const budget = this.budgets.account(description.account, description.quotas);
    this.endpoints.set(
      name,
      new Endpoint({
        name,
        description,
        budget,
        clock: this.clock,
        log: this.log,
        vault: this.#vault,
        proxies: this.#proxies,
        allowPrivateAddresses: this.config.allowPrivateAddresses,
      }),
    );
  }

  /** Reads what was found out of the destination, by whatever process, and goes by it from now on. */
  async learnTraits(): Promise<void> {
    const { connector, settings } = this.config.destination;
    this.#traits = await provenTraits(this.database, this.destinationAccount);
    this.#provenSettings = settingsWith(connector.destination!, settings, this.#traits);
  }

  /**
   * Finds the sources that the configuration does not name any more: until a person decides, their records speak as
   * they did.
   */
  async meetVanished(): Promise<void> {
    const { database, rules } = this;
    rules.setVanished(await vanishedSources(database, rules, this.#connectors));
  }

  /** Gives renamed sources their new names, keeps the rules of all, and tells of those that have vanished. */
  async #noteSources(): Promise<void> {
    const { database, rules, clock, log } = this;
    const { renamed, refused } = await database.transaction((tx) => renameSources(tx, rules));
    for (const [from, to] of renamed)
      log.info({ source: to, renamedFrom: from }, 'the source was renamed and keeps all its records');
    for (const [from, to] of refused)
      log.warn(
        { source: to, renamedFrom: from },
        'renamedFrom names a source, but this one has records of its own, so the two remain separate',
      );
    await noteDefinitions(database, rules, clock.now());
    await this.meetVanished();
    for (const vanished of await describeVanished(database, rules))
      log.warn({ source: vanished.name }, vanishedSentence(vanished));
  }

  /** A person's word that a source is gone for good: what it contributed is withdrawn. False where none has vanished. */
  async withdraw(source: string): Promise<boolean> {
    const { database, rules, clock } = this;
    if (!(await withdrawSource(database, rules, source, clock.now()))) return false;
    await this.meetVanished();
    await this.#compareMappings(new Set());
    return true;
  }

  /** Whose traits are proven: the account of the destination. */
  get destinationAccount(): string {
    const { connector, settings } = this.config.destination;
    return connector.api!(settings).account;
  }

  /** Settings of a destination, perhaps another than ours, with what was proven of its account laid over. */
  settingsOf({ connector, settings }: Config['destination']): unknown {
    const isOurs = connector.api!(settings).account === this.destinationAccount;
    return settingsWith(connector.destination!, settings, isOurs ? this.#traits : null);
  }

  /** Where customers go, as previews need to know it. */
  get sending(): Sending {
    const { destination, onOrphaned } = this.config;
    return { destination: destination.connector.destination!, settings: this.#provenSettings, onOrphaned };
  }

  /** What a connector is handed, outside of any run: for checks and for reading schemas. */
  contextOf(name: string): Context<unknown> {
    const config = name === destinationName ? undefined : this.rules.source(name)?.config;
    const settings = name === destinationName ? this.config.destination.settings : config?.settings;
    const endpoint = this.endpoints.get(name);
    const api = endpoint?.api('manual') ?? { request: () => Promise.reject(new Error(`${name} has no API`)) };
    const { locale = {} } = config ?? {};
    return { settings, locale, api, files: localFiles, now: this.clock.now() };
  }

  // ── Running ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Starts every loop and the calendar. A source that has never been read is read at once. Without the `calendar` only
   * what is asked for is done: for a command that comes and goes. With `dryRunsOnly` nothing else is done: no other run,
   * no delivery, no stored record mapped again.
   */
  async start({
    calendar = true,
    dryRunsOnly = false,
  }: {
    calendar?: boolean;
    dryRunsOnly?: boolean;
  } = {}): Promise<void> {
    const { database, clock } = this;
    this.#dryRunsOnly = dryRunsOnly;
    this.#registry = await WorkerRegistry.join(this.worker, {
      database,
      clock,
      onEvicted: () => this.#stopForGood(),
      setup: this.#setup,
    });
    await this.#takeUpFromTheDead();
    if (!dryRunsOnly) await this.#giveAnotherTry();
    if (!dryRunsOnly) {
      await this.#noteSources();
      await this.project.meet();
    }
    await this.learnTraits();
    await this.refreshSchema();
    const loop = (name: string, step: (signal: AbortSignal) => Promise<Next>) =>
      this.#workers.set(name, new Worker({ name, step, clock, log: this.log }).start());
    // What maps waits until it can type what it maps.
    const mapping = (name: string, step: (signal: AbortSignal) => Promise<Next>) =>
      loop(name, async (signal) =>
        this.schemaIsKnown ? step(signal) : { again: false, afterMs: untypedRestMs },
      );
    if (this.#schema.isAsked) loop('schema', () => this.#schemaStep());
    const sources = this.rules.sources.length + this.#removedSources.length;
    loop('watch the database', (signal) => this.databaseHealth.step(signal));
    for (let number = 1; number <= Math.min(sources, 4); number += 1)
      mapping(`pull ${number}`, (signal) => this.#pullStep(signal));
    if (dryRunsOnly) return;
    loop('deliver', (signal) => this.#deliverStep(signal));
    loop('deliver urgent', (signal) => this.#deliverer.stepUrgent(signal));
    loop('poll', (signal) => this.#deliverer.poller.step(signal));
    loop('erase', (signal) => this.#eraser.step(signal));
    mapping('open', (signal) => this.opener.step(signal));
    mapping('verify', (signal) => this.#verifier.step(signal));
    for (const source of this.rules.sources) {
      if (!source.webhook || !source.streams.some((stream) => stream.read)) continue;
      const hydrator = new Hydrator(this.#hydrateDeps(), source.name);
      mapping(`hydrate ${source.name}`, (signal) => hydrator.step(signal));
    }
    loop('forecasts', () => this.#forecastStep());
    loop('keep house', () => this.#housekeepingStep());
    const { verify } = this.config;
    if (calendar && verify)
      this.#schedule.every(verify.schedule, verify.timezone, (slot) => void this.#fireVerification(slot));
    if (calendar) {
      await releaseFuture(database, clock.now());
      await releaseFutureSlots(database, clock.now());
    }
    for (const { name, config, canPull } of this.rules.sources) {
      if (!calendar || !canPull || (config.schedule ?? config.fullSchedule ?? null) === null) continue;
      this.#schedulePulls(name, config);
      await this.request({ source: name, mode: 'incremental', trigger: 'start', lane: 'schedule' });
    }
  }

  /** Asks for a verification; see `requestVerification`. */
  async verify(request: VerificationRequest): ReturnType<typeof requestVerification> {
    const requested = await requestVerification(this.database, request, this.clock.now());
    this.#workers.get('verify')?.wake();
    return requested;
  }

  async #fireVerification(slot: number): Promise<void> {
    const { sample, heal } = this.config.verify!;
    try {
      await this.#clockInOrder;
      const requested = await this.#untilAnswered(() => this.verify({ sample, heal, by: 'schedule', slot }));
      if (requested && 'going' in requested)
        this.log.warn(
          { verification: requested.going.id },
          'a verification is still running: the scheduled one is left out',
        );
    } catch (error) {
      this.log.error({ err: error }, 'a scheduled verification could not be asked for');
    }
  }

  /** Asks for a run; see `requestRun`. Where one is put off, a person's request is answered with that one, due now. */
  async request(run: Omit<Parameters<typeof requestRun>[1], 'now'>) {
    const asked = { ...run, now: this.clock.now() };
    const requested =
      (await requestRun(this.database, asked)) ??
      (run.trigger === 'manual' ? await pullRunForward(this.database, asked) : null);
    this.wake();
    return requested;
  }

  /**
   * Forgets a customer, known or not, and keeps the receipt; the destination is told next. `permanent`: as configured
   * where it is left out. Throws SecretKeyError where erased customers could not be recognised again.
   */
  async erase({
    sourceId,
    permanent,
  }: {
    sourceId: string;
    permanent?: boolean | undefined;
  }): Promise<Erasure> {
    const { database, rules, clock, config, log } = this;
    const asked = { sourceId, permanent: permanent ?? config.erasure.permanent, now: clock.now() };
    const deps = { rules, suppressions: this.#suppressions };
    const receipt = await database.transaction((tx) => requestErasure(tx, deps, asked));
    log.info({ erasure: receipt.id }, 'a customer was erased here; the destination is told next');
    this.wake();
    return receipt;
  }

  /** As the delete policy asks of a customer that all its records have left. */
  async #eraseLeft(tx: Queryable, sourceId: string, now: number): Promise<void> {
    const deps = { rules: this.rules, suppressions: this.#suppressions };
    await requestErasure(tx, deps, { sourceId, permanent: this.config.erasure.permanent, now });
    this.#workers.get('erase')?.wake();
  }

  /** Lets a person come back who was erased; see `liftSuppression`. */
  async lift(sourceId: string): Promise<number | null> {
    const now = this.clock.now();
    return this.database.transaction((tx) => liftSuppression(tx, this.#suppressions, { sourceId, now }));
  }

  /** What the next run of a source would take; see `sync/plan/plan`. */
  plan(source: Source, request: PlanRequest): Promise<Forecast> {
    const { database, clock, sending, endpoints, config } = this;
    const { connector, settings } = config.destination;
    const planning: Planning = {
      database,
      clock,
      source,
      sending,
      context: this.contextOf(source.name),
      vendors: { source: source.config.connector.name, destination: connector.name },
      endpoints: {
        source: endpoints.get(source.name) ?? null,
        destination: endpoints.get(destinationName)!,
      },
      descriptions: { source: source.description, destination: connector.api!(settings) },
    };
    return plan(planning, request);
  }

  /** Each webhook comes by here: only those look who may have got something to do by it. */
  #wakeForOpened(): void {
    this.#wakeDelivery();
    this.#workers.get('erase')?.wake();
    for (const [name, worker] of this.#workers) if (name.startsWith('hydrate ')) worker.wake();
  }

  #wakeDelivery(): void {
    this.#workers.get('deliver')?.wake();
    this.#workers.get('deliver urgent')?.wake();
  }

  /** Whether the destination is left alone because it fails, and how it is written to now. Of this process. */
  get delivering(): { circuit: CircuitStatus; bulk: { records: number; off: boolean } } {
    return { circuit: this.#deliverer.circuit, bulk: this.#deliverer.bulk };
  }

  /** A person asks for it: deliveries that wait for a later moment, and the trial of a paused destination, go now. */
  async hurryDeliveries(): Promise<void> {
    await pullTrialForward(this.database, destinationName, this.clock.now());
    await this.#deliverer.hurry();
    this.wake();
  }

  /** The loops whose last step failed, the first to fail first. */
  get failingLoops(): FailingLoop[] {
    return [...this.#workers.values()]
      .flatMap(({ failing }) => failing ?? [])
      .sort((a, b) => a.since - b.since);
  }

  /** There may be something to do: the loops look at once. */
  wake(): void {
    for (const worker of this.#workers.values()) worker.wake();
  }

  /** Stops claiming, finishes what runs or puts it down, and gives budgets back. The database stays open. */
  async drain(): Promise<void> {
    this.#schedule.stop();
    this.#drained.abort();
    await Promise.all([...this.#workers.values()].map((worker) => worker.drain()));
    await this.#deliverer.sent();
    this.#workers.clear();
    await this.budgets.close();
    await Promise.all([...this.endpoints.values()].map((endpoint) => endpoint.close()));
    await this.#registry?.leave();
    this.#registry = null;
  }

  #stopForGood(): void {
    this.log.error(
      'the other workers took this one for dead and have its work: it stops, and a server joins again as a new worker',
    );
    this.#schedule.stop();
    for (const worker of this.#workers.values()) void worker.drain();
    this.onEvicted();
  }

  /**
   * True when no run is going, nothing is due, and no bulk action is under way. What is put off to later is not waited
   * for. Looked at in the direction of the path, so that nothing slips by between two looks.
   */
  async isAtRest(): Promise<boolean> {
    const { database, clock } = this;
    if ((await nextRunDue(database)) !== null) return false;
    const toOpen = await nextRequestDue(database);
    if (toOpen !== null && toOpen <= clock.now()) return false;
    if (await someTouchesWait(database)) return false;
    return !(await isUnderWay(database, clock.now()));
  }

  /** A full reading brings what an incremental one of the same slot would bring, which is left out. */
  #schedulePulls(source: string, { schedule, fullSchedule = null, timezone }: Source['config']): void {
    const full = fullSchedule === null ? null : new Calendar(fullSchedule, timezone);
    if (fullSchedule !== null)
      this.#schedule.every(fullSchedule, timezone, (slot) => void this.fire(source, 'full', slot));
    if (schedule === null) return;
    this.#schedule.every(schedule, timezone, (slot) => {
      if (!full?.isDue(slot)) void this.fire(source, 'incremental', slot);
    });
  }

  /** Asks for the run of a slot; where it had one, by whatever worker, nothing is asked for. */
  async fire(source: string, mode: 'incremental' | 'full', slot: number): Promise<void> {
    try {
      await this.#clockInOrder;
      const run = await this.#untilAnswered(() =>
        this.request({ source, mode, trigger: 'schedule', lane: 'schedule', slot }),
      );
      if (!run) this.log.debug({ source, slot, mode }, 'a scheduled moment has its run, or falls into one');
    } catch (error) {
      this.log.error({ err: error, source }, 'a scheduled run could not be asked for');
    }
  }

  /** A moment of the calendar comes once: where the database does not answer then, it is asked again until it does. */
  async #untilAnswered<Result>(ask: () => Promise<Result>): Promise<Result> {
    for (let waitMs = 500; ; waitMs = Math.min(waitMs * 2, 30_000)) {
      try {
        return await ask();
      } catch (error) {
        if (!isUnavailable(error) || this.#drained.signal.aborted) throw error;
        await this.clock.sleep(waitMs, this.#drained.signal);
      }
    }
  }

  /** The clock shows an earlier time than it did: what was put off until a time that it showed by mistake is due now. */
  clockSetBack(moment: number): void {
    // Each schedule notices it.
    const since = moment - this.#setBackTo;
    this.#setBackTo = moment;
    if (since >= 0 && since < 30_000) return;
    this.log.warn(
      `the clock was set back to ${new Date(moment).toISOString()}: slots that it showed too early come again`,
    );
    const { database } = this;
    const released = Promise.all([releaseFuture(database, moment), releaseFutureSlots(database, moment)]);
    this.#clockInOrder = released.then(
      () => this.wake(),
      (error: unknown) =>
        this.log.error({ err: error }, 'slots of a clock that was set back could not be released'),
    );
  }

  async #pullStep(signal: AbortSignal): Promise<Next> {
    const { database, clock } = this;
    const lease = leaseOf(this.worker);
    const sources = [...this.rules.sources.map((source) => source.name), ...this.#removedSources];
    const dryRunsOnly = this.#dryRunsOnly;
    const run = await database.transaction((tx) =>
      this.#claimRun(tx, {
        lease,
        now: clock.now(),
        leaseMs: runLeaseMs,
        host: this.host,
        sources,
        dryRunsOnly,
      }),
    );
    if (!run) {
      const next = await nextRunDue(database);
      return {
        again: false,
        afterMs: next === null ? 1000 : Math.min(Math.max(next - clock.now(), 100), 1000),
      };
    }
    await this.#beginForecast(run);
    await carryRun(this.#pullDeps(), run, lease, signal);
    return { again: true };
  }

  /** The next run; one of a paused source whose trial is due is that trial. */
  async #claimRun(tx: Queryable, claim: Parameters<typeof claimRun>[1]): Promise<Run | null> {
    const run = await claimRun(tx, claim);
    if (!run || !(await listPauses(tx)).has(run.source)) return run;
    if (await takeTrial(tx, run.source, claim.now)) {
      this.health(run.source).beginTrial();
      return run;
    }
    // Another worker makes it, with what webhooks named.
    const held = { id: run.id, lease: claim.lease };
    await putOffRun(tx, held, { dueAt: claim.now + 5_000, counted: false, error: run.error });
    return null;
  }

  /** Whether the vendor behind a source answers, as this process knows it. */
  health(source: string): SourceHealth {
    const { database, clock, log } = this;
    let health = this.#health.get(source);
    if (!health) {
      health = new SourceHealth({ name: source, database, clock, log });
      this.#health.set(source, health);
    }
    return health;
  }

  /** Where the run was forecast, calls are counted from here. A run is never kept back for it. */
  async #beginForecast(run: Run): Promise<void> {
    try {
      await this.budgets.flush();
      await this.database.transaction((tx) => beginForecast(tx, run));
      this.#workers.get('forecasts')?.wake();
    } catch (error) {
      this.log.warn({ err: error }, 'a run is not compared with its forecast');
    }
  }

  async #forecastStep(): Promise<Next> {
    await this.budgets.flush();
    const underWay = await settleForecasts(this.database, this.clock.now());
    return { again: false, afterMs: underWay > 0 ? 1_000 : 60_000 };
  }

  async #deliverStep(signal: AbortSignal): Promise<Next> {
    const next = await this.#deliverer.step(signal);
    if (next.again) this.#workers.get('poll')?.wake(); // a bulk action may have begun
    return next;
  }

  #hydrateDeps() {
    const { database, rules, clock, log } = this;
    return {
      database,
      rules,
      clock,
      log,
      endpoint: (source: string) => this.endpoints.get(source) ?? null,
      health: (source: string) => this.health(source),
      newLease: () => leaseOf(this.worker),
      onErased: (tx: Queryable, sourceId: string, now: number) => this.#eraseLeft(tx, sourceId, now),
      onIngested: () => this.#wakeDelivery(),
    };
  }

  #pullDeps(): PullDeps {
    const { database, rules, clock, log } = this;
    return {
      database,
      rules,
      clock,
      log,
      endpoint: (source) => this.endpoints.get(source) ?? null,
      health: (source) => this.health(source),
      sending: this.sending,
      onIngested: () => this.#wakeDelivery(),
    };
  }

  /** Leases of workers that died are ours to take up now, not only when they run out. */
  async #takeUpFromTheDead(): Promise<void> {
    for (const worker of (await this.#registry?.dead()) ?? []) {
      const now = this.clock.now();
      await this.database.transaction(async (tx) => {
        await freeRuns(tx, worker);
        await freeDeliveries(tx, worker, now);
        await freeBatches(tx, worker, now);
        await freeErasures(tx, worker, now);
        await freeTouches(tx, worker, now);
        await freeVerifications(tx, worker);
      });
      await this.budgets.free(worker);
      await this.#registry?.markDead(worker);
      this.log.info({ worker }, 'took up the work of a worker that died');
      this.wake();
    }
  }

  /** Workers of one database share its work: where they are set up differently, what is done depends on who does it. */
  async #compareWorkers(): Promise<void> {
    const { version, configuration } = this.#setup;
    const differing = ((await this.#registry?.peers()) ?? []).flatMap(({ host, pid, setup }) => {
      if (setup === null) return [];
      const parts = [
        ...(setup.version === version ? [] : ['version']),
        ...differingParts(configuration, setup.configuration),
      ];
      return parts.length > 0 ? [{ host, pid, version: setup.version, parts }] : [];
    });
    const [before, now] = [this.#differing, differing].map((all) => JSON.stringify(all));
    this.#differing = differing;
    if (before === now) return;
    for (const worker of differing) this.log.warn(differingSentence(worker));
    if (differing.length === 0)
      this.log.info('all workers of this database have the same configuration again');
  }

  /** The other workers that are set up in another way than this one. */
  get differingWorkers(): readonly DifferingWorker[] {
    return this.#differing;
  }

  // ── Keeping house ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Who restarts has perhaps mended the cause: what no person has paused is tried once more. */
  async #giveAnotherTry(): Promise<void> {
    for (const { name, cause } of (await listPauses(this.database)).values())
      if (isTried(cause)) await resume(this.database, name);
  }

  /** False until the types of metadata are known, where the configuration leaves them to the destination. */
  get schemaIsKnown(): boolean {
    return this.rules.schemaIsKnown;
  }

  /** What waits for the metadata schema and why, in a sentence; null where nothing does. */
  get schemaWait(): ({ sentence: string } & Partial<SchemaFault>) | null {
    const sentence = this.#schema.waitSentence;
    return sentence === null ? null : { sentence, ...this.#schema.fault };
  }

  /** Takes the destination's metadata schema as it was read before, by whatever process. */
  async learnSchema(): Promise<void> {
    await this.#schema.takeKept();
  }

  /**
   * Reads the destination's metadata schema where the configuration leaves it to it. What cannot be read stays as it
   * was. Where a mapping or the schema is another than the one the stored records were mapped by, they are mapped again.
   */
  async refreshSchema(): Promise<void> {
    await this.#meetingSchema(() => this.#schema.refresh(), { compare: true });
  }

  async #schemaStep(): Promise<Next> {
    let afterMs = 0;
    await this.#meetingSchema(async () => {
      afterMs = await this.#schema.step();
    });
    return { again: false, afterMs };
  }

  /** Does what may bring another schema, and has everything mapped again that was mapped by the one before. */
  async #meetingSchema(look: () => Promise<void>, { compare = false } = {}): Promise<void> {
    const { rules } = this;
    const wasKnown = rules.schemaIsKnown;
    const wasRead = this.#schema.isRead;
    const fingerprints = () => new Map(rules.sources.map((source) => [source.name, rulesOf(rules, source)]));
    const before = fingerprints();
    const schema = rules.schema;
    await look();
    if (!rules.schemaIsKnown) return;
    const isChanged = rules.schema !== schema;
    const after = isChanged ? fingerprints() : before;
    const changed = [...after.keys()].filter((name) => !wasKnown || after.get(name) !== before.get(name));
    const isNew = isChanged || !wasKnown || wasRead !== this.#schema.isRead;
    // Without a place in the registry nothing was taken in, and what was kept of the schema is perhaps out of date.
    if (this.#registry && !this.#dryRunsOnly && this.#schema.isRead && (compare || isNew))
      await this.#compareMappings(new Set(this.#workers.size > 0 ? changed : []));
    if (!wasKnown) this.wake();
  }

  async #compareMappings(force: ReadonlySet<string>): Promise<void> {
    const { database, rules, clock, log } = this;
    const { requested, removed, revived } = await compareMappings(database, rules, {
      now: clock.now(),
      force,
    });
    this.#removedSources = removed;
    for (const source of requested)
      log.info(
        { source },
        removed.includes(source)
          ? 'withdrawn: its contributions are taken back'
          : 'the mapping has changed: stored records are mapped again',
      );
    if (revived > 0)
      log.info({ customers: revived }, 'the metadata schema has changed: refused customers are sent again');
    if (requested.length > 0 || revived > 0) this.wake();
  }

  get #housekeepingDeps(): HousekeepingDeps {
    const { database, rules, clock } = this;
    return { database, rules, clock, request: (run) => this.request(run) };
  }

  #housekeptAt = 0;

  async #housekeepingStep(): Promise<Next> {
    const stalled = await this.database.endStalled();
    if (stalled > 0)
      this.log.warn(
        { connections: stalled },
        'database connections of a worker that does not go on were ended: others waited for them',
      );
    await this.#takeUpFromTheDead();
    await this.#compareWorkers();
    await endCancelledRuns(this.database, this.clock.now());
    await this.#coveragePolls.ask();
    await this.project.meetAgain();
    const now = this.clock.now();
    if (this.#housekeptAt === 0) this.#housekeptAt = now;
    else if (now - this.#housekeptAt >= 600_000) {
      this.#housekeptAt = now;
      await this.learnTraits();
      await this.refreshSchema();
      await forgetOld(this.#housekeepingDeps);
    }
    return { again: false, afterMs: 5_000 };
  }
}
