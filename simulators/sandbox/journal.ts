// Lines that outlive a kill: each is in the file before the answer that tells of it. Only the last line of a key counts, so the file
// is written anew when most of its lines are outdated. It does not know what they say.
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** Outdated lines are left until they are as many as the others, and so many more. */
const spareLines = 2_000;

export class Journal<Entry> {
  readonly #file: string;
  readonly #keyOf: (entry: Entry) => string;
  readonly #spare: number;
  #lines = 0;
  /** With so many lines it is written anew. */
  #maxLines: number;

  constructor(file: string, keyOf: (entry: Entry) => string, { spare = spareLines } = {}) {
    this.#file = file;
    this.#keyOf = keyOf;
    this.#spare = spare;
    this.#maxLines = spare;
  }

  /** The last of each key, in the order in which they were written. */
  read(): Entry[] {
    const kept = this.#lastOfEach();
    this.#write(kept);
    return [...kept.values()];
  }

  add(entry: Entry): void {
    appendFileSync(this.#file, lineOf(entry));
    this.#lines += 1;
    if (this.#lines > this.#maxLines) this.#write(this.#lastOfEach());
  }

  #lastOfEach(): Map<string, Entry> {
    const kept = new Map<string, Entry>();
    if (!existsSync(this.#file)) return kept;
    for (const line of readFileSync(this.#file, 'utf8').split('\n')) {
      try {
        if (!line) continue;
        const entry = JSON.parse(line) as Entry;
        const key = this.#keyOf(entry);
        kept.delete(key);
        kept.set(key, entry);
      } catch {
        // The last line of a killed world may be torn: its write was never answered.
      }
    }
    return kept;
  }

  /** A kill leaves the old file or the new one. */
  #write(kept: ReadonlyMap<string, Entry>): void {
    const fresh = `${this.#file}.new`;
    writeFileSync(fresh, Array.from(kept.values(), lineOf).join(''));
    renameSync(fresh, this.#file);
    this.#lines = kept.size;
    this.#maxLines = 2 * kept.size + this.#spare;
  }
}

function lineOf(entry: unknown): string {
  return `${JSON.stringify(entry)}\n`;
}
