// CPU seconds that a PostgreSQL server on this machine has used, all its processes together. It does not know for whom.
import { onServer } from '../test/support/postgres.ts';
import { livingProcesses, ticksOf, ticksPerSecond } from './process-ticks.ts';

/** Null where the server is not on this machine, or the system has no /proc. */
export async function databaseCpuSeconds(server: string): Promise<number | null> {
  const backend = await onServer(server, async (sql) => {
    const [row] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
    return ticksOf(row!.pid);
  });
  if (!backend) return null;
  const postmaster = ticksOf(backend.parent);
  if (!postmaster) return null;
  const children = livingProcesses().filter(({ parent }) => parent === backend.parent);
  const own = children.reduce((sum, { ticks }) => sum + ticks, postmaster.ticks + postmaster.ofEnded);
  return own / ticksPerSecond;
}
