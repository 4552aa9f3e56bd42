// Whether the database can be worked with, as this process finds it: known from what becomes of every statement, and by asking
// where statements are not answered. It knows no table.
import { isUnavailable, noAnswer, refusesWrites, unavailableReason } from '../../db/availability.ts';
import { type Database, DatabaseError } from '../../db/database.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log/log.ts';
import type { Next } from './worker.ts';
import { tryWriting } from './worker-registry.ts';

/** A statement may take long; from then on the server is asked whether it answers at all. */
const suspiciousMs = 3_000;
const pingMs = 5_000;
/** A server that has not answered for so long is left: all that waits for it fails, and connects again. */
const hopelessMs = 30_000;
/** One connection may be lost and made again: a fault that lasts is told. */
const tellAfterMs = 2_000;

export interface DatabaseFault {
  /** silent: it does not answer. readOnly: it answers, and takes no writes. */
  kind: 'unresponsive' | 'readOnly';
  /** Epoch milliseconds. */
  since: number;
  /** A part of a sentence. */
  reason: string;
}

export class DatabaseHealth {
  /** The same database, watched. */
  readonly database: Database;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #bare: Database;
  /** When the statements began that have not ended. */
  readonly #pending = new Map<symbol, number>();
  readonly #onRecovered: () => void;
  #fault: (DatabaseFault & { foundAt: number; told: boolean }) | null = null;
  #cancelled = 0;
  /** When the loop last looked. */
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor({
    database,
    clock,
    log,
    onRecovered = () => {},
  }: {
    database: Database;
    clock: Clock;
    log: Log;
    onRecovered?: () => void;
  }) {
    this.#onRecovered = onRecovered;
    this.#bare = database;
    this.#clock = clock;
    this.#log = log;
    this.database = this.#watched(database);
  }

  /** Null where nothing is known to be wrong. */
  get fault(): DatabaseFault | null {
    return this.#fault;
  }

  /** It did not answer a moment ago, and is asked again and again: who asks need not wait to learn it. */
  get isKnownSilent(): boolean {
    return (
      this.#fault?.kind === 'unresponsive' &&
      this.#fault.told &&
      Math.abs(this.#clock.now() - this.#lookedAt) < hopelessMs
    );
  }

  /** Since when the statement has waited that has waited longest, epoch milliseconds. */
  get waitingSince(): number | null {
    return this.#pending.size === 0 ? null : Math.min(...this.#pending.values());
  }

  /** A row is written and taken back. Throws DatabaseError where the database is read-only or full. */
  async tryWriting(): Promise<void> {
    await tryWriting(this.database);
    if (this.#fault?.kind === 'readOnly') this.#recovered();
  }

  /** A step of the loop that asks, and leaves a server that does not answer. */
  async step(signal: AbortSignal): Promise<Next> {
    const since = this.waitingSince;
    const now = this.#clock.now();
    this.#lookedAt = now;
    this.#tell();
    const isSuspicious = since !== null && now - since >= suspiciousMs;
    if (this.#fault?.kind === 'readOnly') await this.#ask(() => this.tryWriting(), signal);
    else if (isSuspicious || this.#fault) await this.#ask(() => this.#bare.ping(), signal);
    const silent = this.#fault?.kind === 'unresponsive' && since !== null && now - since >= hopelessMs;
    if (silent) this.#bare.reconnect();
    else if (isSuspicious) await this.#cancelBlocked(signal);
    return { again: false, afterMs: 1_000 };
  }

  async #cancelBlocked(signal: AbortSignal): Promise<void> {
    let cancelled = 0;
    await this.#ask(async () => {
      cancelled = await this.#bare.cancelBlocked();
    }, signal);
    if (cancelled > 0 && this.#cancelled === 0)
      this.#log.warn(
        'another session has locked the tables for a minute: waiting statements are cancelled and retried',
      );
    this.#cancelled = cancelled;
  }

  /** Asks and learns from the answer, or from there being none. */
  async #ask(question: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const answered = new AbortController();
    const late = this.#clock
      .sleep(pingMs, AbortSignal.any([answered.signal, signal]))
      .then(() => new DatabaseError('', noAnswer));
    const asked = question().then(
      () => null,
      (error: unknown) => error,
    );
    const error = await Promise.race([asked, late]);
    answered.abort();
    if (signal.aborted) return;
    if (error === null) this.#answered();
    else this.#failed(error, this.waitingSince ?? this.#clock.now() - pingMs);
  }

  #watched(database: Database): Database {
    const watch = async <Result>(work: () => Promise<Result>): Promise<Result> => {
      const key = Symbol('statement');
      const begun = this.#clock.now();
      this.#pending.set(key, begun);
      try {
        const result = await work();
        this.#answered();
        return result;
      } catch (error) {
        if (isUnavailable(error)) this.#failed(error, begun);
        throw error;
      } finally {
        this.#pending.delete(key);
      }
    };
    return {
      ...database,
      rows: (statement) => watch(() => database.rows(statement)),
      prepared: (statement) => watch(() => database.prepared(statement)),
      transaction: (work) => watch(() => database.transaction(work)),
    };
  }

  #failed(error: unknown, begun: number): void {
    if (!isUnavailable(error)) return;
    // A statement that waited for a lock says nothing of the others.
    if (error.code === '57014' || error.code === '55P03') return;
    const kind = refusesWrites(error) ? ('readOnly' as const) : ('unresponsive' as const);
    const reason = unavailableReason(error);
    const known = this.#fault;
    if (known?.kind === kind) known.reason = reason;
    else {
      const now = this.#clock.now();
      this.#fault = { kind, since: known?.since ?? begun, reason, foundAt: now, told: false };
    }
    this.#tell();
  }

  #tell(): void {
    const fault = this.#fault;
    if (fault === null || fault.told) return;
    if (fault.kind === 'unresponsive' && this.#clock.now() - fault.foundAt < tellAfterMs) return;
    fault.told = true;
    const { kind, reason } = fault;
    this.#log.error(
      { reason },
      kind === 'unresponsive'
        ? 'the database does not answer; work that needs it waits and is retried'
        : 'the database accepts no writes; work that needs writes waits and is retried',
    );
  }

  #answered(): void {
    if (this.#fault?.kind === 'unresponsive') this.#recovered();
  }

  #recovered(): void {
    const { since, told } = this.#fault!;
    this.#fault = null;
    if (!told) return;
    const seconds = Math.round((this.#clock.now() - since) / 1000);
    this.#log.info({ seconds }, 'the database works again');
    this.#onRecovered();
  }
}
