// The lines below a table, as reports have them: one cell each, after an empty line, to the end of the file.
import { isNoKey, isSurelyKey, type KeyProfile } from './csv-ids.ts';
import { isBlank, trimmed } from './csv-text.ts';

/** A longer footer is read as rows. */
const maxLines = 100;

/** Holds lines back that may be a footer, until a row follows or the file ends. */
export class Footer<Row extends { fields: readonly string[] }> {
  readonly #width: number;
  readonly #key: { at: number; profile: KeyProfile };
  #lines: Row[] = [];
  #afterEmpty = false;

  constructor(width: number, key: { at: number; profile: KeyProfile }) {
    this.#width = width;
    this.#key = key;
  }

  /** True where this line is held back, or is an empty one among those that are. `line`: null for an empty one. */
  holds(line: Row | null): boolean {
    if (line === null) {
      this.#afterEmpty = true;
      return true;
    }
    if (!this.#afterEmpty || this.#lines.length >= maxLines || !this.#isNote(line.fields)) return false;
    this.#lines.push(line);
    return true;
  }

  /** The lines that were held back. */
  rows(): Row[] {
    const lines = this.#lines;
    this.#lines = [];
    this.#afterEmpty = false;
    return lines;
  }

  #isNote(fields: readonly string[]): boolean {
    const [text = '', ...others] = fields.filter((cell) => !isBlank(cell)).map(trimmed);
    const { at, profile } = this.#key;
    if (this.#width === 1 || others.length > 0 || text === '') return false;
    if (isBlank(fields[at] ?? '')) return true;
    return isNoKey(text, profile) || (/\s/.test(text) && !isSurelyKey(text, profile));
  }
}
