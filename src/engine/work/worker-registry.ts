// Who is at work on this database. Each process holds a lock that dies with it, so that the others know at once and may
// take up what it had leased, rather than wait for leases to run out. It does not know what is leased.
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type SQL, sql } from 'drizzle-orm';
import { integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { time } from '../../db/column-types.ts';
import { type Database, type HeldLock, json, toTimestamp } from '../../db/database.ts';
import type { Notification } from '../../db/notifications.ts';
import type { Clock } from '../clock.ts';

/** Every process that works or worked here. */
export const workers = pgTable('workers', {
  id: uuid().primaryKey(),
  host: text().notNull(),
  pid: integer().notNull(),
  startedAt: time('started_at').notNull(),
  /** Null while it works. */
  endedAt: time('ended_at'),
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

const lockName = (worker: string) => `tributary worker ${worker}`;

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
   * Our connection was gone and another worker took us for dead. What we had leased is others' by now, so this process must
   * stop.
   */
  onEvicted: () => void;
  /** A process has committed work for a loop. Null: listening began, so that some may have been missed. */
  onNotification?: (notification: Notification | null) => void;
  setup?: WorkerSetup;
}

export class WorkerRegistry {
  /** This worker, a UUID. */
  readonly id: string;
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #onEvicted: () => void;
  readonly #onNotification: (notification: Notification | null) => void;
  readonly #left = new AbortController();
  #isEvicted = false;
  #lock: HeldLock | null = null;

  private constructor(id: string, options: Omit<JoinOptions, 'setup'>) {
    this.id = id;
    this.#database = options.database;
    this.#clock = options.clock;
    this.#onEvicted = options.onEvicted;
    this.#onNotification = options.onNotification ?? (() => {});
  }

  /** Whether notifications are known to arrive now. */
  get isListening(): boolean {
    return this.#lock?.isListening ?? false;
  }

  /** Enters this process as `id`. */
  static async join(id: string, options: JoinOptions): Promise<WorkerRegistry> {
    const registry = new WorkerRegistry(id, options);
    await registry.#hold();
    const { setup } = options;
    await options.database.rows(sql`
      insert into workers (id, host, pid, started_at, version, configuration)
      values (${id}::uuid, ${hostname()}, ${process.pid}, ${toTimestamp(options.clock.now())}, ${setup?.version ?? null},
        ${setup ? json(setup.configuration) : null})`);
    return registry;
  }

  async #hold(): Promise<void> {
    this.#lock = await this.#database.holdLock(lockName(this.id), {
      onLost: () => void this.#holdAgain(),
      onNotification: (notification) => this.#onNotification(notification as Notification | null),
    });
  }

  /** The server was gone for a while. Nobody is dead before somebody has said so. */
  async #holdAgain(): Promise<void> {
    while (!this.#left.signal.aborted) {
      try {
        await this.#lock?.release();
        await this.#hold();
        await this.#checkEvicted();
        return;
      } catch {
        await this.#clock.sleep(500, this.#left.signal);
      }
    }
  }

  /** Who took us for dead may say so only after our lock is back. */
  async #checkEvicted(): Promise<void> {
    const [row] = await this.#database.rows<{ evicted: boolean }>(sql`
      select ended_at is not null as evicted from workers where id = ${this.id}::uuid`);
    if (!row?.evicted || this.#isEvicted) return;
    this.#isEvicted = true;
    this.#onEvicted();
  }

  /** The workers that died without leaving and whose things have not been taken up. The caller takes them up, then calls `markDead`. */
  async dead(): Promise<string[]> {
    await this.#checkEvicted();
    const others = await this.#database.rows<{ id: string }>(sql`
      select id from workers where ended_at is null and id <> ${this.id}::uuid`);
    const dead: string[] = [];
    for (const { id } of others) if (await this.#database.isLockFree(lockName(id))) dead.push(id);
    return dead;
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

  /** Nothing of this worker is left to take up. */
  async markDead(worker: string): Promise<void> {
    await this.#database.rows(
      sql`update workers set ended_at = ${toTimestamp(this.#clock.now())} where id = ${worker}::uuid and ended_at is null`,
    );
  }

  /** Leaves in good order: nothing is leased any more. */
  async leave(): Promise<void> {
    this.#left.abort();
    await this.markDead(this.id);
    await this.#lock?.release();
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
