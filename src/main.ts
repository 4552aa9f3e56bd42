// The entry of the program `tributary`.
import type { Host } from './cli/cli.ts';
import { cliDeps } from './cli/deps.ts';
import { runProgram } from './cli/program.ts';
import { systemClock } from './engine/clock.ts';
import { OutputHealth } from './engine/log/output-health.ts';

// What this process creates (the embedded database, keys, imported files) is its owner's alone.
process.umask(0o077);

const { stdout, stderr } = process;

const output = new OutputHealth(systemClock);

for (const stream of [stdout, stderr]) stream.on('error', output.failed);

// A promise that nobody awaits costs the one thing that it was for. The process and its other work live on.
process.on('unhandledRejection', async (reason) => {
  const { createLog } = await import('./engine/log/log.ts');
  createLog({ level: 'error' }).error({ err: reason }, 'an unhandled failure; work continues');
});

const host: Host = {
  terminal: {
    out: stdout,
    err: stderr,
    outIsTerminal: stdout.isTTY === true,
    errIsTerminal: stderr.isTTY === true,
    colors: stdout.isTTY === true && stdout.hasColors(),
    columns: stderr.columns ?? stdout.columns ?? 100,
  },
  clock: systemClock,
  output,
  deps: cliDeps,
};

const exitCode = await runProgram(process.argv.slice(2), host);

// What is written must have left before the process does; output that fails is not waited for.
await Promise.all(
  [stdout, stderr].map(
    (stream) =>
      new Promise<void>((resolve) => {
        stream.once('error', () => resolve());
        stream.write('', () => resolve());
      }),
  ),
);

process.exit(exitCode);
