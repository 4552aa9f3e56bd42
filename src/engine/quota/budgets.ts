// What may still be spent of what vendors allow: every call passes through the gates of the quotas it draws on. It knows
// quotas, lanes and time, but no customer and no vendor.
import { setMaxListeners } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { type Quota, type QuotaReading, TransientError } from '../../connector.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../clock.ts';
import { CounterGate } from './counter.ts';
import {
  type GateDeps,
  isRate,
  type QuotaGate,
  type QuotaStatus,
  type Slot,
  skewMs,
  stopped,
} from './gate.ts';
import type { Lane } from './lanes.ts';
import type { PrioritySemaphore } from './priority-semaphore.ts';
import { forgetExhaustion, freeSlices, noteQuota, readQuotaStates, renewSlices } from './slices.ts';
import { SlotGate } from './slots.ts';
import { Spending } from './spend.ts';

export type { QuotaStatus } from './gate.ts';

/** Thrown by `send` where nothing reached the vendor: no connection, no such host. The slots are free again at once. */
export class UnsentError extends TransientError {}

/** So many calls in any span of that length. */
export interface QuotaLimit {
  calls: number;
  windowMs: number;
}

/** Of this process among the workers of its database, which share out what a dead one held. */
export interface Membership {
  /** Whether nobody can have taken this process for dead. */
  readonly isCurrent: boolean;
  /** Makes it current, where it still can be. Rejects where the database fails. */
  renew(): Promise<void>;
}

const alone: Membership = { isCurrent: true, renew: async () => {} };

export interface Call {
  /** See `Quota.bucket`. */
  bucket?: string | undefined;
  lane: Lane;
  signal?: AbortSignal | undefined;
  /** A semaphore to pass after the quotas, such as that for a connection. */
  semaphore?: PrioritySemaphore;
}

/** How often the process looks at what others have written, while it holds or wants anything. */
const roundMs = 750;

/** The quotas of all accounts in this process. */
export class Budgets {
  readonly #accounts = new Map<string, Map<string, QuotaGate>>();
  readonly #closing = new AbortController();
  readonly #deps: GateDeps;
  readonly #spending = new Spending();
  readonly #writes = new Set<Promise<void>>();
  #round: Promise<void> | null = null;

  readonly #membership: Membership;

  /**
   * `membership`: without one nobody takes this process for dead.
   * `holder`: a UUID of this process alone. `leaseSeconds`: for how long its slots stay its own when it is not heard of.
   * `onError`: told when the database failed; what was to be done is tried again.
   */
  constructor(options: {
    database: Database;
    clock: Clock;
    holder: string;
    membership?: Membership;
    leaseSeconds?: number;
    onError?: (error: unknown) => void;
  }) {
    const { database, clock, holder, leaseSeconds = 30, onError = () => {} } = options;
    this.#membership = options.membership ?? alone;
    setMaxListeners(0, this.#closing.signal);
    this.#deps = {
      database,
      clock,
      holder,
      leaseMs: leaseSeconds * 1000,
      closing: this.#closing.signal,
      wake: () => this.#wake(),
      write: (statement) => this.#write(statement),
      onError,
    };
  }

