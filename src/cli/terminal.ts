// Where a command writes: results to one stream, what it says meanwhile to the other. It knows no command.

import type { Writable } from 'node:stream';
import stringWidth from 'string-width';

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

export function print(terminal: Terminal, text: string): void {
  terminal.out.write(`${text}\n`);
}

/** Columns aligned, two blanks between them. Every row has as many cells as the head. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => stringWidth(row[column] ?? ''))));
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
  const blanks = ' '.repeat(Math.max(width - stringWidth(text), 0));
  return right ? blanks + text : text + blanks;
}

/** The beginning of a text that fits into so many columns. */
function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (stringWidth(kept + segment) > width) break;
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
    else if (stringWidth(line) + 1 + stringWidth(word) <= columns)
      lines[lines.length - 1] = `${line} ${word}`;
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
  show(text: string, share: number | null, now: number): void {
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
