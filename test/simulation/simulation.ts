// A history carried out: workers on machines that may die, one database server, simulated vendors, and nothing but simulated time
// and seeded chance. The same history goes the same way each time. It does not know what must hold in the end.
import { connectors } from '../../connectors/index.ts';
import { createHubSpotSimulator, type PushedRequest } from '../../simulators/hubspot.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { Tributary } from '../../src/app/app.ts';
import { checkConfig } from '../../src/config.ts';
import { createLog } from '../../src/engine/log/log.ts';
import { createApp } from '../../src/web/app.ts';
import { Agenda } from './agenda.ts';
import { faultsOf } from './checks.ts';
import { emptyDatabase, type SimulatedDatabase } from './database.ts';
import type { Event, History, VendorName } from './history.ts';
import { Machine } from './machine.ts';
import { Network } from './network.ts';
import { type Random, seedProcess, streamOf } from './randomness.ts';
import { Server } from './server.ts';
import { Trace } from './trace.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const startMs = Date.UTC(2026, 2, 2, 0, 0, 0);

const origins: { readonly [vendor in VendorName]: string } = {
  hubspot: 'http://hubspot.simulated',
  voucherify: 'http://voucherify.simulated',
};
const publicUrl = 'https://sync.example.com';
const apiToken = 'a-token-of-the-simulation';
const accessToken = 'pat-simulated-00000000';
const clientSecret = 'a-client-secret-of-the-simulation';
const [appId, appToken] = ['app-id', 'app-token-00000000'];

/** Machines are only suspended where nothing is asked for this long, and for no less than this. */
const [restMs, minLeapMs] = [500, 15_000];
/** What is due and does not move for so long waits for something else. */
const stuckMs = 30_000;
/** Simulated hours in which everything must have come to rest. */
const maxDrainHours = 48;

export interface Outcome {
  /** What does not hold; empty where all is well. */
  faults: string[];
  hash: string;
  statements: number;
  requests: number;
  /** What happened last, line by line. */
  lines: readonly string[];
}

/** A place for a worker: when one dies, another is started there. */
interface Place {
  machine: Machine;
  tributary: Tributary;
  web: ReturnType<typeof createApp>;
}

export async function simulate(history: History): Promise<Outcome> {
  const database = await emptyDatabase();
  const restore = seedProcess(history.seed);
  try {
    const simulation = new Simulation(history, database);
    return await simulation.run();
  } finally {
    restore();
  }
}

class Simulation {
  readonly #history: History;
  readonly #pglite: SimulatedDatabase['pglite'];
  readonly #agenda = new Agenda(startMs);
  readonly #trace = new Trace(this.#agenda);
  readonly #server: Server;
  readonly #network: Network;
  readonly #hubspot: ReturnType<typeof createHubSpotSimulator>;
  readonly #voucherify: ReturnType<typeof createVoucherifySimulator>;
  readonly #webhooks: Random;
  readonly #config: ReturnType<typeof checkConfig>;
  readonly #places: (Place | null)[] = [];
  #lives = 0;
  /** Faults no longer happen. */
  #isCalm = false;
  /** When something was last asked of a vendor, and when the machines were last seen at work. */
  #busyAt = startMs;
  #lookedAt = startMs;
  #stuckSince: number | null = null;