  #write(statement: Promise<unknown>): void {
    const write: Promise<void> = statement
      .then(() => {}, this.#deps.onError)
      .finally(() => this.#writes.delete(write));
    this.#writes.add(write);
  }

  /**
   * The budget of an account. Those who name the same account share its quotas. Throws where they describe one of them
   * differently: neither could be kept. `isUrgent`: what is urgent is expected to come beside a backfill.
   */
  account(account: string, quotas: readonly Quota[], { isUrgent = false } = {}): Budget {
    const gates = this.#accounts.get(account) ?? new Map<string, QuotaGate>();
    this.#accounts.set(account, gates);
    for (const quota of quotas) {
      const known = gates.get(quota.name);
      if (known && !isDeepStrictEqual(known.quota, quota)) {
        throw new Error(
          `The account ${account} is configured twice with different quotas ${quota.name}: ${JSON.stringify(known.quota)} and ${JSON.stringify(quota)}. Configure the same quotas for both.`,
        );
      }
      if (!known) gates.set(quota.name, this.#gate(account, quota));
      if (isUrgent) gates.get(quota.name)!.expectUrgent();
    }
    return new Budget(
      this.#deps,
      quotas.map((quota) => gates.get(quota.name) as QuotaGate),
      this.#spending,
      this.#membership,
    );
  }

  #gate(account: string, quota: Quota): QuotaGate {
    const { name, requests, seconds, reserve = 0 } = quota;
    if (!(requests >= 1) || !(seconds > 0) || !(reserve >= 0) || !(reserve < 1)) {
      throw new RangeError(
        `The quota ${name} of ${account} must allow at least one call in its window, with a reserve from 0 to below 1: ${JSON.stringify(quota)}`,
      );
    }
    const Gate = isRate(quota) ? SlotGate : CounterGate;
    return new Gate(this.#deps, account, quota);
  }

  get #gates(): QuotaGate[] {
    return [...this.#accounts.values()].flatMap((gates) => [...gates.values()]);
  }

  #wake(): void {
    if (this.#closing.signal.aborted) return;
    this.#round ??= this.#rounds().finally(() => {
      this.#round = null;
    });
  }

  /** Goes round while any gate holds or wants something, or calls are to be written down. */
  async #rounds(): Promise<void> {
    const { database, clock, closing, onError } = this.#deps;
    for (;;) {
      await clock.sleep(roundMs, closing);
      if (closing.aborted) return;
      await this.#goRound().catch(onError);
      await this.#spending.flush(database).catch(onError);
      if (!this.#spending.pending && !this.#gates.some((gate) => gate.active)) return;
    }
  }

  async #goRound(): Promise<void> {
    const { database, clock, holder } = this.#deps;
    const gates = this.#gates.filter((gate) => gate.active);
    try {
      await this.#renew(gates);
      const accounts = [...new Set(gates.map((gate) => gate.account))];
      const states = await readQuotaStates(database, { accounts, holder, now: clock.now() });
      for (const gate of gates) {
        const { account, quota } = gate.key;
        const state = states.find((one) => one.account === account && one.quota === quota);
        await gate.tick(clock.now(), state);
      }
    } catch (error) {
      // Without the database nobody waits longer than they would with it.
      for (const gate of gates) await gate.tick(clock.now(), undefined).catch(() => {});
      throw error;
    }
  }

  async #renew(gates: readonly QuotaGate[]): Promise<void> {
    const { database, clock, holder } = this.#deps;
    const now = clock.now();
    const slices = gates.flatMap((gate) => gate.renewable(now));
    if (!slices.length) return;
    const ids = slices.map((slice) => slice.id);
    const kept = await renewSlices(database, {
      ids,
      holder,
      now,
      freeIn: slices.map((slice) => slice.freeIn),
    });
    for (const gate of gates) gate.renewed(ids, kept, now);
  }

  /** A process that is known to be dead makes no more calls: its slots are free a window from now. */
  async free(holder: string): Promise<void> {
    const { database, clock } = this.#deps;
    for (const gate of this.#gates) {
      if (!(gate instanceof SlotGate)) continue;
      await freeSlices(database, { ...gate.key, holder, now: clock.now(), windowMs: gate.windowMs + skewMs });
    }
  }

  /** Writes down the calls made so far now, and not with the next round. */
  async flush(): Promise<void> {
    await this.#spending.flush(this.#deps.database);
  }

  /** Gives all slices back, each free when the vendor has forgotten its calls. Who still waits is told `stopped`. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    await this.#round;
    for (const gate of this.#gates) await gate.close();
    await Promise.all(this.#writes);
    await this.#spending.flush(this.#deps.database).catch(this.#deps.onError);
  }
}

/** What one source or destination may still spend. */
export class Budget {
  readonly #deps: GateDeps;
  readonly #gates: readonly QuotaGate[];
  readonly #spending: Spending;
  readonly #membership: Membership;

