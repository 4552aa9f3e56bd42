// A lock on the embedded database's folder: PGlite has none of its own, and a second process on one folder leaves it
// unopenable. It knows nothing of databases.
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

export class LockedError extends Error {
  override name = 'LockedError';
  readonly pid: number;
  constructor(directory: string, pid: number) {
    super(`${directory} is in use by process ${pid}. Stop it first, or talk to it over its API.`);
    this.pid = pid;
  }
}

/**
 * Takes `<directory>.lock`. A lock whose process is gone is taken over. Throws LockedError while its process lives.
 */
export function lockDirectory(directory: string): { release(): void } {
  return take(`${directory}.lock`, directory);
}

/**
 * A name that is free is taken by a hard link, which only one process can make. One that was left behind is replaced,
 * never removed: between a removal and the new link another process might take what is not left behind any more. Only
 * who holds `<file>.takeover`, a lock like this one, may replace; it looks again once it does.
 */
function take(file: string, directory: string): { release(): void } {
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, `${process.pid} ${startTicks(process.pid)}`, { mode: 0o600 });
  try {
    for (;;) {
      if (isLinked(mine, file)) return holding(file);
      if (!isLeftBehind(file, directory)) continue;
      const guard = take(`${file}.takeover`, directory);
      try {
        if (!isLeftBehind(file, directory)) continue;
        renameSync(mine, file);
        return holding(file);
      } finally {
        guard.release();
      }
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

function isLinked(mine: string, file: string): boolean {
  try {
    linkSync(mine, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** False where there is no lock any more. Throws LockedError where its process lives. */
function isLeftBehind(file: string, directory: string): boolean {
  const lock = readLock(file);
  if (lock !== null && isAlive(lock)) throw new LockedError(directory, lock.pid);
  return lock !== null;
}

function holding(file: string): { release(): void } {
  let held = true;
  return {
    release() {
      if (held) rmSync(file, { force: true });
      held = false;
    },
  };
}

/** The process that holds the lock of this folder now, or null. */
export function lockHolder(directory: string): number | null {
  const lock = readLock(`${directory}.lock`);
  return lock !== null && isAlive(lock) ? lock.pid : null;
}

/** What the lock says of its process, whatever was written there; null where there is no lock. */
function readLock(file: string): { pid: number; started: string } | null {
  try {
    const [pid = '', started = ''] = readFileSync(file, 'utf8').split(' ');
    return { pid: Number(pid), started };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function isAlive({ pid, started }: { pid: number; started: string }): boolean {
  return Number.isInteger(pid) && pid > 0 && startTicks(pid) === started;
}

/** When the process began, in the kernel's ticks, so that a number used again is no holder; null where it is gone. */
function startTicks(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const facts = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return facts[0] === 'Z' ? null : (facts[19] ?? ''); // a zombie is gone, only nobody has asked after it
  } catch {
    if (process.platform === 'linux') return null;
  }
  try {
    process.kill(pid, 0);
    return ''; // no /proc: the number alone must do
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? '' : null;
  }
}
