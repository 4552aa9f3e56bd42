// The gate of a quota whose window is an hour at most: a slot is held from before the request until its response and
// the window after it, so that no more calls than slots can ever lie in one window. It knows no vendor.
import { randomUUID } from 'node:crypto';
import {
  keptFromBackfill,
  maxWaitMs,
  QuotaGate,
  requestTimeoutMs,
  type Slot,
  skewMs,
  stopped,
} from './gate.ts';
import { backfillAt, backfillCallers, keptCalls, keptSeconds, RecentUse, type Slots } from './kept-calls.ts';
import { type Lane, laneNumber, minShares } from './lanes.ts';
import { grownPerWindow, usedEnough } from './learning.ts';
import { PrioritySemaphore } from './priority-semaphore.ts';
import { growShare, type QuotaState, returnSlices, takeSlices } from './slices.ts';

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
  /** Its slots that cool since last. */
  cooling: Cooling | null;
}

/** Slots of one slice whose calls were answered at about the same time: they are free together when the last of them is. */
interface Cooling {
  slice: Slice;
  /** When the first of them would be free, and when all are, epoch milliseconds. */
  from: number;
  at: number;
  slots: number;
  /** Of them those that a backfill holds. */
  backfill: number;
}

interface Waiter {
  lane: Lane;
  since: number;
  refusal: AbortController;
}

/** Slices that were asked for without success are asked for again after this time at the earliest. */
const askAgainMs = 500;
/** Who has less than its even part asks again sooner: others are about to give slots back. */
const askSoonMs = 250;
/** Slots that would be free within this part of a window are free together: what is kept of them does not grow with the rate. */
const coolingGrain = 1 / 1000;
/** So much of a window may a backfill make up for at once when it is behind. */
const spreadBurst = 0.1;
/** So much of a short window better lanes keep beside what they use: a quota that is used to the last call makes everybody wait. */
const keptForMore = 0.2;
/** How often it is looked at most whether what is kept from backfills is released. */
const looksMs = 50;
/** For how long after its last asking a process counts as one that wants slots. */
const wantMs = 3_000;

export class SlotGate extends QuotaGate {
  readonly #semaphore = new PrioritySemaphore();
  /** Backfills come through here first, and never hold all slots. */
  readonly #backfill = new PrioritySemaphore();
  readonly #waiters = new Set<Waiter>();
  readonly #wantId = randomUUID();
  #slices: Slice[] = [];
  /** Ordered by time, but for a grain: every slot cools for the same while. */
  #cooling: Cooling[] = [];
  #cools = false;
  #taking: Promise<void> | null = null;
  #returning: Promise<void> | null = null;
  #roomAt = 0;
  /** When the last call of a backfill was due, where they are spread over the window. */
  #spreadTo = Number.NEGATIVE_INFINITY;
  /** When a clean window last added to the share. */
  #grownAt = Number.NEGATIVE_INFINITY;
  /** Of lanes better than backfill. */
  readonly #betterUse = new RecentUse(this.windowMs);
  /** Slots that backfills hold. Others of them that are inside stand in line for one. */
  #backfillSlots = 0;
  #owedToBackfill = 0;
  /** When it is looked next whether more of a backfill may go. */
  #looksAt = Number.POSITIVE_INFINITY;

