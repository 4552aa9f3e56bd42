// Statements signed with Ed25519 under a key that is made of a secret key, and checked by the public half. It knows no rows.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import type { Json } from '../connector.ts';
import type { PublicKey, Signed, Statement } from '../contract/receipt.ts';
import { canonicalJson } from '../customer/json.ts';

/** What stands before the 32 bytes of a private key in PKCS #8 (RFC 8410). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

interface KeyPair {
  privateKey: KeyObject;
  publicKey: PublicKey;
}

/** All workers that are given the same secret key sign with the same key, and none stores it. */
export class ReceiptSigner {
  readonly #pairs: readonly KeyPair[];

  /** `secretKeys`: the first one signs; receipts signed under all of them are known. */
  constructor(secretKeys: readonly string[]) {
    this.#pairs = secretKeys.map(pairOf);
  }

  /** The public halves, the one that signs first. */
  get publicKeys(): PublicKey[] {
    return this.#pairs.map(({ publicKey }) => publicKey);
  }

  /** Null where there is no key. */
  sign<Kind extends Statement>(statement: Kind): Signed<Kind> | null {
    const [pair] = this.#pairs;
    if (!pair) return null;
    const value = sign(null, bytesOf(statement), pair.privateKey).toString('base64url');
    return { statement, signature: { algorithm: 'Ed25519', keyId: pair.publicKey.kid, value } };
  }
}

function pairOf(secretKey: string): KeyPair {
  const seed = Buffer.from(hkdfSync('sha256', secretKey, '', 'tributary receipts', 32));
  const privateKey = createPrivateKey({
    key: Buffer.concat([pkcs8Prefix, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  const kid = createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url');
  return { privateKey, publicKey: { kty: 'OKP', crv: 'Ed25519', x, kid, use: 'sig', alg: 'EdDSA' } };
}

/** What is wrong with a receipt, or null where its signature holds. */
export function signatureFault(
  { statement, signature }: Signed,
  keys: readonly Pick<PublicKey, 'kid' | 'x'>[],
): string | null {
  const key = keys.find(({ kid }) => kid === signature.keyId);
  if (!key) return `no key given has the ID ${signature.keyId}`;
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key.x }, format: 'jwk' });
  const holds = verify(null, bytesOf(statement), publicKey, Buffer.from(signature.value, 'base64url'));
  return holds ? null : 'the signature is not of this statement';
}

function bytesOf(statement: Statement): Buffer {
  return Buffer.from(canonicalJson(statement as unknown as Json));
}
