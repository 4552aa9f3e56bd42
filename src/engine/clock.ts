// Time, as something handed in: the only file that reads the wall clock or sets a timer. It knows nothing of what
// waits on it.

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Resolves after so many milliseconds, or at once when the signal is aborted. Never rejects. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** The latest time that any clock is known to show, epoch milliseconds; absent where only this one is known. */
  latest?(): number;
}

export const latestOf = (clock: Clock): number => clock.latest?.() ?? clock.now();

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(Math.max(milliseconds, 0), 2 ** 31 - 1));
      signal?.addEventListener('abort', done, { once: true });
    }),
};
