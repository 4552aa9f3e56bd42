// Requests over a connection that may be lost. Each is repeated until it is answered, and is carried out once all the same, because
// a repetition has the idempotency key of the first. It knows no route.
import { randomUUID } from 'node:crypto';
import type { Clock } from '../engine/clock.ts';
import { CommandError } from './errors.ts';

/** An answer of the API, read whole: `data` of a success, else `error`. */
export interface Answered {
  response: Response;
  data?: unknown;
  error?: unknown;
}

/** Sends a request with these headers besides. Throws LostError where the connection ended before the answer did. */
type Ask = (headers: { [name: string]: string }) => Promise<Answered>;

/** `isStreamed`: what it sends cannot be sent again. */
export type Repeat = (ask: Ask, request: { isReading: boolean; isStreamed: boolean }) => Promise<Answered>;

/** The request may have arrived, or not. */
export class LostError extends CommandError {
  override name = 'LostError';
}

const firstWaitMs = 250;
const longestWaitMs = 5_000;
/** So long a server may take to come back, and to end what it began. */
const patienceMs = 60_000;

export function repeating(clock: Clock): Repeat {
  const invocation = randomUUID();
  let sent = 0;
  return async (ask, { isReading, isStreamed }) => {
    sent += 1;
    const headers = isReading ? {} : { 'idempotency-key': `${invocation}-${sent}` };
    let lost: LostError | null = null;
    let refused: Answered | null = null;
    let giveUpAt = Number.POSITIVE_INFINITY;
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
      try {
        const answered = await ask(headers);
        const kind = kindOf(answered);
        const waits = kind === 'too-many-triggers' || (lost !== null && kind === 'key-in-use');
        if (!waits || isStreamed) return answered;
        refused = answered;
        waitMs = Math.max(waitMs, Number(answered.response.headers.get('retry-after') ?? 0) * 1000);
      } catch (error) {
        // Once a request was sent, a server that cannot be reached may be one that starts again.
        if (!(error instanceof CommandError) || isStreamed) throw error;
        if (error instanceof LostError) lost ??= error;
        if (lost === null) throw error;
      }
      giveUpAt = Math.min(giveUpAt, clock.now() + patienceMs);
      if (clock.now() + waitMs > giveUpAt) {
        if (lost) throw unanswered(lost);
        if (refused) return refused;
      }
      await clock.sleep(waitMs);
    }
  };
}

/** The kind of problem that the answer is; null where it is none of ours. */
function kindOf({ error }: Answered): string | null {
  const { type } = (error ?? {}) as { type?: unknown };
  return /^urn:tributary:problem:([\w-]+)$/.exec(String(type))?.[1] ?? null;
}

function unanswered(lost: LostError): CommandError {
  return new CommandError(
    `${lost.message} The server did not answer within ${patienceMs / 1000} seconds after that. What was asked for may have been done: see "tributary status".`,
    undefined,
    { cause: lost },
  );
}
