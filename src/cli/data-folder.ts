// What a running server leaves in the data folder for the commands that follow: where it is reached, and the token that
// opens it. It knows no command and no database.
import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownFolder } from '../db/own-folder.ts';

/** A server that runs, as it says of itself. */
export interface RunningServer {
  url: string;
  pid: number;
}

export interface ApiToken {
  token: string;
  /** Where a person finds it. */
  origin: 'TRIBUTARY_API_TOKEN' | 'file';
  path: string;
  /** It was made just now. */
  created: boolean;
}

const tokenPath = (dataDir: string) => join(dataDir, 'api-token');
const serverPath = (dataDir: string) => join(dataDir, 'server.json');

/** The environment's token, else the data folder's, else a new one that is kept there for its owner alone. */
export function apiToken(dataDir: string, given: string | undefined): ApiToken {
  const path = tokenPath(dataDir);
  if (given !== undefined) return { token: given, origin: 'TRIBUTARY_API_TOKEN', path, created: false };
  const kept = keptToken(dataDir);
  if (kept !== null) return { token: kept, origin: 'file', path, created: false };
  const token = randomBytes(24).toString('base64url');
  writePrivately(dataDir, path, `${token}\n`);
  return { token, origin: 'file', path, created: true };
}

export function keptToken(dataDir: string): string | null {
  const text = readIfThere(tokenPath(dataDir))?.trim();
  return text ? text : null;
}

/** Says that this process serves. Taken back by `removeServer`. */
export function announceServer(dataDir: string, server: RunningServer): void {
  writePrivately(dataDir, serverPath(dataDir), `${JSON.stringify(server)}\n`);
}

/** Takes back what this process has announced; another's word stays. */
export function removeServer(dataDir: string, pid: number): void {
  if (announcedServer(dataDir)?.pid === pid) rmSync(serverPath(dataDir), { force: true });
}

/** The server that was announced last and whose process lives. Whether it answers is for the caller to try. */
export function announcedServer(dataDir: string): RunningServer | null {
  try {
    const { url, pid } = JSON.parse(readIfThere(serverPath(dataDir)) ?? '') as Partial<RunningServer>;
    if (typeof url !== 'string' || !URL.canParse(url) || typeof pid !== 'number') return null;
    return isAlive(pid) ? { url, pid } : null;
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // A file in the place of the folder is told where something is to be written.
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

/** Whole or not at all, and readable to its owner alone from the first byte on. */
function writePrivately(dataDir: string, path: string, text: string): void {
  ownFolder(dataDir);
  const draft = `${path}.${process.pid}`;
  rmSync(draft, { force: true });
  writeFileSync(draft, text, { mode: 0o600, flag: 'wx' });
  renameSync(draft, path);
}
