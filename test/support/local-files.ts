// The door's `Files` over this machine's disk, and files for tests. It knows no connector.
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Files } from '#connector';

/** `readBytes`: how much one read gives; small, to have rows cut anywhere. */
export function localFiles({ readBytes = 65_536 }: { readBytes?: number } = {}): Files {
  return {
    async stat(path) {
      const { size, mtimeMs } = await stat(path);
      return { bytes: size, changedAt: Math.trunc(mtimeMs) };
    },
    open: (path, fromByte) => createReadStream(path, { start: fromByte, highWaterMark: readBytes }),
  };
}

/** A directory of its own, removed by `remove`. */
export class TemporaryFiles {
  #directory: Promise<string> | undefined;

  /** Writes a file and says where; `changedAt`, epoch milliseconds, becomes its time of change. */
  async write(name: string, content: string | Uint8Array, changedAt?: number): Promise<string> {
    this.#directory ??= mkdtemp(join(tmpdir(), 'tributary-'));
    const path = join(await this.#directory, name);
    await writeFile(path, content);
    if (changedAt !== undefined) await utimes(path, changedAt / 1000, changedAt / 1000);
    return path;
  }

  async remove(): Promise<void> {
    if (this.#directory) await rm(await this.#directory, { recursive: true, force: true });
    this.#directory = undefined;
  }
}
