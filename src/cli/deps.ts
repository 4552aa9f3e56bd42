// What commands are given to work with: configuration, database, Tributary and its API, opened and closed in order. It knows no
// command. What only some commands need is loaded when they do.

import { randomBytes, randomUUID } from 'node:crypto';
import manifest from '../../package.json' with { type: 'json' };
import type { Tributary } from '../app/app.ts';
import type { Variables } from '../config/references.ts';
import type { Config, Environment } from '../config.ts';
import type { Database } from '../db/database.ts';
import type { Clock } from '../engine/clock.ts';
import type { Proxies } from '../engine/http/connections.ts';
import type { Log } from '../engine/log/log.ts';
import type { OutputHealth } from '../engine/log/output-health.ts';
import type { RecentLines } from '../engine/log/recent-lines.ts';
import type { Tracing } from '../engine/trace/otlp.ts';
import type { ExportSettings } from '../engine/trace/settings.ts';
import type { createApp } from '../web/app.ts';
import type { SandboxVendors } from '../web/deps.ts';
import type { Served } from '../web/server.ts';

export const { version } = manifest;

export type Api = ReturnType<typeof createApp>;

/** A Tributary with its database and its API, in this process. Nothing of it runs yet. */
export interface App {
  tributary: Tributary;
  database: Database;
  api: Api;
  /** Opens the app to whoever asks with it. */
  token: string;
  /** Tells others when something begins to fail, until it is aborted. */
  alarm(signal: AbortSignal): Promise<void>;
  /** A new link's code that opens the page once: `/login?key=<code>`. */
  issueLoginCode(): string;
  /** Drains and closes. */
  close(): Promise<void>;
}

export interface AppOptions {
  config: Config;
  /** PostgreSQL; without it the embedded database in `directory`. */
  databaseUrl: string | undefined;
  /** Of the server itself, where `databaseUrl` leads to a pooler. */
  databaseDirectUrl?: string | undefined;
  databaseConnections?: number | undefined;
  /** Whether a server's database is brought up to our migrations. Default: true. */
  migrates?: boolean;
  /** Imported files lie there too. */
  directory: string;
  /** Keys the hashes of whom was erased. Default: the embedded database's own. */
  secretKey?: string | undefined;
  oldSecretKeys?: readonly string[];
  clock: Clock;
  log: Log;
  output?: OutputHealth | undefined;
  /** The newest lines of `log`. */
  recentLines?: RecentLines | undefined;
  /** How vendors are reached. Default: directly. */
  proxies?: Proxies | null;
  /** Where traces go of what is done here. Default: nothing is traced. */
  traces?: ExportSettings | null;
  /** Default: a new one that nobody else knows. */
  token?: string;
  /** The simulated vendors. Null, the default: they are real. */
  sandbox?: SandboxVendors | null;
}

/**
 * Throws DatabaseError, UnmigratedError where the database lacks migrations that it is not to get, and LockedError where another
 * process has the embedded one.
 */
async function openApp(options: AppOptions): Promise<App> {
  const [{ openDatabase }, { secretKeyOf }, { Tributary }, { createApp }, { Alarms }, { LoginCodes }] =
    await Promise.all([
      import('../db/database.ts'),
      import('../db/secret-key.ts'),
      import('../app/app.ts'),
      import('../web/app.ts'),
      import('../web/alarms.ts'),
      import('../web/login-codes.ts'),
    ]);
  const { config, databaseUrl, directory, clock, log } = options;
  const token = options.token ?? randomBytes(24).toString('base64url');
  const database = await openDatabase({
    url: databaseUrl,
    directUrl: options.databaseDirectUrl,
    connections: options.databaseConnections,
    migrates: options.migrates,
    directory,
    onWarning: (sentence) => log.warn(sentence),
  });
  const tracing = options.traces ? await tracingTo(options.traces, { clock, log }) : null;
  try {
    const tributary = new Tributary({
      config,
      database,
      clock,
      log,
      version,
      secretKey: secretKeyOf(options.secretKey, database, directory),
      oldSecretKeys: options.oldSecretKeys ?? [],
      connectors: await connectors(),
      proxies: options.proxies ?? null,
      ...(tracing && { tracer: tracing.tracer }),
    });
    await tributary.learnTraits();
    await tributary.meetVanished();
    await tributary.learnSchema();
    const loginCodes = new LoginCodes(clock);
    const api = createApp(tributary, {
      apiToken: token,
      version,
      sandbox: options.sandbox ?? null,
      dataDir: directory,
      loginCodes,
      output: options.output,
      recentLines: options.recentLines,
      connectors: await connectors(),
    });
    const close = async () => {
      try {
        await tributary.drain();
      } finally {
        // Draining fails where the database is away: its connections would come back and stay.
        await Promise.all([tracing?.close(), database.close()]);
      }
    };
    const ask = async (path: string, headers: { [name: string]: string }) =>
      api.request(path, { headers: { ...headers, authorization: `Bearer ${token}` } });
    const alarms = new Alarms({ database, clock, log, alarms: config.alarms, ask });
    return {
      tributary,
      database,
      api,
      token,
      alarm: (signal) => alarms.run(signal),
      issueLoginCode: () => loginCodes.issue(),
      close,
    };
  } catch (error) {
    await Promise.all([tracing?.close(), database.close()]);
    throw error;
  }
}

async function tracingTo(
  settings: ExportSettings,
  { clock, log }: Pick<AppOptions, 'clock' | 'log'>,
): Promise<Tracing> {
  const { startTracing } = await import('../engine/trace/otlp.ts');
  return startTracing(settings, { clock, log, version, instance: randomUUID() });
}

/** Throws ListenError. */
async function serve(api: Api, at: { host: string; port: number; log: Log }): Promise<Served> {
  const { serveApp } = await import('../web/server.ts');
  return serveApp(api, at);
}

async function connectors() {
  return (await import('../../connectors/index.ts')).connectors;
}

/** What commands are given to work with. */
export const cliDeps = {
  version,
  /** Where files are written that a person did not name. */
  folder: (): string => process.cwd(),
  /** `given`: variables of the command line, which override those of the process and of `.env`. Throws ConfigError. */
  readEnvironment: async (given: Variables = {}): Promise<Environment> =>
    (await import('../config.ts')).readProcessEnvironment(given),
  openApp,
  serve,
  /** Environment and configuration, null where there is none. Throws ConfigError with every fault of both. */
  async configured(this: { readEnvironment(): Promise<Environment> }) {
    const { readAll } = await import('../config.ts');
    return readAll(() => this.readEnvironment(), await connectors());
  },
  /** Throws ConfigError with every fault. */
  loadConfig: async (environment: Environment): Promise<Config> =>
    (await import('../config.ts')).loadConfig(environment, await connectors()),
  /** What a configuration file holds, unchecked. Throws ConfigError where it cannot be read. */
  readConfigFile: async (path: string) => (await import('../config/file.ts')).readConfigFile(path),
  /** Throws ConfigError with every fault. `raw`: what a file would hold. */
  checkConfig: async (
    path: string,
    raw: unknown,
    variables: Environment['variables'] = {},
  ): Promise<Config> => (await import('../config.ts')).checkConfig(path, raw, variables, await connectors()),
};

export type CliDeps = typeof cliDeps;
