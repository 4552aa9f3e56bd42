// Named tokens, kept in memory: they are few, so a caller is identified without a query to the database. A token that another
// worker made or revoked is known, or no longer, after a few seconds.
import { createHash, randomBytes } from 'node:crypto';
import type { Role, TokenView } from '../contract/access.ts';
import type { Database } from '../db/database.ts';
import type { Clock } from '../engine/clock.ts';
import { dropToken, keepToken, type LiveToken, liveTokens, noteTokenUse } from '../tables/api-tokens.ts';

/** What another worker revoked opens nothing after so long. */
const refreshMs = 5_000;

/** A token that nobody knows yet may be new: it is looked for again, but not more often. */
const lookAgainMs = 1_000;

/** Its last use is kept to the minute. */
const useMs = 60_000;

const prefix = 'trb_';

const form = /^trb_[\w-]{43}$/;

export class Tokens {
  readonly #database: Database;
  readonly #clock: Clock;
  #live: ReadonlyMap<string, LiveToken> = new Map();
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;
  readonly #used = new Map<string, number>();

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Whose token it is, or null. Throws DatabaseError where nothing is known yet and the database does not say. */
  async of(token: string): Promise<LiveToken | null> {
    // A text of any other form is not one of our tokens, so the database is not queried.
    if (!form.test(token)) return null;
    const hash = hashOf(token);
    await this.#refresh(this.#live.has(hash) ? refreshMs : lookAgainMs);
    return this.#valid(this.#live.get(hash));
  }

  /** The token of this ID, while it is valid. */
  async byId(id: string): Promise<LiveToken | null> {
    await this.#refresh(refreshMs);
    return this.#valid([...this.#live.values()].find((token) => token.id === id));
  }

  /** Null where the name is taken. */
  async make(token: {
    name: string;
    role: Role;
    createdBy: string;
    expiresAt: number | null;
  }): Promise<(TokenView & { token: string }) | null> {
    const secret = `${prefix}${randomBytes(32).toString('base64url')}`;
    const kept = await keepToken(this.#database, { ...token, hash: hashOf(secret) }, this.#clock.now());
    await this.#read();
    return kept && { ...kept, token: secret };
  }

  /** Opens nothing any more, here at once. Null where there is none of that name. */
  async revoke(name: string): Promise<TokenView | null> {
    const dropped = await dropToken(this.#database, name);
    await this.#read();
    return dropped;
  }

  #valid(token: LiveToken | undefined): LiveToken | null {
    const now = this.#clock.now();
    if (!token || (token.expiresAt !== null && token.expiresAt <= now)) return null;
    if (now - (this.#used.get(token.id) ?? Number.NEGATIVE_INFINITY) >= useMs) {
      this.#used.set(token.id, now);
      noteTokenUse(this.#database, token.id, now).catch(() => this.#used.delete(token.id));
    }
    return token;
  }

  /** What was read once stands while the database does not answer: nobody is locked out for it. */
  async #refresh(afterMs: number): Promise<void> {
    if (Math.abs(this.#clock.now() - this.#readAt) < afterMs) return;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    if (this.#readAt === Number.NEGATIVE_INFINITY) return this.#reading;
    await this.#reading.catch(() => {});
  }

  async #read(): Promise<void> {
    const now = this.#clock.now();
    const live = await liveTokens(this.#database, now);
    this.#live = new Map(live.map((token) => [token.hash, token]));
    this.#readAt = now;
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
