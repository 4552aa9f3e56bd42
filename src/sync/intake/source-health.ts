// Whether the vendor behind a source answers, and whether it takes our credentials: what every call of a source passes by.
// It knows no run and no record, only what their failures say of the vendor.
import {
  type Api,
  type ApiRequest,
  RejectedError,
  type Relation,
  TransientError,
  UnauthorizedError,
} from '../../connector.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import { Circuit, type CircuitStatus } from '../../engine/http/circuit.ts';
import { guardedApi, wordOf } from '../../engine/http/guarded-api.ts';
import type { Log } from '../../engine/log/log.ts';
import { type Backoff, backoffMs } from '../../engine/work/retry.ts';
import { pause, resumeAfterTrial } from '../../tables/pauses.ts';

const backoff: Backoff = { baseMs: 2_000, capMs: 300_000 };

/** After a first refusal of the credentials: a vendor that restarts refuses everybody for a moment. */
const confirmAfterMs = 3_000;

/** After a first refusal that only a person could mend: nothing but a person ends the pause that follows. */
const confirmFinalAfterMs = 60_000;

/** Failures of so many runs and records are told apart; beyond that the oldest is forgotten. */
const maxRemembered = 10_000;

/**
 * For so long one work is refused, by what may not be the vendor, and others neither refused nor answered, before that is believed:
 * longer than gateways fail.
 */
const believedAfterMs = 6 * 3_600_000;

/** What is to become of work whose call failed. */
export interface Verdict {
  /** Milliseconds until it is tried again. */
  delayMs: number;
  /** False where the vendor is down or asks us to wait: that uses up no attempt. */
  counted: boolean;
}

/** An attempt at work that failed. */
export interface Attempted {
  attempts: number;
  /** Of work that is refused, by what may not be the vendor, only where that happens to all of this kind. */
  kind?: string;
  /** When it failed; now, if it is left out. */
  at?: number;
}

export class SourceHealth {
  readonly name: string;
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #circuit = new Circuit();
  /** Failures of calls that say that the vendor is down, and those that ask us to wait. */
  readonly #outages = new WeakSet<Error>();
  readonly #waits = new WeakSet<Error>();
  /** When work failed first and last, by its key. */
  readonly #failed = new Map<string, { firstAt: number; lastAt: number }>();
  /** When work of a kind was done last. */
  readonly #doneAt = new Map<string, number>();
  #answeredAt = Number.NEGATIVE_INFINITY;
  /** Since when no call was answered, and what failed first. */
  #failing: { since: number; message: string } | null = null;
  /** Failures in a row, of whatever work. */
  #strikes = 0;
  /** Since when each request is refused for its credentials. Another one that is accepted says nothing of it. */
  readonly #refusedSince = new Map<string, number>();
  readonly #refusedRequests = new WeakMap<Error, string>();
  #isTrial = false;

  constructor(deps: { name: string; database: Database; clock: Clock; log: Log }) {
    this.name = deps.name;
    this.#database = deps.database;
    this.#clock = deps.clock;
    this.#log = deps.log.child({ source: deps.name });
  }

  get status(): CircuitStatus {
    return this.#circuit.status(this.#clock.now());
  }

