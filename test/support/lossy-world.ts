// A destination whose answers to bulk calls get lost, and workers that send to it and look the answers up, on a clock that
// stands still while they work. It counts what each loss costs. It knows no single test.
import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Api, ApiRequest, Fields } from '#connector';
import { voucherify } from '../../connectors/voucherify/index.ts';
import {
  createVoucherifySimulator,
  type Fault,
  type VoucherifyOptions,
} from '../../simulators/voucherify.ts';
import { type Database, jsonList } from '../../src/db/database.ts';
import type { Clock } from '../../src/engine/clock.ts';
import type { Endpoint } from '../../src/engine/http/endpoint.ts';
import { VendorClock } from '../../src/engine/http/vendor-clock.ts';
import { createLog } from '../../src/engine/log/log.ts';
import type { Lane } from '../../src/engine/quota/lanes.ts';
import { noTracer } from '../../src/engine/trace/trace.ts';
import { RightOfWay } from '../../src/engine/work/right-of-way.ts';
import { leaseOf } from '../../src/engine/work/worker-registry.ts';
import type { Census } from '../../src/sync/census/census.ts';
import { Deliverer } from '../../src/sync/deliver/deliver.ts';
import { Learning } from '../../src/sync/deliver/learning.ts';
import { upsertWanted } from '../../src/tables/deliveries.ts';
import { directApi } from './direct-api.ts';

export const bulkRoute = 'POST /v1/customers/bulk/async';
const keys = { appId: 'app', appToken: 'token' };

/**
 * `kill`: the call is taken, and the worker is gone before its answer comes. `untaken`: it never arrives. `unavailable`: it is refused
 * with 503.
 */
export type LossKind = 'answered' | 'cut' | 'kill' | 'untaken' | 'unavailable';

export interface Watch {
  /** Single calls, but for the questions about actions whose ID was heard. */
  calls: string[];
  /** Bulk calls, each with the names that it writes. */
  bulk: string[][];
}

export type LossyWorld = ReturnType<typeof openLossyWorld>;

