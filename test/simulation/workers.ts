// The workers of a simulation, each on a machine of its own. One that dies, cannot start or is evicted is started again, as a
// supervisor does. It knows no vendor.
import { Tributary } from '../../src/app/app.ts';
import type { Config } from '../../src/config.ts';
import { createLog } from '../../src/engine/log/log.ts';
import { createApp } from '../../src/web/app.ts';
import type { Agenda } from './agenda.ts';
import { Machine } from './machine.ts';
import type { Network } from './network.ts';
import type { Server } from './server.ts';
import type { Trace } from './trace.ts';

export const apiToken = 'a-token-of-the-simulation';

/** A worker that has begun. */
interface Place {
  machine: Machine;
  web: ReturnType<typeof createApp>;
  isStarted: boolean;
}

export interface WorkersDeps {
  agenda: Agenda;
  trace: Trace;
  server: Pick<Server, 'handleOf'>;
  network: Network;
  /** Called with each machine on which a worker is about to start. */
  onStart?: (machine: Machine) => void;
}

export class Workers {
  readonly #deps: WorkersDeps;
  readonly #places: (Place | null)[];
  #config: Config;
  #lives = 0;

  constructor(count: number, config: Config, deps: WorkersDeps) {
    this.#deps = deps;
    this.#config = config;
    this.#places = Array.from({ length: count }, () => null);
  }

  get count(): number {
    return this.#places.length;
  }

  get areAllThere(): boolean {
    return this.#places.every((place) => place !== null && !place.machine.isStopped);
  }

  get areAllStarted(): boolean {
    return this.#places.every((place) => place?.isStarted);
  }

  startAll(): void {
    for (const index of this.#places.keys()) this.#start(index);
  }

  /** `number`: any whole one. */
  machine(number: number): Machine | null {
    return this.#places[number % this.#places.length]?.machine ?? null;
  }

  /** A request to the one that `number` means of those who are there; never answered where it dies over it. */
  async ask(number: number, request: Request): Promise<Response> {
    const there = this.#places.filter((place) => place !== null);
    const place = there[number % there.length];
    if (!place) return new Promise(() => {});
    return place.web.request(request);
  }

  /** All are stopped, and others started by another configuration. */
  configure(config: Config): void {
    this.#config = config;
    for (const place of [...this.#places]) place?.machine.die();
  }

  endAll(): void {
    for (const index of this.#places.keys()) {
      const place = this.#places[index];
      this.#places[index] = null;
      place?.machine.die();
    }
  }

  #start(index: number): void {
    const { agenda, trace, server, network } = this.#deps;
    this.#lives += 1;
    const machine = new Machine(`worker ${this.#lives}`, agenda);
    const log = createLog({
      level: 'warn',
      clock: machine,
      write: (line) => {
        // The log's own time is the wall's.
        const { time: _, ...said } = JSON.parse(line) as { time?: unknown };
        trace.note(`${machine.name} says ${JSON.stringify(said)}`);
      },
    });
    const tributary = new Tributary({
      config: this.#config,
      database: server.handleOf(machine),
      clock: machine,
      log,
      connect: network.connectOf(machine),
      secretKey: 'a-secret-key-of-the-simulation',
    });
    tributary.onEvicted = () => this.#replace(index, machine, 1_000);
    machine.onDeath.push(() => this.#replace(index, machine, machine.downMs));
    const web = createApp(tributary, { apiToken, version: '0.0.0', dataDir: '/nowhere' });
    const place = { machine, web, isStarted: false };
    this.#places[index] = place;
    trace.note(`${machine.name} starts`);
    this.#deps.onStart?.(machine);
    tributary.start().then(
      () => {
        place.isStarted = true;
      },
      (error: Error) => {
        trace.note(`${machine.name} cannot start: ${error.message}`);
        this.#replace(index, machine, 2_000);
      },
    );
  }

  /** Another is started in its place after so long. */
  #replace(index: number, machine: Machine, downMs: number): void {
    if (this.#places[index]?.machine !== machine) return;
    const { agenda, trace } = this.#deps;
    this.#places[index] = null;
    trace.note(`${machine.name} dies`);
    machine.die();
    agenda.after(downMs, () => this.#start(index));
  }
}
