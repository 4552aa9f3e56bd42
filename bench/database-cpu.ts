// CPU seconds that a PostgreSQL server on this machine has used, all its processes together. It does not know for whom.
import { readdirSync, readFileSync } from 'node:fs';
import { onServer } from '../test/support/postgres.ts';

const ticksPerSecond = 100;

/** Null where the server is not on this machine, or the system has no /proc. */
export async function databaseCpuSeconds(server: string): Promise<number | null> {
  const backend = await onServer(server, async (sql) => {
    const [row] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
    return ticksOf(row!.pid);
  });
  if (!backend) return null;
  const postmaster = ticksOf(backend.parent);
  if (!postmaster) return null;
  const living = readdirSync('/proc').flatMap((name) =>
    /^\d+$/.test(name) ? (ticksOf(Number(name)) ?? []) : [],
  );
  const children = living.filter(({ parent }) => parent === backend.parent);
  const own = children.reduce((sum, { ticks }) => sum + ticks, postmaster.ticks + postmaster.ofEnded);
  return own / ticksPerSecond;
}

/** See proc_pid_stat(5): what a process has used itself, and what its children had that have ended. */
function ticksOf(pid: number): { parent: number; ticks: number; ofEnded: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [parent = 0, user = 0, system = 0, endedUser = 0, endedSystem = 0] = [1, 11, 12, 13, 14].map(
      (index) => fields[index],
    );
    return { parent, ticks: user + system, ofEnded: endedUser + endedSystem };
  } catch {
    return null;
  }
}
