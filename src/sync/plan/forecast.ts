// What a sync costs, simulated beforehand: every call against every quota it draws on, in the order of time, by the
// rules that deliveries keep. Pure: numbers in, forecast out. It knows no rows and no vendor.

import type { Side } from '../../contract/forecast.ts';
import { type Lane, laneNumber } from '../../engine/quota/lanes.ts';
import type { CallLine, QuotaLine, SimulationResult } from '../../tables/forecasts.ts';
import { callsToList, isListWorthwhile, minLooked, pagesOf, planLook } from '../census/reading-plan.ts';
import { pollDelayMs } from '../deliver/polling.ts';
import { route, type Traits, worthwhile } from '../deliver/route.ts';
import { type QuotaNow, Windows } from './forecast-windows.ts';
import type { OwnTime } from './own-time.ts';

/** A longer wait for a quota is not slept through: the work is put off, and is back so much sooner. */
const longestWaitMs = 30_000;

const backSoonerMs = 15_000;

const maxBulkAtOnce = 4;

/** Some pages that are read one after the other. */
export interface ReadStep {
  what: 'everything' | 'changes' | 'settled changes' | 'deletions' | 'sweep';
  pages: number;
  callsPerPage: number;
  bucket?: string | undefined;
  records: number;
  /** Of its records, how many bring a customer that is to be written. */
  customers: number;
}

/** What is known of the customers that are at the destination. */
export interface CensusForecast {
  /** All of them were listed before. */
  listed: boolean;
  /** How many there are; null where the destination was not asked. */
  total: number | null;
  /** Of the customers to write, how many are there already, 0 to 1. */
  existing: number;
  /** Calls more by which the first customer that is new shows whether writes merge. */
  learns: { before: number; after: number };
}

export interface ForecastInput {
  /** When it begins, epoch milliseconds. */
  at: number;
  lane: Lane;
  reading: {
    quotas: readonly QuotaNow[];
    /** How long one call takes, and from one page to the next at least, milliseconds. */
    callMs: number;
    pageMs: number;
    steps: readonly ReadStep[];
  };
  delivery: {
    quotas: readonly QuotaNow[];
    callMs: number;
    traits: Traits;
    /** Calls by which the run has the destination's segments read. Absent: none. */
    segmentCalls?: number;
    /** Of the customers, how many are read before they are written, 0 to 1. */
    readFirst: number;
    /** How it is made known what others own of them, in pages; null or absent: by reading each of them. */
    census?: CensusForecast | null;
    bytesEach: number;
    /** Customers that wait to be written already. */
    waiting: number;
    /** How often a bulk action was asked about of late; null: by how long the vendor is taken to work on it. */
    pollsPerBulk: number | null;
    /** How long we are busy with a customer that is sent in bulk. Absent: no time. */
    own?: OwnTime;
  };
  /** Told of every call, in order; for tests. */
  onCall?: (call: { side: Side; bucket: string | undefined; at: number; endsAt: number }) => void;
}

/** Simulates a sync. */
export function forecast(input: ForecastInput): SimulationResult {
  const simulation = new Simulation(input);
  simulation.go(Number.POSITIVE_INFINITY);
  return simulation.result();
}

/** The same with a rest now and then: a million single writes take seconds, and others have their turn meanwhile. */
export async function forecastInTurns(
  input: ForecastInput,
  rest: () => Promise<void>,
): Promise<SimulationResult> {
  const simulation = new Simulation(input);
  while (!simulation.go(eventsPerTurn)) await rest();
  return simulation.result();
}

const eventsPerTurn = 20_000;

/** What a process of the simulation does next. */
type Step =
  | { until: number }
  | { side: Side; what: string; bucket: string | undefined; lane: Lane; ms: number }
  | { all: Process[] }
  /** Until something has come. */
  | { idle: true };

type Process<Result = void> = Generator<Step, Result, void>;

interface Event {
  process: Process;
  at: number;
  order: number;
  /** The call that it stands in line with, and since when. */
  call: Extract<Step, { side: Side }> | null;
  parent: { event: Event; left: number } | null;
}

