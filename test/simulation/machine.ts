// A machine that a worker runs on: its clock, and whether it lives. What a dead machine waits for never comes. It knows neither
// the database nor the network.
import type { Clock } from '../../src/engine/clock.ts';
import type { Agenda } from './agenda.ts';
import type { Death } from './matrix/death.ts';

export class Machine implements Clock {
  readonly name: string;
  readonly agenda: Agenda;
  /** Called once, when it dies. */
  readonly onDeath: (() => unknown)[] = [];
  /** How far its clock is ahead of the world's, milliseconds. */
  aheadMs = 0;
  /** How long after its death another is started in its place. */
  downMs = 1_000;
  /** The point at which it dies; null: at none. */
  death: Death | null = null;
  #isDead = false;
  /** What happens when it goes on; null where it is not stopped. */
  #stopped: (() => void)[] | null = null;
  /** It dies when it has asked for so many more things. */
  #lastSteps = Number.POSITIVE_INFINITY;

  constructor(name: string, agenda: Agenda) {
    this.name = name;
    this.agenda = agenda;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  now = (): number => Math.floor(this.agenda.now + this.aheadMs);

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const end = () => {
        this.agenda.cancel(entry);
        signal?.removeEventListener('abort', end);
        this.whenAwake(resolve);
      };
      const entry = this.agenda.after(milliseconds, end);
      signal?.addEventListener('abort', end, { once: true });
    });
  }

  /** Dies once it has asked the database or the network for so many more things: in the middle of whatever that is. */
  dieAfter(steps: number): void {
    this.#lastSteps = steps;
  }

  /** It asks for something outside of it. False where it is dead, or dies of it: what was asked is not done. */
  asks(): boolean {
    if (this.#isDead) return false;
    if (this.#lastSteps-- > 0) return true;
    this.die();
    return false;
  }

  /** It does what outlasts it. Returns when it dies of it: `before` it is dead already, and nothing is done. */
  acts(what: string): 'before' | 'after' | null {
    const end = this.death?.meets(what) ?? null;
    if (end === 'before') this.die();
    return end;
  }

  /** Stops it, as SIGSTOP does: what it waits for comes when it goes on. */
  stop(): void {
    this.#stopped ??= [];
  }

  goOn(): void {
    const stopped = this.#stopped ?? [];
    this.#stopped = null;
    for (const run of stopped) this.whenAwake(run);
  }

  get isStopped(): boolean {
    return this.#stopped !== null;
  }

  /** Something reaches it. */
  whenAwake(run: () => void): void {
    if (this.#isDead) return;
    if (this.#stopped) this.#stopped.push(run);
    else run();
  }

  die(): void {
    if (this.#isDead) return;
    this.#isDead = true;
    for (const told of this.onDeath) told();
  }
}
