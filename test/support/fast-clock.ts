// Simulated time that jumps: as soon as this process has nothing left to do, the next sleeper wakes. Nobody waits in real
// time, and work takes the time that it really takes, however fast the rest goes by.
import type { Clock } from '../../src/engine/clock.ts';

/** Statements that this process waits for: another process works on them while this one looks idle. */
const statements = { underWay: 0, changedAt: 0, onChange: () => {} };

/** Simulated time does not jump until a statement has ended, or whatever else this process waits for. */
export async function withTimeHeld<Result>(run: () => Promise<Result>): Promise<Result> {
  count(1);
  try {
    return await run();
  } finally {
    count(-1);
  }
}

function count(more: number): void {
  statements.underWay += more;
  statements.changedAt = performance.now();
  statements.onChange();
}

/** Resolves when a statement begins or ends, or has taken longer than is waited for. Turning meanwhile would take the core it needs. */
function statementsChange(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const others = statements.onChange;
  const timer = setTimeout(resolve, statements.changedAt + patienceMs - performance.now());
  statements.onChange = () => {
    statements.onChange = () => {};
    clearTimeout(timer);
    others();
    resolve();
  };
  return promise;
}

/** When no statement has ended for so long, one waits for a lock, and who holds it may be asleep. */
const patienceMs = 1_000;

/** In so many turns of the event loop a request reaches a server of this process and is answered. */
const quietTurns = 25;

/** Milliseconds, times the factor, that time moves on at least: loops that wake at every moment cost more than they show. */
const stride = 16;

/** Requests to the operating system that are under way: files, connections, writes. */
const busy = /^(FS|TCPConnect|GetAddrInfo|Write|Shutdown)/;

interface Sleeper {
  at: number;
  wake(): void;
}

export class FastClock implements Clock {
  readonly #factor: number;
  #now = Date.now();
  #sleepers: Sleeper[] = [];
  #isRunning = false;
  /** When time was last moved on, as the machine measures it. */
  #movedAt = performance.now();

  /** `factor`: how fast time passes while nobody sleeps; the more, the more of those who sleep wake at once. */
  constructor(factor = 25) {
    this.#factor = factor;
  }

  /** Moves on at once. Who sleeps wakes no sooner for it. */
  skip(milliseconds: number): void {
    this.#now += milliseconds;
    for (const sleeper of this.#sleepers) sleeper.at += milliseconds;
  }

  now = (): number => {
    const real = performance.now();
    this.#now += (real - this.#movedAt) * (this.#sleepers.length ? 1 : this.#factor);
    this.#movedAt = real;
    return Math.floor(this.#now);
  };

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const end = () => {
        signal?.removeEventListener('abort', end);
        this.now();
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        resolve();
      };
      const sleeper: Sleeper = { at: this.now() + Math.max(milliseconds, 0), wake: end };
      signal?.addEventListener('abort', end, { once: true });
      this.#sleepers.push(sleeper);
      if (!this.#isRunning) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#sleepers.length) {
      await quiet();
      if (!this.#sleepers.length) break;
      const due = this.#sleepers.toSorted((one, other) => one.at - other.at);
      this.#now = Math.max(this.now() + this.#factor * stride, due[0]!.at);
      for (const sleeper of due) if (sleeper.at <= this.#now) sleeper.wake();
    }
    this.#isRunning = false;
  }
}

/** Resolves when this process has had nothing to do for some turns of the event loop, nor waits for a statement. */
async function quiet(): Promise<void> {
  for (let turns = 0; turns < quietTurns; turns = isWaiting() ? 0 : turns + 1)
    await (isStatementAwaited() ? statementsChange() : new Promise(setImmediate));
}

function isStatementAwaited(): boolean {
  const { underWay, changedAt } = statements;
  return underWay > 0 && performance.now() - changedAt < patienceMs;
}

function isWaiting(): boolean {
  if (isStatementAwaited()) return true;
  return process.getActiveResourcesInfo().some((name) => busy.test(name));
}