class Simulation {
  readonly #input: ForecastInput;
  readonly #windows: { [side in Side]: Windows };
  readonly #events: Event[] = [];
  readonly #lines = new Map<string, CallLine>();
  #now: number;
  #order = 0;
  #idle: Event | null = null;
  #isReading = true;
  #readAt: number;
  /** Customers that have come and that nobody has taken up yet, oldest first. */
  readonly #due: { at: number; customers: number }[] = [];
  #waiting = 0;
  #bulkUnderWay = 0;
  #bulkDoneAt: number;
  #isListed: boolean;
  #isLearned = false;
  /** Customers that were written in bulk since the last look. */
  #written = 0;

  constructor(input: ForecastInput) {
    this.#now = input.at;
    this.#readAt = input.at;
    this.#bulkDoneAt = input.at;
    this.#isListed = input.delivery.census?.listed ?? false;
    const windows = (quotas: readonly QuotaNow[]) => new Windows(quotas, input.lane, input.at);
    this.#windows = { source: windows(input.reading.quotas), destination: windows(input.delivery.quotas) };
    this.#input = {
      ...input,
      delivery: { ...input.delivery, traits: this.#worthwhile(input.delivery.traits) },
    };
    this.#bring(input.delivery.waiting, input.at);
    this.#enter(this.#reader(), input.at, null);
    this.#enter(this.#deliverer(), input.at, null);
  }

