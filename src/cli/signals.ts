// A person's or a supervisor's word to stop. It does not know what is stopped.
import type { Clock } from '../engine/clock.ts';

/** Interrupt, a supervisor's word, a terminal that was closed. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** One Ctrl-C may arrive twice: from the terminal, and passed on by npm. */
const sameWordMs = 1_000;

export interface StopWord {
  /** Aborted by the first word. */
  signal: AbortSignal;
  /** Listens no more. */
  release(): void;
}

/** `insist` is called when the word is given again, a second or more after the first. */
export function listenForStop(clock: Clock, insist: () => void): StopWord {
  const stop = new AbortController();
  let firstAt: number | null = null;
  const hear = () => {
    const now = clock.now();
    if (firstAt === null) {
      firstAt = now;
      stop.abort();
    } else if (now - firstAt >= sameWordMs) insist();
  };
  for (const signal of signals) process.on(signal, hear);
  // The process that started this one and speaks with it is gone.
  process.on('disconnect', hear);
  return {
    signal: stop.signal,
    release: () => {
      for (const signal of signals) process.off(signal, hear);
      process.off('disconnect', hear);
    },
  };
}
