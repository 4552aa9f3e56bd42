// One worker between simulated vendors on simulated time, in which a scenario takes place again and again: the worker dies, another
// is started in its place, and everything comes to rest. It knows no scenario.
import { Agenda } from '../agenda.ts';
import { unbalanced, unexplained, unsettled, unverified } from '../checks.ts';
import type { Machine } from '../machine.ts';
import { Network } from '../network.ts';
import { Person } from '../person.ts';
import { seedProcess, streamOf } from '../randomness.ts';
import { Trace } from '../trace.ts';
import { Workers } from '../workers.ts';
import { type Choices, configurationOf } from './configuration.ts';
import type { MatrixDatabase } from './databases.ts';
import type { Death } from './death.ts';
import { Vendors } from './vendors.ts';

const startMs = Date.UTC(2026, 2, 2, 0, 0, 0);
/** Where nothing was asked for this long it is looked whether there is anything to do. */
const restMs = 500;
/** A worker that has been asked for something is given so long to answer. */
const askedMs = 5_000;
/** Time leaps where nothing is due for longer than this. */
const minLeapMs = 15_000;
/** Simulated time in which everything must have come to rest. */
const maxRestMs = 6 * 3_600_000;
/** What is due and does not move for so long waits for something that is not in the table. */
const stuckMs = 30_000;

export class World {
  readonly vendors: Vendors;
  readonly person: Person;
  readonly #agenda = new Agenda(startMs);
  readonly #trace = new Trace(this.#agenda);
  readonly #database: MatrixDatabase;
  readonly #server;
  readonly #network: Network;
  readonly #workers: Workers;
  readonly #choices: Choices;
  readonly #restore: () => void;
  /** Given to the next machine on which a worker starts. */
  #next: Death | null = null;
  #busyAt = startMs;
  #lookedAt = startMs;

