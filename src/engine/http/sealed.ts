// Texts that only this installation can read: AES-256-GCM under a key made of the secret key. It does not know what is
// sealed.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** What was sealed under another key, or changed since. */
export class UnsealedError extends Error {
  override name = 'UnsealedError';
}

export class Seal {
  readonly #key: Buffer;

  /** `purpose`: what is sealed for one is not to be read for another. */
  constructor(secretKey: string, purpose: string) {
    this.#key = Buffer.from(hkdfSync('sha256', secretKey, '', `tributary ${purpose}`, 32));
  }

  /** `context` is not kept, and must be the same when it is opened: whose it is. */
  seal(text: string, context: string): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(context));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
  }

  /** Throws UnsealedError. */
  open(sealed: string, context: string): string {
    const bytes = Buffer.from(sealed, 'base64');
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, 12))
        .setAAD(Buffer.from(context))
        .setAuthTag(bytes.subarray(12, 28));
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
    } catch (cause) {
      throw new UnsealedError('The stored value cannot be decrypted: the secret key has changed.', { cause });
    }
  }
}
