// The running whole: opens every part with what it needs, starts the loops and drains them. It knows all parts and none of
// their work.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { fingerprintOf } from '../config/fingerprint.ts';
import type { Config } from '../config.ts';
import type { Webhook } from '../connector/webhook.ts';
import type { Connector, Context, DestinationChange } from '../connector.ts';
import type { WriteBackForecast } from '../contract/forecast.ts';
import type { PublicKey } from '../contract/receipt.ts';
import { isUnavailable } from '../db/availability.ts';
import type { Database } from '../db/database.ts';
import type { Clock } from '../engine/clock.ts';
import type { CircuitStatus } from '../engine/http/circuit.ts';
import type { Connect, Proxies } from '../engine/http/connections.ts';
import type { Endpoint } from '../engine/http/endpoint.ts';
import type { Log } from '../engine/log/log.ts';
import { Budgets, type Membership } from '../engine/quota/budgets.ts';
import { noTracer, type Tracer } from '../engine/trace/trace.ts';
import { WatchedClock } from '../engine/watched-clock.ts';
import { DatabaseHealth } from '../engine/work/database-health.ts';
import type { FailingLoop } from '../engine/work/worker.ts';
import { type LeaseTimes, WorkerRegistry } from '../engine/work/worker-registry.ts';
import type { Sending } from '../sync/deliver/difference.ts';
import type { ProjectWatch } from '../sync/deliver/project-watch.ts';
import type { Opener } from '../sync/inbox/open.ts';
import { Rules } from '../sync/intake/rules.ts';
import type { Source } from '../sync/intake/source.ts';
import type { SourceHealth } from '../sync/intake/source-health.ts';
import { isFirst, plan } from '../sync/plan/plan.ts';
import { planWriteBacks, type WriteBackPlanning } from '../sync/plan/plan-write-backs.ts';
import type { Planning, PlanRequest } from '../sync/plan/planning.ts';
import type { Erasure } from '../tables/erasures.ts';
import type { Forecast } from '../tables/forecasts.ts';
import type { InboxWriter } from '../tables/inbox.ts';
import { destinationName, isTried, listPauses, pullTrialForward, resume } from '../tables/pauses.ts';
import { pullRunForward, requestRun } from '../tables/runs.ts';
import { Suppressions } from '../tables/suppressions.ts';
import { requestVerification, type VerificationRequest } from '../tables/verifications.ts';
import { Agenda, type AgendaLoop } from './agenda.ts';
import { DifferingClocks } from './differing-clocks.ts';
import { type DifferingWorker, DifferingWorkers } from './differing-workers.ts';
import { Housekeeper } from './housekeeping.ts';
import { type Loop, Loops, loopsOf } from './loops.ts';
import { type Parts, partsOf } from './parts.ts';
import { isAtRest } from './rest.ts';
import { Scheduling } from './scheduling.ts';
import type { SchemaRefresh } from './schema-refresh.ts';
import { takeOver } from './takeover.ts';
import type { WritingBack } from './writing-back.ts';

export interface TributaryOptions {
  config: Config;
  database: Database;
  clock: Clock;
  log: Log;
  /** Keys the hashes of whom was erased; without it nobody can be. */
  secretKey?: string | null;
  /** Earlier ones, under which something may still be hashed or sealed. */
  oldSecretKeys?: readonly string[];
  /** Of Tributary, for the other workers to compare. */
  version?: string;
  /** How vendors are reached. Default: directly. */
  proxies?: Proxies | null;
  /** How connections to vendors are opened. Default: through sockets of this machine. */
  connect?: Connect;
  /** How long a worker's lease lasts. The same for all workers of a database. */
  leaseTimes?: LeaseTimes;
  /** Default: nothing is traced. */
  tracer?: Tracer;
  /** Those that stored records may be of. Default: those of the configuration. */
  connectors?: readonly Connector[];
}

