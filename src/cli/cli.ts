// What every command is handed.
import type { Clock } from '../engine/clock.ts';
import type { Rooms } from '../rooms.ts';
import type { Terminal } from './terminal.ts';

export interface Cli {
  terminal: Terminal;
  clock: Clock;
  rooms: Rooms;
  /** What the process ends with; a command that fails without an error sets it. */
  exitCode: number;
}
