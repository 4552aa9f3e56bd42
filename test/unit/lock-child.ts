// A process of its own that takes locks on folders, to be raced against others and killed. It is told what to do by its
// first argument and says by messages what came of it.
import { LockedError, lockDirectory } from '../../src/db/lock.ts';

const { directories, startsAt, everyMs } = JSON.parse(process.argv[2] ?? '{}') as {
  directories: string[];
  /** When to take the first, epoch milliseconds; each further one comes `everyMs` later. */
  startsAt: number;
  everyMs: number;
};
const taken = directories.map((directory, index) => {
  // Busy, not asleep: the processes are to come within microseconds of one another.
  while (performance.timeOrigin + performance.now() < startsAt + index * everyMs);
  try {
    lockDirectory(directory);
    return 'taken';
  } catch (error) {
    return error instanceof LockedError ? error.pid : String(error);
  }
});
process.send?.({ taken });
process.on('message', () => process.exit(0));
// It stays alive with its locks, whether or not anybody listens to it.
setInterval(() => {}, 60_000);
