// A simulated Voucherify: a Hono app that holds customers and answers as the API does, strict where the real one is unclear.
// It does not know Tributary, or who delivers its webhooks.

import { type Context, Hono } from 'hono';
import { matchedRoutes } from 'hono/route';
import { AsyncActions, type StoredAction } from './voucherify/async-actions.ts';
import { answerBetween } from './voucherify/between.ts';
import { type Customer, truthOf } from './voucherify/customer.ts';
import type { CustomerBody, TruthCustomer } from './voucherify/customer-body.ts';
import type { CustomerFacts } from './voucherify/customer-facts.ts';
import { CustomerWrites } from './voucherify/customer-writes.ts';
import { ErrorResponse, notFound } from './voucherify/error-response.ts';
import { Exports, type StoredExport } from './voucherify/exports.ts';
import { Listing } from './voucherify/listing.ts';
import type { MetadataSchema } from './voucherify/metadata-schema.ts';
import type { AsyncActionType, VoucherifyOptions } from './voucherify/options.ts';
import { CallQuotas } from './voucherify/quotas.ts';
import { addRoutes, answer, BULK_ROUTES, type Env, type World } from './voucherify/routes.ts';
import type { SegmentBody } from './voucherify/segment-body.ts';
import { SegmentList } from './voucherify/segments.ts';
import { Truth, type TruthSnapshot } from './voucherify/truth.ts';
import { type EventSource, envelopeOf, type ThinType, type WebhookType } from './voucherify/webhooks.ts';

export type { BetweenAnswer } from './voucherify/between.ts';

export type { CustomerBody, TruthCustomer } from './voucherify/customer-body.ts';

export type { MetadataDefinition, MetadataSchema } from './voucherify/metadata-schema.ts';

export type {
  BulkFault,
  Fault,
  Quota,
  Quotas,
  VoucherifyOptions,
} from './voucherify/options.ts';

export type { SegmentBody } from './voucherify/segment-body.ts';

export { signWebhook, type WebhookEnvelope } from './voucherify/webhooks.ts';

/** Plain JSON. Files of exports are not in it: they are made again. */
export type VoucherifySnapshot = {
  truth: TruthSnapshot;
  actions: StoredAction[];
  exports: StoredExport[];
  metadataSchema: MetadataSchema | null;
  serial: number;
};

export type VoucherifySimulator = ReturnType<typeof createVoucherifySimulator>;

const PORTAL: EventSource = { channel: 'USER_PORTAL', user: { id: 'user_000000000000000001' } };

