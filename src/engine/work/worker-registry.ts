// Who is at work on this database. Each process renews the lease of its row; the others end the membership of one that does
// not, and take up what it had claimed, rather than wait for its claims to run out. It does not know what is claimed.
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type SQL, sql } from 'drizzle-orm';
import { bigint, integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { time } from '../../db/column-types.ts';
import { type Database, json, type Queryable, toTimestamp } from '../../db/database.ts';
import type { Notification } from '../../db/notifications.ts';
import type { Clock } from '../clock.ts';
import { PeerWatch, type Renewals } from './peer-watch.ts';
import { Subscription } from './subscription.ts';

/** Every process that works or worked here. */
export const workers = pgTable('workers', {
  id: uuid().primaryKey(),
  host: text().notNull(),
  pid: integer().notNull(),
  startedAt: time('started_at').notNull(),
  /** Null while it works. */
  endedAt: time('ended_at'),
  /** How often it has renewed its lease. */
  renewals: bigint({ mode: 'number' }).notNull().default(0),
  version: text(),
  /** By part of the configuration a short hash of it, without its secrets: whether two workers go by the same. */
  configuration: jsonb(),
});

/** How a worker is set up, so that workers of one database find out where they differ. */
export interface WorkerSetup {
  version: string;
  /** By part of the configuration a hash of it. */
  configuration: { readonly [part: string]: string };
}

/** Another worker that is at work. */
export interface Peer {
  id: string;
  host: string;
  pid: number;
  /** Null where it is of a version that did not say. */
  setup: WorkerSetup | null;
}

/** A worker renews its lease so often, and has lost it when it has not for so long. */
export interface LeaseTimes {
  renewMs: number;
  leaseMs: number;
}

const leaseTimes: LeaseTimes = { renewMs: 2_000, leaseMs: 10_000 };

/** The workers of this process: of an embedded database all others are gone. */
const workersHere = new Set<string>();

/** Leases of one worker begin alike, so that all of a dead one's are found without a column of their own. */
export function leaseOf(worker: string): string {
  const random = randomBytes(8).toString('hex');
  return `${worker.slice(0, 18)}-${random.slice(0, 4)}-${random.slice(4)}`;
}

/** The condition that a lease is this worker's. */
export function leasedBy(lease: SQL, worker: string): SQL {
  const beginning = worker.slice(0, 18);
  return sql`${lease} between ${`${beginning}-0000-000000000000`}::uuid and ${`${beginning}-ffff-ffffffffffff`}::uuid`;
}

export interface JoinOptions {
  database: Database;
  clock: Clock;
  /**
   * We did not renew our lease in time and another worker took us for dead. What we had claimed is others' by now, so this
   * process must stop.
   */
  onEvicted: () => void;
  /** A process has committed work for a loop. Null: listening began, so that some may have been missed. */
  onNotification?: (notification: Notification | null) => void;
  /** Other workers have not renewed their leases: `dead` names them. */
  onDead?: () => void;
  setup?: WorkerSetup;
  /** The same for all workers of a database. */
  times?: LeaseTimes;
}

export class WorkerRegistry {
  /** This worker, a UUID. */
  readonly id: string;
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #onEvicted: () => void;
  readonly #onDead: () => void;
  readonly #times: LeaseTimes;
  readonly #left = new AbortController();
  readonly #watch: PeerWatch;
  readonly #subscription: Subscription;
  /** When the last renewal that succeeded was begun. */
  #renewedAt: number;
  #isEvicted = false;
  #renewing: Promise<void> | null = null;

  private constructor(id: string, options: JoinOptions) {
    const { database, clock, onEvicted, onDead = () => {}, onNotification = () => {} } = options;
    this.id = id;
    this.#database = database;
    this.#clock = clock;
    this.#onEvicted = onEvicted;
    this.#onDead = onDead;
    this.#times = options.times ?? leaseTimes;
    this.#watch = new PeerWatch(this.#times);
    this.#subscription = new Subscription(database, clock, onNotification);
    this.#renewedAt = clock.now();
  }

  /** Whether notifications are known to arrive now. */
  get isListening(): boolean {
    return this.#subscription.isListening;
  }

  /** Whether nobody can have taken us for dead: false after a stop, until the lease is renewed. */
  get isCurrent(): boolean {
    return !this.#isEvicted && this.#clock.now() - this.#renewedAt < this.#times.leaseMs;
  }

  /** Enters this process as `id`. */
  static async join(id: string, options: JoinOptions): Promise<WorkerRegistry> {
    const registry = new WorkerRegistry(id, options);
    try {
      await registry.#enter(options);
    } catch (error) {
      // It would listen again and again on behalf of nobody.
      registry.#subscription.close();
      throw error;
    }
    return registry;
  }

  async #enter({ setup }: JoinOptions): Promise<void> {
    await this.#subscription.start();
    this.#renewedAt = this.#clock.now();
    await this.#database.rows(sql`
      insert into workers (id, host, pid, started_at, version, configuration)
      values (${this.id}::uuid, ${hostname()}, ${process.pid}, ${toTimestamp(this.#renewedAt)}, ${setup?.version ?? null},
        ${setup ? json(setup.configuration) : null})`);
    workersHere.add(this.id);
    if (this.#database.kind === 'pglite') await this.#presumeOthersDead();
    void this.#renewUntilLeft();
  }

  async #presumeOthersDead(): Promise<void> {
    const present = await this.#database.rows<Renewals>(
      sql`select id, renewals from workers where ended_at is null`,
    );
    this.#watch.presumeDead(present.filter(({ id }) => !workersHere.has(id)));
  }

  async #renewUntilLeft(): Promise<void> {
    while (!this.#left.signal.aborted && !this.#isEvicted) {
      await this.#clock.sleep(this.#times.renewMs, this.#left.signal);
      // That the database does not answer is told elsewhere.
      if (!this.#left.signal.aborted) await this.renew().catch(() => {});
    }
  }

  /** Renews our lease and looks at the others'. Who was evicted finds no row to renew. Rejects where the database fails. */
  renew(): Promise<void> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  async #renew(): Promise<void> {
    const at = this.#clock.now();
    const present = await this.#database.keep<Renewals>(sql`
      with renewed as (update workers set renewals = renewals + 1 where id = ${this.id}::uuid and ended_at is null returning id)
      select id, renewals from workers where ended_at is null and id <> ${this.id}::uuid
      union all select id, 0 from renewed`);
    if (this.#left.signal.aborted || this.#isEvicted) return;
    if (!present.some(({ id }) => id === this.id)) {
      this.#isEvicted = true;
      return this.#onEvicted();
    }
    this.#renewedAt = at;
    this.#watch.look(
      present.filter(({ id }) => id !== this.id),
      this.#clock.now(),
    );
    if (this.#watch.dead.length > 0) this.#onDead();
  }

  /** The workers that died without leaving. The caller evicts each, and takes its claims up in the same transaction. */
  get dead(): Renewals[] {
    return this.#watch.dead;
  }

  /** Ends the membership of a worker, from whose claims nothing can be settled any more. False where it lives after all. */
  async evict(tx: Queryable, { id, renewals }: Renewals): Promise<boolean> {
    const evicted = await tx.rows(sql`
      update workers set ended_at = ${toTimestamp(this.#clock.now())}
      where id = ${id}::uuid and renewals = ${renewals}::bigint and ended_at is null returning id`);
    return evicted.length > 0;
  }

  /** The other workers that are at work, as their rows say. */
  async peers(): Promise<Peer[]> {
    const rows = await this.#database.rows<
      Omit<Peer, 'setup'> & {
        version: string | null;
        configuration: WorkerSetup['configuration'] | null;
      }
    >(sql`
      select id, host, pid, version, configuration from workers
      where ended_at is null and id <> ${this.id}::uuid order by started_at, id`);
    return rows.map(({ version, configuration, ...row }) => ({
      ...row,
      setup: version !== null && configuration !== null ? { version, configuration } : null,
    }));
  }

  /** Leaves in good order: nothing is claimed any more. */
  async leave(): Promise<void> {
    this.#left.abort();
    this.#subscription.close();
    workersHere.delete(this.id);
    await this.#database.rows(
      sql`update workers set ended_at = ${toTimestamp(this.#clock.now())} where id = ${this.id}::uuid and ended_at is null`,
    );
    // Of those long gone nobody needs to know.
    await this.#database.rows(
      sql`delete from workers where ended_at < ${toTimestamp(this.#clock.now() - 7 * 86_400_000)}`,
    );
  }
}

/** Writes a row and takes it back. Throws where the database is read-only, its disk is full, or it is gone. */
export async function tryWriting(database: Database): Promise<void> {
  const undo = new Error('undo');
  await database
    .transaction(async (tx) => {
      await tx.rows(sql`
        insert into workers (id, host, pid, started_at) values (gen_random_uuid(), 'a trial that is taken back', 0, now())`);
      throw undo;
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error;
    });
}
