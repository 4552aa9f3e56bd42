// Texts that only this installation can read: AES-256-GCM under a key made of a secret key. It does not know what is
// sealed.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** What was sealed under a key that is not configured, for another context, or changed since. */
export class UnsealedError extends Error {
  override name = 'UnsealedError';
}

interface Key {
  /** Tells which key sealed a text, and nothing about it. */
  id: string;
  key: Buffer;
}

export class Seal {
  readonly #keys: readonly [Key, ...Key[]];

  /** `secretKeys`: the first one seals, all of them open. `purpose`: what is sealed for one is not to be read for another. */
  constructor(secretKeys: readonly [string, ...string[]], purpose: string) {
    const derived = (secretKey: string): Key => ({
      id: Buffer.from(hkdfSync('sha256', secretKey, '', 'tributary key id', 4)).toString('hex'),
      key: Buffer.from(hkdfSync('sha256', secretKey, '', `tributary ${purpose}`, 32)),
    });
    const [first, ...older] = secretKeys;
    this.#keys = [derived(first), ...older.map(derived)];
  }

  /** `context` is not kept, and must be the same when it is opened: whose it is. */
  seal(text: string, context: string): string {
    const [{ id, key }] = this.#keys;
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return `${id}.${Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64')}`;
  }

  /** Throws UnsealedError. */
  open(sealed: string, context: string): string {
    // Values of earlier releases do not name their key.
    const [, id, content = ''] = /^(?:([0-9a-f]{8})\.)?(.*)$/s.exec(sealed) ?? [];
    const bytes = Buffer.from(content, 'base64');
    const keys = this.#keys.filter((key) => id === undefined || key.id === id);
    let cause: unknown;
    for (const { key } of keys) {
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 })
          .setAAD(Buffer.from(context))
          .setAuthTag(bytes.subarray(12, 28));
        return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
      } catch (error) {
        cause = error;
      }
    }
    throw new UnsealedError('The stored value cannot be decrypted: its secret key is not configured.', {
      cause,
    });
  }

  /** Whether the first key sealed it. */
  isCurrent(sealed: string): boolean {
    return sealed.startsWith(`${this.#keys[0].id}.`);
  }
}
