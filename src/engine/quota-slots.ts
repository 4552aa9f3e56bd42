// The gate of a quota whose window is an hour at most: a slot is held from before the request until its response and
// the window after it, so that no more calls than slots can ever lie in one window. It knows no vendor.
import { randomUUID } from 'node:crypto';
import type { Quota } from '../connector.ts';
import { type Lane, laneNumber } from './lanes.ts';
import { Line } from './line.ts';
import {
  type GateRoom,
  keptFromBackfill,
  longestWaitMs,
  QuotaGate,
  type QuotaStatus,
  requestTimeoutMs,
  type Slot,
  skewMs,
  stopped,
} from './quota-gate.ts';
import { type QuotaState, returnSlices, takeSlices } from './quota-slices.ts';

/** Slots that are taken and given back together. */
interface Slice {
  id: string;
  slots: number;
  /** Slots whose call is under way or still in the vendor's window. */
  busy: number;
  /** No call is sent with it from then on, unless it was renewed. */
  leaseEnd: number;
  /** When it was last in use. */
  usedAt: number;
  /** No new calls: it goes back once it is not busy. */
  retiring: boolean;
}

interface Waiter {
  lane: Lane;
  since: number;
  refusal: AbortController;
}

/** Slices that were asked for without success are asked for again after this time at the earliest. */
const askAgainMs = 500;
/** For how long after its last asking a process counts as one that wants slots. */
const wantMs = 3_000;

export class SlotGate extends QuotaGate {
  readonly #sliceSlots: number;
  readonly #line = new Line();
  /** Backfills come through here first, and never hold all slots. */
  readonly #backfill = new Line();
  readonly #waiters = new Set<Waiter>();
  readonly #wantId = randomUUID();
  #slices: Slice[] = [];
  /** Ordered by time: every slot cools for the same while. */
  #cooling: { at: number; slice: Slice; free: () => void }[] = [];
  #cools = false;
  #taking: Promise<void> | null = null;
  #roomAt = 0;

  constructor(room: GateRoom, account: string, quota: Quota) {
    super(room, account, quota);
    this.#sliceSlots = Math.max(1, Math.floor(this.limit / 20));
  }

  async enter(lane: Lane, signal?: AbortSignal): Promise<Slot> {
    const { clock } = this.room;
    if (signal?.aborted || this.room.closing.aborted) throw stopped();
    const now = clock.now();
    this.#dropLapsed(now);
    const waitMs = this.waitMs(lane, now);
    if (waitMs > longestWaitMs) throw this.tooLong(waitMs);
    const waiter: Waiter = { lane, since: now, refusal: new AbortController() };
    const abort = () => waiter.refusal.abort(stopped());
    signal?.addEventListener('abort', abort, { once: true });
    this.#waiters.add(waiter);
    this.room.wake();
    try {
      return await this.#wait(waiter);
    } finally {
      this.#waiters.delete(waiter);
      signal?.removeEventListener('abort', abort);
    }
  }

