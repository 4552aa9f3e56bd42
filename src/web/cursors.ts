// Cursors of lists that are ordered by what may be personal, such as a source ID that is an e-mail address: they are sealed, so
// that who may not see it can still read on.
import { Problem } from './problem.ts';
import { keyFor, seal, unseal } from './sealing.ts';

export class Cursors {
  readonly #key: Buffer;

  /** Every worker has the same token, and so opens the cursors of the others. */
  constructor(apiToken: string) {
    this.#key = keyFor(apiToken, 'tributary cursor');
  }

  /** The cursor of the page behind this place; null where there is none. */
  seal(place: string | null): string | null {
    return place === null ? null : seal(this.#key, place).toString('base64url');
  }

  /** Throws the problem where the cursor is not one of ours. */
  open(cursor: string | undefined): string | undefined {
    if (cursor === undefined) return undefined;
    try {
      return unseal(this.#key, Buffer.from(cursor, 'base64url'));
    } catch {
      const allowed = '`nextCursor` of the previous page';
      throw new Problem(400, `cursor is an unknown cursor; allowed: ${allowed}. Begin without one.`, {
        type: 'bad-input',
        faults: [{ path: 'cursor', found: JSON.stringify(cursor).slice(0, 200), allowed }],
      });
    }
  }
}
