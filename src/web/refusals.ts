// Requests that were refused or cut short, counted by source and reason. It knows no request.
import type { Clock } from '../engine/clock.ts';
import type { Log } from '../engine/log/log.ts';

/** Reasons are sentences of ours, but a vendor's header name may be in one. */
const maxReasons = 50;

export interface RefusalCount {
  source: string;
  status: number;
  /** Why the last of them was refused. */
  reason: string;
  count: number;
  /** Epoch milliseconds. */
  lastAt: number;
}

/** Requests to addresses of webhooks behind which there is no source. */
export interface Strays {
  count: number;
  /** Epoch milliseconds. */
  lastAt: number;
  /** The name that the last of them called, in printable characters. */
  lastName: string;
}

export class Refusals {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #counts = new Map<string, RefusalCount>();
  #strays: Strays | null = null;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  note(source: string, status: number, reason: string): void {
    const now = this.#clock.now();
    // How many seconds a clock is off differs each time.
    const key = `${source} ${status} ${reason.replace(/\d+/g, '#')}`;
    const known = this.#counts.get(key);
    if (known) Object.assign(known, { reason, count: known.count + 1, lastAt: now });
    else {
      if (this.#counts.size >= maxReasons) this.#counts.delete(this.#counts.keys().next().value!);
      this.#counts.set(key, { source, status, reason, count: 1, lastAt: now });
    }
    this.#log.warn({ source, status, reason }, 'a webhook was refused');
  }

  /** `name`: as it came. */
  stray(name: string): void {
    const lastName = printable(name);
    this.#strays = { count: (this.#strays?.count ?? 0) + 1, lastAt: this.#clock.now(), lastName };
    this.#log.warn(
      // A list tells no lines apart: a flood of names is one kind.
      { names: [lastName], strays: this.#strays.count },
      'a webhook named an unknown source: no source of this name accepts webhooks',
    );
  }

  /** A request to another address than those of webhooks, of which only the beginning came. */
  cutShort(): void {
    this.#log.warn('a connection ended before its request was complete');
  }

  /** Since this process started, the newest first. */
  list(): RefusalCount[] {
    return [...this.#counts.values()].sort((a, b) => b.lastAt - a.lastAt);
  }

  /** Since this process started; null where there were none. */
  get strays(): Strays | null {
    return this.#strays;
  }
}

/** A name from outside, as a log and a page may show it. */
export function printable(name: string): string {
  return name.slice(0, 64).replace(/[^\x20-\x7e]/g, '?');
}
