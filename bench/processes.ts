// Scripts of this folder run as processes of their own, so that start-up and memory are theirs alone. It does not know
// what they do.
import { type ChildProcess, spawn } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));

export interface Script {
  child: ChildProcess;
  /** Its first line of output. Rejects, with what it wrote to standard error, where it ends without one. */
  line: Promise<string>;
  /** From its being spawned to that line, milliseconds. */
  wallMs: Promise<number>;
  /** Its exit code, or the signal that ended it. */
  exit: Promise<number | string>;
  /** The end of what it wrote to standard error. */
  complaints(): string;
}

export interface ScriptOptions {
  /** For Node itself. */
  flags?: string[];
  environment?: { [name: string]: string };
}

/** Whatever ends this process ends its children. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export function spawnScript(
  name: string,
  args: string[],
  { flags = [], environment = {} }: ScriptOptions = {},
): Script {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...flags, resolve(folder, name), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  running.add(child);
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-4000);
  });
  const exit = new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve(signal ?? code ?? 'nothing');
    });
  });
  const first = new Promise<{ line: string; wallMs: number }>((resolve, reject) => {
    const lines = createInterface({ input: child.stdout });
    lines.once('line', (line) => resolve({ line, wallMs: performance.now() - startedAt }));
    exit.then((code) =>
      reject(new Error(`${name} ended with ${code} before it said anything. ${complaints}`)),
    );
  });
  const line = first.then((found) => found.line);
  const wallMs = first.then((found) => found.wallMs);
  wallMs.catch(() => {}); // fails as the line does, and is awaited after it
  return { child, line, wallMs, exit, complaints: () => complaints };
}
