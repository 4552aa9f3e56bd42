// The gate of a quota whose window is longer than an hour (a day, a billing cycle): calls are counted and paid for in
// advance, a few at a time, and nobody waits for the window to pass. It knows no vendor.
import type { Quota } from '../../connector.ts';
import { TransientError } from '../../connector.ts';
import {
  type GateDeps,
  keptFromBackfill,
  maxWaitMs,
  QuotaGate,
  requestTimeoutMs,
  type Slot,
  skewMs,
  stopped,
} from './gate.ts';
import type { Lane } from './lanes.ts';
import { type QuotaState, returnSlices, takeSlices } from './slices.ts';

/** Calls paid for in advance. Once made they are not had again: the row counts until the vendor has forgotten them. */
interface Slice {
  id: string;
  left: number;
  underWay: number;
  used: number;
  usedAt: number;
  /** No call is made with it from then on; the row counts a window longer. */
  useBy: number;
}

/** What a process has paid for and not used by then is given back. A crash loses one slice until the window has passed. */
const useWithinMs = 900_000;
/** Or when it made no call for so long. */
const idleMs = 60_000;
/** A refusal of the database holds for this long, so that many callers ask it once. */
const askAgainMs = 1_000;

export class CounterGate extends QuotaGate {
  readonly #sliceSlots: number;
  #slices: Slice[] = [];
  #taking: Promise<void> | null = null;
  /** By the limit that was asked with: when there is room again, and until when that is believed. */
  #exhausted = new Map<number, { freeAt: number; believedUntil: number }>();
  /** Counted by all processes when last seen. */
  #counted = 0;

  constructor(deps: GateDeps, account: string, quota: Quota) {
    super(deps, account, quota);
    // Many small slices: cheap enough, as each is one statement, and little is lost with a process.
    this.#sliceSlots = Math.max(1, Math.floor(this.limit / 1000));
  }

  async enter(lane: Lane, signal?: AbortSignal): Promise<Slot> {
    const { clock, closing } = this.deps;
    for (;;) {
      if (signal?.aborted || closing.aborted) throw stopped();
      const now = clock.now();
      if (this.exhaustedUntil > now) {
        await this.#sleepUntil(this.exhaustedUntil, now, signal);
        continue;
      }
      const slice = this.#slices.find((one) => one.left > 0 && one.useBy > now);
      if (slice) return this.#slot(slice);
      const exhausted = this.#exhausted.get(this.#limitOf(lane));
      if (exhausted && exhausted.believedUntil > now) {
        await this.#sleepUntil(exhausted.freeAt, now, signal);
        continue;
      }
      this.#taking ??= this.#take(lane, now).finally(() => {
        this.#taking = null;
      });
      await this.#taking;
    }
  }

  /** A backfill leaves the last part to others. */
  #limitOf(lane: Lane): number {
    const { limit } = this;
    return lane === 'backfill' ? Math.max(1, Math.floor(limit * (1 - keptFromBackfill))) : limit;
  }

  waitMs(_lane: Lane, now: number): number {
    if (this.exhaustedUntil > now) return this.exhaustedUntil - now;
    if (this.#slices.some((slice) => slice.left > 0 && slice.useBy > now)) return 0;
    const exhausted = this.#exhausted.get(this.limit);
    return exhausted && exhausted.believedUntil > now ? Math.max(exhausted.freeAt - now, 0) : 0;
  }

  async #sleepUntil(time: number, now: number, signal?: AbortSignal): Promise<void> {
    if (time - now > maxWaitMs) throw this.tooLong(time - now);
    const { clock, closing } = this.deps;
    await clock.sleep(time - now, signal ? AbortSignal.any([signal, closing]) : closing);
  }

  #slot(slice: Slice): Slot {
    slice.left -= 1;
    slice.underWay += 1;
    let left = false;
    return {
      valid: (now) => now < slice.useBy && !this.deps.closing.aborted,
      leave: (sent) => {
        if (left) return;
        left = true;
        slice.underWay -= 1;
        if (sent) {
          slice.used += 1;
          slice.usedAt = this.deps.clock.now();
        } else slice.left += 1;
      },
    };
  }

  async #take(lane: Lane, now: number): Promise<void> {
    const { database, clock, holder } = this.deps;
    const useBy = now + useWithinMs;
    const taken = await takeSlices(database, {
      ...this.key,
      holder,
      now,
      limit: (known) => {
        this.learn(known);
        return this.#limitOf(lane);
      },
      slots: this.#sliceSlots,
      sliceSlots: this.#sliceSlots,
      freeAt: useBy + requestTimeoutMs + this.windowMs,
    }).catch((error) => {
      this.deps.onError(error);
      throw new TransientError('the database did not answer, so the remaining quota is unknown', {
        quota: this.quota.name,
        retryAfterMs: askAgainMs,
        uncertain: false,
        cause: error,
      });
    });
    this.#counted = taken.held;
    const limit = this.#limitOf(lane);
    for (const { id, slots } of taken.slices) {
      this.#slices.push({ id, left: slots, underWay: 0, used: 0, usedAt: now, useBy });
    }
    if (taken.slices.length) this.#exhausted.delete(limit);
    else
      this.#exhausted.set(limit, {
        freeAt: taken.nextFreeAt ?? now,
        believedUntil: clock.now() + askAgainMs,
      });
    this.deps.wake();
  }

  protected exhausted(): void {
    // Callers look at it themselves before each call.
  }

  protected shrunk(): void {
    // The next slice is asked for with the new limit.
  }

  /** Prepaid slices end; they are not renewed. */
  renewable(): { id: string; freeIn: number }[] {
    return [];
  }

  renewed(): void {}

  async tick(now: number, state: QuotaState | undefined): Promise<void> {
    if (state) {
      this.learn(state);
      this.#counted = state.held;
    }
    // What was used to the end needs no word: its row ends by itself.
    this.#slices = this.#slices.filter((slice) => slice.left > 0 || slice.underWay > 0);
    const over = (slice: Slice) => slice.useBy <= now || slice.usedAt + idleMs <= now;
    await this.#settle(this.#slices.filter((slice) => slice.underWay === 0 && over(slice)));
  }

  async #settle(slices: readonly Slice[]): Promise<void> {
    const now = this.deps.clock.now();
    this.#slices = this.#slices.filter((slice) => !slices.includes(slice));
    await returnSlices(
      this.deps.database,
      slices.map(({ id, used, underWay, usedAt }) => {
        const lastAt = underWay > 0 ? now + requestTimeoutMs : usedAt;
        return { id, used: used + underWay, freeAt: lastAt + this.windowMs + skewMs };
      }),
    );
  }

  get active(): boolean {
    return this.#slices.length > 0;
  }

  async close(): Promise<void> {
    await this.#taking?.catch(() => {});
    await this.#settle(this.#slices);
  }

  protected spent() {
    const held = this.#slices.reduce((sum, slice) => sum + slice.left, 0);
    return { used: Math.max(this.#counted - held, 0), held };
  }
}
