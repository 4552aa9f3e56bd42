// Cursors of lists that are ordered by what may be personal, such as a source ID that is an e-mail address: they are sealed, so
// that who may not see it can still read on.
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { Problem } from './problem.ts';

const [ivBytes, tagBytes] = [12, 16];

export class Cursors {
  readonly #key: Buffer;

  /** Every worker has the same token, and so opens the cursors of the others. */
  constructor(apiToken: string) {
    this.#key = createHmac('sha256', apiToken).update('tributary cursor').digest();
  }

  /** The cursor of the page behind this place; null where there is none. */
  seal(place: string | null): string | null {
    if (place === null) return null;
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv, { authTagLength: tagBytes });
    const sealed = [iv, cipher.update(place, 'utf8'), cipher.final(), cipher.getAuthTag()];
    return Buffer.concat(sealed).toString('base64url');
  }

  /** Throws the problem where the cursor is not one of ours. */
  open(cursor: string | undefined): string | undefined {
    if (cursor === undefined) return undefined;
    try {
      const sealed = Buffer.from(cursor, 'base64url');
      const tag = sealed.subarray(-tagBytes);
      const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(0, ivBytes), {
        authTagLength: tagBytes,
      });
      decipher.setAuthTag(tag);
      return decipher.update(sealed.subarray(ivBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8');
    } catch {
      const allowed = '`nextCursor` of the previous page';
      throw new Problem(400, `cursor is an unknown cursor; allowed: ${allowed}. Begin without one.`, {
        type: 'bad-input',
        faults: [{ path: 'cursor', found: JSON.stringify(cursor).slice(0, 200), allowed }],
      });
    }
  }
}