  constructor(deps: GateDeps, gates: readonly QuotaGate[], spending: Spending, membership: Membership) {
    this.#membership = membership;
    this.#deps = deps;
    this.#gates = gates;
    this.#spending = spending;
  }

  /**
   * Calls `send` once every quota that the call draws on has room, better lanes first and each lane with its least
   * share. Throws TransientError, surely unsent, where that would take more than 30 seconds (with `quota` and
   * `retryAfterMs`) or the signal is aborted (`stopped`); and what `send` throws.
   *
   * `send` is told whether the slots are still ours. Who does not send in the same turn (but once there is a connection)
   * asks again when it does, and throws UnsentError where they are not.
   */
  async run<Result>(call: Call, send: (isOurs: () => boolean) => Promise<Result>): Promise<Result> {
    const { clock } = this.#deps;
    const gates = this.#drawnOn(call.bucket);
    const slots = await this.#enter(gates, call);
    const sentAt = clock.now();
    let sent = true;
    let refusing: QuotaGate | undefined;
    try {
      const result = await send(
        () => this.#membership.isCurrent && slots.every((slot) => slot.valid(clock.now())),
      );
      for (const gate of gates) gate.taken(sentAt);
      return result;
    } catch (error) {
      sent = !(error instanceof UnsentError);
      if (sent && error instanceof TransientError && (error.status === 429 || error.quota !== undefined))
        refusing = this.#refused(gates, call.bucket, error, sentAt);
      throw error;
    } finally {
      call.semaphore?.leave();
      for (const slot of slots) slot.leave(sent);
      if (sent) this.#count(gates, call.lane, refusing);
    }
  }

