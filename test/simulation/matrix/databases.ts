// The databases that the crash matrix is carried out on: the embedded one, and a real PostgreSQL. It knows no table.
import type { PGlite } from '@electric-sql/pglite';
import { sql } from 'drizzle-orm';
import { databases, empty as emptyTables } from '../../support/databases.ts';
import { closeDatabase, emptyDatabase } from '../database.ts';
import { Server } from '../server.ts';
import { PostgresServer } from './postgres-server.ts';

/** As the workers reach it. */
export interface MatrixServer extends Pick<Server, 'handleOf' | 'underWay'> {
  open(): Promise<void>;
  close(): Promise<void>;
}

export type ServerDeps = ConstructorParameters<typeof Server>[1];

export interface MatrixDatabase {
  /** Asked beside the workers, at no time of the simulation. */
  query<Row>(text: string): Promise<{ rows: Row[] }>;
  serverOf(deps: ServerDeps): MatrixServer;
}

export interface MatrixDatabases {
  name: 'PGlite' | 'PostgreSQL';
  /** Empty and migrated. The one that was handed out before must not be used any more. */
  empty(): Promise<MatrixDatabase>;
  close(): Promise<void>;
}

export const embedded: MatrixDatabases = {
  name: 'PGlite',
  async empty() {
    const simulated = await emptyDatabase();
    return {
      query: (text) => simulated.pglite.query(text),
      serverOf: (deps) => embeddedServer(new Server(simulated, deps), simulated.pglite),
    };
  },
  close: closeDatabase,
};

function embeddedServer(server: Server, pglite: PGlite): MatrixServer {
  let unlisten = async () => {};
  return {
    handleOf: (machine) => server.handleOf(machine),
    get underWay() {
      return server.underWay;
    },
    async open() {
      unlisten = await server.open();
    },
    async close() {
      await pglite.exec('rollback');
      await unlisten();
    },
  };
}

/** Null where there is none. */
export const onServer: MatrixDatabases | null = serverOf(databases.find(({ name }) => name === 'PostgreSQL'));

function serverOf(server: (typeof databases)[number] | undefined): MatrixDatabases | null {
  if (!server) return null;
  let opened: ReturnType<typeof server.openOwn> | null = null;
  return {
    name: 'PostgreSQL',
    async empty() {
      opened ??= server.openOwn();
      const { rows, where } = await opened;
      // Sessions of workers that died may still be ending.
      await rows(sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and application_name = 'tributary' and backend_xid is not null`);
      await emptyTables({ rows });
      return {
        query: async <Row>(text: string) => ({ rows: (await rows(sql.raw(text))) as Row[] }),
        serverOf: (deps) => new PostgresServer(where as { url: string; directory: string }, deps),
      };
    },
    async close() {
      await (await opened)?.close();
      opened = null;
    },
  };
}
