// Requests over a connection that may be lost. Each is repeated until it is answered, and is carried out once all the same, because
// a repetition has the idempotency key of the first. It knows no route.
import { randomUUID } from 'node:crypto';
import type { Clock } from '../engine/clock.ts';
import { CommandError } from './errors.ts';

/** Sends one request; `path` begins with a slash. Throws LostError where the connection ended before the answer did. */
export type Transport = (path: string, init: RequestInit) => Promise<Response>;

/** The request may have arrived, or not. */
export class LostError extends CommandError {
  override name = 'LostError';
}

const firstWaitMs = 250;
const longestWaitMs = 5_000;
/** So long a server may take to come back, and to end what it began. */
const patienceMs = 60_000;

/** Answers are read whole. What is streamed to the server cannot be sent again, and is not. */
export function repeating(transport: Transport, clock: Clock): Transport {
  const invocation = randomUUID();
  let sent = 0;
  return async (path, given) => {
    sent += 1;
    const key = { 'idempotency-key': `${invocation}-${sent}` };
    const init =
      given.method === 'GET' ? given : { ...given, headers: { ...(given.headers as object), ...key } };
    let lost: LostError | null = null;
    let refused: Response | null = null;
    let giveUpAt = Number.POSITIVE_INFINITY;
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
      try {
        const answer = await readWhole(await transport(path, init));
        const type = await problemOf(answer);
        const waits = type === 'too-many-triggers' || (lost !== null && type === 'key-in-use');
        if (!waits || init.body instanceof ReadableStream) return answer;
        refused = answer;
        waitMs = Math.max(waitMs, Number(answer.headers.get('retry-after') ?? 0) * 1000);
      } catch (error) {
        // Once a request was sent, a server that cannot be reached may be one that starts again.
        if (!(error instanceof CommandError) || init.body instanceof ReadableStream) throw error;
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

async function readWhole(response: Response): Promise<Response> {
  const { status, headers } = response;
  try {
    const bytes = await response.arrayBuffer();
    return new Response(bytes.byteLength === 0 ? null : bytes, { status, headers });
  } catch (error) {
    throw new LostError('The connection was lost in the middle of the answer.', undefined, { cause: error });
  }
}

/** The kind of problem that the answer is; null where it is none of ours. */
async function problemOf(response: Response): Promise<string | null> {
  if (response.status !== 409 && response.status !== 429) return null;
  return /"urn:tributary:problem:([\w-]+)"/.exec(await response.clone().text())?.[1] ?? null;
}

function unanswered(lost: LostError): CommandError {
  return new CommandError(
    `${lost.message} The server did not answer within ${patienceMs / 1000} seconds after that. What was asked for may have been done: see "tributary status".`,
    undefined,
    { cause: lost },
  );
}
