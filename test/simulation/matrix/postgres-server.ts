// A real PostgreSQL under simulated time: each worker has connections of its own, by the product's own driver, which are cut when it
// dies. Statements take what they take, and simulated time waits for them. It knows no table.
import type { SQL } from 'drizzle-orm';
import { PgDialect } from 'drizzle-orm/pg-core';
import { type Database, openDatabase, type Queryable } from '../../../src/db/database.ts';
import type { Machine } from '../machine.ts';
import { isReading } from '../server.ts';
import type { MatrixServer, ServerDeps } from './databases.ts';

const dialect = new PgDialect();

/** A statement that takes longer waits for the lock of another: simulated time goes on, so that the other can end. */
const lockedMs = 50;
/** Nobody else asks for anything: it is waited for. */
const silentMs = 10_000;

type End = 'before' | 'after' | null;

type Over<Result> = { result: Result } | { error: unknown };

const settled = <Result>(doing: Promise<Result>): Promise<Over<Result>> =>
  doing.then(
    (result) => ({ result }),
    (error: unknown) => ({ error }),
  );

/** It hears of it when it is awake; never where it is dead. */
function heard<Result>(machine: Machine, over: Over<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    machine.whenAwake(() => ('error' in over ? reject(over.error) : resolve(over.result)));
  });
}

export class PostgresServer implements MatrixServer {
  readonly #where: { url: string; directory: string };
  readonly #deps: ServerDeps;
  /** Of workers that live or lived, and one for the next. */
  readonly #opened: Database[] = [];
  #spare: Database | null = null;
  /** Statements that are asked for and not given to the server yet, and those that it is doing. */
  #waiting = 0;
  #running = 0;
  readonly #onDone: (() => void)[] = [];

  constructor(where: { url: string; directory: string }, deps: ServerDeps) {
    this.#where = where;
    this.#deps = deps;
  }

  get underWay(): number {
    return this.#waiting + this.#running;
  }

  async open(): Promise<void> {
    this.#spare = await openDatabase({ ...this.#where, migrates: false });
    this.#opened.push(this.#spare);
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.map((database) => database.close()));
  }

  /** The database as one machine has it. */
  handleOf(machine: Machine): Database {
    const database = this.#spare!;
    this.#spare = null;
    this.#deps.agenda.after(0, () => this.open());
    machine.onDeath.push(() => database.reconnect());
    const alone =
      <Row extends object>(run: (statement: SQL) => Promise<Row[]>) =>
      (statement: SQL) => {
        const { sql: text } = dialect.sqlToQuery(statement);
        return this.#asked(machine, isReading(text) ? null : text, () => run(statement));
      };
    return {
      ...database,
      rows: alone(database.rows) as Database['rows'],
      prepared: alone(database.prepared) as Database['prepared'],
      keep: alone(database.keep) as Database['keep'],
      transaction: (work) => this.#transaction(machine, database, work),
      listen: ({ onLost, onNotification }) =>
        this.#asked(machine, null, () =>
          database.listen({
            onLost: () => machine.whenAwake(onLost),
            onNotification: (said) =>
              void this.#deps.agenda.after(1, () => machine.whenAwake(() => onNotification(said))),
          }),
        ),
      ping: () => this.#asked(machine, null, () => database.ping()),
      // Its sessions are no longer those of a process that stands still.
      endStalled: async () => 0,
      cancelBlocked: async () => 0,
      reconnect: () => {},
      close: async () => {},
    };
  }

  async #transaction<Result>(
    machine: Machine,
    database: Database,
    work: (tx: Queryable) => Promise<Result>,
  ): Promise<Result> {
    let end: End = null;
    let doing: () => void = () => {};
    const body = async (tx: Queryable): Promise<Result> => {
      doing();
      const rows = (statement: SQL) => this.#asked(machine, null, () => tx.rows(statement));
      const result = await work({ rows: rows as Queryable['rows'] });
      end = await this.#gate(machine, 'commit');
      doing = this.#begin();
      return result;
    };
    await this.#gate(machine, null);
    doing = this.#begin();
    const over = await settled(database.transaction(body));
    doing();
    if (end === 'after') machine.die();
    return heard(machine, over);
  }

  /** `acts`: what it does that outlasts the machine. */
  async #asked<Result>(machine: Machine, acts: string | null, work: () => Promise<Result>): Promise<Result> {
    const end = await this.#gate(machine, acts);
    const done = this.#begin();
    const over = await settled(work());
    done();
    if (end === 'after') machine.die();
    return heard(machine, over);
  }

  /** A moment later it may go on. Never where it is dead, or dies before what it is about to do. */
  #gate(machine: Machine, acts: string | null): Promise<End> {
    return new Promise((resolve) => {
      if (!machine.asks()) return;
      this.#waiting += 1;
      this.#deps.agenda.after(this.#latency(), async () => {
        this.#waiting -= 1;
        if (machine.isDead) return;
        const end = acts === null ? null : machine.acts(acts);
        if (end === 'before') return;
        resolve(end);
        await this.#quiet();
      });
    });
  }

  /** The server is given something to do. What is returned is called once, when it is done. */
  #begin(): () => void {
    let isDone = false;
    this.#running += 1;
    return () => {
      if (isDone) return;
      isDone = true;
      this.#running -= 1;
      for (const look of this.#onDone.splice(0)) look();
    };
  }

  /** Resolves when the server has done what it was given, or something holds it up that others may end. */
  async #quiet(): Promise<void> {
    await new Promise(setImmediate);
    const begun = performance.now();
    const isLate = () => performance.now() - begun >= (this.#waiting > 0 ? lockedMs : silentMs);
    while (this.#running > 0 && !isLate())
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, lockedMs);
        this.#onDone.push(() => {
          clearTimeout(late);
          resolve();
        });
      });
  }

  /** Mostly a millisecond or two, now and then long enough for others to go before. */
  #latency(): number {
    const share = this.#deps.random();
    return share < 0.95 ? 0.5 + share : 1 + (share - 0.95) * 2_000;
  }
}
