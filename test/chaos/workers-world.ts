// Worker processes on one database between two simulated vendors, which tell their calls apart: several on PostgreSQL, one
// at a time on PGlite. It knows no single test.
import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import type { Hono } from 'hono';
import { createHubSpotSimulator, type HubSpotOptions } from '../../simulators/hubspot.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator, type VoucherifyOptions } from '../../simulators/voucherify.ts';
import { databases } from '../support/databases.ts';
import type { Orders, Said } from './workers-child.ts';

export const onServer = databases.find(({ name }) => name === 'PostgreSQL');

const accessToken = 'pat-workers-00000000';
const [appId, appToken] = ['app-id', 'app-token-00000000'];

/** A call of one worker, as the vendor saw it come. */
export interface Call {
  worker: string;
  /** `POST /v1/customers` and so on. */
  route: string;
  /** `performance.now()`. */
  at: number;
  /** What it carries, as far as it came; empty where the vendor was not sent anything. */
  body: Promise<string>;
}

export interface WorkersOptions {
  /** Default: PostgreSQL. On PGlite the folder belongs to the worker, and `database` is closed. */
  on?: Pick<(typeof databases)[number], 'name' | 'openOwn'>;
  factor?: number;
  /** For how long a worker that is not heard of is one of them: milliseconds of the wall. */
  leaseMs?: number;
  calendar?: boolean;
  door?: boolean;
  /** Of HubSpot, of Voucherify: milliseconds of the wall. */
  latencyMs?: [number, number];
  hubspot?: HubSpotOptions;
  voucherify?: Partial<VoucherifyOptions>;
  destination?: object;
  source?: object;
  /** Beside HubSpot. */
  sources?: object;
  config?: object;
}

export type Workers = Awaited<ReturnType<typeof openWorkers>>;

export async function openWorkers(options: WorkersOptions = {}) {
  const { factor = 1, leaseMs = 3_000, calendar = false, latencyMs = [0, 0] } = options;
  const leaseTimes = { renewMs: (leaseMs * factor) / 5, leaseMs: leaseMs * factor };
  const since = Date.now();
  const now = () => Math.floor(since + (Date.now() - since) * factor);
  const hubspot = createHubSpotSimulator({
    now,
    accessToken,
    indexLagMs: 0,
    quotas: false,
    ...options.hubspot,
  });
  const voucherify = createVoucherifySimulator({ now, appId, appToken, ...options.voucherify });
  const database = await (options.on ?? onServer!).openOwn();
  if (!database.where.url) await database.release();
  const calls: Call[] = [];
  const heldSlots = new Set<number>();
  const workers: Worker[] = [];
  /** Called as each call arrives, before the vendor looks at it. */
  const watch: { onCall: (call: Call) => void } = { onCall: () => {} };
  // One address for all, as of one account: a first segment of the path tells the workers apart.
  const doorOf = (app: Pick<Hono, 'fetch'>, latencyMs: number): Promise<Served> => {
    const fetch = (request: Request) => {
      const url = new URL(request.url);
      const [, worker = '', ...rest] = url.pathname.split('/');
      url.pathname = `/${rest.join('/')}`;
      const forwarded = new Request(url, request);
      const call: Call = {
        worker: decodeURIComponent(worker),
        route: `${request.method} ${url.pathname}`,
        at: performance.now(),
        body: forwarded
          .clone()
          .text()
          .catch(() => ''),
      };
      calls.push(call);
      watch.onCall(call);
      return app.fetch(forwarded);
    };
    return serve({ fetch }, { latencyMs });
  };
  const doors = {
    hubspot: await doorOf(hubspot.app, latencyMs[0]),
    voucherify: await doorOf(voucherify.app, latencyMs[1]),
  };
  return {
    hubspot,
    voucherify,
    database,
    calls,
    /** Scheduled moments that some worker came to when they had a run, or when one was going. */
    heldSlots,
    watch,
    now,
    since,
    /** Started, its calls told apart by its name. */
    async start(name: string, destination?: object): Promise<Worker> {
      const [from, to] = [doors.hubspot, doors.voucherify].map(
        ({ url }) => `${url}/${encodeURIComponent(name)}`,
      );
      const config = {
        destination: {
          connector: 'voucherify',
          appId,
          appToken,
          baseUrl: to,
          quota: { requests: 10_000, seconds: 10, reserve: 0 },
          bulkQuota: { requests: 1_000, seconds: 10, reserve: 0 },
          metadataWrites: 'merge',
          ...options.destination,
          ...destination,
        },
        sources: {
          hubspot: {
            connector: 'hubspot',
            accessToken,
            baseUrl: from,
            quota: { requests: 10_000, seconds: 10 },
            searchPerSecond: 50,
            mapping: {
              name: ['firstname', 'lastname'],
              email: 'email',
              phone: { from: 'phone', as: 'text' },
              'address.city': 'city',
              'metadata.lifecycle_stage': 'lifecyclestage',
              'metadata.loyalty_points': { from: 'loyalty_points', as: 'number' },
              ...(options.source as { mapping?: object } | undefined)?.mapping,
            },
            ...without(options.source, 'mapping'),
          },
          ...options.sources,
        },
        metadataSchema: 'none',
        ...options.config,
      };
      const door = options.door ?? false;
      // As long on the workers' clock as it is on the wall's otherwise.
      const url = database.where.url && new URL(database.where.url);
      // Behind a pooler a transaction sets for itself what a session would have.
      if (url && options.on?.name !== 'PgBouncer')
        url.searchParams.set('idle_in_transaction_session_timeout', String(Math.ceil(30_000 / factor)));
      const where = { ...database.where, ...(url && { url: url.href }) };
      const worker = new Worker({ where, config, time: { since, factor }, leaseTimes, calendar, door });
      worker.process.on('message', (said: Said) => {
        if ('heldSlot' in said) heldSlots.add(said.heldSlot);
      });
      workers.push(worker);
      await worker.started;
      return worker;
    },
    /** Everything is read and settled, and none of it put off, as often in a row as the worker looks. */
    async rest(worker: Worker, times = 5): Promise<void> {
      for (let inRow = 0; inRow < times; ) {
        const isAtRest = await worker.nextLook();
        const [row] = await database.rows<{ open: number }>(sql`
          select (select count(*) from deliveries where state = 'waiting')::int
               + (select count(*) from runs where state = 'requested')::int as open`);
        inRow = isAtRest && row?.open === 0 ? inRow + 1 : 0;
      }
    },
    /** What hangs where, for a test that waits in vain. */
    async state(): Promise<string> {
      const [row] = await database.rows<{ state: object }>(sql`select json_build_object(
        'statements', (select json_agg(json_build_object('pid', pid, 'state', state, 'waits', wait_event, 'blockedBy', pg_blocking_pids(pid),
            'seconds', round(extract(epoch from now() - state_change)), 'query', left(query, 200)))
          from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and (state <> 'idle' or wait_event <> 'ClientRead')),
        'runs', (select json_agg(runs) from (select id, mode, state, lease, due_at, leased_until, attempts, error from runs order by id) as runs),
        'deliveries', (select json_agg(groups) from (select state, lane, lease, batch_id, min(due_at), max(due_at), count(*) from deliveries group by 1, 2, 3, 4) as groups),
        'batches', (select json_agg(batches) from (select id, action_id, lease, due_at, polls from batches) as batches),
        'pauses', (select json_agg(pauses) from pauses)) as state`);
      const lines = workers.map(({ complaints }) => complaints);
      return JSON.stringify({ now: new Date(now()), ...row?.state, lines }, null, 1);
    },
    async close(): Promise<void> {
      for (const worker of workers) await worker.kill();
      for (const door of Object.values(doors)) await door.close();
      await database.close();
    },
  };
}

