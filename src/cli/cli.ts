// What every command is handed.
import type { Writable } from 'node:stream';
import type { Command } from 'commander';
import type { Clock } from '../engine/clock.ts';
import type { OutputHealth } from '../engine/log/output-health.ts';
import type { CliDeps } from './deps.ts';
import type { Terminal } from './terminal.ts';

/** The process that a command line runs in. */
export interface Host {
  terminal: Terminal;
  clock: Clock;
  /** Absent: what is written always arrives. */
  output?: OutputHealth;
  deps: CliDeps;
}

export interface Cli extends Host {
  /** `--json` was given: a command prints nothing to `terminal.out` and gives its answer instead. */
  json: boolean;
  /** What the command found or did; printed with `--json`. */
  answer: Answer | null;
  /** Where a command that runs until it is stopped writes JSON lines, in place of the envelope. */
  lines(): Writable;
  /** What the process ends with; a command that fails without an error sets it. */
  exitCode: number;
  /** All commands, in the order of the help. */
  commands: readonly CommandEntry[];
  /** Runs another command line in this process, without `--json`. Returns its exit code; never throws. */
  run(args: readonly string[]): Promise<number>;
}

/** Adds arguments, options, examples and the action to a command. */
export type Define = (command: Command, cli: Cli) => void;

export interface CommandEntry {
  /** `sync`, or with its group `runs list`. */
  path: string;
  summary: string;
  /** Earlier name, which goes on working. */
  alias?: string;
  /** What the group does when no command follows its name. */
  isDefault?: true;
  load(): Promise<Define>;
}

export interface Answer {
  /** One sentence for a person. */
  summary: string;
  /** As JSON: a list of a list command, else an object. */
  result: unknown;
}

/** Keeps what `--json` prints when the command ends. */
export function answer(cli: Cli, summary: string, result: unknown): void {
  cli.answer = { summary, result };
}