  #worthwhile(traits: Traits): Traits {
    const { destination } = this.#windows;
    const spacingMs = {
      bulk: destination.spacingMs(traits.bulk?.bucket),
      single: destination.spacingMs(undefined),
    };
    return worthwhile(traits, spacingMs);
  }

  /** Handles at most `most` events; true where that was the last. */
  go(most: number): boolean {
    for (let handled = 0; handled < most; handled += 1) {
      const event = this.#next();
      if (!event) return true;
      this.#go(event);
    }
    return false;
  }

  // ── The events ───────────────────────────────────────────────────────────────────────────────────────────────────

  #enter(process: Process, at: number, parent: Event['parent']): void {
    this.#push({ process, at, order: 0, call: null, parent });
  }

  #go(event: Event): void {
    this.#now = event.at;
    if (event.call) this.#call(event, event.call);
    else {
      const { done, value } = event.process.next();
      if (done) this.#leave(event);
      else this.#advance(event, value);
    }
  }

  #advance(event: Event, step: Step): void {
    if ('until' in step) this.#push({ ...event, at: Math.max(step.until, this.#now) });
    else if ('idle' in step) this.#idle = event;
    else if ('side' in step) this.#call(event, step);
    else {
      const parent = { event, left: step.all.length };
      for (const process of step.all) this.#enter(process, this.#now, parent);
      if (parent.left === 0) this.#push({ ...event, at: this.#now });
    }
  }

  #leave({ parent }: Event): void {
    if (!parent) return;
    parent.left -= 1;
    if (parent.left === 0) this.#push({ ...parent.event, at: this.#now });
  }

  #call(event: Event, call: Extract<Step, { side: Side }>): void {
    const windows = this.#windows[call.side];
    const at = windows.earliest(call.bucket, call.lane, this.#now);
    if (at > this.#now) {
      windows.wait(call.bucket, call.lane, { from: this.#now, to: at });
      this.#push({ ...event, at, call });
      return;
    }
    const endsAt = this.#now + call.ms;
    windows.take(call.bucket, endsAt);
    this.#input.onCall?.({ side: call.side, bucket: call.bucket, at: this.#now, endsAt });
    const key = `${call.side} ${call.what} ${call.bucket ?? ''}`;
    const line = this.#lines.get(key) ?? {
      side: call.side,
      what: call.what,
      bucket: call.bucket ?? null,
      calls: 0,
    };
    line.calls += 1;
    this.#lines.set(key, line);
    this.#push({ ...event, at: endsAt, call: null });
  }

  #wake(): void {
    if (!this.#idle) return;
    const event = this.#idle;
    this.#idle = null;
    this.#push({ ...event, at: this.#now });
  }

  // A heap by time, then by lane, then by who came first.
  #push(event: Event): void {
    this.#order += 1;
    const heap = this.#events;
    let index = heap.push({ ...event, order: this.#order }) - 1;
    while (index > 0) {
      const above = (index - 1) >> 1;
      if (!isBefore(heap[index]!, heap[above]!)) break;
      [heap[index], heap[above]] = [heap[above]!, heap[index]!];
      index = above;
    }
  }

  #next(): Event | undefined {
    const heap = this.#events;
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || first === last) return first;
    heap[0] = last;
    for (let index = 0; ; ) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      let least = index;
      if (left < heap.length && isBefore(heap[left]!, heap[least]!)) least = left;
      if (right < heap.length && isBefore(heap[right]!, heap[least]!)) least = right;
      if (least === index) return first;
      [heap[index], heap[least]] = [heap[least]!, heap[index]!];
      index = least;
    }
  }

  // ── The processes ──────────────────────────────────────────────────────────────────────────────────────────────────

  *#reader(): Process {
    // A run has the segments read first, whose lane is their own.
    for (let call = 0; call < (this.#input.delivery.segmentCalls ?? 0); call += 1)
      yield this.#toDestination('segments', undefined, 'schedule');
    const { reading, lane } = this.#input;
    for (const { what, pages, callsPerPage, bucket, customers } of reading.steps) {
      for (let page = 1; page <= pages; page += 1) {
        const beganAt = this.#now;
        for (let call = 1; call <= callsPerPage; call += 1)
          yield { side: 'source', what, bucket, lane, ms: reading.callMs };
        yield { until: beganAt + reading.pageMs };
        const brought = Math.floor((customers * page) / pages) - Math.floor((customers * (page - 1)) / pages);
        this.#bring(brought, this.#now);
        this.#readAt = this.#now;
        this.#wake();
      }
    }
    this.#isReading = false;
    this.#wake();
  }

  /** One step after the other, as deliveries take them. */
  *#deliverer(): Process {
    const { traits } = this.#input.delivery;
    for (;;) {
      const waiting = this.#waiting;
      if (waiting === 0) {
        if (!this.#isReading) return;
        yield { idle: true };
        continue;
      }
      const known = Math.min(waiting, traits.bulk?.maxRecords ?? 1000);
      if (this.#isToList(known)) {
        yield* this.#list();
        continue;
      }
      const plan = this.#route(known);
      if (plan.by === 'none') {
        yield { until: this.#now + plan.againMs };
        continue;
      }
      if (plan.by === 'single' || plan.most === 1 || waiting === 1) {
        const waitMs = this.#waitMs(undefined);
        if (waitMs > longestWaitMs) {
          const to = this.#now + waitMs - (this.#isLong() ? 0 : backSoonerMs);
          this.#windows.destination.wait(undefined, this.#input.lane, { from: this.#now, to });
          yield { until: to };
          continue;
        }
        yield* this.#singles(this.#take(plan.most));
      } else yield* this.#bulk(this.#take(plan.most));
    }
  }

  #route(due: number) {
    const { lane, delivery } = this.#input;
    return route(
      [{ lane, due, oldest: this.#due[0]!.at }],
      {
        at: this.#now,
        reading: this.#isReading,
        bulkUnderWay: this.#bulkUnderWay,
        maxBulkAtOnce: delivery.census ? 1 : maxBulkAtOnce,
        bulkSpacingMs: this.#windows.destination.spacingMs(delivery.traits.bulk?.bucket),
        singleWaitMs: this.#waitMs(undefined),
        bulkWaitMs: this.#waitMs(delivery.traits.bulk?.bucket),
      },
      delivery.traits,
    );
  }

  #waitMs(bucket: string | undefined): number {
    return this.#windows.destination.earliest(bucket, this.#input.lane, this.#now) - this.#now;
  }

  #isLong(): boolean {
    return this.#windows.destination.holdsUp(undefined, this.#input.lane, this.#now)?.isLong === true;
  }

  #take(most: number): number {
    let taken = 0;
    while (taken < most && this.#due.length > 0) {
      const first = this.#due[0]!;
      const some = Math.min(first.customers, most - taken);
      taken += some;
      first.customers -= some;
      if (first.customers === 0) this.#due.shift();
    }
    this.#waiting -= taken;
    return taken;
  }

  #bring(customers: number, at: number): void {
    if (customers > 0) this.#due.push({ at, customers });
    this.#waiting += customers;
  }

  #isToList(waiting: number): boolean {
    const { census, readFirst } = this.#input.delivery;
    if (!census || this.#isListed || readFirst === 0 || waiting < minLooked) return false;
    return isListWorthwhile({ total: census.total ?? 0, waiting });
  }

  *#list(): Process {
    const calls = callsToList(this.#input.delivery.census?.total ?? 0);
    for (let call = 1; call <= calls; call += 1) yield this.#toDestination('customers listed');
    this.#isListed = true;
  }

  /** Asks who has changed since. Returns how many are to be read one by one all the same. */
  *#look(reads: number): Process<number> {
    const { census } = this.#input.delivery;
    if (!census || !this.#isListed || reads < minLooked) return reads;
    const existing = Math.round(reads * census.existing);
    const plan = planLook({
      existing,
      fresh: reads - existing,
      created: Math.round(this.#written * (1 - census.existing)),
      updated: Math.round(this.#written * census.existing),
    });
    const pages = {
      created:
        plan.created === 'count'
          ? 1
          : plan.created === 'list'
            ? pagesOf(this.#written * (1 - census.existing)) - 1
            : 0,
      updated: plan.updated === 'list' ? pagesOf(this.#written * census.existing) - 1 : 0,
    };
    const calls = (existing > 0 ? 2 : 1) + Math.max(pages.created, 0) + Math.max(pages.updated, 0);
    for (let call = 1; call <= calls; call += 1) yield this.#toDestination('changes asked for');
    this.#written = 0;
    if (plan.created === 'read') return reads;
    return plan.updated === 'read' ? existing : 0;
  }

  *#learn(when: 'before' | 'after'): Process {
    const { census } = this.#input.delivery;
    if (!census || this.#isLearned) return;
    if (when === 'after') this.#isLearned = true;
    for (let call = 1; call <= census.learns[when]; call += 1)
      yield this.#toDestination('writes that show what others keep');
  }

  *#singles(customers: number): Process {
    const { readFirst } = this.#input.delivery;
    const reads = yield* this.#look(Math.round(customers * readFirst));
    const left = { reads, writes: customers };
    const worker = function* (this: Simulation): Process {
      while (left.writes > 0) {
        left.writes -= 1;
        const reads = left.reads > 0;
        if (reads) left.reads -= 1;
        if (reads) yield this.#toDestination('reads before writes');
        yield this.#toDestination('single writes');
      }
    };
    const atOnce = Math.min(this.#input.delivery.traits.singlesAtOnce, customers);
    yield { all: Array.from({ length: atOnce }, () => worker.call(this)) };
  }

  #toDestination(what: string, bucket?: string, lane = this.#input.lane): Step {
    return { side: 'destination', what, bucket, lane, ms: this.#input.delivery.callMs };
  }

  #busyWith(customers: number, what: keyof OwnTime): Step {
    return { until: this.#now + customers * (this.#input.delivery.own?.[what] ?? 0) };
  }

  /** Customers that cannot be read first, or for whom no bulk call is left, are put back. */
  *#bulk(customers: number): Process {
    const { traits, bytesEach } = this.#input.delivery;
    const bulk = traits.bulk!;
    yield this.#busyWith(customers, 'compose');
    const inPart = Math.max(Math.floor((bulk.maxBytes - 2) / (bytesEach + 1)), 1);
    for (let left = customers; left > 0; left -= inPart) {
      const part = Math.min(left, inPart);
      const unread: { customers: number } = { customers: 0 };
      yield* this.#readsFirst(part, unread);
      const written = part - unread.customers;
      if (this.#waitMs(bulk.bucket) > longestWaitMs) {
        this.#bring(left - unread.customers, this.#now);
        left = 0;
      } else if (written > 0) yield* this.#submit(written);
      if (unread.customers === 0) continue;
      // They are due again when there is room, and so is what was not looked at yet.
      const to = this.#now + Math.max(this.#waitMs(undefined) - backSoonerMs, 0);
      this.#windows.destination.wait(undefined, this.#input.lane, { from: this.#now, to });
      yield { until: to };
      this.#bring(unread.customers + Math.max(left - inPart, 0), this.#now);
      return;
    }
  }

  *#submit(customers: number): Process {
    const bulk = this.#input.delivery.traits.bulk!;
    yield* this.#learn('before');
    yield this.#busyWith(customers, 'submit');
    yield this.#toDestination('bulk writes', bulk.bucket);
    this.#written += customers;
    this.#bulkUnderWay += 1;
    const { seconds, secondsPerRecord } = bulk.takes ?? bulkTakes;
    // What an action takes whatever its size passes before it makes progress.
    const startsAt = Math.max(this.#now, this.#bulkDoneAt) + seconds * 1000;
    this.#bulkDoneAt = startsAt + secondsPerRecord * customers * 1000;
    this.#enter(this.#poller(customers, { startsAt, endsAt: this.#bulkDoneAt }), this.#now, null);
  }

  /** Reads as long as that need not wait for long. */
  *#readsFirst(customers: number, unread: { customers: number }): Process {
    const { readFirst, traits } = this.#input.delivery;
    let reads = yield* this.#look(Math.round(customers * readFirst));
    const worker = function* (this: Simulation): Process {
      while (reads > 0 && this.#waitMs(undefined) <= longestWaitMs) {
        reads -= 1;
        yield this.#toDestination('reads before writes');
      }
    };
    yield { all: Array.from({ length: Math.min(traits.singlesAtOnce, reads) }, () => worker.call(this)) };
    unread.customers = reads;
  }

  *#poller(customers: number, { startsAt, endsAt }: { startsAt: number; endsAt: number }): Process {
    const { pollsPerBulk } = this.#input.delivery;
    const sentAt = this.#now;
    for (let polls = 0; ; polls += 1) {
      const progress = pollsPerBulk === null ? (100 * (this.#now - startsAt)) / (endsAt - startsAt) : 0;
      const told = { progress: Math.floor(progress), elapsedMs: this.#now - sentAt };
      yield { until: this.#now + pollDelayMs({ customers, polls }, told) };
      yield this.#toDestination('polls', undefined, 'schedule');
      if (pollsPerBulk === null ? this.#now >= endsAt : polls + 1 >= pollsPerBulk) break;
    }
    yield* this.#learn('after');
    yield this.#busyWith(customers, 'settle');
    this.#bulkUnderWay -= 1;
  }

  // ── The result ────────────────────────────────────────────────────────────────────────────────────────────────

  result(): SimulationResult {
    const { at } = this.#input;
    const elapsedMs = this.#now - at;
    const lines = [...this.#lines.values()];
    const total = (side: Side) => lines.reduce((sum, line) => sum + (line.side === side ? line.calls : 0), 0);
    const quotas = (['source', 'destination'] as const).flatMap((side) =>
      this.#windows[side].result(elapsedMs).map((quota): QuotaLine => ({ side, ...quota })),
    );
    const slowest = quotas.toSorted((a, b) => b.waitMinutes - a.waitMinutes)[0];
    const isHeldUp = slowest !== undefined && slowest.waitMinutes * 60_000 >= elapsedMs / 4;
    return {
      minutes: elapsedMs / 60_000,
      readMinutes: (this.#readAt - at) / 60_000,
      endsAt: this.#now,
      calls: lines,
      totals: { source: total('source'), destination: total('destination') },
      quotas,
      bottleneck: isHeldUp && slowest.waitMinutes > 0 ? { side: slowest.side, quota: slowest.quota } : null,
    };
  }
}

/** How long a vendor that says nothing of it is taken to work on a bulk action. */
const bulkTakes = { seconds: 1, secondsPerRecord: 0.001 };

function isBefore(a: Event, b: Event): boolean {
  if (a.at !== b.at) return a.at < b.at;
  const [lane, other] = [a.call, b.call].map((call) => (call ? laneNumber(call.lane) : -1)) as [
    number,
    number,
  ];
  return lane !== other ? lane < other : a.order < b.order;
}
