// Codes that open the page once, for a link on a terminal. They live in memory, and are gone with the process.
import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../engine/clock.ts';

const lifeMs = 600_000;

export class LoginCodes {
  readonly #clock: Clock;
  /** Hash of a code to the time until which it is good, epoch milliseconds. */
  readonly #open = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A new code, good once within ten minutes. The link is `/login?key=<code>`. */
  issue(): string {
    const now = this.#clock.now();
    for (const [hash, until] of this.#open) if (until <= now) this.#open.delete(hash);
    const code = randomBytes(24).toString('base64url');
    this.#open.set(hashOf(code), now + lifeMs);
    return code;
  }

  /** True the first time, while it is good. */
  use(code: string): boolean {
    const hash = hashOf(code);
    const until = this.#open.get(hash);
    this.#open.delete(hash);
    return until !== undefined && this.#clock.now() < until;
  }
}

/** Looked up by hash, so that the time it takes tells nothing of the codes there are. */
function hashOf(code: string): string {
  return createHash('sha256').update(code).digest('base64');
}
