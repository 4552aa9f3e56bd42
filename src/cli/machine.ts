// What `tributary doctor` finds out about the machine and the environment, without a configuration. It writes nothing.
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import type { Environment } from '../config.ts';
import { lockHolder } from '../db/lock.ts';
import { announcedServer, keptToken, type RunningServer } from './data-folder.ts';

/** ok: as it should be. problem: something does not work until it is mended. warning: something may. unknown: not tried. */
export type FindingState = 'ok' | 'warning' | 'problem' | 'unknown';

export interface Finding {
  /** `node`, `database`, or the name of a source. */
  area: string;
  state: FindingState;
  /** What was found, in a sentence. */
  found: string;
  /** What to do, in a sentence; null where nothing is to be done. */
  todo: string | null;
}

export const fine = (area: string, found: string): Finding => ({ area, state: 'ok', found, todo: null });

const minNode = { major: 22, minor: 19 };
const minFreeBytes = 1e9;

/** `version`: as `process.versions.node` has it. */
export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isEnough = major > minNode.major || (major === minNode.major && minor >= minNode.minor);
  if (isEnough) return fine('node', `Node ${version}.`);
  const todo = `Run Node ${minNode.major}.${minNode.minor} or newer.`;
  return { area: 'node', state: 'problem', found: `Node ${version} is too old.`, todo };
}

export async function machineFindings(environment: Environment, folder: string): Promise<Finding[]> {
  const server = announcedServer(environment.dataDir);
  return [
    nodeFinding(process.versions.node),
    ...dataFolderFindings(environment.dataDir),
    ...envFileFindings(folder),
    await portFinding(environment, server),
    ...keyFindings(environment),
    ...(environment.databaseUrl === undefined ? [embeddedFinding(environment.dataDir, server)] : []),
  ];
}

/** It is made where it does not exist: then the folder above it counts. */
function dataFolderFindings(dataDir: string): Finding[] {
  let existing = dataDir;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  const todo = 'Set TRIBUTARY_DATA_DIR to a folder that this user can write to.';
  try {
    accessSync(existing, constants.W_OK | constants.X_OK);
    if (!statSync(existing).isDirectory()) throw new Error('it is a file');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const found = `${existing} cannot be written (${code ?? message}).`;
    return [{ area: 'data folder', state: 'problem', found, todo }];
  }
  const { bavail, bsize } = statfsSync(existing);
  const free = bavail * bsize;
  if (free >= minFreeBytes) return [fine('data folder', `${dataDir} can be written.`)];
  const found = `${dataDir} can be written, but only ${Math.floor(free / 1e6)} MB are free.`;
  return [{ area: 'data folder', state: 'warning', found, todo: 'Free 1 GB or more on that disk.' }];
}

/** It holds keys: nobody else may read it. */
function envFileFindings(folder: string): Finding[] {
  const path = join(folder, '.env');
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  if (mode === undefined) return [];
  if ((mode & 0o077) === 0 || process.platform === 'win32')
    return [fine('.env', 'Only its owner can read it.')];
  return [
    {
      area: '.env',
      state: 'warning',
      found: 'Other users can read its keys.',
      todo: `Run: chmod 600 ${path}`,
    },
  ];
}

async function portFinding({ host, port }: Environment, server: RunningServer | null): Promise<Finding> {
  const area = 'port';
  if (server !== null && Number(new URL(server.url).port) === port)
    return fine(area, `The server that runs (process ${server.pid}) listens on ${server.url}.`);
  const fault = await listenFault(host, port);
  if (fault === null) return fine(area, `${host}:${port} is free.`);
  const found = `${host}:${port} cannot be listened on (${fault}).`;
  const todo =
    fault === 'EADDRNOTAVAIL'
      ? 'Set HOST to an address of this machine.'
      : 'Set PORT to a free port, or stop the program that uses this one.';
  return { area, state: 'problem', found, todo };
}

/** The operating system's word, or null where it can be listened on. */
function listenFault(host: string, port: number): Promise<string | null> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(null)));
  });
}

function keyFindings({ databaseUrl, secretKey, apiToken, dataDir }: Environment): Finding[] {
  const token =
    apiToken !== undefined
      ? fine('api token', 'TRIBUTARY_API_TOKEN is set.')
      : fine(
          'api token',
          keptToken(dataDir) === null ? 'The first start makes one.' : 'It is kept in the data folder.',
        );
  if (secretKey !== undefined) return [fine('secret key', 'TRIBUTARY_SECRET_KEY is set.'), token];
  if (databaseUrl === undefined)
    return [fine('secret key', 'It is kept in the data folder, beside the embedded database.'), token];
  const found = 'TRIBUTARY_SECRET_KEY is not set: nobody can be erased for good, and no vendor signed in to.';
  const todo = 'Set it to 32 random characters or more, the same on every worker: openssl rand -base64 32';
  return [{ area: 'secret key', state: 'warning', found, todo }, token];
}

function embeddedFinding(dataDir: string, server: RunningServer | null): Finding {
  const directory = join(dataDir, 'database');
  const pid = lockHolder(directory);
  if (pid === null)
    return fine(
      'database',
      `Embedded, in ${directory}${existsSync(directory) ? '' : ': the first start makes it'}.`,
    );
  const who = server?.pid === pid ? `the server at ${server.url}` : `process ${pid}`;
  return fine('database', `Embedded, in ${directory}, used by ${who}.`);
}
