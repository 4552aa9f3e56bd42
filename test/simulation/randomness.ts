// Everything random of this process from one seed, for as long as a simulation runs: its own draws, Node's, and those of the
// product. It does not know what is drawn.
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { randomOf } from '../support/random.ts';

export type Random = () => number;

/** A stream of its own for each purpose, so that one more draw here changes nothing there. */
export function streamOf(seed: number, purpose: string): Random {
  const hash = crypto.createHash('sha256').update(`${seed} ${purpose}`).digest();
  return randomOf(hash.readInt32LE(0));
}

/** Until the function that it returns is called, nothing in this process is random but by this seed. */
export function seedProcess(seed: number): () => void {
  const random = streamOf(seed, 'process');
  const kept = { random: Math.random, uuid: crypto.randomUUID, bytes: crypto.randomBytes };
  const bytesOf = (size: number) =>
    Buffer.from(Array.from({ length: size }, () => Math.floor(random() * 256)));
  Math.random = random;
  crypto.randomBytes = bytesOf as unknown as typeof crypto.randomBytes;
  crypto.randomUUID = () => {
    const bytes = bytesOf(16);
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') as ReturnType<
      typeof crypto.randomUUID
    >;
  };
  syncBuiltinESMExports();
  return () => {
    Math.random = kept.random;
    crypto.randomBytes = kept.bytes;
    crypto.randomUUID = kept.uuid;
    syncBuiltinESMExports();
  };
}