function without(all: object | undefined, name: string): object {
  return Object.fromEntries(Object.entries(all ?? {}).filter(([key]) => key !== name));
}

export class Worker {
  readonly process: ChildProcess;
  readonly started: Promise<void>;
  /** Where it takes webhooks. */
  url: string | null = null;
  /** Lines of its log. */
  complaints = '';
  readonly #exited: Promise<number | null>;
  readonly #died: Promise<never>;
  #ending = false;

  constructor(orders: Orders) {
    this.process = fork(new URL('workers-child.ts', import.meta.url), [JSON.stringify(orders)], {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      execArgv: [],
    });
    this.process.stderr?.on('data', (data: Buffer) => {
      this.complaints = (this.complaints + data.toString()).slice(-8_000);
    });
    this.#exited = new Promise((resolve) => this.process.once('exit', (code) => resolve(code)));
    this.#died = this.#exited.then((code) => {
      throw new Error(`the worker ended with ${code}: ${this.complaints}`);
    });
    this.#died.catch(() => {});
    this.started = this.#said((said) => {
      if (!('started' in said)) return false;
      this.url = said.url;
      return true;
    }).then(() => {});
  }

  /** Asks for a run; while one is going there is no other. */
  ask(mode: 'incremental' | 'full'): void {
    if (this.process.connected) this.process.send({ sync: mode }, () => {});
  }

  /** Asks for a run until it is one of its own: another that is going may have read past what is to be read. */
  async sync(mode: 'incremental' | 'full'): Promise<void> {
    for (;;) {
      const answer = this.#said((said) => 'asked' in said);
      this.ask(mode);
      const said = await answer;
      if ('asked' in said && said.asked) return;
      await delay(20);
    }
  }

  async nextLook(): Promise<boolean> {
    const said = await this.#said((one) => 'rest' in one);
    return 'rest' in said && said.rest;
  }

  #said(fits: (said: Said) => boolean): Promise<Said> {
    const heard = new Promise<Said>((resolve) => {
      const listen = (said: Said) => {
        if (!fits(said)) return;
        this.process.off('message', listen);
        resolve(said);
      };
      this.process.on('message', listen);
    });
    return Promise.race([heard, this.#died]);
  }

  /** Really: it does nothing until `goOn`, and its connections stay open. */
  stop(): void {
    this.process.kill('SIGSTOP');
  }

  goOn(): void {
    this.process.kill('SIGCONT');
  }

  /** As an orchestrator ends it. Throws where it does not end well. */
  async drain(): Promise<void> {
    this.#ending = true;
    this.process.kill('SIGTERM');
    const code = await this.#exited;
    if (code !== 0) throw new Error(`a drained worker ended with ${code}: ${this.complaints}`);
  }

  async kill(): Promise<void> {
    if (this.process.exitCode !== null || (this.#ending && this.process.exitCode === 0)) return;
    this.process.kill('SIGKILL');
    await this.#exited;
  }
}
