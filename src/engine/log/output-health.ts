// Whether what the process writes arrives: the disk of a log may be full, and the reader of a pipe gone. The work goes on
// without it. It knows no line of what is written.
import type { Clock } from '../clock.ts';

export interface OutputFault {
  /** The operating system's word: `ENOSPC`. */
  code: string;
  /** Since when, epoch milliseconds. */
  since: number;
  /** When it failed last, epoch milliseconds. */
  lastAt: number;
}

/** After so long without a failure the output counts as well again. */
const forgottenMs = 60_000;

export class OutputHealth {
  readonly #clock: Clock;
  #fault: OutputFault | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** For a stream's `error`. A reader that has gone away is no fault: nobody is to be told. */
  failed = (error: NodeJS.ErrnoException): void => {
    if (error.code === 'EPIPE') return;
    const now = this.#clock.now();
    this.#fault = { code: error.code ?? 'unknown', since: this.fault?.since ?? now, lastAt: now };
  };

  get fault(): OutputFault | null {
    if (this.#fault && this.#clock.now() - this.#fault.lastAt > forgottenMs) this.#fault = null;
    return this.#fault;
  }
}