  #count(gates: readonly QuotaGate[], lane: Lane, refusing: QuotaGate | undefined): void {
    const now = this.#deps.clock.now();
    for (const gate of gates) this.#spending.count(gate.key, lane, now, gate === refusing);
    if (gates.length) this.#deps.wake();
  }

  /** How long a call of this bucket and lane would have to wait now, milliseconds, as far as this process knows. */
  waitMs(bucket: string | undefined, lane: Lane): number {
    const now = this.#deps.clock.now();
    return Math.max(0, ...this.#drawnOn(bucket).map((gate) => gate.waitMs(lane, now)));
  }

  /** How far apart calls on this bucket are that its quotas allow for ever, milliseconds. */
  spacingMs(bucket: string | undefined): number {
    return Math.max(0, ...this.limits(bucket).map(({ windowMs, calls }) => windowMs / calls));
  }

  /** What the quotas of this bucket allow us. */
  limits(bucket: string | undefined): QuotaLimit[] {
    return this.#drawnOn(bucket).map(({ windowMs, limit }) => ({ calls: Math.max(limit, 1), windowMs }));
  }

  /** What is free of the fullest window of this bucket, from 0 to 1, as far as this process knows. */
  freePart(bucket: string | undefined): number {
    const now = this.#deps.clock.now();
    const free = this.#drawnOn(bucket).map((gate) => (gate.exhaustedUntil > now ? 0 : gate.freePart));
    return Math.max(0, Math.min(1, ...free));
  }

  /** Those without a bucket for calls without one, those of the call's bucket, those for all; the scarcest first. */
  #drawnOn(bucket: string | undefined): QuotaGate[] {
    return this.#gates
      .filter(({ quota }) => quota.all || quota.bucket === bucket)
      .sort((a, b) => a.rate - b.rate || (a.quota.name < b.quota.name ? -1 : 1));
  }

  /** Resolves with a slot of each, and a place in the semaphore. */
  async #enter(gates: readonly QuotaGate[], { lane, signal, semaphore }: Call): Promise<Slot[]> {
    for (;;) {
      const slots: Slot[] = [];
      let isInside = false;
      try {
        for (const gate of gates) slots.push(await gate.enter(lane, signal));
        await semaphore?.enter(lane, signal).catch(() => {
          throw stopped();
        });
        isInside = semaphore !== undefined;
        if (signal?.aborted) throw stopped();
      } catch (error) {
        if (isInside) semaphore?.leave();
        for (const slot of slots) slot.leave(false);
        throw error;
      }
      // Nothing may come between this look and the request: while we waited for one gate (or were stopped as a
      // process) a slice may have lapsed and another quota may have run out.
      const now = this.#deps.clock.now();
      const open = gates.every((gate) => gate.exhaustedUntil <= now);
      const { isCurrent } = this.#membership;
      if (open && isCurrent && slots.every((slot) => slot.valid(now))) return slots;
      semaphore?.leave();
      for (const slot of slots) slot.leave(false);
      if (!isCurrent) await this.#renewMembership();
    }
  }

  /** After a stop the slots may be others'. Throws `stopped` where that cannot be ruled out. */
  async #renewMembership(): Promise<void> {
    await this.#membership.renew().catch(() => {});
    if (!this.#membership.isCurrent) throw stopped();
  }

  /**
   * A 429. Where neither the error nor a reading names the quota, it is taken to be the bucket's own, or else the one
   * with the shortest window. Without the vendor's word it is left alone for a moment, and for its window, a minute at most,
   * where refusals go on. Returns the quota that it is laid to.
   */
  #refused(
    gates: readonly QuotaGate[],
    bucket: string | undefined,
    error: TransientError,
    sentAt: number,
  ): QuotaGate | undefined {
    const now = this.#deps.clock.now();
    const named = gates.find((gate) => gate.quota.name === error.quota);
    const exhausted = gates.filter((gate) => gate.exhaustedUntil > now);
    const own = gates.filter((gate) => bucket !== undefined && gate.quota.bucket === bucket);
    const suspects = exhausted.length ? exhausted : own.length ? own : gates;
    const gate = named ?? suspects.toSorted((a, b) => a.windowMs - b.windowMs)[0];
    if (!gate) return undefined;
    if (named || !exhausted.length) {
      const waitMs = error.retryAfterMs ?? gate.unnamedWaitMs;
      this.#learn(gate, { quota: gate.quota.name, exhaustedUntil: now + waitMs });
    }
    gate.refused(sentAt);
    return gate;
  }

  /** Takes in what a response said. */
  observe(readings: readonly QuotaReading[]): void {
    for (const reading of readings) {
      const gate = this.#gates.find((one) => one.quota.name === reading.quota);
      if (gate) this.#learn(gate, reading);
    }
  }

  #learn(gate: QuotaGate, reading: QuotaReading): void {
    if (!gate.learn(reading)) return;
    const { database, clock, write } = this.#deps;
    const { limit = null, remaining = null } = reading;
    const exhaustedUntil = gate.exhaustedUntil || null;
    write(noteQuota(database, { ...gate.key, now: clock.now(), exhaustedUntil, limit, remaining }));
  }

  /** A person asks for calls now: until when the vendor allows none is forgotten here and in the rows. Throws as the database does. */
  async tryNow(): Promise<void> {
    const waiting = this.#gates.filter((gate) => gate.exhaustedUntil > this.#deps.clock.now());
    const [first] = waiting;
    if (!first) return;
    const { account } = first.key;
    await forgetExhaustion(this.#deps.database, { account, quotas: waiting.map(({ quota }) => quota.name) });
    for (const gate of waiting) gate.forgetExhaustion();
  }

  /** What refusals have left of each quota's limit, up to 1. */
  shares(): { quota: string; share: number }[] {
    return this.#gates.map((gate) => ({ quota: gate.quota.name, share: gate.share }));
  }

  /** Calls in a window of each quota that better lanes than a backfill are expected to make. */
  keptCalls(): { quota: string; calls: number }[] {
    return this.#gates.map((gate) => ({ quota: gate.quota.name, calls: gate.keptCalls }));
  }

  status(): QuotaStatus[] {
    return this.#gates.map((gate) => gate.status());
  }
}