export function createVoucherifySimulator(options: VoucherifyOptions) {
  const truth = new Truth(options);
  const writes = new CustomerWrites(truth, options);
  const overwrites = options.csvWrites !== 'update';
  const actions = new AsyncActions(options, (type, record, nowMs) =>
    type === 'CUSTOMERS.IMPORT_CSV'
      ? writes.upsert(record, nowMs, overwrites)
      : writes.upsertBySourceId(record, nowMs),
  );
  const exports = new Exports(truth, options, () => writes.schema);
  const quotas = new CallQuotas(options.quotas ?? {});
  const segments = new SegmentList(truth);
  segments.set(options.segments ?? [], options.now());
  const requests = new Map<string, number>();
  let serial = 0;

  const settle = () => {
    const nowMs = options.now();
    actions.settle(nowMs);
    exports.settle(nowMs);
    return nowMs;
  };
  const announceAs =
    (source: EventSource) =>
    (type: WebhookType | ThinType, customer: Customer, requestId: string, atMs: number) => {
      if (!options.webhooks) return;
      serial += 1;
      const targetUrl = options.webhookTargetUrl ?? 'http://127.0.0.1/webhooks/voucherify';
      options.webhooks(envelopeOf(serial, type, customer, { atMs, requestId, source, targetUrl }));
    };
  const announce = announceAs({ channel: 'API', api_key: { name: 'Simulated key', app_id: options.appId } });
  const nextRequestId = () => {
    serial += 1;
    return `v-${serial.toString(16).padStart(18, '0')}`;
  };

  const app = new Hono<Env>();
  app.use(async (c, next) => {
    c.set('requestId', nextRequestId());
    await next();
    if (c.res.type !== 'error') c.header('Date', new Date(options.now()).toUTCString());
    const counted = `${routeOf(c)} ${c.res.status}`;
    requests.set(counted, (requests.get(counted) ?? 0) + 1);
  });
  app.use(async (c, next) => {
    const between = await options.between?.(c.req.raw, routeOf(c));
    if (between !== undefined) return answerBetween(between);
    const fault = await options.faults?.(c.req.raw, routeOf(c));
    if (fault instanceof Response) return fault;
    if (fault === 'drop') return Response.error();
    await next();
    if (fault === undefined) return undefined;
    c.res = undefined; // else Hono carries its headers over
    if (fault === 'apply-then-drop') c.res = new Response('Bad Gateway', { status: 502 });
    else {
      if (fault === 'apply-then-hang') await aborted(c.req.raw.signal);
      c.res = Response.error();
    }
    return undefined;
  });
  app.use(async (c, next) => {
    const downloads = c.req.path.startsWith('/v1/exports/') && c.req.query('token') !== undefined;
    const bucket = BULK_ROUTES.has(routeOf(c)) ? 'bulk' : 'single';
    if (downloads || hasKeys(c, options)) {
      const refused = quotas.refuse(bucket, options.now());
      if (refused) return refused;
      await next();
    } else c.res = answer(c, UNAUTHORIZED);
    for (const [name, value] of Object.entries(quotas.headers(bucket, options.now()))) c.header(name, value);
    return undefined;
  });
  app.notFound((c) => answer(c, notFound('resource', c.req.path)));
  const world: World = {
    options,
    truth,
    writes,
    actions,
    exports,
    listing: new Listing(truth, options, (id) => segments.has(id)),
    segments,
    startedAtMs: options.now(),
    settle,
    announce,
  };
  addRoutes(app, world);

  /** The truth, with all that is due done. */
  const held = () => {
    settle();
    return truth;
  };
  return {
    app,
    /** Live customers, oldest first. */
    *customers(): Generator<TruthCustomer> {
      for (const customer of held().all()) yield truthOf(customer);
    },
    /** Softly deleted ones, under their renamed source IDs. */
    deleted: () => held().deleted().map(truthOf),
    bySourceId(sourceId: string): TruthCustomer | undefined {
      const customer = held().bySourceId(sourceId);
      return customer && truthOf(customer);
    },
    get count(): number {
      return held().count;
    },
    /** How often the live customer with this source ID was written, its creation included. */
    writesOf: (sourceId: string) => held().bySourceId(sourceId)?.writes ?? 0,
    /** Source IDs that more than one live customer holds. */
    duplicates: () => held().duplicates(),
    /** Answers by route and status: `POST /v1/customers 200`; a cut connection counts as status 0. */
    requests: requests as ReadonlyMap<string, number>,
    /** Requests refused for quota. */
    get violations(): number {
      return quotas.violations;
    },
    /** A write that is not one of our calls (checkout, the dashboard): an upsert, with its webhook. */
    upsert(body: CustomerBody): TruthCustomer {
      const nowMs = settle();
      const outcome = writes.upsert(structuredClone(body), nowMs);
      if (outcome instanceof ErrorResponse) throw new Error(`Voucherify refuses it: ${outcome.details}`);
      announceAs(PORTAL)(`customer.${outcome.kind}`, outcome.customer, nextRequestId(), nowMs);
      return truthOf(outcome.customer);
    },
    /**
     * Points, vouchers, segments: what the shop or a campaign does. `type`: the webhook that tells of it; one of a customer shows
     * it whole, the others only name the customer. Null: none does.
     */
    setFacts(
      idOrSourceId: string,
      facts: CustomerFacts,
      type: 'customer.updated' | ThinType | null = 'customer.updated',
    ): void {
      const nowMs = settle();
      const customer = truth.find(idOrSourceId);
      if (!customer) throw new Error(`there is no customer ${idOrSourceId}`);
      customer.facts = { ...customer.facts, ...facts };
      if (type !== null) announceAs(PORTAL)(type, customer, nextRequestId(), nowMs);
    },
    /** A bulk action that is not one of our calls. Its ID. */
    beginAction(type: AsyncActionType, records: readonly CustomerBody[]): string {
      const nowMs = settle();
      const id = actions.accept(type, structuredClone([...records]), nextRequestId(), nowMs);
      settle();
      return id;
    },
    /** A soft delete that is not one of our calls, with its webhook. */
    remove(idOrSourceId: string): void {
      const nowMs = settle();
      const removed = writes.remove(idOrSourceId, nowMs, true);
      if (removed instanceof ErrorResponse) throw new Error(`Voucherify refuses it: ${removed.details}`);
      announceAs(PORTAL)('customer.deleted', removed, nextRequestId(), nowMs);
    },
    /** As when someone edits the schema in the dashboard; what is held stays as it is. */
    setMetadataSchema(schema: MetadataSchema | undefined): void {
      writes.schema = schema;
    },
    /** As when someone makes segments in the dashboard, in place of those there are. */
    setSegments(bodies: readonly SegmentBody[]): void {
      segments.set(bodies, options.now());
    },
    /** Source IDs of the customers in a segment now. */
    membersOf(segmentId: string): Set<string> {
      settle();
      return segments.members(segmentId);
    },
    /** Everything but the counters of requests and quotas. */
    snapshot(): VoucherifySnapshot {
      settle();
      return {
        truth: truth.snapshot(),
        actions: actions.snapshot(),
        exports: exports.snapshot(),
        metadataSchema: writes.schema ?? null,
        serial,
      };
    },
    restoreSnapshot(snapshot: VoucherifySnapshot): void {
      truth.restore(snapshot.truth);
      actions.restore(snapshot.actions);
      exports.restore(snapshot.exports);
      writes.schema = snapshot.metadataSchema ?? undefined;
      serial = snapshot.serial;
    },
  };
}

const UNAUTHORIZED = new ErrorResponse(
  401,
  'unauthorized',
  'Unauthorized',
  'Invalid or missing X-App-Id or X-App-Token',
);

function hasKeys(c: Context<Env>, { appId, appToken }: VoucherifyOptions): boolean {
  return c.req.header('x-app-id') === appId && c.req.header('x-app-token') === appToken;
}

/** `GET /v1/customers/:customerId`: the route's own path, so that there are only so many. `GET ?` when there is none. */
function routeOf(c: Context<Env>): string {
  const last = matchedRoutes(c).at(-1);
  return `${c.req.method} ${last && last.method !== 'ALL' ? last.path : '?'}`;
}

/** Resolves when the caller has given up. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