  /** `database` is empty. Nothing is started. */
  constructor(database: MatrixDatabase, { seed, choices = {} }: { seed: number; choices?: Choices }) {
    this.#restore = seedProcess(seed);
    const shared = { agenda: this.#agenda, trace: this.#trace };
    this.#database = database;
    this.#choices = choices;
    this.#server = database.serverOf({ ...shared, random: streamOf(seed, 'statements') });
    const send = (request: Request) => this.#workers.ask(0, request);
    this.vendors = new Vendors({ agenda: this.#agenda, send }, { seed, choices });
    this.#network = new Network(this.vendors.byOrigin, { ...shared, random: streamOf(seed, 'network') });
    this.#workers = new Workers(1, configurationOf(choices), {
      ...shared,
      server: this.#server,
      network: this.#network,
      onStart: (machine) => {
        machine.death = this.#next;
        this.#next = null;
      },
    });
    this.person = new Person({ ...shared, workers: this.#workers });
  }

  get lines(): readonly string[] {
    return this.#trace.lines;
  }

  async start(): Promise<void> {
    await this.#server.open();
    this.#workers.startAll();
  }

  /** The worker that is there dies so; or the next one, where none is there or `next` is asked for. */
  arm(death: Death | null, { next = false }: { next?: boolean } = {}): void {
    const machine: Machine | null = next ? null : this.#workers.machine(0);
    if (machine) machine.death = death;
    else this.#next = death;
  }

  /** The worker is stopped, and one with another configuration is started. */
  reconfigure(change: Choices): void {
    Object.assign(this.#choices, change);
    this.#workers.configure(configurationOf(this.#choices));
  }

  /** What was written until now is not counted as written too often. */
  forgetWrites(): void {
    this.vendors.faults(Number.POSITIVE_INFINITY);
  }

  readonly query = <Row>(text: string): Promise<{ rows: Row[] }> => this.#database.query<Row>(text);

  /** A person asks for this, until it is answered. */
  asks(method: string, path: string, body: unknown = {}): void {
    this.person.does(async () => void (await this.person.asks(method, path, body)));
  }

  /** What a person is answered to this. */
  async answer<Body>(method: string, path: string, body?: object): Promise<Body> {
    const answer = await this.#passing(this.person.asks(method, path, body));
    if (answer.status !== 200) throw new Error(`${path} is answered ${JSON.stringify(answer)}`);
    return answer.body as Body;
  }

  /** Time passes until nothing waits, nothing is under way and nobody asks. Rejects where that does not come. */
  async untilRest(): Promise<void> {
    const end = this.#agenda.now + maxRestMs;
    let stuckSince: number | null = null;
    for (;;) {
      await this.#agenda.step(end);
      const { now } = this.#agenda;
      if (now >= end)
        throw new Error(
          `it does not come to rest: ${JSON.stringify(await this.#due())}\n${this.lines.slice(-30).join('\n')}`,
        );
      if (this.#isBusy(now) || now - this.#lookedAt < restMs) continue;
      this.#lookedAt = now;
      const due = await this.#due();
      const asked = this.#agenda.nextOfWorld;
      if (due.at === null && asked === null && this.person.isDone && this.vendors.underWay === 0) return;
      const isDue = due.at !== null && due.at - now < minLeapMs;
      stuckSince = isDue ? (stuckSince ?? now) : null;
      if (isDue && now - stuckSince! < stuckMs) continue;
      stuckSince = null;
      const until = Math.min(isDue ? now + 60_000 : (due.at ?? end), asked ?? end, end);
      if (until - now >= minLeapMs) this.#agenda.suspendUntil(until);
      this.#lookedAt = this.#agenda.now;
    }
  }

  /** So long nothing happens: vendors' clocks and ours are not compared more exactly. */
  async pass(milliseconds: number): Promise<void> {
    this.#agenda.suspendUntil(this.#agenda.now + milliseconds);
    await this.untilRest();
  }

  /** What does not hold now that everything has come to rest. */
  async faults({ maxWrites, isThorough }: { maxWrites: number; isThorough: boolean }): Promise<string[]> {
    const drained = { pglite: this.#database, person: this.person };
    const found = [
      ...this.vendors.faults(maxWrites),
      ...(await unsettled(drained)),
      ...(await unbalanced(drained)),
    ];
    if (!isThorough) return found;
    return [
      ...found,
      ...(await this.#passing(unexplained(drained))),
      ...(await this.#passing(unverified(drained))),
    ];
  }

  async end(): Promise<void> {
    this.#workers.endAll();
    // What a dead worker had begun is rolled back in the time after its death.
    for (let step = 0; step < 20; step += 1) await this.#agenda.step(this.#agenda.now + 10);
    await this.#server.close();
    this.#restore();
  }

  #isBusy(now: number): boolean {
    if (this.#network.underWay > 0) this.#busyAt = now;
    const isAsked = !this.person.isDone || this.vendors.underWay > 0;
    const isQuiet = now - this.#busyAt >= (isAsked ? askedMs : restMs) && this.#server.underWay === 0;
    return !isQuiet || !this.#workers.areAllStarted;
  }

  /** When the next work is due, epoch milliseconds, or that of a dead worker is to be taken over; null where there is none. */
  async #due(): Promise<{ at: number | null; what: string }> {
    const { rows } = await this.#database.query<{ at: number | null; what: string }>(`
      select (extract(epoch from at) * 1000)::float8 as at, what from (
        select min(coalesce(leased_until, due_at)) as at, 'run' as what from runs where state = 'requested'
        union all select min(due_at), 'delivery' from deliveries where state = 'waiting' and batch_id is null
        union all select min(due_at), 'batch' from batches
        union all select min(due_at), 'request' from inbox where state = 'waiting'
        union all select min(due_at), 'touch' from touches
        union all select min(due_at), 'erasure' from erasures where ended_at is null
        union all select min(due_at), 'verification' from verifications where ended_at is null
        union all select min(due_at), 'write-back' from write_backs where state = 'waiting'
        union all select min(due_at), 'job' from write_back_jobs
        union all select case when count(*) = 0 then 'epoch'::timestamptz end, 'first reading' from runs
        union all select case when count(*) > 1 then 'epoch'::timestamptz end, 'takeover' from workers where ended_at is null
      ) as work where at is not null order by 1 limit 1`);
    return rows[0] ?? { at: null, what: 'nothing' };
  }

  /** Lets time pass until it has come. */
  async #passing<Result>(coming: Promise<Result>): Promise<Result> {
    let isOver = false;
    const over = coming.finally(() => {
      isOver = true;
    });
    over.catch(() => {});
    while (!isOver) {
      await this.#agenda.step(this.#agenda.now + 1_000);
      await Promise.race([over, Promise.resolve()]).catch(() => {});
    }
    return over;
  }
}
