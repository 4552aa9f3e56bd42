// What every command is handed.
import type { Clock } from '../engine/clock.ts';
import type { OutputHealth } from '../engine/log/output-health.ts';
import type { CliDeps } from './deps.ts';
import type { Terminal } from './terminal.ts';

export interface Cli {
  terminal: Terminal;
  clock: Clock;
  /** Absent: what is written always arrives. */
  output?: OutputHealth;
  deps: CliDeps;
  /** What the process ends with; a command that fails without an error sets it. */
  exitCode: number;
}
