// A disk of little room, in memory, that a test fills and makes room on again. It needs the right to mount, and knows no database.
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class SmallDisk {
  readonly folder: string;
  readonly #atExit = () => execFileSync('umount', ['--lazy', this.folder], { stdio: 'ignore' });

  private constructor(folder: string) {
    this.folder = folder;
    process.once('exit', this.#atExit);
  }

  /** Null where mounting is not permitted. */
  static mount(size: string): SmallDisk | null {
    const folder = mkdtempSync(join(tmpdir(), 'disk-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=755`, 'tmpfs', folder], {
        stdio: 'ignore',
      });
      return new SmallDisk(folder);
    } catch {
      rmSync(folder, { recursive: true });
      return null;
    }
  }

  /** Nothing can be added to any file. */
  fill(): void {
    const file = openSync(this.#ballast, 'w');
    for (let bytes = 1 << 20; bytes >= 4_096; ) {
      try {
        if (writeSync(file, Buffer.alloc(bytes)) < bytes) bytes /= 2;
      } catch {
        bytes /= 2;
      }
    }
    closeSync(file);
  }

  makeRoom(): void {
    rmSync(this.#ballast, { force: true });
  }

  close(): void {
    process.off('exit', this.#atExit);
    this.#atExit();
    rmSync(this.folder, { recursive: true, force: true });
  }

  get #ballast(): string {
    return join(this.folder, 'ballast');
  }
}
