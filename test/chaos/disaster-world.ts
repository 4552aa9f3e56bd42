// Three worker processes on a PostgreSQL of their own, busy in every way: a source is being backfilled, its contacts change and webhooks
// tell of it, a shop pushes, and customers are delivered. It knows no single disaster, only what must hold after each.
import { setTimeout as delay } from 'node:timers/promises';
import { unbalanced, unsettled } from '../simulation/checks.ts';
import { Shop, type ShopRequest, shopSource } from '../simulation/shop.ts';
import { randomOf } from '../support/random.ts';
import { held, truth } from '../support/sync-world.ts';
import type { OwnServer } from './own-server.ts';
import { openWorkers, type Worker, type Workers } from './workers-world.ts';

/** The workers' clocks go so much faster: what Voucherify may still be doing after a lost answer is waited for up to 285 s. */
const factor = 12;
/** Of the wall. */
export const leaseMs = 1_500;
const contacts = 400;
/** More is refused by Voucherify's schema. */
const maxPoints = 1_000_000;

const clientSecret = 'a-client-secret-of-the-disasters';
const publicUrl = 'https://sync.example.com';
const unlimited = { share: 1, count: 1_000_000 };

/** One change at the vendors after the other, in milliseconds of the wall. */
const changeMs = 60;
/** A vendor waits so long for an answer to a webhook, and sends it again so long after. */
const [answerMs, againMs] = [2_000, 150];

/** Of what such a batch did nothing is known; it is kept for an hour, in case that its action is executed after all. */
const givenUp = 'action_id is null and lost is null and lease is null';

export type DisasterWorld = Awaited<ReturnType<typeof openDisasterWorld>>;