  async #wait({ lane, refusal }: Waiter): Promise<Slot> {
    const waiting = lane === 'backfill' ? this.#backfill.enter(lane, refusal.signal) : null;
    this.#demand();
    const leaveBackfill = await waiting;
    let slice: Slice | undefined;
    try {
      const entering = this.#line.enter(lane, refusal.signal, () => {
        slice = this.#occupy();
      });
      this.#demand();
      const leave = await entering;
      return this.#slot(slice as Slice, () => {
        leaveBackfill?.();
        leave();
      });
    } catch (error) {
      leaveBackfill?.();
      throw error;
    }
  }

  /** Fills the fullest slice first, so that others can go back. There is one: the line has as many places as they have slots. */
  #occupy(): Slice {
    let best: Slice | undefined;
    for (const slice of this.#slices) {
      if (slice.retiring || slice.busy >= slice.slots) continue;
      if (!best || slice.busy > best.busy) best = slice;
    }
    if (!best) throw new Error('a place was given without a slot');
    best.busy += 1;
    return best;
  }

  #slot(slice: Slice, leaveLines: () => void): Slot {
    let left = false;
    const free = () => {
      slice.busy -= 1;
      slice.usedAt = this.room.clock.now();
      this.#resize();
      leaveLines();
    };
    return {
      valid: (now) => now < slice.leaseEnd && !this.room.closing.aborted,
      leave: (sent) => {
        if (left) return;
        left = true;
        if (!sent) return free();
        this.#cooling.push({ at: this.room.clock.now() + this.windowMs, slice, free });
        void this.#coolDown();
      },
    };
  }

  async #coolDown(): Promise<void> {
    if (this.#cools) return;
    this.#cools = true;
    const { clock, closing } = this.room;
    while (this.#cooling[0] && !closing.aborted) {
      const waitMs = this.#cooling[0].at - clock.now();
      if (waitMs > 0) await clock.sleep(waitMs, closing);
      else this.#cooling.shift()?.free();
    }
    this.#cools = false;
  }

  get #own(): number {
    return this.#slices.reduce((sum, slice) => sum + (slice.retiring ? 0 : slice.slots), 0);
  }

  /** As many places as there are slots; what is retiring counts only as far as it is still busy. */
  #resize(): void {
    const own = this.#own;
    const busy = this.#slices.reduce((sum, slice) => sum + (slice.retiring ? slice.busy : 0), 0);
    const open = this.exhaustedUntil <= this.room.clock.now();
    this.#line.resize(open ? own + busy : 0);
    this.#backfill.resize(open ? this.#backfillPlaces(own) + busy : 0);
  }

  #backfillPlaces(own: number): number {
    return own < 10 || this.quota.seconds < 10 ? own : own - Math.ceil(own * keptFromBackfill);
  }

  protected exhausted(): void {
    const { clock, closing } = this.room;
    const waitMs = this.exhaustedUntil - clock.now();
    this.#resize();
    if (waitMs > longestWaitMs) {
      for (const waiter of this.#waiters) waiter.refusal.abort(this.tooLong(waitMs));
    }
    void clock.sleep(waitMs, closing).then(() => {
      this.#resize();
      this.#demand();
    });
  }

  /** How long a call of this lane waits at least, as far as can be known. */
  waitMs(lane: Lane, now: number): number {
    if (this.exhaustedUntil > now) return this.exhaustedUntil - now;
    const own = this.#own;
    if (own < this.limit) return 0; // more may be had
    let ahead = 0;
    for (const waiter of this.#waiters) if (laneNumber(waiter.lane) <= laneNumber(lane)) ahead += 1;
    const busy = this.#slices.reduce((sum, slice) => sum + (slice.retiring ? 0 : slice.busy), 0);
    const free =
      lane === 'backfill'
        ? Math.min(own - busy, this.#backfillPlaces(own) - this.#backfill.inside)
        : own - busy;
    if (ahead < free) return 0;
    return (this.#cooling[ahead - Math.max(free, 0)]?.at ?? now + this.windowMs) - now;
  }

  get #lacking(): number {
    return this.#line.waiting + this.#backfill.waiting;
  }

  /** Takes slices while there are callers without a slot and slots that nobody holds. */
  #demand(): void {
    if (this.#taking || this.#lacking === 0) return;
    this.#taking = this.#take()
      .catch((error) => {
        this.#roomAt = this.room.clock.now() + askAgainMs;
        this.room.onError(error);
      })
      .finally(() => {
        this.#taking = null;
      });
  }

  async #take(): Promise<void> {
    const { database, clock, holder, leaseMs, closing } = this.room;
    await this.#giveBack();
    for (;;) {
      const now = clock.now();
      const slots = Math.min(this.#lacking, this.limit - this.#own);
      if (slots <= 0 || now < this.#roomAt || this.exhaustedUntil > now || closing.aborted) return;
      const taken = await takeSlices(database, {
        ...this.key,
        holder,
        now,
        limit: this.limit,
        slots: Math.min(Math.ceil(slots / this.#sliceSlots) * this.#sliceSlots, this.limit - this.#own),
        sliceSlots: this.#sliceSlots,
        freeAt: now + this.#freeIn(leaseMs),
        want: { id: this.#wantId, until: now + wantMs },
      });
      this.learn(taken);
      for (const slice of taken.slices) {
        this.#slices.push({ ...slice, busy: 0, leaseEnd: now + leaseMs, usedAt: now, retiring: false });
      }
      if (taken.nextFreeAt !== null) this.#roomAt = clock.now() + askAgainMs;
      this.#resize();
    }
  }

  #freeIn(leaseMs: number): number {
    return leaseMs + requestTimeoutMs + this.windowMs;
  }

  renewable(now: number): { id: string; freeIn: number }[] {
    const { leaseMs } = this.room;
    return this.#slices
      .filter((slice) => slice.leaseEnd > now && slice.leaseEnd - now < (leaseMs * 2) / 3)
      .map(({ id }) => ({ id, freeIn: this.#freeIn(leaseMs) }));
  }

  renewed(asked: readonly string[], kept: ReadonlySet<string>, now: number): void {
    for (const slice of this.#slices) {
      if (kept.has(slice.id)) slice.leaseEnd = now + this.room.leaseMs;
      else if (asked.includes(slice.id)) slice.leaseEnd = 0;
    }
  }

  async tick(now: number, state: QuotaState | undefined): Promise<void> {
    if (state) this.learn(state);
    this.#dropLapsed(now);
    this.#retireUnneeded(now, state);
    await this.#giveBack();
    for (const waiter of this.#waiters) {
      if (now - waiter.since > longestWaitMs)
        waiter.refusal.abort(this.tooLong(this.waitMs(waiter.lane, now)));
    }
    this.#demand();
  }

  /** A process that was stopped for longer than its lease may find others in its place: it begins again with nothing. */
  #dropLapsed(now: number): void {
    const lapsed = this.#slices.filter((slice) => !slice.retiring && slice.leaseEnd <= now);
    if (!lapsed.length) return;
    for (const slice of lapsed) slice.retiring = true;
    this.#resize();
  }

  #retireUnneeded(now: number, state: QuotaState | undefined): void {
    const idleMs = Math.max(3 * this.windowMs, 30_000);
    const spare = state?.wanted && this.#lacking === 0;
    const shrunk = (state?.held ?? 0) > this.limit;
    for (const slice of this.#slices) {
      const idle = slice.busy === 0 && (spare || now - slice.usedAt > idleMs);
      if (idle || shrunk) slice.retiring = true;
    }
    if (state?.wanted) this.#shrinkTo(Math.ceil(this.limit / state.holders));
    this.#resize();
  }

  /** Another process lacks slots: what we hold beyond our even share goes, the least busy first. */
  #shrinkTo(share: number): void {
    const candidates = this.#slices.filter((slice) => !slice.retiring).sort((a, b) => a.busy - b.busy);
    let own = this.#own;
    for (const slice of candidates) {
      if (own - slice.slots < share) break;
      slice.retiring = true;
      own -= slice.slots;
    }
  }

  async #giveBack(): Promise<void> {
    const done = this.#slices.filter((slice) => slice.retiring && slice.busy === 0);
    if (!done.length) return;
    await returnSlices(
      this.room.database,
      done.map(({ id }) => ({ id, used: 0, freeAt: 0 })),
    );
    this.#slices = this.#slices.filter((slice) => !done.includes(slice));
  }

  get active(): boolean {
    return this.#slices.length > 0 || this.#waiters.size > 0;
  }

  async close(): Promise<void> {
    for (const waiter of this.#waiters) waiter.refusal.abort(stopped());
    await this.#taking;
    const slices = this.#slices;
    for (const slice of slices) slice.retiring = true;
    this.#line.resize(0);
    this.#backfill.resize(0);
    const now = this.room.clock.now();
    await returnSlices(
      this.room.database,
      slices.map((slice) => {
        const cooling = this.#cooling.filter((slot) => slot.slice === slice);
        // What is still under way answers, or is cut off, within its timeout.
        const underWay = slice.busy > cooling.length ? now + requestTimeoutMs + this.windowMs : 0;
        const freeAt = Math.max(underWay, ...cooling.map((slot) => slot.at)) + skewMs;
        return { id: slice.id, used: slice.busy, freeAt };
      }),
    );
    this.#slices = [];
  }

  status(): QuotaStatus {
    return {
      quota: this.quota.name,
      limit: this.limit,
      seconds: this.quota.seconds,
      used: this.#slices.reduce((sum, slice) => sum + slice.busy, 0),
      held: this.#own,
      exhaustedUntil: this.exhaustedUntil > this.room.clock.now() ? this.exhaustedUntil : null,
    };
  }
}
