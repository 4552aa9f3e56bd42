// What every gate of one quota has in common: its limit and what is learned of it, its exhaustion, and the error of a wait
// that is too long. It does not know how calls are counted.
import { type Quota, TransientError } from '../../connector.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../clock.ts';
import type { Lane } from './lanes.ts';
import { cutsAfter, Evidence, type Learned, newest, shareAt } from './learning.ts';
import { cutShare, type QuotaKnowledge, type QuotaState } from './slices.ts';

/** A longer wait is not slept through: the call is refused, so that its caller can park the work. */
export const maxWaitMs = 30_000;
/** How long a request may be on its way after the last look at the lease. */
export const requestTimeoutMs = 30_000;
/** How far the clocks of two processes may be apart. */
export const skewMs = 1_000;
/** Of a window of 10 seconds or more a backfill leaves this share, so that a webhook need not wait for the next one. */
export const keptFromBackfill = 0.05;
/** Up to this window calls wait for a slot, and a refusal is a matter of rate. In longer ones they are counted. */
const maxRateSeconds = 3_600;

export const isRate = (quota: Quota) => quota.seconds <= maxRateSeconds;

/** What the gates of one process share. */
export interface GateDeps {
  database: Database;
  clock: Clock;
  /** This process, as rows name it. */
  holder: string;
  leaseMs: number;
  /** Aborted when the process gives everything back. */
  closing: AbortSignal;
  /** Keeps the round of renewals and readings going. */
  wake(): void;
  /** A statement that nobody waits for but the closing of the process. */
  write(statement: Promise<unknown>): void;
  onError(error: unknown): void;
}

/** The right to send one call. */
export interface Slot {
  /** Whether what it was cut from is still ours. Asked in the same turn as the request is sent. */
  valid(now: number): boolean;
  /** `sent` false: nothing reached the vendor, so the slot is as good as new. */
  leave(sent: boolean): void;
}

export interface QuotaStatus {
  quota: string;
  /** Calls in any `seconds` that we allow ourselves: what the vendor allows, less the reserve and what refusals took. */
  limit: number;
  seconds: number;
  /** Calls that count now, as this process knows: its own in windows up to an hour, everyone's in longer ones. */
  used: number;
  /** Calls this process may make without asking the others: all its slots, or what it has left of its slices. */
  held: number;
  /** Epoch milliseconds, or null. */
  exhaustedUntil: number | null;
}

export abstract class QuotaGate {
  readonly account: string;
  readonly quota: Quota;
  readonly windowMs: number;
  protected readonly deps: GateDeps;
  #exhaustedUntil = 0;
  /** The limit the vendor named, where it is smaller than what we were told. */
  #limitSeen: number | null = null;
  #learned: Learned | null = null;
  /** When a refusal of ours last cut the share, or tried to. */
  #cutAt = Number.NEGATIVE_INFINITY;
  readonly #evidence = new Evidence();
  /** What is urgent is expected to use it, also where it has not yet. */
  protected isUrgent = false;
  /** When the vendor last refused a call of ours for what it says of the limit. */
  protected refusedAt = Number.NEGATIVE_INFINITY;

  constructor(deps: GateDeps, account: string, quota: Quota) {
    this.deps = deps;
    this.account = account;
    this.quota = quota;
    // One millisecond more than the window: clocks are read in whole ones.
    this.windowMs = Math.ceil(quota.seconds * 1000) + 1;
  }

  abstract enter(lane: Lane, signal?: AbortSignal): Promise<Slot>;
  protected abstract spent(): Pick<QuotaStatus, 'used' | 'held'>;
  /** Calls in a window of the whole limit that better lanes than a backfill are expected to make; it is kept for them until then. */
  get keptCalls(): number {
    return 0;
  }

  /** How long a call of this lane would have to wait now, milliseconds, as far as this process knows. */
  abstract waitMs(lane: Lane, now: number): number;
  /** Slices to keep: their IDs, and how long each must then count, milliseconds from now. */
  abstract renewable(now: number): { id: string; freeIn: number }[];
  /** `kept`: those of the slices asked for that are still ours, from `now` on. */
  abstract renewed(asked: readonly string[], kept: ReadonlySet<string>, now: number): void;
  /** One step of the round: gives back what is not needed, refuses who has waited too long. */
  abstract tick(now: number, state: QuotaState | undefined): Promise<void>;
  /** True while there is anything to renew, to give back or to wait for. */
  abstract get active(): boolean;
  /** Gives everything back. */
  abstract close(): Promise<void>;
  protected abstract exhausted(): void;
  /** The limit may be smaller than it was. */
  protected abstract shrunk(): void;

