// Where a command writes: results to one stream, what it says meanwhile to the other. It knows no command.

import type { Writable } from 'node:stream';
import { textWidth } from './text-width.ts';

export interface Terminal {
  /** Results. */
  out: Writable;
  /** Progress, warnings, errors. */
  err: Writable;
  /** A person looks at the stream: bars may be drawn. */
  outIsTerminal: boolean;
  errIsTerminal: boolean;
  /** Lines of the log may have colours on a terminal. */
  colors: boolean;
  /** Characters that fit into a line. */
  columns: number;
}

/** Control characters but for line ends and tabs, and marks that turn the direction of a text: a terminal would obey them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const obeyed = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** The text as a terminal may be given it, whatever a vendor has put into it. */
export function printable(text: string): string {
  return text.replace(obeyed, '\ufffd');
}

/** JSON of the same value, in which what a terminal would obey is written as escapes. */
export function printableJson(value: unknown, indent = 0): string {
  const escaped = (one: string) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value, null, indent).replace(obeyed, escaped);
}

/** A result. */
export function print(terminal: Terminal, text: string): void {
  terminal.out.write(`${printable(text)}\n`);
}

/** A warning, an error, or what is said beside the result. */
export function printError(terminal: Terminal, text: string): void {
  terminal.err.write(`${printable(text)}\n`);
}

/** Columns aligned, two blanks between them. Every row has as many cells as the head. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => textWidth(row[column] ?? ''))));
  return all
    .map((row) =>
      row
        .map((cell, column) => padded(cell, widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Filled up with blanks to a width; a wide character takes two columns. `right`: the blanks come first. */
export function padded(text: string, width: number, right = false): string {
  const blanks = ' '.repeat(Math.max(width - textWidth(text), 0));
  return right ? blanks + text : text + blanks;
}

/** The beginning of a text that fits into so many columns. */
function cut(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let kept = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (textWidth(kept + segment) > width) break;
    kept += segment;
  }
  return kept;
}

/** Lines of at most `columns` columns, broken at blanks; a longer word has a line of its own. */
export function wrapped(text: string, columns: number): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line === '') lines[lines.length - 1] = word;
    else if (textWidth(line) + 1 + textWidth(word) <= columns) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}

/** One line that is drawn over again: a bar on a terminal, else a plain line every few seconds. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #silent: boolean;
  #shown = '';
  #shownAt = Number.NEGATIVE_INFINITY;

  constructor(terminal: Terminal, options: { silent?: boolean } = {}) {
    this.#terminal = terminal;
    this.#silent = options.silent ?? false;
  }

  /** `share`: how much is done, 0 to 1, or null where nobody knows. `now`: epoch milliseconds. */
  show(given: string, share: number | null, now: number): void {
    const text = printable(given);
    if (this.#silent || text === this.#shown) return;
    const { err, errIsTerminal, columns } = this.#terminal;
    if (errIsTerminal) {
      const line = share === null ? text : `${bar(share)} ${text}`;
      err.write(`\r\x1b[K${cut(line, Math.max(columns - 1, 20))}`);
    } else {
      if (now - this.#shownAt < 5_000) return;
      err.write(`${text}\n`);
    }
    this.#shown = text;
    this.#shownAt = now;
  }

  /** Clears the line that was drawn over. */
  end(): void {
    if (this.#terminal.errIsTerminal && this.#shown !== '') this.#terminal.err.write('\r\x1b[K');
    this.#shown = '';
  }
}

const barWidth = 20;

function bar(share: number): string {
  const full = Math.round(Math.min(Math.max(share, 0), 1) * barWidth);
  return `[${'#'.repeat(full)}${'-'.repeat(barWidth - full)}] ${String(Math.floor(Math.min(share, 1) * 100)).padStart(3)} %`;
}
