// The sandbox that runs on this machine, over the address where it is told what to do. It knows nothing of what is simulated.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Break, breakShape, type Sandbox, sandboxShape } from '../contract/sandbox.ts';
import { CommandError } from './errors.ts';

const patienceMs = 5_000;

export class SandboxControl {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** The sandbox of this data folder. Throws CommandError where none runs. */
  static async find(dataDir: string): Promise<SandboxControl> {
    const file = join(dataDir, 'sandbox', 'control.json');
    const none = 'No sandbox runs on this machine with this data folder. Start one with "tributary sandbox".';
    if (!existsSync(file)) throw new CommandError(none);
    const { url } = z.object({ url: z.url() }).parse(JSON.parse(readFileSync(file, 'utf8')));
    const control = new SandboxControl(url);
    // A sandbox that was killed leaves the file.
    await control.read().catch(() => {
      throw new CommandError(none);
    });
    return control;
  }

  async read(): Promise<Sandbox> {
    return sandboxShape.parse(await this.#ask('/'));
  }

  /** As a configuration file would hold it. */
  async config(): Promise<{ publicUrl: string }> {
    return z.looseObject({ publicUrl: z.url() }).parse(await this.#ask('/config'));
  }

  /** Null: there is no such break. */
  async begin(name: string, seconds: number): Promise<Break | null> {
    const known = (await this.read()).breaks.some((one) => one.name === name);
    if (!known) return null;
    return breakShape.parse(await this.#ask(`/breaks/${name}?seconds=${seconds}`, { method: 'POST' }));
  }

  async #ask(path: string, init: RequestInit = {}): Promise<unknown> {
    const response = await fetch(`${this.#url}${path}`, { ...init, signal: AbortSignal.timeout(patienceMs) });
    if (!response.ok) throw new CommandError(`The sandbox answered ${response.status}.`);
    return response.json();
  }
}
