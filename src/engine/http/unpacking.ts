// The body of an answer unpacked, within what the heap can hold. It knows neither the vendor nor what the body says.
import { promisify } from 'node:util';
import { getHeapStatistics } from 'node:v8';
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';

/** Enough for any page that a vendor documents, whatever the heap holds. */
const maxBytes = 64 * 1024 * 1024;
/** Of the heap, for one body: it is a text first, then objects, then a statement, while the next page is on its way. */
const shareOfHeap = 1 / 16;
/** The same with the objects counted that the body becomes. */
const shareOfHeapParsed = 1 / 8;
/** What a value costs beyond its text, bytes: measured between 16 (an item of a list) and 56 (an object of one key). */
const bytesPerValue = 24;

/** How much of a body this process holds: its bytes, and its bytes with what its values cost once they are parsed. */
export interface BodyLimits {
  bytes: number;
  parsedBytes: number;
}

/** `heapBytes`: default what V8 allows this process. */
export function bodyLimits(heapBytes: number = getHeapStatistics().heap_size_limit): BodyLimits {
  const bytes = Math.min(maxBytes, Math.floor(heapBytes * shareOfHeap));
  return { bytes, parsedBytes: Math.max(Math.floor(heapBytes * shareOfHeapParsed), 2 * bytes) };
}

export class BodyTooLargeError extends Error {
  override name = 'BodyTooLargeError';
}

/** A list of more has no honest sender, and each costs as much as the first. */
const maxEncodings = 3;

const unpackers: { readonly [encoding: string]: (body: Buffer, most: number) => Promise<Buffer> } = {
  gzip: (body, maxOutputLength) => promisify(gunzip)(body, { maxOutputLength }),
  'x-gzip': (body, maxOutputLength) => promisify(gunzip)(body, { maxOutputLength }),
  deflate: (body, maxOutputLength) => promisify(inflate)(body, { maxOutputLength }),
  br: (body, maxOutputLength) => promisify(brotliDecompress)(body, { maxOutputLength }),
  zstd: (body, maxOutputLength) => promisify(zstdDecompress)(body, { maxOutputLength }),
};

/**
 * The body without its content encodings (`gzip`, or several, the last one applied last). Throws BodyTooLargeError before
 * more than the limits allow is unpacked or parsed, and the unpacker's own error where the body is damaged.
 */
export async function unpacked(
  body: Buffer,
  encoding: string | undefined,
  limits: BodyLimits = bodyLimits(),
): Promise<Buffer> {
  const names = (encoding ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  const applied = names.filter((name) => name !== '' && name !== 'identity');
  if (applied.length > maxEncodings)
    throw new Error(`a body with ${applied.length} content encodings is not read`);
  let plain = body;
  for (const name of applied.reverse()) {
    if (plain.length === 0) continue;
    const unpack = Object.hasOwn(unpackers, name) ? unpackers[name] : undefined;
    if (!unpack) throw new Error(`the content encoding ${name.slice(0, 40)} is not supported`);
    plain = await unpack(plain, limits.bytes).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ERR_BUFFER_TOO_LARGE' ? new BodyTooLargeError('unpacked') : error;
    });
  }
  if (plain.length > limits.bytes || parsedBytes(plain, limits.parsedBytes) > limits.parsedBytes)
    throw new BodyTooLargeError('plain');
  return plain;
}

/** What the body is about to cost as objects, at least where that may exceed `most`. */
function parsedBytes(body: Buffer, most: number): number {
  let bytes = body.length;
  if (bytes * (1 + bytesPerValue) <= most) return bytes;
  // Each value but the first of its list or object follows a comma; the first follows the bracket.
  for (const byte of body) if (byte === 0x2c || byte === 0x5b || byte === 0x7b) bytes += bytesPerValue;
  return bytes;
}
