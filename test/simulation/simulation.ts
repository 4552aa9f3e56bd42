// A history carried out: workers on machines that may die, one database server, simulated vendors, and nothing but simulated time
// and seeded chance. The same history goes the same way each time. It does not know what must hold in the end.
import { Agenda } from './agenda.ts';
import { faultsOf, missing } from './checks.ts';
import { configurationOf, origins } from './configuration.ts';
import { emptyDatabase, type SimulatedDatabase } from './database.ts';
import type { Event, History, MachineEvent, PersonEvent, VendorEvent } from './history.ts';
import { Network } from './network.ts';
import { Operator } from './operator.ts';
import { Person } from './person.ts';
import { seedProcess, streamOf } from './randomness.ts';
import { Server } from './server.ts';
import { Trace } from './trace.ts';
import { Vendors } from './vendors.ts';
import { Workers } from './workers.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const startMs = Date.UTC(2026, 2, 2, 0, 0, 0);

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
  readonly #vendors: Vendors;
  readonly #network: Network;
  readonly #workers: Workers;
  readonly #person: Person;
  readonly #operator: Operator;
  /** When something was last asked of a vendor, and when it was last looked whether anything is due. */
  #busyAt = startMs;
  #lookedAt = startMs;
  #stuckSince: number | null = null;

  constructor(history: History, database: SimulatedDatabase) {
    const { seed, traits } = history;
    const shared = { agenda: this.#agenda, trace: this.#trace };
    this.#history = history;
    this.#pglite = database.pglite;
    this.#server = new Server(database, { ...shared, random: streamOf(seed, 'statements') });
    this.#vendors = new Vendors(history, {
      ...shared,
      send: (number, request) => this.#workers.ask(number, request),
    });
    const { hubspot, voucherify } = this.#vendors;
    this.#network = new Network(
      { [origins.hubspot]: hubspot.app, [origins.voucherify]: voucherify.app },
      { ...shared, random: streamOf(seed, 'network') },
    );
    this.#workers = new Workers(traits.workers, configurationOf(traits, 0), {
      ...shared,
      server: this.#server,
      network: this.#network,
    });
    this.#person = new Person({ ...shared, workers: this.#workers });
    this.#operator = new Operator({
      agenda: this.#agenda,
      person: this.#person,
      vendors: this.#vendors,
      configure: (variant) => this.#workers.configure(configurationOf(traits, variant)),
    });
  }

  async run(): Promise<Outcome> {
    const { hours, events } = this.#history;
    const close = await this.#server.open();
    try {
      this.#workers.startAll();
      for (const event of events) this.#agenda.at(startMs + event.at, () => this.#happen(event));
      await this.#runUntil(startMs + hours * hourMs);
      const missed = await this.#drain();
      return this.#outcome([...missed, ...(await this.#checked())]);
    } catch (error) {
      return this.#outcome([`the simulation ended with ${(error as Error).stack}`]);
    } finally {
      this.#workers.endAll();
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
    if (!this.#workers.areAllThere) return;
    const next = Math.min(this.#nextSlot(), this.#agenda.nextOfWorld ?? Number.POSITIVE_INFINITY, end);
    if (next - now < minLeapMs) return;
    const due = await this.#due();
    const isDue = due !== null && due - now < minLeapMs;
    this.#stuckSince = isDue ? (this.#stuckSince ?? now) : null;
    if (isDue && now - this.#stuckSince! < stuckMs) return;
    const until = Math.min(next, isDue ? now + 5 * minuteMs : (due ?? Number.POSITIVE_INFINITY));
    this.#stuckSince = null;
    this.#agenda.suspendUntil(until);
    // What has come meanwhile goes first.
    this.#lookedAt = until;
  }

  /** The next moment of the sources' schedule. */
  #nextSlot(): number {
    const everyMs = this.#history.traits.scheduleMinutes * minuteMs;
    return (Math.floor(this.#agenda.now / everyMs) + 1) * everyMs;
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
    return workers > this.#workers.count ? this.#agenda.now : due;
  }

  // ── What happens ────────────────────────────────────────────────────────────────────────────────────────────────

  #happen(event: Event): void {
    this.#trace.note(`happens ${JSON.stringify(event)}`);
    if (isOfMachines(event)) this.#machineEvent(event);
    else if (isOfPerson(event)) this.#person.does(() => this.#operator.does(event));
    else this.#vendors.happen(event);
  }

  #machineEvent(event: MachineEvent): void {
    if (event.kind === 'fault') {
      this.#network.failNext(origins[event.vendor], event.fault);
      return;
    }
    const machine = this.#workers.machine(event.worker);
    if (!machine) return;
    switch (event.kind) {
      case 'kill':
        machine.downMs = event.downMs;
        machine.dieAfter(event.steps);
        return;
      case 'stop':
        machine.stop();
        this.#agenda.at(this.#agenda.now + event.forMs, () => machine.goOn());
        return;
      case 'clock':
        machine.aheadMs = event.aheadMs;
        return;
      case 'session':
        this.#server.loseNext(machine, event.loss);
    }
  }

  // ── The end ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Faults stop, and the queues drain. Returns what had been missed until everything was read once more. */
  async #drain(): Promise<string[]> {
    const { scheduleMinutes } = this.#history.traits;
    this.#vendors.isCalm = true;
    this.#network.heal();
    this.#server.heal();
    for (let worker = 0; worker < this.#workers.count; worker += 1) {
      const machine = this.#workers.machine(worker);
      machine?.dieAfter(Number.POSITIVE_INFINITY);
      machine?.goOn();
    }
    // What the index hid is found by the schedule, and what a dead worker left is taken over.
    await this.#runUntil(this.#agenda.now + (scheduleMinutes + 20) * minuteMs);
    const kept = await this.#untilNothingIsKept();
    const missed = missing(this.#vendors);
    this.#person.does(() => this.#operator.does({ kind: 'full' }));
    kept.push(...(await this.#untilNothingIsKept()));
    return [...kept, ...missed, ...this.#operator.faults];
  }

  /**
   * Everything comes to rest, nothing is held, and every undo is withdrawn: what the sources say counts. A withdrawal is an undo
   * too, and one that keeps values is withdrawn in turn: that must end, or it is chance what is left.
   */
  async #untilNothingIsKept(): Promise<string[]> {
    for (let round = 0; round < 10; round += 1) {
      await this.#untilRest();
      let isDone = false;
      this.#person.does(async () => {
        isDone = await this.#operator.letsGo();
      });
      await this.#untilRest();
      if (isDone) return [];
    }
    return ['after ten rounds something is still held, or an undo still keeps something'];
  }

  async #untilRest(): Promise<void> {
    const end = this.#agenda.now + maxDrainHours * hourMs;
    do {
      await this.#runUntil(Math.min(this.#agenda.now + minuteMs, end));
    } while (!(await this.#isAtRest()) && this.#agenda.now < end);
  }

  async #isAtRest(): Promise<boolean> {
    if (!this.#person.isDone || this.#agenda.nextOfWorld !== null || this.#isNearSlot()) return false;
    return (await this.#due()) === null;
  }

  /** The schedule asks for a run about now, by the clock of some machine: one would wait while it is looked whether any does. */
  #isNearSlot(): boolean {
    const everyMs = this.#history.traits.scheduleMinutes * minuteMs;
    return Array.from({ length: this.#workers.count }, (_, worker) => this.#workers.machine(worker)).some(
      (machine) => {
        const shown = this.#agenda.now + (machine?.aheadMs ?? 0);
        const sinceSlot = shown - Math.floor(shown / everyMs) * everyMs;
        return sinceSlot <= minuteMs || everyMs - sinceSlot <= minuteMs;
      },
    );
  }

  /** What does not hold; time passes while it is looked at. */
  async #checked(): Promise<string[]> {
    let faults: string[] | null = null;
    const [pglite, vendors, person] = [this.#pglite, this.#vendors, this.#person];
    const looked = faultsOf({ pglite, vendors, person }).then((found) => {
      faults = found;
    });
    while (faults === null) {
      await this.#agenda.step(this.#agenda.now + minuteMs);
      await Promise.race([looked, Promise.resolve()]);
    }
    return faults;
  }
}

const machineKinds = new Set(['fault', 'kill', 'stop', 'clock', 'session']);
const personKinds = new Set([
  ...['full', 'pause', 'rewind', 'erase', 'verify', 'retry', 'remap'],
  ...['pin', 'replay', 'undo', 'release'],
]);

const isOfMachines = (event: MachineEvent | PersonEvent | VendorEvent): event is MachineEvent =>
  machineKinds.has(event.kind);

const isOfPerson = (event: PersonEvent | VendorEvent): event is PersonEvent => personKinds.has(event.kind);
