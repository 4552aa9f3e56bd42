// The steps, each made with what it needs and tied to the loops that it may wake. Nothing runs yet.
import type { Config } from '../config.ts';
import type { Connector, Context } from '../connector.ts';
import type { Database, Queryable } from '../db/database.ts';
import type { Clock } from '../engine/clock.ts';
import type { Connect, Proxies } from '../engine/http/connections.ts';
import type { Log } from '../engine/log/log.ts';
import type { Budgets } from '../engine/quota/budgets.ts';
import type { Tracer } from '../engine/trace/trace.ts';
import { RightOfWay } from '../engine/work/right-of-way.ts';
import { leaseOf } from '../engine/work/worker-registry.ts';
import { Census } from '../sync/census/census.ts';
import { Deliverer } from '../sync/deliver/deliver.ts';
import { Learning } from '../sync/deliver/learning.ts';
import { ProjectWatch } from '../sync/deliver/project-watch.ts';
import { isUrgent } from '../sync/deliver/route.ts';
import { Eraser } from '../sync/erase/erase.ts';
import { WriteBackRules } from '../sync/facts/write-back-rules.ts';
import { destinationOpening } from '../sync/inbox/destination-changes.ts';
import { Hydrator } from '../sync/inbox/hydrate.ts';
import { Opener } from '../sync/inbox/open.ts';
import { DestinationSegments } from '../sync/intake/destination-segments.ts';
import type { Rules } from '../sync/intake/rules.ts';
import { Subscriptions } from '../sync/subscribe/subscriptions.ts';
import { Verifier } from '../sync/verify/verify.ts';
import { lostFields } from '../tables/drifts.ts';
import { InboxWriter } from '../tables/inbox.ts';
import { destinationName } from '../tables/pauses.ts';
import { ReceiptSigner } from '../tables/signed-receipts.ts';
import type { Suppressions } from '../tables/suppressions.ts';
import { DestinationSettings } from './destination-settings.ts';
import { Erasing } from './erasing.ts';
import type { Loops, Step } from './loops.ts';
import { Pulling } from './pulling.ts';
import { SchemaRefresh } from './schema-refresh.ts';
import { VanishedSources } from './vanished-sources.ts';
import { Vendors } from './vendors.ts';
import { WritingBack } from './writing-back.ts';

export interface PartDeps {
  config: Config;
  database: Database;
  clock: Clock;
  log: Log;
  tracer: Tracer;
  rules: Rules;
  budgets: Budgets;
  suppressions: Suppressions;
  /** This machine: files given to it are read by it alone. */
  host: string;
  /** This process, as rows name it. */
  worker: string;
  /** The newest first; null where there is none. */
  secretKeys: readonly [string, ...string[]] | null;
  proxies: Proxies | null;
  connect?: Connect | undefined;
  connectors: readonly Connector[];
  wake: Loops['wake'];
  wakeAll(): void;
  areRunning(): boolean;
  /** This process takes records in, and not for dry runs only. */
  takesIn(): boolean;
  dryRunsOnly(): boolean;
}

export type Parts = ReturnType<typeof partsOf>;

