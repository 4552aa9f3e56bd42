// How a command reaches Tributary: the server that runs, or one opened in this process for as long as the command takes.
// It knows no command.

import { stripVTControlCharacters } from 'node:util';
import type { Environment } from '../config.ts';
import { LockedError } from '../db/lock.ts';
import type { Clock } from '../engine/clock.ts';
import { createLog, type Log } from '../engine/log/log.ts';
import type { Cli } from './cli.ts';
import { Client, inProcess, overNetwork } from './client.ts';
import { announcedServer, keptToken } from './data-folder.ts';
import type { App, AppOptions } from './deps.ts';
import { CommandError, UsageError } from './errors.ts';
import { repeating } from './repeating.ts';

const answerTimeoutMs = 2_000;

export interface Reached {
  client: Client;
  /** Opened here: it ends with the command. */
  isHere: boolean;
  close(): Promise<void>;
}

/** Asks whatever server there is, or one that is opened here for the question. */
export async function withClient(cli: Cli, ask: (client: Client) => Promise<void>): Promise<void> {
  const reached = await reach(cli, { work: false });
  try {
    await ask(reached.client);
  } finally {
    await reached.close();
  }
}

/** The server that runs. Throws CommandError where there is none. */
export async function reachServer(cli: Cli): Promise<Client> {
  const server = await findServer(await environmentOf(cli));
  if (server === null)
    throw new CommandError(
      'No server is running on this machine. Start it with "tributary start", or name another with --url.',
    );
  return clientOf(server, cli.clock);
}

function clientOf({ url, token }: { url: string; token: string }, clock: Clock): Client {
  const transport = overNetwork(url);
  return new Client({ whom: `Tributary at ${url}`, transport, repeat: repeating(clock), token });
}

/** `work`: where it is opened here, what is asked for is also done here, or of it only dry runs. */
export async function reach(cli: Cli, options: { work: boolean | 'dry runs' }): Promise<Reached> {
  const environment = await environmentOf(cli);
  const server = await findServer(environment);
  if (server) return { client: clientOf(server, cli.clock), isHere: false, close: async () => {} };
  const config = await cli.deps.loadConfig(environment);
  const traces = options.work ? environment.tracing.settings : null;
  const log = quietLog(cli, environment);
  const app = await openHere(cli, environment, { config, log, traces });
  try {
    const dryRunsOnly = options.work === 'dry runs';
    if (options.work) await app.tributary.start({ calendar: false, dryRunsOnly });
  } catch (error) {
    await app.close();
    throw error;
  }
  return {
    client: new Client({ whom: 'Tributary', transport: inProcess(app.api), token: app.token }),
    isHere: true,
    close: app.close,
  };
}

/** Where it has faults, those of the configuration are told with them. Throws ConfigError. */
async function environmentOf(cli: Cli): Promise<Environment> {
  try {
    return await cli.deps.readEnvironment();
  } catch (error) {
    await cli.deps.configured();
    throw error;
  }
}

async function findServer(environment: Environment): Promise<{ url: string; token: string } | null> {
  const { dataDir } = environment;
  const url = environment.variables['TRIBUTARY_URL'];
  const token = environment.apiToken ?? keptToken(dataDir);
  if (url !== undefined) {
    if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
      throw new UsageError(`TRIBUTARY_URL is "${url}": it must be a URL such as https://sync.example.com.`);
    if (token === null)
      throw new UsageError(
        'TRIBUTARY_URL is set and TRIBUTARY_API_TOKEN is not: set it to the token of that server.',
      );
    return { url, token };
  }
  const announced = announcedServer(dataDir);
  if (announced === null || token === null || !(await answers(announced.url))) return null;
  return { url: announced.url, token };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(answerTimeoutMs) })).ok;
  } catch {
    return false;
  }
}

/** Opens the configured database here. Says whose it is where another process has it. */
export async function openHere(
  cli: Cli,
  environment: Environment,
  options: Pick<AppOptions, 'config' | 'log' | 'token' | 'sandbox' | 'recentLines' | 'traces'> &
    Partial<Pick<AppOptions, 'databaseUrl' | 'directory'>>,
): Promise<App> {
  const { dataDir } = environment;
  const defaults: Omit<AppOptions, 'config' | 'log' | 'token'> = {
    databaseUrl: environment.databaseUrl,
    databaseDirectUrl: environment.databaseDirectUrl,
    databaseConnections: environment.databaseConnections,
    secretKey: environment.secretKey,
    oldSecretKeys: environment.oldSecretKeys,
    directory: dataDir,
    clock: cli.clock,
    output: cli.output,
    proxies: environment.proxies,
  };
  try {
    return await cli.deps.openApp({ ...defaults, ...options });
  } catch (error) {
    if (!(error instanceof LockedError)) throw error;
    const server = announcedServer(dataDir);
    const who =
      server?.pid === error.pid
        ? `process ${error.pid}, the server at ${server.url}`
        : `process ${error.pid}`;
    throw new CommandError(
      `The database in ${options.directory ?? dataDir} is in use by ${who}. Wait until it ends or stop it; while a server runs, every other command talks to it.`,
      undefined,
      { cause: error },
    );
  }
}

/** Only what a person should know of, unless LOG_LEVEL asks for more. */
function quietLog({ terminal }: Cli, environment: Environment): Log {
  const level = environment.variables['LOG_LEVEL'] === undefined ? 'warn' : environment.logLevel;
  const write = (line: string) =>
    terminal.err.write(terminal.errIsTerminal ? `\r\x1b[K${line}` : stripVTControlCharacters(line));
  return createLog({ level, pretty: terminal.colors || 'plain', write });
}