  /** How long no call is made, milliseconds. */
  get waitMs(): number {
    return Math.max(this.#circuit.waitMs(this.#clock.now()), 0);
  }

  /** Whether more than one call may try. */
  get isUp(): boolean {
    return this.#circuit.status(this.#clock.now()).state === 'closed';
  }

  /** What is begun now was asked for: it may try at once, whatever is waited for. */
  tryNow(): void {
    this.#circuit.tryNow();
  }

  /** The source is paused, and the next call finds out whether it need be. */
  beginTrial(): void {
    this.#isTrial = true;
    this.tryNow();
  }

  /** The API with every call told to the circuit, and none made while it is open. */
  guard(api: Api, signal?: AbortSignal): Api {
    const { name } = this;
    const guarded = guardedApi(api, {
      circuit: this.#circuit,
      clock: this.#clock,
      log: this.#log,
      name,
      ...(signal && { signal }),
    });
    return {
      request: async (request) => {
        const admission = this.#circuit.admit(this.#clock.now());
        if (admission === 'none') throw this.#notAsked();
        try {
          const response = await guarded.request(request);
          await this.#accepted(request);
          return response;
        } catch (error) {
          // A call that was let through to try and found nothing out leaves it to the next one.
          if (admission === 'one') this.#circuit.release();
          this.#note(error);
          if (error instanceof UnauthorizedError) this.#refusedRequests.set(error, nameOf(request));
          throw error;
        }
      },
    };
  }

  /** The same for a table or view: each of its statements counts as a call. */
  guardRelation(relation: Relation, signal?: AbortSignal): Relation {
    return {
      describe: () => this.guardCall(() => relation.describe(), signal),
      horizon: () => this.guardCall(() => relation.horizon(), signal),
      rows: (query) => this.guardCall(() => relation.rows(query), signal),
    };
  }

  /** The same for one call of any other kind, such as a download. */
  async guardCall<Answer>(call: () => Promise<Answer>, signal?: AbortSignal): Promise<Answer> {
    const answers: Answer[] = [];
    const request = async () => {
      answers.push(await call());
      return { status: 200, headers: {}, json: undefined };
    };
    await this.guard({ request }, signal).request({ path: '' });
    return answers[0]!;
  }

  /** What becomes of work after this error of a call. `key`: the same for each attempt of the same work. */
  judge(error: unknown, key: string, { attempts, kind, at = this.#clock.now() }: Attempted): Verdict {
    const before = this.#failed.get(key);
    const { firstAt } = setNewest(this.#failed, key, { firstAt: before?.firstAt ?? at, lastAt: at });
    this.#strikes += 1;
    // Where others were answered meanwhile, it is this work that the vendor fails at.
    const isOfKind = kind !== undefined && isDoubtful(error);
    const isAlone = isOfKind
      ? this.#othersSince(before, kind)
      : before !== undefined && this.#answeredAt > before.lastAt;
    const isBelieved = isOfOne(error) && at - firstAt >= believedAfterMs;
    const isOutage = isIn(this.#outages, error) || isOfKind;
    const counted = !isIn(this.#waits, error) && (isAlone || isBelieved || !isOutage);
    const attempt = counted ? attempts : this.#strikes;
    const retryAfterMs = error instanceof TransientError ? error.retryAfterMs : undefined;
    const delayMs = backoffMs(attempt, { ...backoff, retryAfterMs });
    return { counted, delayMs: Math.max(delayMs, this.waitMs) };
  }

  /** What is waited for, as a sentence. */
  waiting(message: string): string {
    return `waiting: ${this.#failing === null ? message : this.#sentence(this.#failing)}`;
  }

  /** The work of this key is over. */
  forget(key: string): void {
    this.#failed.delete(key);
  }

  /** Work of this kind was done: what else of it is refused may itself be to blame. */
  done(kind: string): void {
    this.#doneAt.set(kind, this.#clock.now());
  }

  /** Whether work of the kind was done since this work failed last. */
  didOthers(key: string, kind: string): boolean {
    return this.#othersSince(this.#failed.get(key), kind);
  }

  /**
   * The credentials were refused. How long to wait before they are tried once more, milliseconds; 0 where the same request is
   * refused again, and the source is paused: one refusal pauses nothing.
   */
  async refused(error: UnauthorizedError): Promise<number> {
    const { message, final, status } = error;
    const isOwnWord = final && status === undefined;
    const now = this.#clock.now();
    const request = this.#requestOf(error);
    const since = this.#refusedSince.get(request) ?? now;
    setNewest(this.#refusedSince, request, since);
    const waitMs = since + (final ? confirmFinalAfterMs : confirmAfterMs) - now;
    if (waitMs > 0 && !isOwnWord && (final || !this.#isTrial)) {
      const told = 'the credentials were refused; retried once before the source is paused';
      this.#log.warn({ reason: message }, told);
      return waitMs;
    }
    this.#refusedSince.clear();
    this.#isTrial = false;
    if (await pause(this.#database, this.name, { cause: 'unauthorized', reason: message, final }, now))
      this.#log.error({ reason: message }, 'source paused');
    return 0;
  }

  #othersSince(failed: { lastAt: number } | undefined, kind: string): boolean {
    return failed !== undefined && (this.#doneAt.get(kind) ?? Number.NEGATIVE_INFINITY) > failed.lastAt;
  }

  /** An error may be a connector's own, caused by one of ours. */
  #requestOf(error: unknown): string {
    for (let inner = error; inner instanceof Error; inner = inner.cause) {
      const request = this.#refusedRequests.get(inner);
      if (request !== undefined) return request;
    }
    return '';
  }

  async #accepted(request: ApiRequest): Promise<void> {
    this.#answered();
    this.#refusedSince.delete(nameOf(request));
    this.#refusedSince.delete('');
    if (!this.#isTrial) return;
    this.#isTrial = false;
    if (await resumeAfterTrial(this.#database, this.name))
      this.#log.info('the credentials are accepted again');
  }

  #answered(): void {
    this.#answeredAt = this.#clock.now();
    this.#failing = null;
    this.#strikes = 0;
  }

  #note(error: unknown): void {
    const word = wordOf(error);
    if (error instanceof RejectedError && error.unproven) {
      this.#outages.add(error);
      this.#failing ??= { since: this.#clock.now(), message: error.message };
    } else if (!(error instanceof TransientError)) {
      if (word === 'answered') this.#answered();
    } else if (word === 'failed') {
      this.#outages.add(error);
      const { message } = error;
      if (message !== 'stopped') this.#failing ??= { since: this.#clock.now(), message };
    } else this.#waits.add(error);
  }

  #notAsked(): TransientError {
    const failing = this.#failing ?? { since: this.#clock.now(), message: 'its calls fail' };
    const error = new TransientError(this.#sentence(failing), { retryAfterMs: this.waitMs, foreign: true });
    this.#outages.add(error);
    return error;
  }

  #sentence({ since, message }: { since: number; message: string }): string {
    return `${this.name} has failed since ${new Date(since).toISOString()}: ${message}`;
  }
}

/** The oldest is forgotten where there are too many. */
function setNewest<Value>(known: Map<string, Value>, key: string, value: Value): Value {
  known.delete(key);
  known.set(key, value);
  const oldest = known.keys().next().value;
  if (known.size > maxRemembered && oldest !== undefined) known.delete(oldest);
  return value;
}

/** Whether this may be a gateway's answer, which all work of its kind is given. */
export function isDoubtful(error: unknown): boolean {
  if (error instanceof RejectedError) return error.unproven;
  return error instanceof TransientError && error.foreign && (error.status ?? 0) < 500;
}

/** The same, where others can be read or nothing tells that they cannot: it may concern one record. */
function isOfOne(error: unknown): boolean {
  return (
    isDoubtful(error) &&
    (error instanceof RejectedError || (error as TransientError).rejectedAs !== undefined)
  );
}

/** The request without what differs from page to page. */
function nameOf({ auth = '', method = 'GET', path }: ApiRequest): string {
  return `${auth} ${method} ${path}`;
}

/** An error may be a connector's own, caused by one of ours. */
function isIn(errors: WeakSet<Error>, error: unknown): boolean {
  for (let inner = error; inner instanceof Error; inner = inner.cause) if (errors.has(inner)) return true;
  return false;
}