export function partsOf(deps: PartDeps) {
  const { config, database, clock, log, tracer, rules, budgets, suppressions } = deps;
  const { host, secretKeys, proxies } = deps;
  const { wake, wakeAll, areRunning, takesIn } = deps;
  const shared = { database, clock, log, tracer };
  const { connector, settings } = config.destination;
  const destination = connector.destination!;
  const wakeDelivery = () => {
    wake.deliver();
    wake.deliverUrgent();
  };
  const newLease = () => leaseOf(deps.worker);
  const rightOfWay = new RightOfWay(clock);
  const receipts = new ReceiptSigner(secretKeys ?? []);
  const vault = secretKeys ? { database, secretKeys } : undefined;
  const vendors = new Vendors({ ...shared, config, rules, budgets, vault, proxies, connect: deps.connect });
  const endpoint = vendors.destination;
  const context = (): Context<unknown> => vendors.contextOf(destinationName);
  const destinationSettings = new DestinationSettings(config, database);
  const { account } = destinationSettings;
  const sending = () => destinationSettings.sending;
  const erasing = new Erasing({ ...shared, config, rules, suppressions, onRequested: wake.erase, wakeAll });
  const eraseLeft = (tx: Queryable, sourceId: string, now: number) => erasing.eraseLeft(tx, sourceId, now);

  const writeBackRules = new WriteBackRules(config.sources, destination.facts);
  const writingBack = new WritingBack({
    ...shared,
    config,
    rules: writeBackRules,
    suppressions,
    vendors,
    newLease,
  });

  const census = new Census({
    ...shared,
    account,
    destination,
    newLease,
    erased: async (tx, sourceIds) => {
      const known = await suppressions.known(tx, () => sourceIds.map((sourceId) => ({ sourceId })));
      return (sourceId) => known({ sourceId });
    },
  });
  const learning = new Learning({
    clock,
    log,
    destination,
    settings,
    known: () => destinationSettings.answers,
    keep: (answers) => destinationSettings.keepAnswers(answers),
  });
  const deliverer: Deliverer = new Deliverer({
    ...shared,
    destination,
    get settings() {
      return sending().settings;
    },
    endpoint,
    rightOfWay,
    census,
    learning,
    onOrphaned: config.onOrphaned,
    onLeft: eraseLeft,
    newLease,
    onUrgentSent: wake.deliverUrgent,
    onRejected: () => schema.doubt(),
  });
  const confirmRefused = deliverer.confirmRefused.bind(deliverer);
  const schema = new SchemaRefresh({
    ...shared,
    config,
    rules,
    account,
    context,
    takesIn,
    isRunning: areRunning,
    onRefused: confirmRefused,
    onChanged: wakeAll,
  });
  const segments = new DestinationSegments({
    ...shared,
    rules,
    account,
    vendor: connector.name,
    segments: destination.segments ?? null,
    context: (lane) => vendors.contextOf(destinationName, undefined, lane),
  });
  const destinationWebhook = destination.webhook?.(settings) ?? null;
  const opener = new Opener({
    ...shared,
    rules,
    rightOfWay,
    destination: destinationWebhook
      ? destinationOpening(destinationWebhook, { drift: config.drift, rules: writeBackRules, suppressions })
      : null,
    // Each webhook comes by here: only those are woken that may have got something to do by it.
    onOpened: () => {
      wakeDelivery();
      wake.erase();
      wake.hydrate();
      wake.facts();
      wake.writeBack();
    },
  });
  const eraser = new Eraser({
    ...shared,
    rules,
    host,
    destination,
    settings,
    endpoint,
    writeBack: writeBackRules,
    vendor: vendors.endpoint,
    account,
    receipts,
    newLease,
    confirmRefused,
  });
  const verifier = new Verifier({
    ...shared,
    destination,
    settings,
    endpoint,
    rules,
    sending,
    vendors,
    onTouched: wake.hydrate,
    onHealed: wakeDelivery,
    onDiffering: async (by) => learning.doubt(await lostFields(database, by), by),
    account,
    receipts,
    newLease,
    confirmRefused,
  });
  const pulling = new Pulling({
    ...shared,
    rules,
    budgets,
    vendors,
    host,
    sending,
    segments,
    newLease,
    claimable: () => ({ removedSources: schema.removedSources, dryRunsOnly: deps.dryRunsOnly() }),
    onIngested: (lane) => (isUrgent(lane) ? wakeDelivery() : wake.deliver()),
    onForecastBegun: wake.forecasts,
  });
  const subscriptions = new Subscriptions({
    ...shared,
    rules,
    publicUrl: config.publicUrl?.replace(/\/+$/, '') ?? null,
    contextOf: (source, signal) => vendors.contextOf(source, signal),
  });
  const hydrateDeps = {
    ...shared,
    rules,
    endpoint: vendors.endpoint,
    relation: vendors.relation,
    health: vendors.health,
    rightOfWay,
    newLease,
    onErased: eraseLeft,
    onIngested: wakeDelivery,
  };

  return {
    vendors,
    destination: destinationSettings,
    erasing,
    deliverer,
    writingBack,
    schema,
    segments,
    destinationWebhook,
    opener,
    eraser,
    verifier,
    receipts,
    pulling,
    subscriptions,
    vanished: new VanishedSources({ ...shared, rules, connectors: deps.connectors }),
    inbox: new InboxWriter(database, wake.open),
    project: new ProjectWatch({ ...shared, account, destination, context, onDecided: wakeAll }),
    /** By source what reads the records that its webhooks, its journal or a source proof name. */
    hydrators(): Map<string, Step> {
      const hydrated = rules.sources.filter(({ streams }) => streams.some((stream) => stream.read));
      return new Map(
        hydrated.map(({ name }) => {
          const hydrator = new Hydrator(hydrateDeps, name);
          return [name, (signal) => hydrator.step(signal)];
        }),
      );
    },
  };
}
