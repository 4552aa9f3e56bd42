// A request's body in pieces, so that a process that was stopped in the middle of a long one does not complete it. It knows
// no connection.
import type { Readable } from 'node:stream';

const pieceBytes = 64 * 1024;

/** Whether it goes in pieces. */
export function isLong(body: Buffer): boolean {
  return body.length > pieceBytes;
}

/**
 * Each piece is handed over when the connection has taken the one before. Of a process that is stopped the system sends
 * what it was given: so each piece is asked for anew, and the last is a single byte, which never waits for room. `lose`:
 * called where the request is no longer ours; it must be cut off then.
 */
export function inPieces(body: Buffer, isOurs: () => boolean, lose: () => void): Readable {
  // The client takes any iterable; a stream would read ahead of the connection.
  return pieces(body, isOurs, lose) as unknown as Readable;
}

async function* pieces(body: Buffer, isOurs: () => boolean, lose: () => void): AsyncGenerator<Buffer> {
  const last = body.length - 1;
  for (let from = 0; from < body.length; ) {
    if (!isOurs()) {
      lose();
      throw new Error('lost');
    }
    const to = from === last ? body.length : Math.min(from + pieceBytes, last);
    yield body.subarray(from, to);
    from = to;
  }
}
