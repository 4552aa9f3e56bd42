// An API whose answers and failures are told to a circuit. It knows statuses, but neither the vendor nor what is asked.
import { type Api, RejectedError, TransientError, UnauthorizedError } from '../../connector.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log/log.ts';
import type { Circuit } from './circuit.ts';

export function guardedApi(
  api: Api,
  guard: {
    circuit: Circuit;
    clock: Clock;
    log: Log;
    name: string;
    signal?: AbortSignal;
    /** Of whom the request is, where a failure may be the fault of that one alone. */
    about?: string | undefined;
    /** What is no longer ours fails for our own sake, not the vendor's. */
    isOurs?: () => boolean;
    /** False where an answer does not show that what failed works again. A failure counts all the same. */
    isProof?: boolean;
  },
): Api {
  const { circuit, clock, signal, about, isOurs = () => true, isProof = true } = guard;
  const answered = () => {
    if (isProof) tellAnswered(guard);
  };
  return {
    async request(request) {
      try {
        const response = await api.request(request);
        answered();
        return response;
      } catch (error) {
        const said = signal?.aborted || !isOurs() ? null : wordOf(error);
        if (said === 'answered') answered();
        const isForeign = error instanceof TransientError && error.foreign && (error.status ?? 500) < 500;
        if (said === 'failed' && !(isForeign && request.mayFailAlone)) {
          const openMs = circuit.failed(clock.now(), {
            about: isForeign ? about : undefined,
            reason: (error as Error).message,
          });
          if (openMs !== null) tellOpened(guard, openMs);
        }
        throw error;
      }
    },
  };
}

/** Closes the circuit; one line where it was open. */
export function tellAnswered({ circuit, log, name }: { circuit: Circuit; log: Log; name: string }): void {
  if (circuit.succeeded()) log.info({ endpoint: name }, 'answers again');
}

/** One line for a circuit that opens. */
export function tellOpened(
  { circuit, clock, log, name }: { circuit: Circuit; clock: Clock; log: Log; name: string },
  openMs: number,
): void {
  const { failures, reason } = circuit.status(clock.now());
  const seconds = Math.ceil(openMs / 1000);
  log.error(
    { endpoint: name, failures, seconds, ...(reason !== null && { reason }) },
    'fails repeatedly: calls are suspended, then a single call tests whether it is back',
  );
}

/** What a failure says of the vendor. Null where the call was never made, or nobody knows. */
export function wordOf(error: unknown): 'answered' | 'failed' | null {
  // A gateway may have answered in the vendor's place.
  if ((error instanceof UnauthorizedError || error instanceof RejectedError) && error.unproven) return null;
  if (error instanceof UnauthorizedError) return 'answered';
  if (error instanceof RejectedError) return error.status === undefined ? null : 'answered';
  if (!(error instanceof TransientError)) return null;
  const { status, quota, foreign } = error;
  if (status === undefined) return quota === undefined ? 'failed' : null;
  return status >= 500 || foreign ? 'failed' : 'answered';
}
