// Notices a reading that goes round in circles. It knows no vendor, and keeps no more than one page's marks however long it
// reads.
import { hash } from 'node:crypto';
import { type Json, RejectedError } from '../../connector.ts';

/** The same records on so many pages are no coincidence, whatever the cursors say. */
const samePagesMax = 10;

/** A vendor may list all of its deletions, of which none is new; but no vendor lists ten million of them. */
const emptyPagesMax = 100_000;

/** One page of anything, as far as it shows whether reading gets on. */
export interface Leaf {
  records: readonly { recordId: string; changedAt?: number }[];
  cursor: Json;
  done: boolean;
}

export class CursorTrail {
  readonly #what: string;
  /** A page met before (Brent's algorithm): moved up to the present one after 1, 2, 4, 8 … pages. */
  #kept: { cursor: string; records: string; comeBack: number };
  #pages = 0;
  #emptyPages = 0;
  #moveAt = 1;

  /** `what`: whose pages these are, for what is said. `begun`: the cursor that the reading begins at. */
  constructor(what: string, begun: Json | null) {
    this.#what = what;
    this.#kept = { cursor: JSON.stringify(begun), records: '', comeBack: 0 };
  }

  /** Throws RejectedError where more would be read, and this page leads to where the reading has been before. */
  follow({ records, cursor, done }: Leaf): void {
    if (done) return;
    this.#pages += 1;
    const kept = this.#kept;
    const here = { cursor: JSON.stringify(cursor), records: fingerprint(records), comeBack: 0 };
    if (here.cursor === kept.cursor) throw this.#loop('a cursor that had already been used came back');
    if (here.records !== '' && here.records === kept.records) {
      kept.comeBack += 1;
      here.comeBack = kept.comeBack;
    }
    if (kept.comeBack >= samePagesMax) throw this.#loop(`the same records came back ${samePagesMax} times`);
    this.#emptyPages = records.length === 0 ? this.#emptyPages + 1 : 0;
    if (this.#emptyPages >= emptyPagesMax) throw this.#loop(`${emptyPagesMax} pages in a row were empty`);
    if (this.#pages !== this.#moveAt) return;
    this.#kept = here;
    this.#moveAt *= 2;
  }

  #loop(why: string): RejectedError {
    return new RejectedError(
      `${this.#what} never end: after ${this.#pages} pages, ${why}. Later records cannot be read.`,
      { code: 'endless_pages' },
    );
  }
}

function fingerprint(records: Leaf['records']): string {
  if (records.length === 0) return '';
  const lines = records.map(({ recordId, changedAt }) => `${recordId}\n${changedAt ?? ''}\n`);
  return hash('sha1', lines.join(''), 'base64');
}