export class Tributary {
  readonly config: Config;
  readonly database: Database;
  /** Whether it can be worked with. */
  readonly databaseHealth: DatabaseHealth;
  readonly clock: Clock;
  readonly log: Log;
  readonly tracer: Tracer;
  readonly rules: Rules;
  readonly budgets: Budgets;
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
  #dryRunsOnly = false;
  readonly #leaseTimes: LeaseTimes | undefined;
  readonly #setup: { version: string; configuration: ReturnType<typeof fingerprintOf> };
  readonly #loops: Loops;
  readonly #parts: Parts;
  readonly #scheduling: Scheduling;
  readonly #agenda: Agenda;
  readonly #housekeeper: Housekeeper;
  readonly #differing: DifferingWorkers;
  readonly #clocks: DifferingClocks;

  constructor(options: TributaryOptions) {
    const { config, log } = options;
    const clock = new WatchedClock(options.clock);
    const onRecovered = () => this.wake();
    this.databaseHealth = new DatabaseHealth({ database: options.database, clock, log, onRecovered });
    const { database } = this.databaseHealth;
    this.config = config;
    this.database = database;
    this.clock = clock;
    this.log = log;
    this.tracer = options.tracer ?? noTracer;
    this.#leaseTimes = options.leaseTimes;
    this.#setup = { version: options.version ?? '', configuration: fingerprintOf(config) };
    this.#loops = new Loops({
      clock,
      log,
      isListening: () => this.#registry?.isListening ?? false,
      lacksAgenda: () => this.#agenda.isFailing,
    });
    const declared = typeof config.metadataSchema === 'object' ? config.metadataSchema : null;
    this.rules = new Rules(config, declared);
    const wake = (names: readonly AgendaLoop[]) => this.#loops.wakeThose(names);
    this.#agenda = new Agenda({
      ...{ database, clock, rules: this.rules, wake },
      ours: () => ({ runs: this.#parts.pulling.claimable, opened: this.opener.sources }),
    });
    const { secretKey, oldSecretKeys = [] } = options;
    const secretKeys = secretKey ? ([secretKey, ...oldSecretKeys] as const) : null;
    const suppressions = new Suppressions(secretKeys ?? [], database);
    this.rules.suppressions = suppressions;
    this.budgets = new Budgets({
      database,
      clock,
      holder: this.worker,
      membership: this.#membership(),
      onError: (error) => {
        // Of the database itself is told once, not at each renewal.
        if (!isUnavailable(error)) log.warn({ err: error }, 'budgets could not be renewed; retried');
      },
    });
    const parts = partsOf({
      config,
      database,
      clock,
      log,
      tracer: this.tracer,
      rules: this.rules,
      budgets: this.budgets,
      suppressions,
      host: this.host,
      worker: this.worker,
      secretKeys,
      proxies: options.proxies ?? null,
      connect: options.connect,
      connectors: options.connectors ?? config.sources.map(({ connector }) => connector),
      wake: this.#loops.wake,
      wakeAll: () => this.wake(),
      areRunning: () => this.#loops.areRunning,
      takesIn: () => this.#registry !== null && !this.#dryRunsOnly,
      dryRunsOnly: () => this.#dryRunsOnly,
    });
    this.#parts = parts;
    this.inbox = parts.inbox;
    this.opener = parts.opener;
    this.project = parts.project;
    this.destinationWebhook = parts.destinationWebhook;
    const request: Tributary['request'] = (run) => this.request(run);
    this.#scheduling = new Scheduling({
      config,
      database,
      clock,
      log,
      rules: this.rules,
      request,
      verify: (asked) => this.verify(asked),
      onReleased: () => this.wake(),
    });
    this.#differing = new DifferingWorkers({ log, setup: this.#setup });
    this.#clocks = new DifferingClocks({ database, clock, log });
    this.#housekeeper = new Housekeeper({
      database,
      clock,
      log,
      rules: this.rules,
      project: this.project,
      request,
      takeOver: () => this.#takeOver(),
      compareWorkers: () => this.#differing.compare(this.#registry),
      compareClocks: () => this.#clocks.compare(),
      learnTraits: () => this.learnTraits(),
      refreshSchema: () => this.refreshSchema(),
      refreshSegments: () => this.refreshSegments('run'),
    });
  }

  // ── What it is made of ──────────────────────────────────────────────────────────────────────────────────────────

  /** The vendors behind the sources that have an API, by source, and the destination by its name. */
  get endpoints(): ReadonlyMap<string, Endpoint> {
    return this.#parts.vendors.endpoints;
  }

  /** Whether the vendor behind a source answers, as this process knows it. */
  health(source: string): SourceHealth {
    return this.#parts.vendors.health(source);
  }

  /** What a connector is handed, outside of any run: for checks and for reading schemas. `signal` ends its requests. */
  contextOf(name: string, signal?: AbortSignal): Context<unknown> {
    return this.#parts.vendors.contextOf(name, signal);
  }

  /** By which receipts of this installation are checked, the one that signs first. */
  get receiptKeys(): PublicKey[] {
    return this.#parts.receipts.publicKeys;
  }

  /** Whose traits are proven: the account of the destination. */
  get destinationAccount(): string {
    return this.#parts.destination.account;
  }

  /** Settings of a destination, perhaps another than ours, with what was proven of its account laid over. */
  settingsOf(destination: Config['destination']): unknown {
    return this.#parts.destination.settingsOf(destination);
  }

  /** Where customers go, as previews need to know it. */
  get sending(): Sending {
    return this.#parts.destination.sending;
  }

  /** Whether the destination is left alone because it fails, and how it is written to now. Of this process. */
  get delivering(): { circuit: CircuitStatus; bulk: { records: number; off: boolean } } {
    return { circuit: this.#parts.deliverer.circuit, bulk: this.#parts.deliverer.bulk };
  }

  /** What flows back to the vendors of sources. */
  get writingBack(): WritingBack {
    return this.#parts.writingBack;
  }

  /** The other workers that are set up in another way than this one. */
  get differingWorkers(): readonly DifferingWorker[] {
    return this.#differing.found;
  }

  /** What the clocks of this machine and of the database differ by, in a sentence; null where they agree. */
  get differingClocks(): string | null {
    return this.#clocks.note;
  }

  /** The loops whose last step failed, the first to fail first. */
  get failingLoops(): FailingLoop[] {
    return this.#loops.failing;
  }

  /** Grows whenever a loop has worked or was told that there is work, by whatever process. */
  get activity(): number {
    return this.#loops.activity;
  }

  /** False until the types of metadata are known, where the configuration leaves them to the destination. */
  get schemaIsKnown(): boolean {
    return this.rules.schemaIsKnown;
  }

  /** What waits for the metadata schema and why, in a sentence; null where nothing does. */
  get schemaWait(): SchemaRefresh['wait'] {
    return this.#parts.schema.wait;
  }

  // ── Starting and stopping ───────────────────────────────────────────────────────────────────────────────────────

  /** Reads what was found out of the destination, by whatever process, and goes by it from now on. */
  async learnTraits(): Promise<void> {
    await this.#parts.destination.learnTraits();
  }

  /** Finds the sources that the configuration does not name any more; see `VanishedSources`. */
  async meetVanished(): Promise<void> {
    await this.#parts.vanished.find();
  }

  /** Takes the destination's metadata schema as it was read before, by whatever process. */
  async learnSchema(): Promise<void> {
    await this.#parts.schema.learn();
  }

  /** Reads the destination's metadata schema, and has mapped again what was mapped otherwise; see `SchemaRefresh`. */
  async refreshSchema(): Promise<void> {
    await this.#parts.schema.refresh();
  }

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
      onNotification: (notification) => {
        if (notification === 'erase') this.#forgetCalls();
        this.#loops.wakeFor(notification);
      },
      onDead: () => this.#loops.wake.housekeeping(),
      setup: this.#setup,
      ...(this.#leaseTimes && { times: this.#leaseTimes }),
    });
    await this.#clocks.compare();
    await this.#takeOver();
    if (!dryRunsOnly) {
      await this.#giveAnotherTry();
      await this.#parts.vanished.note();
      await this.project.meet();
      await this.#parts.writingBack.begin();
    }
    await this.learnTraits();
    await this.#parts.segments.takeKept();
    await this.refreshSchema();
    this.#loops.start(this.#loopsToStart({ calendar }));
    if (calendar && !dryRunsOnly) await this.#scheduling.start();
  }

  /** Stops claiming, finishes what runs or puts it down, and gives budgets back. The database stays open. */
  async drain(): Promise<void> {
    this.#scheduling.drain();
    await this.#loops.drain();
    await this.#parts.deliverer.sent();
    this.#loops.forget();
    // Each whatever became of the one before: without a database a worker cannot give back what it holds, but if it did not leave, it
    // would renew its lease as soon as the database is back, and nobody would take over from it.
    const steps = [
      () => this.budgets.close(),
      () => this.#parts.vendors.close(),
      () => this.#registry?.leave() ?? Promise.resolve(),
    ];
    const errors: unknown[] = [];
    for (const step of steps) await step().catch((error: unknown) => errors.push(error));
    this.#registry = null;
    if (errors.length > 0) throw errors[0];
  }

  /** See `isAtRest` of rest.ts. */
  isAtRest(): Promise<boolean> {
    return isAtRest(this.database, this.clock, this.opener.sources, this.writingBack.rules);
  }

  /** There may be something to do: the loops look at once. */
  wake(): void {
    this.#loops.wakeAll();
  }

  #loopsToStart({ calendar }: { calendar: boolean }): Loop[] {
    const { rules } = this;
    const { deliverer, eraser, hydrators, opener, pulling, schema, subscriptions, verifier, writingBack } =
      this.#parts;
    return loopsOf({
      database: (signal) => this.databaseHealth.step(signal),
      agenda: () => this.#agenda.step(),
      schema: schema.isAsked ? () => schema.step() : undefined,
      pull: (signal) => pulling.step(signal),
      pulled: rules.sources.length + schema.removedSources.length,
      canMap: () => rules.schemaIsKnown,
      ...(!this.#dryRunsOnly && {
        others: {
          deliver: async (signal) => {
            const next = await deliverer.step(signal);
            if (next.again) this.#loops.wake.poll(); // a bulk action may have begun
            return next;
          },
          deliverUrgent: (signal) => deliverer.stepUrgent(signal),
          poll: (signal) => deliverer.poller.step(signal),
          erase: (signal) => eraser.step(signal),
          open: (signal) => opener.step(signal),
          verify: (signal) => verifier.step(signal),
          hydrate: hydrators(),
          ...writingBack.steps(),
          forecasts: () => pulling.forecastStep(),
          // A command that comes and goes leaves no promise at a vendor.
          ...(calendar && { subscriptions: (signal: AbortSignal) => subscriptions.step(signal) }),
          housekeeping: () => this.#housekeeper.step(),
        },
      }),
    });
  }

  /** Nobody knows of this process before it has joined. */
  #membership(): Membership {
    const registry = () => this.#registry;
    return {
      get isCurrent() {
        return registry()?.isCurrent ?? true;
      },
      renew: async () => registry()?.renew(),
    };
  }

  async #takeOver(): Promise<void> {
    const { database, clock, log, budgets } = this;
    const { deliverer } = this.#parts;
    const onTaken = () => this.wake();
    await takeOver(this.#registry, { database, clock, log, budgets, deliverer, onTaken });
  }

  /** Who restarts has perhaps mended the cause: what no person has paused is tried once more. */
  async #giveAnotherTry(): Promise<void> {
    for (const { name, cause } of (await listPauses(this.database)).values())
      if (isTried(cause)) await resume(this.database, name);
  }

  /** They may name somebody who is to be forgotten. */
  #forgetCalls(): void {
    for (const endpoint of this.endpoints.values()) endpoint.recentCalls.clear();
  }

  #stopForGood(): void {
    this.log.error(
      'the other workers declared this one dead and took over its work: it stops; a server joins again as a new worker',
    );
    this.#scheduling.stop();
    void this.#loops.drain();
    this.onEvicted();
  }

  /** Reads the segments of the destination where nobody has for so long; see `DestinationSegments`. */
  refreshSegments(who: 'run' | 'person'): Promise<void> {
    return this.#parts.segments.refresh(who);
  }

  // ── What a person asks for ──────────────────────────────────────────────────────────────────────────────────────

  /** Asks for a run; see `requestRun`. Where one is put off, a person's request is answered with that one, due now. */
  async request(run: Omit<Parameters<typeof requestRun>[1], 'now'>) {
    const asked = { ...run, now: this.clock.now() };
    const requested =
      (await requestRun(this.database, asked)) ??
      (run.trigger === 'manual' ? await pullRunForward(this.database, asked) : null);
    this.wake();
    return requested;
  }

  /** Asks for a verification; see `requestVerification`. */
  async verify(request: VerificationRequest): ReturnType<typeof requestVerification> {
    const requested = await requestVerification(this.database, request, this.clock.now());
    this.#loops.wake.verify();
    return requested;
  }

  /** Asks for the run of a slot; see `Scheduling`. */
  fire(source: string, mode: 'incremental' | 'full', slot: number): Promise<void> {
    return this.#scheduling.fire(source, mode, slot);
  }

  /** The clock shows an earlier time than it did; see `Scheduling`. */
  clockSetBack(moment: number): void {
    this.#scheduling.clockSetBack(moment);
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
      destinationContext: this.contextOf(destinationName),
      openQuestions: this.#parts.destination.openQuestions,
      log: this.log,
      vendors: { source: source.config.connector.name, destination: connector.name },
      endpoints: {
        source: endpoints.get(source.name) ?? null,
        destination: endpoints.get(destinationName)!,
      },
      descriptions: { source: source.description, destination: connector.api!(settings) },
    };
    return plan(planning, request);
  }

  /** What waits to flow back to vendors, or to that of one source, would take; see `sync/plan/plan-write-backs`. */
  planWriteBacks(only?: string): Promise<WriteBackForecast | null> {
    const { database, clock, log, endpoints, config } = this;
    const { connector, settings } = config.destination;
    const planning: WriteBackPlanning = {
      ...{ database, clock, log },
      rules: this.writingBack.rules,
      connector: connector.name,
      destinationContext: this.contextOf(destinationName),
      destination: { description: connector.api!(settings), endpoint: endpoints.get(destinationName)! },
      vendor: (source) => {
        const [description, endpoint] = [this.rules.source(source)?.description, endpoints.get(source)];
        return description && endpoint ? { description, endpoint } : null;
      },
    };
    return planWriteBacks(planning, only);
  }

  /** Forecasts of the sources that are read for the first time at the next start. */
  async firstLoads(): Promise<Forecast[]> {
    const { database } = this;
    const forecasts: Forecast[] = [];
    for (const source of this.rules.sources) {
      const { schedule, fullSchedule } = source.config;
      if (!source.canPull || (schedule ?? fullSchedule ?? null) === null) continue;
      if (await isFirst({ database, source }))
        forecasts.push(await this.plan(source, { mode: 'incremental', lane: 'schedule' }));
    }
    return forecasts;
  }

  /** A person asks for it: deliveries that wait for a later moment, and the trial of a paused destination, go now. */
  async hurryDeliveries(): Promise<void> {
    await pullTrialForward(this.database, destinationName, this.clock.now());
    await this.#parts.deliverer.hurry();
    await this.#parts.writingBack.hurry();
    this.wake();
  }

  /** A person's word that a source is gone for good: what it contributed is withdrawn. False where none has vanished. */
  async withdraw(source: string): Promise<boolean> {
    if (!(await this.#parts.vanished.withdraw(source))) return false;
    await this.#parts.schema.compareMappings();
    return true;
  }

  /** Forgets a customer, known or not, and keeps the receipt; see `Erasing`. */
  erase(asked: { sourceId: string; permanent?: boolean | undefined }): Promise<Erasure> {
    this.#forgetCalls();
    return this.#parts.erasing.erase(asked);
  }

  /** Lets a person come back who was erased; see `liftSuppression`. */
  lift(sourceId: string): Promise<number | null> {
    return this.#parts.erasing.lift(sourceId);
  }
}
