// What the processes of this machine have used, as /proc tells it. It does not know whose they are.
import { readdirSync, readFileSync } from 'node:fs';

export const ticksPerSecond = 100;

export interface ProcessTicks {
  pid: number;
  parent: number;
  /** User and system. */
  ticks: number;
  /** What its children had used that have ended and were waited for. */
  ofEnded: number;
}

/** None where the system has no /proc. */
export function livingProcesses(): ProcessTicks[] {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (ticksOf(Number(name)) ?? []) : []));
  } catch {
    return [];
  }
}

/** See proc_pid_stat(5). Null where it has ended. */
export function ticksOf(pid: number): ProcessTicks | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [parent = 0, user = 0, system = 0, endedUser = 0, endedSystem = 0] = [1, 11, 12, 13, 14].map(
      (index) => fields[index],
    );
    return { pid, parent, ticks: user + system, ofEnded: endedUser + endedSystem };
  } catch {
    return null;
  }
}