  constructor(history: History, database: SimulatedDatabase) {
    const { seed, traits } = history;
    const now = () => Math.floor(this.#agenda.now);
    this.#history = history;
    this.#pglite = database.pglite;
    this.#webhooks = streamOf(seed, 'webhooks');
    const shared = { agenda: this.#agenda, trace: this.#trace };
    this.#server = new Server(database, { ...shared, random: streamOf(seed, 'statements') });
    this.#hubspot = createHubSpotSimulator({
      now,
      accessToken,
      indexLagMs: traits.indexLagMs,
      push: {
        clientSecret,
        url: `${publicUrl}/webhooks/hubspot`,
        duplicates: traits.duplicates / 100,
        seed,
      },
      onWrite: () => this.#agenda.at(this.#agenda.now + this.#webhooks() * 20_000, () => this.#push()),
    });
    this.#voucherify = createVoucherifySimulator({
      now,
      appId,
      appToken,
      metadataWrites: traits.metadataWrites,
      badBulkRecord: traits.badBulkRecord,
      bulkProcessing: traits.bulk,
      quotas: { apiCalls: { requests: 200, seconds: 60 }, bulkCalls: { requests: 20, seconds: 60 } },
    });
    this.#network = new Network(
      { [origins.hubspot]: this.#hubspot.app, [origins.voucherify]: this.#voucherify.app },
      { ...shared, random: streamOf(seed, 'network') },
    );
    this.#config = checkConfig('simulation', this.#rawConfig(), {}, connectors);
  }

  async run(): Promise<Outcome> {
    const { hours, traits, events } = this.#history;
    const close = await this.#server.open();
    try {
      this.#hubspot.seed(traits.contacts, this.#history.seed, startMs);
      for (let place = 0; place < traits.workers; place += 1) this.#start(place);
      for (const event of events) this.#agenda.at(startMs + event.at, () => this.#happen(event));
      await this.#runUntil(startMs + hours * hourMs);
      await this.#drain();
      const faults = await faultsOf({
        pglite: this.#pglite,
        hubspot: this.#hubspot,
        voucherify: this.#voucherify,
      });
      return this.#outcome(faults);
    } catch (error) {
      return this.#outcome([`the simulation ended with ${(error as Error).stack}`]);
    } finally {
      for (const place of this.#places) place?.machine.die();
      await this.#pglite.exec('rollback');
      await close();
    }
  }

  #outcome(faults: string[]): Outcome {
    const { hash, statements, requests, lines } = this.#trace;
    return { faults, hash, statements, requests, lines };
  }

  // ── Time ────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #runUntil(end: number): Promise<void> {
    while (await this.#agenda.step(end)) await this.#suspendWhereIdle(end);
  }

  /** Nothing is asked of the workers, and nothing of their own is due: all machines stand still until something is. */
  async #suspendWhereIdle(end: number): Promise<void> {
    const { now } = this.#agenda;
    if (this.#network.underWay > 0) this.#busyAt = now;
    if (this.#server.underWay > 0 || now - this.#busyAt < restMs || now - this.#lookedAt < restMs) return;
    this.#lookedAt = now;
    if (!this.#areAllThere()) return;
    const next = Math.min(this.#nextSlot(), this.#agenda.nextOfWorld ?? Number.POSITIVE_INFINITY, end);
    if (next - now < minLeapMs) return;
    const due = await this.#due();
    const isDue = due !== null && due - now < minLeapMs;
    this.#stuckSince = isDue ? (this.#stuckSince ?? now) : null;
    if (isDue && now - this.#stuckSince! < stuckMs) return;
    const until = Math.min(next, isDue ? now + 5 * minuteMs : (due ?? Number.POSITIVE_INFINITY));
    this.#stuckSince = null;
    this.#agenda.suspendUntil(until);
  }

  /** The next moment of the sources' schedule. */
  #nextSlot(): number {
    const everyMs = this.#history.traits.scheduleMinutes * minuteMs;
    return (Math.floor(this.#agenda.now / everyMs) + 1) * everyMs;
  }

  #areAllThere(): boolean {
    return this.#places.every((place) => place !== null);
  }

  /** When the next work of the workers is due, or that of a dead one to be taken over; null where there is none. */
  async #due(): Promise<number | null> {
    const { rows } = await this.#pglite.query<{ due: number | null; workers: number }>(`
      select (extract(epoch from least(
        (select min(coalesce(leased_until, due_at)) from runs where state = 'requested'),
        (select min(due_at) from deliveries where state = 'waiting' and batch_id is null),
        (select min(due_at) from batches),
        (select min(due_at) from inbox where state = 'waiting'),
        (select min(due_at) from touches),
        (select min(due_at) from erasures where ended_at is null),
        (select min(due_at) from verifications where ended_at is null)
      )) * 1000)::float8 as due, (select count(*)::int from workers where ended_at is null) as workers`);
    const { due, workers } = rows[0]!;
    return workers > this.#places.length ? this.#agenda.now : due;
  }

  // ── Workers ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #start(index: number): void {
    this.#lives += 1;
    const machine = new Machine(`worker ${this.#lives}`, this.#agenda);
    const log = createLog({
      level: 'warn',
      clock: machine,
      write: (line) => {
        // The log's own time is the wall's.
        const { time: _, ...said } = JSON.parse(line) as { time?: unknown };
        this.#trace.note(`${machine.name} says ${JSON.stringify(said)}`);
      },
    });
    const tributary = new Tributary({
      config: this.#config,
      database: this.#server.handleOf(machine),
      clock: machine,
      log,
      connect: this.#network.connectOf(machine),
      secretKey: 'a-secret-key-of-the-simulation',
    });
    tributary.onEvicted = () => this.#stop(index, machine, 1_000);
    machine.onDeath.push(() => this.#stop(index, machine, 1_000));
    const web = createApp(tributary, { apiToken, version: '0.0.0', dataDir: '/nowhere' });
    this.#places[index] = { machine, tributary, web };
    this.#trace.note(`${machine.name} starts`);
    // A process whose start fails ends, and its supervisor starts another.
    tributary.start().catch((error: Error) => {
      this.#trace.note(`${machine.name} cannot start: ${error.message}`);
      this.#stop(index, machine, 2_000);
    });
  }

  /** Another is started in its place after so long. */
  #stop(index: number, machine: Machine, downMs: number): void {
    if (this.#places[index]?.machine !== machine) return;
    this.#places[index] = null;
    this.#trace.note(`${machine.name} dies`);
    machine.die();
    this.#agenda.after(downMs, () => this.#start(index));
  }

  #placeOf(worker: number): Place | null {
    return this.#places[worker % this.#places.length] ?? null;
  }

  // ── What happens ────────────────────────────────────────────────────────────────────────────────────────────────

  #happen(event: Event): void {
    this.#trace.note(`happens ${JSON.stringify(event)}`);
    switch (event.kind) {
      case 'create':
        this.#hubspot.create(personOf(this.#hubspot.size, event.value));
        return;
      case 'update': {
        const id = this.#contact(event.contact);
        if (id !== null) this.#hubspot.update(id, changeOf(event.value));
        return;
      }
      case 'archive': {
        const id = this.#contact(event.contact);
        if (id !== null) this.#hubspot.archive(id);
        return;
      }
      case 'fault':
        this.#network.failNext(origins[event.vendor], event.fault);
        return;
      case 'kill':
        this.#placeOf(event.worker)?.machine.dieAfter(event.steps);
        return;
      case 'session': {
        const place = this.#placeOf(event.worker);
        if (place) this.#server.loseNext(place.machine, event.loss);
        return;
      }
    }
  }

  /** A live one; null where there is none. */
  #contact(number: number): string | null {
    const live = [...this.#hubspot.contacts()].filter(({ archived }) => !archived);
    return live[number % live.length]?.id ?? null;
  }

  /** HubSpot sends what it has to tell. */
  #push(): void {
    for (const request of this.#hubspot.push!.take(Math.floor(this.#agenda.now))) {
      if (!this.#isCalm && this.#webhooks() * 100 < this.#history.traits.lost) continue;
      this.#sendWebhook(request, 1);
    }
  }

  /** As a vendor does: what was not answered with success within ten seconds comes again. */
  #sendWebhook(request: PushedRequest, attempt: number): void {
    const up = this.#places.filter((place) => place !== null);
    const place = up[Math.floor(this.#webhooks() * up.length)];
    let isTaken = false;
    const { method, headers, body } = request;
    const sent = new Request('http://10.0.0.7:3000/webhooks/hubspot', {
      method,
      headers,
      body: new Uint8Array(body),
    });
    Promise.resolve(place?.web.request(sent)).then(
      (response) => {
        isTaken = response?.status === 200;
        this.#trace.note(`a webhook is answered ${response?.status}`);
      },
      () => {},
    );
    this.#agenda.at(this.#agenda.now + 10_000, () => {
      if (isTaken || attempt > 10) return;
      const again = this.#hubspot.push!.again(request, Math.floor(this.#agenda.now));
      this.#sendWebhook(again, attempt + 1);
    });
  }

  // ── The end ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Faults stop, everything is read once more, and the queues drain. */
  async #drain(): Promise<void> {
    this.#isCalm = true;
    this.#network.heal();
    this.#server.heal();
    for (const place of this.#places) place?.machine.dieAfter(Number.POSITIVE_INFINITY);
    // What the index hides is found, and whatever a dead worker left is taken over.
    await this.#runUntil(this.#agenda.now + 10 * minuteMs);
    await this.#call('POST', '/api/sources/hubspot/sync', { mode: 'full' });
    const end = this.#agenda.now + maxDrainHours * hourMs;
    do {
      await this.#runUntil(Math.min(this.#nextSlot() + 2 * minuteMs, end));
    } while ((await this.#due()) !== null && this.#agenda.now < end);
  }

  /** What a person asks of the API, until some worker answers. */
  async #call(method: string, path: string, body: unknown): Promise<void> {
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const place = this.#places.find((place) => place !== null);
      let status = 0;
      const asked = new Request(`http://10.0.0.7:3000${path}`, {
        method,
        headers: { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      Promise.resolve(place?.web.request(asked)).then(
        (response) => {
          status = response?.status ?? 0;
        },
        () => {},
      );
      await this.#runUntil(this.#agenda.now + 5_000);
      this.#trace.note(`${method} ${path} is answered ${status}`);
      if (status >= 200 && status < 300) return;
    }
    throw new Error(`${method} ${path} was never answered`);
  }

  #rawConfig(): unknown {
    const { traits } = this.#history;
    const unlimited = { share: 1, count: 1_000_000 };
    return {
      publicUrl,
      metadataSchema: 'none',
      onOrphaned: 'delete',
      breaker: { deleted: unlimited, blanked: unlimited },
      destination: {
        connector: 'voucherify',
        appId,
        appToken,
        baseUrl: origins.voucherify,
        quota: { requests: 200, seconds: 60, reserve: 0 },
        bulkQuota: { requests: 20, seconds: 60, reserve: 0 },
        metadataWrites: traits.metadataWrites,
      },
      sources: {
        hubspot: {
          connector: 'hubspot',
          accessToken,
          clientSecret,
          baseUrl: origins.hubspot,
          schedule: `*/${traits.scheduleMinutes % 60 || '60'} * * * *`.replace('*/60', '0'),
          mapping: {
            name: ['firstname', 'lastname'],
            email: 'email',
            phone: { from: 'phone', as: 'text' },
            'address.city': 'city',
            'metadata.lifecycle_stage': 'lifecyclestage',
            'metadata.loyalty_points': { from: 'loyalty_points', as: 'number' },
          },
        },
      },
    };
  }
}

const cities = ['Porto', 'Lyon', 'Łódź', 'Graz', ''];
const stages = ['lead', 'customer', 'evangelist'];

function changeOf(value: number): { [property: string]: string } {
  return {
    loyalty_points: String(value),
    ...(value % 3 === 0 && { city: cities[value % cities.length]! }),
    ...(value % 5 === 0 && { lifecyclestage: stages[value % stages.length]! }),
  };
}

const personOf = (number: number, value: number) => ({
  ...changeOf(value),
  firstname: `Person ${number}`,
  email: `person.${number}.${value}@example.com`,
});