  status(): QuotaStatus {
    const { name, seconds } = this.quota;
    const exhaustedUntil = this.#exhaustedUntil > this.deps.clock.now() ? this.#exhaustedUntil : null;
    return { quota: name, limit: this.limit, seconds, ...this.spent(), exhaustedUntil };
  }

  /** What is urgent is expected to come beside a backfill. */
  expectUrgent(): void {
    this.isUrgent = true;
  }

  get key(): { account: string; quota: string } {
    return { account: this.account, quota: this.quota.name };
  }

  get limit(): number {
    const { requests, reserve = 0 } = this.quota;
    const said = this.#limitSeen === null ? requests : Math.min(requests, this.#limitSeen);
    return Math.max(1, Math.floor(said * this.share * (1 - reserve) + 1e-9));
  }

  /** What refusals have left of the limit, up to 1. Long windows run out; they are not used too fast. */
  get share(): number {
    return isRate(this.quota) ? shareAt(this.#learned, this.deps.clock.now()) : 1;
  }

  protected get learned(): Learned | null {
    return this.#learned;
  }

  get exhaustedUntil(): number {
    return this.#exhaustedUntil;
  }

  /** The part of the limit that this process has not used in the window that ends now. */
  get freePart(): number {
    return 1 - this.spent().used / this.limit;
  }

  /** Calls per second that it sustains: the gate with the lowest is entered first, so that none waits holding a scarcer slot. */
  get rate(): number {
    return this.limit / this.quota.seconds;
  }

  /** Takes in what the vendor or another process says; true where it is news. */
  learn(said: Partial<QuotaKnowledge>): boolean {
    const now = this.deps.clock.now();
    // A vendor's time in the wrong unit must not stop us for a thousand years.
    const until = Math.min(said.exhaustedUntil ?? 0, now + Math.max(this.windowMs, 3_600_000));
    const limit = said.limit ?? null;
    const allowed = this.limit;
    let news = false;
    this.#learned = newest(this.#learned, said.learned ?? null);
    if (limit !== null && limit >= 1 && limit !== this.#limitSeen) {
      this.#limitSeen = limit;
      news = true;
    }
    if (this.limit < allowed) this.shrunk();
    if (until > now && until > this.#exhaustedUntil) {
      this.#exhaustedUntil = until;
      this.exhausted();
      news = true;
    }
    return news;
  }

  /** Somebody asks for it: the vendor's word about waiting is set aside until it is said again. */
  forgetExhaustion(): void {
    if (this.#exhaustedUntil === 0) return;
    this.#exhaustedUntil = 0;
    this.exhausted();
  }

  /** The vendor took a call that draws on this quota. */
  taken(sentAt: number): void {
    this.#evidence.taken(sentAt);
  }

  /** How long to leave the vendor alone after a refusal that names no time, milliseconds. */
  get unnamedWaitMs(): number {
    return this.#evidence.waitMs(this.windowMs);
  }

  /**
   * The vendor refused a call for this quota's sake: others draw on it too, or its limit is smaller than we think, where it is
   * more than noise.
   */
  refused(sentAt: number): void {
    const { database, clock, write } = this.deps;
    const now = clock.now();
    const { used: sent } = this.spent();
    if (!this.#evidence.refused({ sentAt, now, windowMs: this.windowMs, sent, limit: this.limit })) return;
    this.refusedAt = now;
    const refusal = { ...this.key, sentAt, now, windowMs: this.windowMs };
    const lastAt = Math.max(this.#cutAt, this.#learned?.at ?? Number.NEGATIVE_INFINITY);
    if (!isRate(this.quota) || lastAt > cutsAfter(refusal)) return;
    this.#cutAt = now;
    write(cutShare(database, refusal).then((learned) => this.learn({ learned })));
  }

  protected readonly tooLong = (waitMs: number): TransientError => {
    const { name } = this.quota;
    const retryAfterMs = Math.max(Math.ceil(waitMs), 1_000);
    return new TransientError(
      `the quota ${name} of ${this.account} allows no call for ${Math.ceil(retryAfterMs / 1000)} s`,
      { retryAfterMs, quota: name, uncertain: false },
    );
  };
}

export const stopped = () => new TransientError('stopped', { uncertain: false });
