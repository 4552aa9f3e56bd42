// A lock on the embedded database's folder: PGlite has none of its own, and a second process on one folder leaves it
// unopenable. It knows nothing of databases.
import { closeSync, linkSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';

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
  const file = `${directory}.lock`;
  const mine = `${file}.${process.pid}`;
  const handle = openSync(mine, 'w', 0o600);
  writeSync(handle, `${process.pid} ${startTicks(process.pid)}`);
  closeSync(handle);
  try {
    for (;;) {
      try {
        linkSync(mine, file); // atomic: only one process can make the name
        return { release: () => rmSync(file, { force: true }) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const [pid = 0, started = ''] = readLock(file);
      if (pid && startTicks(pid) !== null && String(startTicks(pid)) === started)
        throw new LockedError(directory, pid);
      rmSync(file, { force: true });
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** The process that holds the lock of this folder now, or null. */
export function lockHolder(directory: string): number | null {
  const [pid = 0, started = ''] = readLock(`${directory}.lock`);
  return pid && startTicks(pid) !== null && String(startTicks(pid)) === started ? pid : null;
}

function readLock(file: string): [number, string] {
  try {
    const [pid = '', started = ''] = readFileSync(file, 'utf8').split(' ');
    return [Number(pid), started];
  } catch {
    return [0, ''];
  }
}

/** When the process began, in the kernel's ticks, so that a number used again is no holder; null where it is gone. */
function startTicks(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
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
