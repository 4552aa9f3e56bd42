// The database server of a simulation: one PGlite, to which each machine has sessions of its own. Statements take simulated
// time, transactions of different machines wait for one another, and a session may be lost at any statement. It knows no table.
import type { PGlite, QueryOptions, Results } from '@electric-sql/pglite';
import { type Database, DatabaseError, embeddedOn } from '../../src/db/database.ts';
import { notificationChannel } from '../../src/db/notifications.ts';
import type { Agenda } from './agenda.ts';
import type { SimulatedDatabase } from './database.ts';
import type { Machine } from './machine.ts';
import type { Random } from './randomness.ts';
import type { Statements } from './statements.ts';
import type { Trace } from './trace.ts';

type Client = Parameters<typeof embeddedOn>[0];

/** How the next session of a machine ends: before its statement is done, or after it, so that nobody knows. */
export type Loss = 'before' | 'after';

export class Server {
  readonly #pglite: PGlite;
  readonly #statements: Statements;
  readonly #agenda: Agenda;
  readonly #random: Random;
  readonly #trace: Trace;
  /** Whose transaction is open. */
  #owner: symbol | null = null;
  #waiting: (() => void)[] = [];
  /** Statements that are asked for and not done. */
  underWay = 0;
  readonly #listeners = new Set<{ machine: Machine; receive: (payload: string) => void }>();
  readonly #losses = new Map<Machine, Loss>();

  constructor(
    { pglite, statements }: SimulatedDatabase,
    deps: { agenda: Agenda; random: Random; trace: Trace },
  ) {
    this.#pglite = pglite;
    this.#statements = statements;
    this.#agenda = deps.agenda;
    this.#random = deps.random;
    this.#trace = deps.trace;
  }

  /** Begins to hear what transactions notify of. The function that it returns ends that. */
  async open(): Promise<() => Promise<void>> {
    return this.#pglite.listen(notificationChannel, (payload) => {
      for (const listener of this.#listeners)
        this.#agenda.after(this.#latency(), () => {
          listener.machine.whenAwake(() => {
            if (this.#listeners.has(listener)) listener.receive(payload);
          });
        });
    });
  }

  /** The next statement of this machine loses its session. */
  loseNext(machine: Machine, loss: Loss): void {
    this.#losses.set(machine, loss);
  }

  /** No session is lost any more. */
  heal(): void {
    this.#losses.clear();
  }

  /** The database as one machine has it. */
  handleOf(machine: Machine): Database {
    const client: Client = {
      query: ((text: string, params: unknown[], options: QueryOptions) =>
        this.#statement(machine, null, text, params, options)) as Client['query'],
      transaction: ((work: (tx: never) => Promise<unknown>) =>
        this.#transaction(machine, work)) as Client['transaction'],
      listen: (async (_channel: string, receive: (payload: string) => void) => {
        const listener = { machine, receive };
        this.#listeners.add(listener);
        machine.onDeath.push(() => this.#listeners.delete(listener));
        return async () => void this.#listeners.delete(listener);
      }) as Client['listen'],
    };
    // As a server that several workers share.
    return { ...embeddedOn(client, async () => {}), kind: 'postgres', time: () => this.#time(machine) };
  }

  /** Its clock is the world's. */
  #time(machine: Machine): Promise<number> {
    return new Promise((resolve) => {
      if (machine.asks())
        this.#agenda.after(1, () => machine.whenAwake(() => resolve(Math.floor(this.#agenda.now))));
    });
  }

  async #transaction(machine: Machine, work: (tx: never) => Promise<unknown>): Promise<unknown> {
    const key = Symbol(machine.name);
    const rollBack = () => {
      if (this.#owner !== key) return undefined;
      return this.#pglite.exec('rollback').then(() => this.#release(key));
    };
    machine.onDeath.push(() => this.#agenda.after(0, rollBack));
    await this.#statement(machine, key, 'begin', [], {});
    this.#agenda.after(idleTransactionMs, () => {
      // As the server does with a session that is idle in a transaction. None of ours takes so long while its process runs.
      return machine.isStopped ? rollBack() : undefined;
    });
    try {
      const query = (text: string, params: unknown[], options: QueryOptions) =>
        this.#statement(machine, key, text, params, options);
      const result = await work({ query } as never);
      await this.#statement(machine, key, 'commit', [], {});
      return result;
    } catch (error) {
      // Its session may be lost: then it is rolled back already.
      if (this.#owner === key) await this.#statement(machine, key, 'rollback', [], {}).catch(() => {});
      throw error;
    }
  }

  /** `key`: of the transaction that the statement is in. */
  #statement(
    machine: Machine,
    key: symbol | null,
    text: string,
    params: unknown[],
    options: QueryOptions,
  ): Promise<Results<unknown>> {
    return new Promise((resolve, reject) => {
      if (!machine.asks()) return;
      const outlasts = key === null ? !isReading(text) : text === 'commit';
      const end = outlasts ? machine.acts(text) : null;
      if (end === 'before') return;
      this.underWay += 1;
      const run = async (): Promise<void> => {
        if (machine.isDead) {
          this.underWay -= 1;
          return;
        }
        if (this.#owner !== null && this.#owner !== key)
          return void this.#waiting.push(() => this.#soon(run));
        this.underWay -= 1;
        const closed = () => machine.whenAwake(() => reject(connectionClosed()));
        // Its transaction went with its session.
        if (key !== null && text !== 'begin' && this.#owner !== key) return closed();
        const loss = this.#losses.get(machine);
        this.#losses.delete(machine);
        if (loss !== 'before')
          await this.#done(key, text, params, options).then(
            (results) => {
              if (end === 'after') machine.die();
              if (loss === undefined) machine.whenAwake(() => resolve(results));
            },
            (error) => machine.whenAwake(() => reject(error)),
          );
        if (loss === undefined) return;
        this.#trace.note(`${machine.name} lost its session ${loss} ${text.slice(0, 40)}`);
        if (this.#owner !== null && this.#owner === key) {
          await this.#pglite.exec('rollback');
          this.#release(key);
        }
        closed();
      };
      this.#soon(run);
      this.#trace.statement(machine.name, text, params);
    });
  }

  async #done(
    key: symbol | null,
    text: string,
    params: unknown[],
    options: QueryOptions,
  ): Promise<Results<unknown>> {
    if (key !== null && text === 'begin') {
      this.#owner = key;
      await this.#pglite.exec('begin');
      return nothing;
    }
    if (key !== null && (text === 'commit' || text === 'rollback')) {
      await this.#pglite.exec(text);
      this.#release(key);
      return nothing;
    }
    return this.#statements.query(text, params, options);
  }

  #soon(run: () => Promise<void>): void {
    this.#agenda.after(this.#latency(), run);
  }

  #release(key: symbol): void {
    if (this.#owner !== key) return;
    this.#owner = null;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  /** Mostly a millisecond or two, now and then long enough for others to go before. */
  #latency(): number {
    const share = this.#random();
    return share < 0.95 ? 0.5 + share : 1 + (share - 0.95) * 2_000;
  }
}

const connectionClosed = () => new DatabaseError('write CONNECTION_CLOSED', 'CONNECTION_CLOSED');

/** A session that is idle in a transaction for so long is ended. */
const idleTransactionMs = 30_000;

/** Whether a statement by itself leaves nothing behind. */
export const isReading = (text: string): boolean => /^\s*select\b/i.test(text) && !text.includes('pg_notify');

const nothing: Results<unknown> = { rows: [], fields: [], affectedRows: 0 };
