// What every command is handed.
import type { Clock } from '../engine/clock.ts';
import type { OutputHealth } from '../engine/log/output-health.ts';
import type { Rooms } from '../rooms.ts';
import type { Terminal } from './terminal.ts';

export interface Cli {
  terminal: Terminal;
  clock: Clock;
  /** Absent: what is written always arrives. */
  output?: OutputHealth;
  rooms: Rooms;
  /** What the process ends with; a command that fails without an error sets it. */
  exitCode: number;
}
