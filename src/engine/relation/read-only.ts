// A PostgreSQL database that is not ours: read-only transactions on one session, which is ended when it is idle. It knows
// no relation.
import { RejectedError, type RelationDescription, TransientError } from '../../connector.ts';
import { AddressError, parseAddress } from '../../db/address.ts';
import { driverOptions } from '../../db/database.ts';
import { Sessions } from '../../db/sessions.ts';
import type { Clock } from '../clock.ts';
import { errorOf } from './read-error.ts';

/** Runs a statement. All values are texts, which the statement casts. */
export type RunStatement = <Row>(text: string, values: readonly string[]) => Promise<Row[]>;

export interface ReadOnlyDatabase {
  /** Runs the work in a read-only transaction that sees one state of the database. */
  read<Result>(work: (run: RunStatement) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

const idleMs = 60_000;
/** A server that ends a statement is given so long to say so. */
const graceMs = 15_000;
const endingSeconds = 5;

/**
 * The statements that begin a transaction. Settings are local to it, so that a pooler of transactions will do: texts of
 * times are ISO 8601 in UTC, and nothing but the catalog's own functions is found without a schema.
 */
export function beginning({
  statementTimeoutSeconds,
  rowSecurity,
}: Pick<RelationDescription, 'statementTimeoutSeconds' | 'rowSecurity'>): string {
  return `begin transaction isolation level repeatable read, read only;
    set local statement_timeout = ${Math.ceil(statementTimeoutSeconds * 1000)};
    set local lock_timeout = 5000;
    set local idle_in_transaction_session_timeout = 30000;
    set local row_security = ${rowSecurity ? 'on' : 'off'};
    set local timezone = 'UTC';
    set local datestyle = 'ISO';
    set local jit = off`;
}

/** Opens nothing until something is read. */
export function readOnlyDatabase(
  name: string,
  description: RelationDescription,
  clock: Clock,
): ReadOnlyDatabase {
  /** Settles when the session is free: transactions on it take turns. */
  let turn: Promise<unknown> = Promise.resolve();
  const patienceMs = description.statementTimeoutSeconds * 1000 + graceMs;
  let sessions: Promise<Sessions> | null = null;
  let resting = new AbortController();

  const replace = async (graceSeconds: number) => (await sessions)?.replace(graceSeconds);

  /** Ends the session where nothing is read for a while. */
  const rest = async () => {
    resting = new AbortController();
    const { signal } = resting;
    await clock.sleep(idleMs, signal);
    if (!signal.aborted) await replace(endingSeconds);
  };

  const transaction = async <Result>(work: (run: RunStatement) => Promise<Result>): Promise<Result> => {
    sessions ??= sessionsOf(name, description);
    return (await sessions).use(async (session) => {
      const run: RunStatement = (text, values) =>
        session.run((connection) => connection.unsafe(text, values as never[], { prepare: false })) as never;
      await session.run((connection) => connection.unsafe(beginning(description)).simple());
      try {
        return await work(run);
      } finally {
        await run('rollback', []).catch(() => {});
      }
    });
  };

  /** A connection that is cut without a word answers nothing: it is given up. */
  const bounded = async <Result>(running: Promise<Result>): Promise<Result> => {
    const answered = new AbortController();
    const silence = clock.sleep(patienceMs, answered.signal).then(async () => {
      if (answered.signal.aborted) return running;
      void replace(0);
      throw new TransientError(`the database of ${name} has not answered in time`);
    });
    try {
      return await Promise.race([running, silence]);
    } finally {
      answered.abort();
    }
  };

  return {
    read(work) {
      const result = turn.then(async () => {
        resting.abort();
        try {
          return await bounded(transaction(work));
        } catch (error) {
          throw errorOf(name, error);
        } finally {
          void rest();
        }
      });
      turn = result.catch(() => {});
      return result;
    },
    async close() {
      resting.abort();
      await (await sessions?.catch(() => null))?.end(endingSeconds);
    },
  };
}

async function sessionsOf(name: string, { url }: RelationDescription): Promise<Sessions> {
  const address = addressOf(name, url);
  const { default: postgres } = await import('postgres');
  const connection = { application_name: 'tributary' };
  return new Sessions((options) => postgres(driverOptions(address, { ...options, connection })), {
    max: 1,
    hosts: { index: 0 },
  });
}

function addressOf(name: string, url: string) {
  try {
    return parseAddress(url);
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    // The sentences are about our own database, whose address is in the environment.
    const message = error.message.replaceAll('DATABASE_URL', `the url of ${name}`);
    throw new RejectedError(message.replace(/^t/, 'T'), { code: 'address', cause: error });
  }
}
