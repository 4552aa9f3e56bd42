// Rows of one page that share an ID although they describe different people. The last row replaces the others, and a
// note reports it.
import type { Note, SourceRecord } from './source.ts';

const mailName = /^e-?mail([ _-]?address)?$/i;
const personName = /^((full|customer)[ _-]?)?name$|^(first|last|sur|given|family)[ _-]?name$/i;

export class People {
  readonly #mail: readonly string[];
  readonly #name: readonly string[];
  readonly #met = new Map<string, { mail: string; name: string }>();
  #count = 0;

  constructor(columns: readonly string[]) {
    this.#mail = columns.filter((column) => mailName.test(column));
    this.#name = columns.filter((column) => personName.test(column));
  }

  meet({ recordId, body }: SourceRecord): void {
    const textOf = (columns: readonly string[]) =>
      columns
        .map((column) => String(body[column]).trim().toLowerCase())
        .join(' ')
        .trim();
    const person = { mail: textOf(this.#mail), name: textOf(this.#name) };
    const known = this.#met.get(recordId);
    const differs = (a: string, b: string) => a !== '' && b !== '' && a !== b;
    if (known && (differs(known.mail, person.mail) || differs(known.name, person.name))) this.#count += 1;
    this.#met.set(recordId, person);
  }

  get notes(): Note[] {
    if (this.#count === 0) return [];
    const message =
      'Rows share an ID although their e-mail addresses or names belong to different people. Only the last row of each ID is kept. Check which column identifies a row.';
    return [{ code: 'csv_same_id', message, count: this.#count }];
  }
}
