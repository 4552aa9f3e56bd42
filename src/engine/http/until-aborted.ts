// A promise that is not waited for any longer once a signal is aborted. It knows nothing of what is waited for.

/** As the promise, but rejects with the signal's reason as soon as that is aborted: what hangs holds nobody. */
export async function untilAborted<Result>(
  waited: Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  if (!signal) return waited;
  const aborted = Promise.withResolvers<never>();
  const stop = () => aborted.reject(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  waited.catch(() => {}); // it may fail after we have gone
  try {
    return await Promise.race([waited, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