export function openLossyWorld(database: Database, options: Partial<VoucherifyOptions> = {}) {
  const startMs = Date.parse('2026-03-01T12:00:00.000Z');
  const time = { nowMs: startMs, skewMs: 0 };
  let next: LossKind | null = null;
  const watch: Watch = { calls: [], bulk: [] };
  const heard = new Set<string>();
  const never = new Promise<never>(() => {});
  const simulator = createVoucherifySimulator({
    now: () => time.nowMs + time.skewMs,
    ...keys,
    ...options,
    faults: async (request, route): Promise<Fault> => {
      if (route !== bulkRoute) return options.faults?.(request, route);
      const records = (await request.clone().json()) as { name: string }[];
      watch.bulk.push(records.map(({ name }) => name));
      const kind = next;
      next = null;
      if (kind === null) return undefined;
      if (kind === 'untaken') return 'drop';
      if (kind === 'unavailable')
        return Response.json({ code: 503, message: 'Service Unavailable' }, { status: 503 });
      return kind === 'answered' ? 'apply-then-drop' : 'apply-then-cut';
    },
  });
  const settings = voucherify.settings.parse({ ...keys, metadataWrites: 'merge' });
  const description = voucherify.api!(settings);
  const direct = directApi(simulator.app, description, () => time.nowMs);
  // Nothing takes any time here but what the test lets pass, so nothing sleeps.
  const clock: Clock = {
    now: () => time.nowMs,
    sleep: (_ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) resolve();
        else signal?.addEventListener('abort', () => resolve(), { once: true });
      }),
  };

  const vendorClock = new VendorClock();
  function worker() {
    const id = randomUUID();
    const state = { killed: false };
    const api: Api = {
      async request(request: ApiRequest) {
        const isBulk = request.bucket !== undefined;
        const kills = isBulk && next === 'kill';
        if (!isBulk && !heard.has(request.path))
          watch.calls.push(`${request.method ?? 'GET'} ${request.path}`);
        try {
          const response = await direct.request(request);
          vendorClock.note(response.headers['date'], time.nowMs, time.nowMs);
          const { async_action_id } = (response.json ?? {}) as { async_action_id?: string };
          if (async_action_id !== undefined) heard.add(`/v1/async-actions/${async_action_id}`);
          return response;
        } catch (error) {
          if (!kills) throw error;
          state.killed = true;
          return never;
        }
      },
    };
    const endpoint = {
      api: () => api,
      budget: { waitMs: () => 0, spacingMs: () => 0, tryNow: async () => {} },
      get clockAhead() {
        return vendorClock.ahead;
      },
    } as unknown as Endpoint;
    const log = createLog({ level: 'silent', clock, write: () => {} });
    const destination = voucherify.destination!;
    const deliverer = new Deliverer({
      database,
      clock,
      log,
      tracer: noTracer,
      destination,
      settings,
      endpoint,
      rightOfWay: new RightOfWay(clock),
      // Merged writes need nothing of others.
      learning: new Learning({ clock, log, destination, settings, known: () => ({}), keep: async () => {} }),
      census: { isPossible: false, lookUp: async () => new Map() } as unknown as Census,
      onOrphaned: 'keep',
      onLeft: async () => {},
      newLease: () => leaseOf(id),
      onUrgentSent: () => {},
      onRejected: () => {},
    });
    return { id, state, deliverer };
  }
  let current = worker();
  const signal = new AbortController().signal;

  /** Does all that is due now. A worker that dies over it is replaced. */
  async function work(): Promise<void> {
    for (;;) {
      const { deliverer, state, id } = current;
      const died = new Promise<'died'>((resolve) => {
        const look = setInterval(() => {
          if (!state.killed) return;
          clearInterval(look);
          resolve('died');
        }, 1);
        look.unref();
      });
      const steps = async () => {
        const urgent = await deliverer.stepUrgent(signal);
        await deliverer.sent();
        const sent = await deliverer.step(signal);
        const polled = await deliverer.poller.step(signal);
        return urgent.again || sent.again || polled.again;
      };
      const went = await Promise.race([steps(), died]);
      if (went === 'died') {
        const now = time.nowMs;
        current = worker();
        await database.transaction((tx) => current.deliverer.takeUp(tx, id, now));
      } else if (!went) return;
    }
  }

  /** When the next thing falls due, epoch milliseconds; null where nothing waits. */
  async function nextDue(): Promise<number | null> {
    const [row] = await database.rows<{ due: number | null }>(sql`
      select (extract(epoch from least(
        (select min(due_at) from batches where action_id is not null or lost is not null),
        (select min(due_at) from deliveries where state = 'waiting' and batch_id is null))) * 1000)::float8 as due`);
    return row?.due ?? null;
  }

  return {
    simulator,
    time,
    watch,
    work,
    nextDue,
    /** Another goes on in its place; it has left nothing undone. */
    replaceWorker(): void {
      current = worker();
    },
    /** The next bulk call is lost so. */
    loseNext(kind: LossKind): void {
      next = kind;
    },
    /** New values of these customers, to be delivered. */
    async change(people: ReadonlyMap<string, Fields>, lane: Lane): Promise<void> {
      const rows = [...people].map(([sourceId, fields]) => ({ sourceId, fields }));
      const revised = await database.rows<{ sourceId: string; revision: number }>(sql`
        insert into customers (source_id, revision, fields, created_at, updated_at)
        select "sourceId", 1, fields, now(), now() from json_to_recordset(${jsonList(rows)}) as row ("sourceId" text, fields jsonb)
        on conflict (source_id) do update set revision = customers.revision + 1, fields = excluded.fields
        returning source_id as "sourceId", revision`);
      await upsertWanted(database, revised, lane, time.nowMs);
    },
    /** Lets time pass, doing what falls due at its time. */
    async pass(ms: number): Promise<void> {
      const end = time.nowMs + ms;
      for (;;) {
        await work();
        const due = await nextDue();
        if (due === null || due > end) break;
        time.nowMs = Math.max(Math.ceil(due), time.nowMs + 1);
      }
      time.nowMs = end;
    },
  };
}
