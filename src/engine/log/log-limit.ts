// How often the log says the same: the first line at once, what follows within a minute is counted, and the count is written
// when the minute is over. It knows neither what a line says nor how it is written.
import type { Clock } from '../clock.ts';

const windowMs = 60_000;
/** Lines of one text in a window, however many kinds of it there are. */
const maxLines = 5;
/** Texts that are remembered. They are constants of ours, so that there are few; this holds where one is not. */
const maxTexts = 500;

/** One line that is to be written. */
export interface LimitedLine {
  /** What lines of one sort share. */
  text: string;
  /** The line's text with all that makes it another line: its source, its reason. */
  kind: string;
  /** So many of one kind in a window. */
  maxOfKind: number;
  /** Writes it. `times`: for how many such lines it stands, itself included. */
  write(times: number): void;
}

interface Counted {
  times: number;
  /** Writes the last of them. */
  write(times: number): void;
}

interface Window {
  beganAt: number;
  lines: number;
  /** How many lines of each kind were written. */
  written: Map<string, number>;
  /** What was not written, by kind. What exceeds the kinds that a window has lines for is counted under ''. */
  counted: Map<string, Counted>;
}

export class LogLimit {
  readonly #clock: Clock;
  readonly #windows = new Map<string, Window>();
  #isWaiting = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Writes the line now, or counts it. */
  pass(line: LimitedLine): void {
    const window = this.#windowOf(line.text);
    const written = window.written.get(line.kind) ?? 0;
    if (written < line.maxOfKind && window.lines < maxLines) {
      window.written.set(line.kind, written + 1);
      window.lines += 1;
      line.write(1);
      return;
    }
    const isKnown = window.counted.has(line.kind);
    const key = isKnown || window.counted.size < maxLines - 1 ? line.kind : '';
    const times = (window.counted.get(key)?.times ?? 0) + 1;
    window.counted.set(key, { times, write: line.write });
    void this.#writeLater();
  }

  /** Writes every count now: the process ends. */
  writeCounted(): void {
    for (const text of [...this.#windows.keys()]) this.#close(text);
  }

  #windowOf(text: string): Window {
    const now = this.#clock.now();
    const known = this.#windows.get(text);
    if (known && !isOver(known, now)) return known;
    this.#close(text);
    const renewed = this.#windows.get(text);
    if (renewed) return renewed;
    const [oldest] = this.#windows.keys();
    if (this.#windows.size >= maxTexts && oldest !== undefined) {
      this.#close(oldest);
      this.#windows.delete(oldest);
    }
    const window: Window = { beganAt: now, lines: 0, written: new Map(), counted: new Map() };
    this.#windows.set(text, window);
    return window;
  }

  /** Writes what a window has counted. Where that was something another begins with it, else there is none. */
  #close(text: string): void {
    const window = this.#windows.get(text);
    this.#windows.delete(text);
    if (!window || window.counted.size === 0) return;
    this.#windows.set(text, {
      beganAt: this.#clock.now(),
      lines: window.counted.size,
      written: new Map([...window.counted.keys()].map((kind) => [kind, 1])),
      counted: new Map(),
    });
    for (const { times, write } of window.counted.values()) write(times);
  }

  /** Counts are written when their window is over, whether or not another line comes. */
  async #writeLater(): Promise<void> {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    while ([...this.#windows.values()].some(({ counted }) => counted.size > 0)) {
      const begun = [...this.#windows.values()].map(({ beganAt }) => beganAt);
      await this.#clock.sleep(
        Math.min(Math.max(Math.min(...begun) + windowMs - this.#clock.now(), 1_000), windowMs),
      );
      const now = this.#clock.now();
      for (const [text, window] of [...this.#windows]) if (isOver(window, now)) this.#close(text);
    }
    this.#isWaiting = false;
  }
}

/** A clock that was set back ends a window too. */
function isOver({ beganAt }: Window, now: number): boolean {
  return Math.abs(now - beganAt) >= windowMs;
}
