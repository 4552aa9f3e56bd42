// A process with all that it starts: what they use together, and their end. It does not know what they do.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { livingProcesses, type ProcessTicks, ticksPerSecond } from '../process-ticks.ts';

const sampleEveryMs = 100;
const pageBytes = 4096;

export interface TreeOptions {
  environment?: { [name: string]: string };
  directory?: string;
}

/** Whatever ends this process ends them. */
const running = new Set<ProcessTree>();
process.once('exit', () => {
  for (const tree of running) tree.kill();
});

export class ProcessTree {
  /** How the first process ended: its exit code, or a signal. */
  readonly exit: Promise<number | string>;
  readonly #child: ChildProcess;
  readonly #sampling: NodeJS.Timeout;
  #output = '';
  #cpuSeconds = 0;
  #peakMegabytes = 0;

  constructor(command: string, args: readonly string[], { environment = {}, directory }: TreeOptions = {}) {
    this.#child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
      ...(directory && { cwd: directory }),
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-4000);
      });
    running.add(this);
    this.#sampling = setInterval(() => this.#sample(), sampleEveryMs);
    this.exit = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(error.message));
      this.#child.once('exit', (code, signal) => resolve(signal ?? code ?? 'nothing'));
    }).then((how) => {
      clearInterval(this.#sampling);
      running.delete(this);
      return how as number | string;
    });
  }

  /** User and system, of those that live and those that ended. What the last tenth of a second used may be missing. */
  get cpuSeconds(): number {
    this.#sample();
    return this.#cpuSeconds;
  }

  /** The most resident memory at one moment since the last time that it was asked for. Shared pages count for each process. */
  takePeakMegabytes(): number {
    this.#sample();
    const peak = this.#peakMegabytes;
    this.#peakMegabytes = 0;
    return peak;
  }

  /** The end of what it wrote. */
  get output(): string {
    return this.#output;
  }

  /** SIGKILL, to all of them. */
  kill(): void {
    killAll(this.#members());
  }

  /** As a service is stopped: SIGTERM, and SIGKILL to what has not ended after ten seconds. */
  async stop(): Promise<void> {
    const members = this.#members();
    this.#child.kill('SIGTERM');
    await Promise.race([this.exit, delay(10_000, undefined, { ref: false })]);
    killAll(members);
    await this.exit;
  }

  #members(): ProcessTicks[] {
    const { pid } = this.#child;
    if (pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null) return [];
    const living = livingProcesses();
    const members = living.filter((one) => one.pid === pid);
    for (const member of members) members.push(...living.filter(({ parent }) => parent === member.pid));
    return members;
  }

  #sample(): void {
    const members = this.#members();
    const ticks = members.reduce((sum, one) => sum + one.ticks + one.ofEnded, 0);
    const pages = members.reduce((sum, { pid }) => sum + residentPages(pid), 0);
    this.#cpuSeconds = Math.max(this.#cpuSeconds, ticks / ticksPerSecond);
    this.#peakMegabytes = Math.max(this.#peakMegabytes, (pages * pageBytes) / 2 ** 20);
  }
}

function killAll(members: readonly ProcessTicks[]): void {
  for (const { pid } of members) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it has ended by itself
    }
  }
}

function residentPages(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  } catch {
    return 0;
  }
}
