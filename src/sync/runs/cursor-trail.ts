// Notices a reading that goes round in circles. It knows no vendor, and keeps no more than one cursor however long it reads.
import { createHash } from 'node:crypto';
import { type Json, type Page, RejectedError } from '../../connector.ts';

/** The same records on so many pages in a row are no coincidence, whatever the cursors say. */
const samePagesMax = 10;

export class CursorTrail {
  readonly #what: string;
  /** A cursor met before (Brent's algorithm): moved up to the present one after 1, 2, 4, 8 … pages. */
  #kept: string;
  #pages = 0;
  #moveAt = 1;
  #records = '';
  #samePages = 0;

  /** `what`: whose pages these are, for what is said. `begun`: the cursor that the reading begins at. */
  constructor(what: string, begun: Json | null) {
    this.#what = what;
    this.#kept = JSON.stringify(begun);
  }

  /** Throws RejectedError where more would be read, and this page leads to where the reading has been before. */
  follow(page: Pick<Page, 'records' | 'cursor' | 'rest'>): void {
    if (page.rest) return;
    this.#pages += 1;
    const cursor = JSON.stringify(page.cursor);
    if (cursor === this.#kept) throw this.#loop('its cursor came back to one that was read from before');
    if (this.#pages === this.#moveAt) {
      this.#kept = cursor;
      this.#moveAt *= 2;
    }
    const records = fingerprint(page.records);
    this.#samePages = records !== '' && records === this.#records ? this.#samePages + 1 : 1;
    this.#records = records;
    if (this.#samePages >= samePagesMax)
      throw this.#loop(`the same records came ${samePagesMax} times in a row`);
  }

  #loop(why: string): RejectedError {
    return new RejectedError(
      `${this.#what} never end: after ${this.#pages} pages of this reading ${why}. Nothing behind them can be read.`,
      { code: 'endless_pages' },
    );
  }
}

function fingerprint(records: Page['records']): string {
  if (records.length === 0) return '';
  const hash = createHash('sha1');
  for (const { recordId, changedAt } of records) hash.update(`${recordId}\n${changedAt}\n`);
  return hash.digest('base64');
}