  get #sliceSlots(): number {
    return Math.max(1, Math.floor(this.limit / 20));
  }

  async enter(lane: Lane, signal?: AbortSignal): Promise<Slot> {
    const { clock } = this.deps;
    if (signal?.aborted || this.deps.closing.aborted) throw stopped();
    const now = clock.now();
    this.#dropLapsed(now);
    const waitMs = this.waitMs(lane, now);
    // It may come back in time to stand in line when slots are free: a lane of which nobody ever waits gets no share.
    if (waitMs > maxWaitMs) throw this.tooLong(this.exhaustedUntil > now ? waitMs : waitMs - maxWaitMs / 2);
    const waiter: Waiter = { lane, since: now, refusal: new AbortController() };
    const abort = () => waiter.refusal.abort(stopped());
    signal?.addEventListener('abort', abort, { once: true });
    this.#waiters.add(waiter);
    this.deps.wake();
    try {
      return await this.#wait(waiter);
    } finally {
      this.#waiters.delete(waiter);
      signal?.removeEventListener('abort', abort);
    }
  }

  async #wait({ lane, refusal }: Waiter): Promise<Slot> {
    const isBackfill = lane === 'backfill';
    if (isBackfill) this.#resizeBackfill();
    const waiting = isBackfill ? this.#backfill.enter(lane, refusal.signal) : null;
    this.#lookLater();
    this.#demand();
    await waiting;
    let slice: Slice | undefined;
    try {
      if (isBackfill) await this.#spread(refusal.signal);
      const entering = this.#semaphore.enter(lane, refusal.signal, () => {
        slice = this.#occupy(isBackfill);
      });
      this.#resizeBackfill();
      this.#demand();
      await entering;
      return this.#slot(slice as Slice, isBackfill ? 1 : 0);
    } catch (error) {
      if (isBackfill) this.#backfill.leave();
      throw error;
    }
  }

  /**
   * A window that is too short to keep a part of it from backfills: their calls are spread over it, so that slots fall free all the
   * time, and a better lane waits for the next one instead of the next window. It costs a backfill nothing but its first burst.
   */
  async #spread(signal: AbortSignal): Promise<void> {
    if (this.quota.seconds >= keptSeconds.min) return;
    const { clock } = this.deps;
    const now = clock.now();
    const spacingMs = this.windowMs / Math.max(this.#leftToBackfill, 1);
    this.#spreadTo = Math.max(this.#spreadTo + spacingMs, now - this.windowMs * spreadBurst);
    if (this.#spreadTo > now) await clock.sleep(this.#spreadTo - now, signal);
  }

  /** Calls in a window that a backfill may make. While better lanes are in use they keep what they use and some more. */
  get #leftToBackfill(): number {
    // A process that begins has few slots yet, and is to have more soon.
    const own = this.#own * 4 < this.limit ? this.limit : this.#own;
    const busy = this.#slices.reduce((sum, slice) => sum + slice.busy, 0);
    const better = Math.max(busy - this.#backfill.inside, 0);
    return better === 0 ? own : Math.max(own * (1 - keptForMore) - better, own * minShares.backfill);
  }

  /** Fills the fullest slice first, so that others can go back. There is one: the line has as many places as they have slots. */
  #occupy(isBackfill: boolean): Slice {
    this.#note(isBackfill);
    let best: Slice | undefined;
    for (const slice of this.#slices) {
      if (slice.retiring || slice.busy >= slice.slots) continue;
      if (!best || slice.busy > best.busy) best = slice;
    }
    if (!best) throw new Error('a place was granted without a slot');
    best.busy += 1;
    return best;
  }

  /** While a backfill waits, it is owed its least share of what goes before it, whatever is kept from it. */
  #note(isBackfill: boolean): void {
    if (isBackfill) {
      this.#backfillSlots += 1;
      this.#owedToBackfill = Math.max(this.#owedToBackfill - 1, 0);
      return;
    }
    this.#betterUse.add(this.deps.clock.now());
    const isWaiting = this.#backfill.waiting + this.#backfill.inside - this.#backfillSlots > 0;
    if (isWaiting) this.#owedToBackfill += minShares.backfill;
  }

  #slot(slice: Slice, backfill: number): Slot {
    let left = false;
    return {
      valid: (now) => now < slice.leaseEnd && !this.deps.closing.aborted,
      leave: (sent) => {
        if (left) return;
        left = true;
        if (sent) this.#cool(slice, backfill);
        else this.#free({ slice, slots: 1, backfill });
      },
    };
  }

  #cool(slice: Slice, backfill: number): void {
    const at = this.deps.clock.now() + this.windowMs;
    const last = slice.cooling;
    if (last && at - last.from <= this.windowMs * coolingGrain) {
      last.at = at;
      last.slots += 1;
      last.backfill += backfill;
      return;
    }
    slice.cooling = { slice, from: at, at, slots: 1, backfill };
    this.#cooling.push(slice.cooling);
    void this.#coolDown();
  }

  #free({ slice, slots, backfill }: Pick<Cooling, 'slice' | 'slots' | 'backfill'>): void {
    slice.busy -= slots;
    slice.usedAt = this.deps.clock.now();
    this.#backfillSlots -= backfill;
    this.#resizePlaces();
    this.#semaphore.leave(slots);
    this.#resizeBackfill(backfill);
    if (backfill > 0) this.#backfill.leave(backfill);
    if (slice.retiring && slice.busy === 0) this.#giveBackSoon();
  }

  async #coolDown(): Promise<void> {
    if (this.#cools) return;
    this.#cools = true;
    const { clock, closing } = this.deps;
    while (this.#cooling[0] && !closing.aborted) {
      const [first] = this.#cooling;
      const waitMs = first.at - clock.now();
      if (waitMs > 0) {
        await clock.sleep(waitMs, closing);
        continue;
      }
      this.#cooling.shift();
      if (first.slice.cooling === first) first.slice.cooling = null;
      this.#free(first);
    }
    this.#cools = false;
  }

  get #own(): number {
    return this.#slices.reduce((sum, slice) => sum + (slice.retiring ? 0 : slice.slots), 0);
  }

  /**
   * As many places as there are slots; what is retiring counts only as far as it is still busy. Where the limit has
   * become smaller, calls that others do not know of must first cool.
   */
  #resize(): void {
    this.#resizePlaces();
    this.#resizeBackfill();
  }

  #resizePlaces(): void {
    this.#semaphore.resize(this.#isOpen ? this.#places : 0);
  }

  /** `leaving`: callers of a backfill who are about to leave. */
  #resizeBackfill(leaving = 0): void {
    const own = this.#own;
    const places = Math.min(this.#backfillPlaces(own) + this.#retiringBusy, this.limit);
    this.#backfill.resize(this.#isOpen ? Math.min(places, this.#openPlaces(leaving)) : 0);
    this.#lookLater();
  }

  get #isOpen(): boolean {
    return this.exhaustedUntil <= this.deps.clock.now();
  }

  get #places(): number {
    return Math.min(this.#own + this.#retiringBusy, this.limit);
  }

  get #retiringBusy(): number {
    return this.#slices.reduce((sum, slice) => sum + (slice.retiring ? slice.busy : 0), 0);
  }

  #backfillPlaces(own: number): number {
    return own < 10 || this.quota.seconds < keptSeconds.min ? own : own - Math.ceil(own * keptFromBackfill);
  }

  /** Places of backfills but for those that better lanes are expected to need. */
  #openPlaces(leaving: number): number {
    const kept = this.#kept;
    if (kept === 0) return Number.POSITIVE_INFINITY;
    const inside = this.#backfill.inside - leaving;
    const room = backfillCallers(this.#slots(leaving), kept);
    // Of many who wait already, some will be a backfill's.
    const due = Math.max(this.#owedToBackfill, this.#semaphore.waiting * minShares.backfill);
    return Math.max(inside + room, this.#backfillSlots + Math.floor(due));
  }

  #slots(leaving = 0): Slots {
    const inLine = this.#backfill.inside - leaving - this.#backfillSlots;
    return {
      free: this.#places - this.#semaphore.inside - inLine,
      cooling: this.#cooling.filter(({ slice }) => !slice.retiring),
      now: this.deps.clock.now(),
      windowMs: this.windowMs,
    };
  }

  /** Of the slots that this process has, so many better lanes are expected to need in a window. */
  get #kept(): number {
    return this.#keptOf(this.#own);
  }

  override get keptCalls(): number {
    return this.#keptOf(this.limit);
  }

  #keptOf(own: number): number {
    const { min, max } = keptSeconds;
    if (this.quota.seconds < min || this.quota.seconds > max) return 0;
    const used = this.#betterUse.calls(this.deps.clock.now());
    return keptCalls({ own, used, isExpected: this.isUrgent });
  }

  /** What is kept is released with time alone. */
  #lookLater(): void {
    const { clock, closing } = this.deps;
    const kept = this.#kept;
    if (this.#backfill.waiting === 0 || kept === 0 || !this.#isOpen || closing.aborted) return;
    const now = clock.now();
    const slots = this.#slots();
    // Otherwise it waits for a slot that falls free.
    if (backfillCallers(slots, kept) >= 1) return;
    const at = Math.max(Math.ceil(backfillAt(slots, kept, 1)), now + looksMs);
    if (at >= this.#looksAt) return;
    this.#looksAt = at;
    void clock.sleep(at - now, closing).then(() => {
      if (this.#looksAt !== at || closing.aborted) return;
      this.#looksAt = Number.POSITIVE_INFINITY;
      this.#resizeBackfill();
    });
  }

  protected exhausted(): void {
    const { clock, closing } = this.deps;
    const waitMs = this.exhaustedUntil - clock.now();
    this.#resize();
    if (waitMs > maxWaitMs) {
      for (const waiter of this.#waiters) waiter.refusal.abort(this.tooLong(waitMs));
    }
    void clock.sleep(waitMs, closing).then(() => {
      this.#resize();
      this.#demand();
    });
  }

  protected shrunk(): void {
    this.#shrinkTo(this.limit, 'at most');
    this.#resize();
  }

  /** How long a call of this lane waits at least, as far as can be known. */
  waitMs(lane: Lane, now: number): number {
    if (this.exhaustedUntil > now) return this.exhaustedUntil - now;
    const own = this.#own;
    if (own < this.limit) return 0; // more may be had
    const ahead = this.#ahead(lane);
    const busy = this.#slices.reduce((sum, slice) => sum + (slice.retiring ? 0 : slice.busy), 0);
    const free =
      lane === 'backfill'
        ? Math.min(own - busy, this.#backfillPlaces(own) - this.#backfill.inside)
        : own - busy;
    const keptMs = lane === 'backfill' ? this.#keptMs(ahead, now) : 0;
    if (ahead < free) return keptMs;
    return Math.max(this.#coolAt(ahead - Math.max(free, 0), now) - now, keptMs);
  }

  /** How long what is kept lets so many callers of a backfill and one more wait. Those who stand in line with better lanes wait for these. */
  #keptMs(ahead: number, now: number): number {
    const kept = this.#kept;
    if (kept === 0 || this.#semaphore.waiting > 0) return 0;
    return backfillAt(this.#slots(), kept, ahead + 1) - now;
  }

  /** When the slot is free before which so many others are. */
  #coolAt(before: number, now: number): number {
    let seen = 0;
    for (const { at, slots } of this.#cooling) {
      seen += slots;
      if (seen > before) return at;
    }
    return now + this.windowMs;
  }

  /** How many go in before one more of this lane: all in better lanes, or what its least share lets go in before it. */
  #ahead(lane: Lane): number {
    let better = 0;
    let same = 0;
    for (const waiter of this.#waiters) {
      if (waiter.lane === lane) same += 1;
      else if (laneNumber(waiter.lane) < laneNumber(lane)) better += 1;
    }
    return Math.min(better + same, Math.ceil((same + 1) / minShares[lane]) - 1);
  }

  get #lacking(): number {
    return this.#semaphore.waiting + this.#backfill.waiting;
  }

  /** Takes slices while there are callers without a slot and slots that nobody holds. */
  #demand(): void {
    if (this.#taking || this.#lacking === 0) return;
    this.#taking = this.#take()
      .catch((error) => {
        this.#roomAt = this.deps.clock.now() + askAgainMs;
        this.deps.onError(error);
      })
      .finally(() => {
        this.#taking = null;
      });
  }

  async #take(): Promise<void> {
    const { database, clock, holder, leaseMs, closing } = this.deps;
    await this.#giveBack();
    for (;;) {
      const now = clock.now();
      const slots = Math.min(this.#lacking, this.limit - this.#own);
      if (slots <= 0 || now < this.#roomAt || this.exhaustedUntil > now || closing.aborted) return;
      const taken = await takeSlices(database, {
        ...this.key,
        holder,
        now,
        limit: (known) => {
          this.learn(known);
          return this.limit;
        },
        slots: Math.min(Math.ceil(slots / this.#sliceSlots) * this.#sliceSlots, this.limit - this.#own),
        sliceSlots: this.#sliceSlots,
        freeAt: now + this.#freeIn(leaseMs),
        want: { id: this.#wantId, until: now + wantMs },
      });
      for (const slice of taken.slices) {
        this.#slices.push({
          ...slice,
          busy: 0,
          leaseEnd: now + leaseMs,
          usedAt: now,
          retiring: false,
          cooling: null,
        });
      }
      this.#resize();
      if (taken.nextFreeAt !== null) this.#askAgain(this.#own < taken.share);
    }
  }

  #askAgain(soon: boolean): void {
    const { clock, closing } = this.deps;
    const waitMs = soon ? askSoonMs : askAgainMs;
    this.#roomAt = clock.now() + waitMs;
    // The round asks too, but not as often.
    if (soon) void clock.sleep(waitMs, closing).then(() => this.#demand());
  }

  #freeIn(leaseMs: number): number {
    return leaseMs + requestTimeoutMs + this.windowMs;
  }

  renewable(now: number): { id: string; freeIn: number }[] {
    const { leaseMs } = this.deps;
    return this.#slices
      .filter((slice) => slice.leaseEnd > now && slice.leaseEnd - now < (leaseMs * 2) / 3)
      .map(({ id }) => ({ id, freeIn: this.#freeIn(leaseMs) }));
  }

  renewed(asked: readonly string[], kept: ReadonlySet<string>, now: number): void {
    for (const slice of this.#slices) {
      if (kept.has(slice.id)) slice.leaseEnd = now + this.deps.leaseMs;
      else if (asked.includes(slice.id)) slice.leaseEnd = 0;
    }
  }

  async tick(now: number, state: QuotaState | undefined): Promise<void> {
    if (state) this.learn(state);
    this.#dropLapsed(now);
    this.#retireUnneeded(now, state);
    await this.#giveBack();
    if (state) await this.#grow(now, state);
    for (const waiter of this.#waiters) {
      if (now - waiter.since > maxWaitMs) waiter.refusal.abort(this.tooLong(this.waitMs(waiter.lane, now)));
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
    for (const slice of this.#slices) {
      if (slice.busy === 0 && (spare || now - slice.usedAt > idleMs)) slice.retiring = true;
    }
    if (state?.wanted) this.#shrinkTo(Math.ceil(this.limit / state.holders), 'at least');
    // All hold more than they may together. What is left over by this may be taken anew.
    if (state && state.held > this.limit) this.#shrinkTo(Math.floor(this.limit / state.holders), 'at most');
    this.#resize();
  }

  /** Retires slices, the least busy first, until we hold this share, or as near to it as slices go. */
  #shrinkTo(share: number, nearness: 'at least' | 'at most'): void {
    const candidates = this.#slices.filter((slice) => !slice.retiring).sort((a, b) => a.busy - b.busy);
    let own = this.#own;
    for (const slice of candidates) {
      if (own <= share || (nearness === 'at least' && own - slice.slots < share)) break;
      slice.retiring = true;
      own -= slice.slots;
    }
  }

  /**
   * Adds to a share that refusals have cut, once the window is over since the last cut, refusal or addition and the
   * slots are in use: then a window was used and nobody minded. Each process adds in proportion to what it holds.
   */
  async #grow(now: number, state: QuotaState): Promise<void> {
    const { learned, limit } = this;
    if (!learned || this.share >= 1) return;
    if (now - Math.max(learned.at, this.refusedAt, this.#grownAt) < this.windowMs) return;
    const own = this.#own;
    const busy = this.#slices.reduce((sum, slice) => sum + (slice.retiring ? 0 : slice.busy), 0);
    if (own === 0 || busy < own * usedEnough || state.held < limit * usedEnough) return;
    this.#grownAt = now;
    const by = grownPerWindow * Math.min(own / limit, 1);
    await growShare(this.deps.database, { ...this.key, by, cutAt: learned.at });
  }

  /** The others wait for it: not with the next round, but together with what becomes free in this turn. */
  #giveBackSoon(): void {
    this.#returning ??= Promise.resolve()
      .then(() => this.#giveBack())
      .catch(this.deps.onError)
      .finally(() => {
        this.#returning = null;
      });
  }

  async #giveBack(): Promise<void> {
    const done = this.#slices.filter((slice) => slice.retiring && slice.busy === 0);
    if (!done.length) return;
    await returnSlices(
      this.deps.database,
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
    await this.#returning;
    const slices = this.#slices;
    for (const slice of slices) slice.retiring = true;
    this.#semaphore.resize(0);
    this.#backfill.resize(0);
    const now = this.deps.clock.now();
    await returnSlices(
      this.deps.database,
      slices.map((slice) => {
        const cooling = this.#cooling.filter((one) => one.slice === slice);
        const cooled = cooling.reduce((sum, { slots }) => sum + slots, 0);
        // What is still under way answers, or is cut off, within its timeout.
        const underWay = slice.busy > cooled ? now + requestTimeoutMs + this.windowMs : 0;
        const freeAt = Math.max(underWay, ...cooling.map(({ at }) => at)) + skewMs;
        return { id: slice.id, used: slice.busy, freeAt };
      }),
    );
    this.#slices = [];
  }

  protected spent() {
    return { used: this.#slices.reduce((sum, slice) => sum + slice.busy, 0), held: this.#own };
  }
}
