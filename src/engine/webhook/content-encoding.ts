// What Content-Encoding says was done to a body, undone: never beyond a number of bytes, so that a bomb ends early. It
// knows no request.
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { knownCharset } from './charset.ts';

/** More bytes would come out than are allowed. */
export class UnpackedTooLargeError extends Error {
  override name = 'UnpackedTooLargeError';
}

/** The bytes are not what the encoding says. */
export class NotPackedError extends Error {
  override name = 'NotPackedError';
}

type Unpack = (body: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>;

const gunzip: Unpack = promisify(zlib.gunzip);
const inflate: Unpack = promisify(zlib.inflate);
const inflateRaw: Unpack = promisify(zlib.inflateRaw);

const unpackers: { readonly [encoding: string]: Unpack } = {
  gzip: gunzip,
  'x-gzip': gunzip,
  // RFC 9110 means zlib's format; some senders leave its two bytes of header out.
  deflate: (body, options) => (isZlib(body) ? inflate : inflateRaw)(body, options),
  br: promisify(zlib.brotliDecompress),
  // Node has it from 22.15 on.
  ...(zlib.zstdDecompress && { zstd: promisify(zlib.zstdDecompress) as Unpack }),
};

/** A list of more has no honest sender, and each costs work. */
const maxEncodings = 3;

export const knownEncodings = Object.keys(unpackers).join(', ');

/** The encodings of a header, as they were applied; null where one of them is unknown, or where there are too many. */
export function encodingsIn(header: string | undefined): string[] | null {
  const names = (header ?? '').split(',').map((name) => name.trim().toLowerCase());
  const applied = names.filter((name) => !isNothing(name));
  const areKnown = applied.every((name) => Object.hasOwn(unpackers, name));
  return areKnown && applied.length <= maxEncodings ? applied : null;
}

/** Some senders write the charset into this header (`Content-Encoding: UTF-8`): nothing was done to their bodies. */
function isNothing(name: string): boolean {
  return ['', 'identity', 'none'].includes(name) || knownCharset(name) !== null;
}

/** Throws UnpackedTooLargeError and NotPackedError. */
export async function unpacked(
  body: Uint8Array,
  encodings: readonly string[],
  maxBytes: number,
): Promise<Uint8Array> {
  let bytes = body;
  for (const encoding of encodings.toReversed()) {
    // A proxy that unpacks may leave the header as it was.
    if (encoding.endsWith('gzip') ? !isGzip(bytes) : isPlainJson(bytes)) continue;
    bytes = await undone(unpackers[encoding]!, encoding, bytes, maxBytes);
  }
  return bytes;
}

async function undone(unpack: Unpack, encoding: string, body: Uint8Array, maxBytes: number): Promise<Buffer> {
  try {
    return await unpack(body, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new UnpackedTooLargeError(`more than ${maxBytes} bytes`);
    throw new NotPackedError(`not ${encoding}`, { cause: error });
  }
}

function isGzip(body: Uint8Array): boolean {
  return body[0] === 0x1f && body[1] === 0x8b;
}

/** The other encodings have no sign of their own at which each body could be known. */
function isPlainJson(body: Uint8Array): boolean {
  if (body[0] !== 0x7b && body[0] !== 0x5b) return false;
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    return true;
  } catch {
    return false;
  }
}

/** RFC 1950: method 8, and the first two bytes are a multiple of 31. */
function isZlib([first = 0, second = 0]: Uint8Array): boolean {
  return (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0;
}
