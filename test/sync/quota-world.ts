// Processes that share quotas over one database, on time that tests move. It does not know what is expected of them.
import { randomUUID } from 'node:crypto';
import type { Quota, TransientError } from '../../src/connector.ts';
import type { Database } from '../../src/db/database.ts';
import type { Clock } from '../../src/engine/clock.ts';
import { type Budget, Budgets } from '../../src/engine/quota/budgets.ts';
import type { Lane } from '../../src/engine/quota/lanes.ts';
import type { TestDatabase, TestDatabases } from '../support/databases.ts';
import { ManualClock } from '../support/manual-clock.ts';

export const start = Date.UTC(2026, 0, 1);
export const account = 'hubspot:1';
export const hour = 3_600_000;
export const day = 24 * hour;
export const tenPerSecond: Quota = { name: 'second', requests: 10, seconds: 1 };

export class QuotaWorld {
  readonly database: TestDatabase;
  clock = new ManualClock(start);
  /** The processes that are closed at the end. */
  rooms: Budgets[] = [];
  readonly #seen: Database;
  #underWay = 0;

  private constructor(database: TestDatabase) {
    this.database = database;
    this.#seen = {
      ...database,
      rows: (statement) => this.#watch(() => database.rows(statement)),
      transaction: (work) => this.#watch(() => database.transaction(work)),
    };
  }

  static async open(open: TestDatabases['open']): Promise<QuotaWorld> {
    return new QuotaWorld(await open());
  }

  /** A database that can be waited for: simulated time must not run past statements that are under way. */
  async #watch<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#underWay += 1;
    try {
      return await work();
    } finally {
      this.#underWay -= 1;
    }
  }

  async settled(): Promise<void> {
    for (let quiet = 0; quiet < 5; quiet = this.#underWay ? 0 : quiet + 1) await new Promise(setImmediate);
  }

  /** One more process. */
  budgetOf(
    quotas: Quota[],
    own: Clock = this.clock,
    leaseSeconds = 30,
    isUrgent = false,
  ): Budget & { room: Budgets } {
    const onError = (error: unknown) => {
      throw error;
    };
    const holder = randomUUID();
    const room = new Budgets({ database: this.#seen, clock: own, holder, leaseSeconds, onError });
    this.rooms.push(room);
    return Object.assign(room.account(account, quotas, { isUrgent }), { room });
  }

  /** Lets time pass to each next wake, or `leastMs` further, with all that follows from it. */
  async pass(milliseconds: number, leastMs = 1, clocks = [this.clock]): Promise<void> {
    await this.settled();
    for (let left = milliseconds; left > 0; ) {
      const waits = clocks.map((clock) => (clock.nextWake ?? Number.POSITIVE_INFINITY) - clock.now());
      const step = Math.min(left, Math.max(leastMs, Math.min(...waits)));
      for (const one of clocks) await one.advance(step);
      await this.settled();
      left -= step;
    }
  }

  /** Starts calls that answer at once, and keeps what became of them. */
  calls(budget: Budget, count: number, lane: Lane = 'schedule', bucket?: string) {
    const sentAt: number[] = [];
    const errors: TransientError[] = [];
    for (let number = 0; number < count; number += 1) {
      budget
        .run({ lane, bucket }, async () => {
          sentAt.push(this.clock.now() - start);
        })
        .catch((error) => errors.push(error));
    }
    return { sentAt, errors };
  }

  async close(): Promise<void> {
    for (const room of this.rooms) await room.close();
    await this.database.close();
  }
}
