// The suppressions table: keyed hashes of whom was erased, so that no source brings them back. It knows neither records
// nor receipts, and cannot tell from a hash who it was.
import { createHmac } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { pgTable, text } from 'drizzle-orm/pg-core';
import { RejectedError } from '../connector.ts';
import { time } from '../db/column-types.ts';
import { jsonList, type Queryable, texts, toTimestamp } from '../db/database.ts';

/** Keyed hashes of whom was erased, so that no source brings them back. */
export const suppressions = pgTable('suppressions', {
  hash: text().primaryKey(),
  erasedAt: time('erased_at').notNull(),
  /** The hash by which the person was recognised when this one was learned: both are lifted together. */
  follows: text(),
});

/** What somebody who was erased may be known by. */
export type Trait =
  | { sourceId: string }
  | { source: string; stream: string; recordId: string }
  /** Compared without regard to case and blanks around it. */
  | { email: string };

/** What somebody who was erased is known by from now on, and what they were recognised by. */
export interface Learned {
  trait: Trait;
  follows: Trait;
}

/** Whether somebody of this trait was erased. */
export type ErasedTest = (trait: Trait) => boolean;

/** Why nobody can be erased here, or why a page may not be taken in; for the operator. */
export class SecretKeyError extends RejectedError {
  override name = 'SecretKeyError';
  constructor(message: string) {
    super(message, { code: 'secret_key' });
  }
}

const missingKey =
  'TRIBUTARY_SECRET_KEY is not set. With DATABASE_URL it must be set, to the same value on every worker: ' +
  'by it erased customers are recognised when a source sends them again.';

const otherKey =
  'TRIBUTARY_SECRET_KEY is not the key by which customers were erased here before, so they would not be recognised when ' +
  'a source sends them again. Set it to that key on every worker, or add that key to TRIBUTARY_OLD_SECRET_KEYS.';

const fenceKey = 7225122;

const mark = ['this key'];

/** Of these traits nobody was erased: no other test need be asked. */
export const nobody: ErasedTest = () => false;

export class Suppressions {
  readonly #keys: readonly string[];
  /** The one that hashes: of those given, the one by which customers were erased here before. */
  #key: string | null;
  #isSettled = false;
  /** Nobody else can erase anybody: what this process knows is so. */
  readonly #alone: boolean;
  /** Whether anybody was ever erased: null where it must be looked up. Once true it stays so. */
  #any: boolean | null = null;

  /** `keys`: the newest first. One of an earlier time goes on hashing here as long as it is given. */
  constructor(keys: readonly string[], database: { kind: 'postgres' | 'pglite' }) {
    this.#keys = keys;
    this.#key = keys[0] ?? null;
    this.#alone = database.kind === 'pglite';
  }

  /** A keyed hash: nobody without the key can tell who it is, nor try out who it might be. */
  hash(trait: Trait): string {
    const { source, stream, recordId, sourceId, email } = trait as { [name: string]: string };
    const parts =
      sourceId !== undefined
        ? ['customer', sourceId]
        : email !== undefined
          ? ['email', email.trim().toLowerCase()]
          : ['record', source, stream, recordId];
    return this.#hmac(parts);
  }

  /**
   * Who of these was erased. `traits` is asked for only where anybody ever was. No erasure can commit between this and
   * the end of the transaction, so whom it does not know may be written. Throws SecretKeyError where it cannot tell.
   */
  async known(db: Queryable, traits: () => Iterable<Trait>): Promise<ErasedTest> {
    if (this.#alone && this.#any === false) return nobody;
    // Two statements: one that waited for the lock would still see what was there before it waited.
    await db.rows(sql`select pg_advisory_xact_lock_shared(${fenceKey})`);
    if (this.#any !== true) {
      const [row] = await db.rows<{ some: boolean }>(sql`select exists(select 1 from suppressions) as some`);
      this.#any = row?.some ?? false;
      if (!this.#any) return nobody;
    }
    await this.#settleKey(db);
    const hashes = [...traits()].map((trait) => this.hash(trait));
    const rows = await db.rows<{ hash: string }>(
      sql`select hash from suppressions where hash = any(${texts(hashes)})`,
    );
    const found = new Set(rows.map((row) => row.hash));
    return found.size === 0 ? nobody : (trait) => found.has(this.hash(trait));
  }

  /**
   * Lets pages under way commit and holds others off until this transaction ends: what is deleted in it is not written
   * anew by a page that did not know. Throws SecretKeyError where nobody can be erased.
   */
  async fence(db: Queryable): Promise<void> {
    if (this.#key === null) throw new SecretKeyError(missingKey);
    await db.rows(sql`select pg_advisory_xact_lock(${fenceKey})`);
    const [row] = await db.rows<{ some: boolean }>(sql`select exists(select 1 from suppressions) as some`);
    if (row?.some) await this.#settleKey(db);
  }

  /** Keeps these hashes; the caller holds the fence. */
  async keep(db: Queryable, hashes: readonly string[], now: number): Promise<void> {
    this.#any = true;
    await db.rows(sql`
      insert into suppressions (hash, erased_at)
      select value, ${toTimestamp(now)} from json_array_elements_text(${jsonList([this.#mark(), ...hashes])}) order by value
      on conflict (hash) do update set follows = null where suppressions.follows is not null`);
  }

  /** Keeps the hashes of these traits beside those by which the persons were recognised. */
  async learn(db: Queryable, learned: readonly Learned[], now: number): Promise<void> {
    if (learned.length === 0) return;
    const rows = learned.map(({ trait, follows }) => ({
      hash: this.hash(trait),
      follows: this.hash(follows),
    }));
    await db.rows(sql`
      insert into suppressions (hash, erased_at, follows)
      select row.hash, ${toTimestamp(now)}, coalesce(suppressions.follows, suppressions.hash)
      from json_to_recordset(${jsonList(rows)}) as row (hash text, follows text)
      join suppressions on suppressions.hash = row.follows order by row.hash
      on conflict (hash) do nothing`);
  }

  /** Lifts the suppression of these traits. Returns the number of hashes removed, including those that follow them. */
  async lift(db: Queryable, hashes: readonly string[]): Promise<number> {
    const rows = await db.rows(sql`
      delete from suppressions
      where (hash = any(${texts(hashes)}) or follows = any(${texts(hashes)})) and hash <> ${this.#mark()} returning hash`);
    return rows.length;
  }

  /** Takes the key by which somebody was erased here. Throws SecretKeyError where it is none of those given. */
  async #settleKey(db: Queryable): Promise<void> {
    if (this.#isSettled) return;
    if (this.#key === null) throw new SecretKeyError(missingKey);
    const marks = new Map(this.#keys.map((key) => [hmac(key, mark), key]));
    const [row] = await db.rows<{ hash: string }>(
      sql`select hash from suppressions where hash = any(${texts([...marks.keys()])}) order by erased_at limit 1`,
    );
    const key = row && marks.get(row.hash);
    if (key === undefined) throw new SecretKeyError(otherKey);
    this.#key = key;
    this.#isSettled = true;
  }

  /** A row of the table that only this key makes: it tells a worker that has another key. */
  #mark(): string {
    return this.#hmac(mark);
  }

  #hmac(parts: readonly (string | undefined)[]): string {
    if (this.#key === null) throw new SecretKeyError(missingKey);
    return hmac(this.#key, parts);
  }
}

function hmac(key: string, parts: readonly (string | undefined)[]): string {
  return createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url');
}
