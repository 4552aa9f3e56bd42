// Rows that end before the last column. Spreadsheets omit empty cells there, so most short rows are complete. But an
// unquoted line break in a cell splits a row in two, and half a person is worse than none.
import { isNoKey, isSurelyKey } from '#connector/csv-ids';
import { isBlank, trimmed } from '#connector/csv-text';
import type { Layout } from './layout.ts';

/** So many lines of one broken row are kept together. */
const maxPieces = 100;

/** What is made of a row: `broken`, where it is a piece of a row that a line break has cut. */
export interface Settled<Row> {
  row: Row;
  broken: boolean;
}

/** Hands out rows in their order, a short one only when what follows has shown what it is. */
export class ShortRows<Row extends { fields: readonly string[] }> {
  readonly #layout: Layout;
  readonly #width: number;
  /** A short row that may be the beginning of a broken one, and pieces of it; or pieces alone. */
  #pending: Row[] = [];
  #hasPieces = false;

  constructor(layout: Layout, width: number) {
    this.#layout = layout;
    this.#width = width;
  }

  /** The rows that are settled now. Those of one list belong together. */
  push(row: Row): Settled<Row>[][] {
    if (row.fields.length >= this.#width) return [...this.end(), [{ row, broken: false }]];
    if (this.#isPiece(row)) {
      this.#hasPieces = true;
      this.#pending.push(row);
      return this.#pending.length > maxPieces ? this.end() : [];
    }
    if (this.#completes(row)) {
      const rows = [...this.#pending, row];
      this.#pending = [];
      this.#hasPieces = false;
      return [rows.map((piece) => ({ row: piece, broken: true }))];
    }
    const settled = this.end();
    this.#pending = [row];
    return settled;
  }

  /** What was held back: no row follows that could belong to it. */
  end(): Settled<Row>[][] {
    const rows = this.#pending;
    const broken = this.#hasPieces;
    this.#pending = [];
    this.#hasPieces = false;
    return rows.length > 0 ? [rows.map((row) => ({ row, broken }))] : [];
  }

  /** True where the row is a piece of another one: its cells are not what its columns hold. */
  #isPiece({ fields }: Row): boolean {
    const { keys, mail, mailless } = this.#layout;
    const [{ at, profile }] = keys as [Layout['keys'][number]];
    const key = trimmed(fields[at] ?? '');
    if (isNoKey(key, profile)) return true;
    if (fields.length === 1 && this.#width > 1) return !isSurelyKey(key, profile);
    const holds = (position: number) => !isBlank(fields[position] ?? '');
    const hasMail = (position: number) => fields[position]?.includes('@') ?? false;
    return mail.some((position) => holds(position) && !hasMail(position)) || mailless.some(hasMail);
  }

  /** True where this row and those before it are as many cells as one row has, cut once each. */
  #completes({ fields }: Row): boolean {
    if (this.#pending.length === 0) return false;
    const { keys, oftenShort } = this.#layout;
    const [{ at, profile }] = keys as [Layout['keys'][number]];
    if (isSurelyKey(trimmed(fields[at] ?? ''), profile)) return false;
    if (oftenShort && !this.#hasPieces) return false;
    const cells = this.#pending.reduce((sum, row) => sum + row.fields.length, fields.length);
    return cells - this.#pending.length === this.#width;
  }
}
