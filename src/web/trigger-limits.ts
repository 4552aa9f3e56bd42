// How many requests a minute each token may send that change something or cost work: a script that runs wild must not keep others from
// theirs. Of one process.
import type { MiddlewareHandler } from 'hono';
import type { Clock } from '../engine/clock.ts';
import type { Env } from './env.ts';
import { Problem } from './problem.ts';
import { RateCeiling } from './rate-ceiling.ts';
import { isReading } from './triggers.ts';

/** Tokens are few; of more than so many, the one that has been silent longest is forgotten. */
const maxTokens = 1_000;

export class TriggerLimits {
  readonly #clock: Clock;
  readonly #perMinute: number;
  /** By the ID of the token, the most recent last. */
  readonly #ceilings = new Map<string, RateCeiling>();

  constructor(clock: Clock, perMinute: number) {
    this.#clock = clock;
    this.#perMinute = perMinute;
  }

  /** For requests whose caller is known. */
  readonly middleware: MiddlewareHandler<Env> = async (c, next) => {
    const caller = c.get('caller');
    if (caller && !isReading(c.req.method)) this.#enter(caller.tokenId ?? '', caller.name);
    await next();
  };

  #enter(id: string, name: string): void {
    const ceiling = this.#ceilings.get(id) ?? new RateCeiling(this.#perMinute / 60, this.#perMinute);
    this.#ceilings.delete(id);
    this.#ceilings.set(id, ceiling);
    if (this.#ceilings.size > maxTokens) this.#ceilings.delete(this.#ceilings.keys().next().value!);
    const seconds = ceiling.enter(this.#clock.now());
    if (seconds === 0) return;
    throw new Problem(
      429,
      `The token ${name} has sent more than ${this.#perMinute} requests within a minute that change something or cost work. Repeat this one after ${seconds} ${seconds === 1 ? 'second' : 'seconds'}. The limit is the setting triggersPerMinute.`,
      { type: 'too-many-triggers', headers: { 'retry-after': String(seconds) } },
    );
  }
}
