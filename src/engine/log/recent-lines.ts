// The newest lines of the log of a process, kept in memory so that they can be asked for. Lines are clean by then.
import type { Clock } from '../clock.ts';

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LineLevel = (typeof levels)[number];

export interface KeptLine {
  /** Grows from line to line, and from a process to its successor. */
  id: number;
  /** Epoch milliseconds. */
  at: number;
  level: LineLevel;
  message: string;
  /** What else the line says: `source`, `run`, `err`. */
  fields: { [key: string]: unknown };
}

export class RecentLines {
  readonly #max: number;
  readonly #lines: string[] = [];
  /** Of the newest line. */
  #lastId: number;

  /** Keeps `max` lines. */
  constructor(clock: Clock, max = 1_000) {
    this.#max = max;
    this.#lastId = clock.now() * 1_000;
  }

  /** Takes a line of JSON. */
  readonly keep = (line: string): void => {
    this.#lines.push(line);
    this.#lastId += 1;
    if (this.#lines.length > this.#max) this.#lines.shift();
  };

  /** The newest lines of this level or a worse one, at most `limit`, oldest first; `after`: only those behind this ID. */
  list({ after, level, limit }: { after?: number | undefined; level: LineLevel; limit: number }): KeptLine[] {
    const found: KeptLine[] = [];
    const min = levels.indexOf(level);
    for (let index = this.#lines.length - 1; index >= 0 && found.length < limit; index -= 1) {
      const id = this.#lastId - (this.#lines.length - 1 - index);
      if (after !== undefined && id <= after) break;
      const line = lineOf(id, this.#lines[index]!);
      if (levels.indexOf(line.level) >= min) found.push(line);
    }
    return found.reverse();
  }
}

function lineOf(id: number, text: string): KeptLine {
  const {
    time,
    level,
    msg = '',
    ...fields
  } = JSON.parse(text) as {
    time: string;
    level: LineLevel;
    msg?: string;
  };
  return { id, at: Date.parse(time), level, message: msg, fields };
}
