// The rooms wired for the command line: configuration, database, the running whole and its API, opened and closed in
// order. It knows all of them and no command.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connectors } from '../connectors/index.ts';
import { checkConfig, type Config, type Environment, loadConfig, readEnvironment } from './config.ts';
import { type Database, openDatabase } from './db/database.ts';
import type { Clock } from './engine/clock.ts';
import type { Log } from './engine/log.ts';
import { Tributary } from './tributary.ts';
import { createApp } from './web/app.ts';
import { serveApp } from './web/server.ts';

export const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

export type App = ReturnType<typeof createApp>;

/** A Tributary with its database and its API, in this process. Nothing of it runs yet. */
export interface House {
  tributary: Tributary;
  database: Database;
  app: App;
  /** Opens the app to whoever asks with it. */
  token: string;
  /** Drains and closes. */
  close(): Promise<void>;
}

export interface HouseOptions {
  config: Config;
  /** PostgreSQL; without it the embedded database in `directory`. */
  databaseUrl: string | undefined;
  directory: string;
  clock: Clock;
  log: Log;
  /** Default: a new one that nobody else knows. */
  token?: string;
}

/** Throws DatabaseError, and LockedError where another process has the embedded database. */
export async function openHouse(options: HouseOptions): Promise<House> {
  const { config, databaseUrl, directory, clock, log, token = randomBytes(24).toString('base64url') } = options;
  const database = await openDatabase({ url: databaseUrl, directory });
  try {
    const tributary = new Tributary({ config, database, clock, log });
    const app = createApp(tributary, { apiToken: token, version });
    const close = async () => {
      await tributary.drain();
      await database.close();
    };
    return { tributary, database, app, token, close };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** What commands are given to work with. */
export const rooms = {
  version,
  readEnvironment,
  openHouse,
  serve: serveApp,
  /** Throws ConfigError with every fault. */
  loadConfig: (environment: Environment): Promise<Config> => loadConfig(environment, connectors),
  checkConfig: (path: string, raw: unknown): Config => checkConfig(path, raw, {}, connectors),
};

export type Rooms = typeof rooms;
