// The worker beside the vendors of the sandbox, in a process of its own. One that is killed is started again, as a supervisor would
// do it. It knows no vendor.
import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../engine/clock.ts';
import { exitCodes } from './errors.ts';

/** Started again after so long. */
const restartMs = 1_000;

export class SandboxWorker {
  readonly #clock: Clock;
  #child: ChildProcess | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  /** Runs it until it ends by itself or by `stop`. Returns its exit code. `onKilled`: it will be started again. */
  async run(args: readonly string[], stop: AbortSignal, onKilled: () => void): Promise<number> {
    for (;;) {
      const ended = await this.#once(args, stop);
      if (stop.aborted || ended !== 'SIGKILL') return typeof ended === 'number' ? ended : exitCodes.failed;
      onKilled();
      await this.#clock.sleep(restartMs, stop);
      if (stop.aborted) return exitCodes.success;
    }
  }

  async #once(args: readonly string[], stop: AbortSignal): Promise<number | NodeJS.Signals | null> {
    const [, main = ''] = process.argv;
    // The channel tells the worker when this process is gone.
    const child = spawn(process.execPath, [...process.execArgv, main, ...args], {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    });
    this.#child = child;
    const pass = () => child.kill('SIGTERM');
    stop.addEventListener('abort', pass, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (code, signal) => resolve(code ?? signal));
      });
    } finally {
      stop.removeEventListener('abort', pass);
      this.#child = null;
    }
  }
}
