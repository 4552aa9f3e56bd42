// Lines that would repeat themselves: the first is told, those that follow are counted, and the count is told now and then or
// when it is over. It knows neither vendors nor customers.
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

const tellEveryMs = 60_000;

interface Repeated {
  toldAt: number;
  /** Since it was told last. */
  untold: number;
  /** Since it began. */
  times: number;
}

export class Repeats {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #known = new Map<string, Repeated>();

  constructor({ clock, log }: { clock: Clock; log: Log }) {
    this.#clock = clock;
    this.#log = log;
  }

  /** A warning of this kind: `kind` is the same for lines that differ in figures only, and there are few kinds. */
  warn(kind: string, message: string, fields: object = {}): void {
    const now = this.#clock.now();
    const known = this.#known.get(kind);
    if (known && Math.abs(now - known.toldAt) < tellEveryMs) {
      known.untold += 1;
      known.times += 1;
      return;
    }
    const untold = known?.untold ?? 0;
    this.#log.warn({ ...fields, ...(untold > 0 && { repeated: untold }) }, message);
    this.#known.set(kind, { toldAt: now, untold: 0, times: (known?.times ?? 0) + 1 });
  }

  /** How often it was said since it began; it begins anew. 0 where it did not go on. */
  end(kind: string): number {
    const times = this.#known.get(kind)?.times ?? 0;
    this.#known.delete(kind);
    return times;
  }

  /** The kinds that begin with this and have not ended. */
  going(prefix: string): string[] {
    return [...this.#known.keys()].filter((kind) => kind.startsWith(prefix));
  }
}

/** The line without its figures: what is said of one thing again and again. */
export function kindOf(message: string): string {
  return message.replace(/\d+(\.\d+)?/g, '#').slice(0, 200);
}
