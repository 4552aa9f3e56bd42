// Lines that outlive a kill: each is in the file before the answer that tells of it. It does not know what they say.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

export class Journal<Entry> {
  readonly #file: string;
  lines = 0;

  constructor(file: string) {
    this.#file = file;
  }

  *read(): Iterable<Entry> {
    if (!existsSync(this.#file)) return;
    for (const line of readFileSync(this.#file, 'utf8').split('\n')) {
      this.lines += 1;
      try {
        if (line) yield JSON.parse(line) as Entry;
      } catch {
        // The last line of a killed world may be torn: its write was never answered.
      }
    }
  }

  add(entry: Entry): void {
    appendFileSync(this.#file, `${JSON.stringify(entry)}\n`);
  }
}