export async function openDisasterWorld({
  server,
  pooled,
  tablespace,
  seed,
}: {
  server: OwnServer;
  pooled: boolean;
  tablespace?: string;
  seed: number;
}) {
  const random = randomOf(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
  const shop = new Shop();
  /** By customer the newest numbers that Voucherify was seen to hold: each change has a higher one. */
  const shown = new Map<string, { points: number; orders: number }>();
  const wentBack: string[] = [];
  let writes = 0;
  const world = await openWorkers({
    on: server.databases({ pooled, ...(tablespace !== undefined && { tablespace }) }),
    factor,
    leaseMs,
    door: true,
    latencyMs: [120, 30],
    hubspot: { push: { clientSecret, url: `${publicUrl}/webhooks/hubspot`, seed } },
    voucherify: {
      quotas: { apiCalls: { requests: 600, seconds: 10 }, bulkCalls: { requests: 60, seconds: 10 } },
      bulkProcessing: { waitMs: 3_000, recordMs: 2 },
      metadataSchema: { properties: { loyalty_points: { type: 'number', lte: maxPoints } } } as never,
      onWrite({ source_id, metadata }) {
        writes += 1;
        const points = Number(metadata?.['loyalty_points'] ?? 0);
        const orders = Number(metadata?.['orders'] ?? 0);
        const before = shown.get(source_id ?? '') ?? { points: 0, orders: 0 };
        if (points < before.points || orders < before.orders)
          wentBack.push(
            `${source_id}: ${JSON.stringify(before)}, then ${JSON.stringify({ points, orders })}`,
          );
        shown.set(source_id ?? '', { points, orders });
      },
    },
    destination: {
      quota: { requests: 600, seconds: 10, reserve: 0 },
      bulkQuota: { requests: 60, seconds: 10, reserve: 0 },
      bulk: { records: 100, bytes: 1_000_000 },
    },
    source: { clientSecret },
    sources: {
      shop: { ...shopSource, webhook: { requestsPerSecond: 1_000 } },
    },
    config: { publicUrl, breaker: { deleted: unlimited, blanked: unlimited } },
  });
  const { hubspot, voucherify } = world;
  hubspot.seed(contacts, 3);
  const ids = [...hubspot.contacts()].map(({ id }) => id);
  // One whom Voucherify refuses, so that there is a dead letter that somebody caused.
  const refused = ids[7]!;
  hubspot.update(refused, { loyalty_points: String(maxPoints + 1) });
  hubspot.push!.take(world.now());

  const going: Worker[] = [];
  /** Those that were killed by us, or are stopped: they answer nobody. */
  const silent = new Set<Worker>();
  const died: string[] = [];
  /** The others have taken over what they had: they do no work any more, and `begin` has others take their place. */
  const evicted = new Set<Worker>();
  const defects: string[] = [];
  let [started, number, pushing] = [0, 100_000, 0];
  let life: NodeJS.Timeout | null = null;
  let isClosed = false;

  async function startOne(): Promise<Worker> {
    started += 1;
    const name = `worker ${started}`;
    const worker = await world.start(name);
    going.push(worker);
    worker.process.once('exit', (code, signal) => {
      if (!isClosed && !silent.has(worker))
        died.push(`${name} ended with ${code ?? signal}: ${worker.complaints}`);
    });
    followLog(worker, (line) => {
      if (line.includes(evictedLine)) evicted.add(worker);
      else defects.push(`${name}: ${line}`);
    });
    return worker;
  }

  /** As vendors do: what is not answered with success comes again, at another worker. */
  async function push(source: string, request: (attempt: number) => ShopRequest): Promise<void> {
    pushing += 1;
    for (let attempt = 1; !isClosed; attempt += 1) {
      const { url } = pick(going);
      const { headers, body } = request(attempt);
      const signal = AbortSignal.timeout(answerMs);
      const answer = await fetch(`${url}/webhooks/${source}`, {
        method: 'POST',
        headers,
        body,
        signal,
      }).catch(() => null);
      if (answer?.status === 200) break;
      await delay(againMs);
    }
    pushing -= 1;
  }

  function change(): void {
    number += 1;
    if (random() < 0.5) {
      const id = pick(ids);
      if (id === refused) return;
      hubspot.update(id, { loyalty_points: String(number), city: `City ${number % 9}` });
      for (const request of hubspot.push!.take(world.now())) {
        let last = request;
        void push('hubspot', (attempt) => {
          if (attempt > 1) last = hubspot.push!.again(last, world.now());
          return { headers: last.headers, body: Buffer.from(last.body).toString() };
        });
      }
    } else {
      const id = random() < 0.5 ? `shop-${Math.floor(random() * 40)}` : pick(ids);
      if (id === refused) return;
      const request = shop.change(id, number, world.now());
      void push('shop', () => request);
    }
  }

  const query = <Row extends object>(text: string) =>
    server.query<Row>(text, world.database.where.url!.split('/').at(-1)!);

  /** Source IDs on which Voucherify is not what the vendors are, with both sides. */
  function differing(): string[] {
    const [want, have] = [truth(hubspot), held(voucherify)];
    const all = new Set([...want.keys(), ...shop.people.keys(), ...have.keys()]);
    all.delete(refused);
    const none = { name: null, email: null, phone: null, city: null, stage: null, points: null };
    return [...all].flatMap((id) => {
      const wanted = JSON.stringify({
        ...none,
        ...want.get(id),
        orders: shop.people.get(id)?.orders ?? null,
      });
      const orders = voucherify.bySourceId(id)?.metadata?.['orders'] ?? null;
      const holds = have.has(id) ? JSON.stringify({ ...have.get(id), orders }) : 'nobody';
      return wanted === holds ? [] : [`customer ${id} should be ${wanted}, and is ${holds}`];
    });
  }

  async function isAtRest(): Promise<boolean> {
    const [row] = await query<{ open: number }>(`
      select (select count(*) from deliveries where state = 'waiting')::int + (select count(*) from batches where not (${givenUp}))::int
           + (select count(*) from runs where state = 'requested')::int + (select count(*) from touches)::int
           + (select count(*) from inbox where state <> 'opened')::int as open`);
    return row!.open === 0;
  }

  return {
    going,
    /** Three workers, a reading of everything that is under way and finds each contact changed, and life at the vendors until `settles`. */
    async begin(): Promise<void> {
      for (const worker of going.filter((one) => evicted.has(one))) {
        silent.add(worker);
        going.splice(going.indexOf(worker), 1);
        await worker.drain();
      }
      await Promise.all(Array.from({ length: 3 - going.length }, startOne));
      number += 1;
      for (const id of ids)
        if (id !== refused)
          hubspot.update(id, { loyalty_points: String(number), city: `City ${number % 9}` });
      // It loses these webhooks.
      hubspot.push!.take(world.now());
      const before = writes;
      await going[0]!.sync('full');
      life = setInterval(change, changeMs);
      // It is under way when the first customers have arrived.
      const deadline = performance.now() + 20_000;
      while (writes < before + 50 && performance.now() < deadline) await delay(20);
    },
    any: (): Worker => pick(going.filter((worker) => !silent.has(worker))),
    /** Killed by the system, and another is started in its place. */
    async replace(worker: Worker): Promise<void> {
      silent.add(worker);
      await worker.kill();
      going.splice(going.indexOf(worker), 1);
      await startOne();
    },
    /** It is not run for so long, and then goes on as if nothing had been. */
    async suspend(worker: Worker, milliseconds: number): Promise<void> {
      silent.add(worker);
      worker.stop();
      await delay(milliseconds);
      worker.goOn();
      silent.delete(worker);
    },
    /** Life ends, and everything that is under way, too. */
    async settles(seconds: number): Promise<void> {
      clearInterval(life!);
      const deadline = performance.now() + seconds * 1000;
      let inRow = 0;
      while (inRow < 3) {
        await delay(100);
        const isOver = pushing === 0 && differing().length === 0 && (await isAtRest());
        inRow = isOver ? inRow + 1 : 0;
        if (performance.now() > deadline) break;
      }

      if (inRow < 3)
        throw new Error(
          `not within ${seconds} s: ${pushing} webhooks are unanswered; ${differing().slice(0, 3).join('\n')}\n${died.join('\n')}\n${await world.state()}`,
        );
    },
    /** What does not hold now, as sentences. */
    async faults(): Promise<string[]> {
      const drained = {
        pglite: { query: async <Row>(text: string) => ({ rows: (await query(text)) as Row[] }) },
      };
      const letters = await query<{ ref: string; code: string }>(
        'select ref, code from dead_letters where settled_at is null order by ref',
      );
      const kept = await query<{ id: string }>(`select id from batches where ${givenUp}`);
      const isKept = (fault: string) => kept.some(({ id }) => fault.startsWith(`batch ${id} `));
      const failed = await query<{ id: number; error: string }>(
        `select id, error from runs where state <> 'finished'`,
      );
      const isOfRefused = (fault: string) =>
        fault.startsWith(`delivery of ${refused} `) ||
        fault.startsWith(`dead letter of delivery ${refused}:`);
      return [
        ...differing(),
        ...(await unsettled(drained)).filter((fault) => !isOfRefused(fault) && !isKept(fault)),
        ...(await unbalanced(drained)),
        ...failed.map(({ id, error }) => `run ${id} failed: ${error}`),
        ...(letters.some(({ ref, code }) => ref === refused && code === 'metadata_validation_failed')
          ? []
          : [`${refused} is no dead letter: ${JSON.stringify(letters)}`]),
        ...wentBack,
        ...voucherify.duplicates().map((id) => `customer ${id} is there twice`),
        ...(voucherify.violations > 0
          ? [`Voucherify's quota was exceeded ${voucherify.violations} times`]
          : []),
        ...died,
        ...defects,
      ];
    },
    state: () => world.state(),
    /** As an orchestrator ends them. Throws where one does not end well. */
    async drain(): Promise<void> {
      isClosed = true;
      await Promise.all(going.map((worker) => worker.drain()));
    },
    async close(): Promise<void> {
      isClosed = true;
      if (life) clearInterval(life);
      await world.close();
    },
    query,
    database: world.database.where.url!.split('/').at(-1)!,
  };
}

/** Said by a worker that did not renew its lease in time. */
const evictedLine = 'the other workers declared this one dead';

/** Tells of an eviction, and of each error that blames a piece of work for an outage or a step for anything. */
function followLog({ process }: Worker, tell: (line: string) => void): void {
  let rest = '';
  process.stderr?.on('data', (data: Buffer) => {
    const lines = (rest + data.toString()).split('\n');
    rest = lines.pop()!;
    for (const line of lines)
      if (/"level":"error".*("name":"DatabaseError"|"a step failed)/.test(line) || line.includes(evictedLine))
        tell(line);
  });
}

export type { Workers };
