// Sessions that a person ended by logging out: a copied cookie opens nothing after that, at any worker, also after a restart.
// Kept until they would have expired anyway; of each only a hash.
import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { pgTable, text } from 'drizzle-orm/pg-core';
import { noAnswer } from '../db/availability.ts';
import { time } from '../db/column-types.ts';
import { type Database, DatabaseError, toTimestamp } from '../db/database.ts';
import type { Clock } from '../engine/clock.ts';

/** Sessions of the page that a person ended, until they would have expired. */
export const endedSessions = pgTable('ended_sessions', {
  /** A hash. */
  id: text().primaryKey(),
  expiresAt: time('expires_at').notNull(),
});

/** What another worker ended is known after so long. */
const refreshMs = 5_000;

const patienceMs = 3_000;

export class EndedSessions {
  readonly #database: Database;
  readonly #clock: Clock;
  /** Hashes of session IDs. */
  readonly #ended = new Set<string>();
  #readAt: number | null = null;
  #reading: Promise<void> | null = null;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Throws DatabaseError where nothing is known yet and the database does not say. */
  async has(id: string): Promise<boolean> {
    const hash = hashOf(id);
    if (this.#ended.has(hash)) return true;
    const isFresh = this.#readAt !== null && Math.abs(this.#clock.now() - this.#readAt) < refreshMs;
    if (!isFresh) {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = null;
      });
      // What was read once stands: nobody is logged out, or kept waiting, because the database does not answer.
      if (this.#readAt === null) await this.#inTime(this.#reading);
      else this.#reading.catch(() => {});
    }
    return this.#ended.has(hash);
  }

  /** Ends at once in this process, and everywhere when it is written. Throws DatabaseError. */
  async end(id: string, expiresAt: number): Promise<void> {
    const hash = hashOf(id);
    this.#ended.add(hash);
    await this.#database.rows(sql`
      insert into ended_sessions (id, expires_at) values (${hash}, ${toTimestamp(expiresAt)}) on conflict do nothing`);
    await this.#database.rows(
      sql`delete from ended_sessions where expires_at < ${toTimestamp(this.#clock.now())}`,
    );
  }

  async #inTime(reading: Promise<void>): Promise<void> {
    const read = new AbortController();
    const late = this.#clock.sleep(patienceMs, read.signal).then(() => 'late' as const);
    try {
      if ((await Promise.race([reading, late])) === 'late') {
        reading.catch(() => {});
        throw new DatabaseError('The ended sessions could not be read in time.', noAnswer);
      }
    } finally {
      read.abort();
    }
  }

  async #read(): Promise<void> {
    const rows = await this.#database.rows<{ id: string }>(sql`
      select id from ended_sessions where expires_at > ${toTimestamp(this.#clock.now())} order by expires_at desc limit 100000`);
    for (const { id } of rows) this.#ended.add(id);
    this.#readAt = this.#clock.now();
  }
}

function hashOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url');
}
