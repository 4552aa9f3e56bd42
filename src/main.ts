// The entry of the program `tributary`.
import type { Cli } from './cli/cli.ts';
import { exitCodes } from './cli/errors.ts';
import { runProgram } from './cli/program.ts';
import { systemClock } from './engine/clock.ts';
import { rooms } from './rooms.ts';

const { stdout, stderr } = process;
// Whoever read our output has gone: what is under way is finished, and nothing more is said.
for (const stream of [stdout, stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const cli: Cli = {
  terminal: {
    out: stdout,
    err: stderr,
    outIsTerminal: stdout.isTTY === true,
    errIsTerminal: stderr.isTTY === true,
    columns: stderr.columns ?? stdout.columns ?? 100,
  },
  clock: systemClock,
  rooms,
  exitCode: exitCodes.well,
};

const exitCode = await runProgram(process.argv.slice(2), cli);
// What is written must have left before the process does.
await Promise.all(
  [stdout, stderr].map((stream) => new Promise<void>((resolve) => stream.write('', () => resolve()))),
);
process.exit(exitCode);
