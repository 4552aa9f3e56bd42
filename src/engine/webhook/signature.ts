// Whether a request is signed as a scheme says. Keys are prepared once; nothing in here throws at a request. It knows no vendor.
import { createHash, createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { momentOf } from '../../connector/reading.ts';
import type { Part, SignatureScheme } from '../../connector/webhook.ts';
import { unwrapped } from './decoding.ts';
import { type Finding, type RequestReading, wireBytes } from './request.ts';

/** One stretch of what is signed; `secret` stands for the key that is being tried. */
export type Stretch = Uint8Array | 'secret';

const digestBytes = { sha1: 20, sha256: 32, sha512: 64 };

export class SignatureJudge {
  readonly #scheme: SignatureScheme;
  /** As bytes, and as Node keeps them ready: a key of bytes is made ready anew for each request, which takes four times as long. */
  readonly #keys: readonly { bytes: Buffer; ready: KeyObject }[];
  readonly #hash: keyof typeof digestBytes;
  readonly #keyed: boolean;

  constructor(scheme: SignatureScheme) {
    const [first, second] = scheme.algorithm.split('-') as [string, string?];
    this.#scheme = scheme;
    this.#keys = scheme.secrets
      .map((secret) => keyOf(secret, scheme))
      .filter((bytes) => bytes !== null)
      .map((bytes) => ({ bytes, ready: createSecretKey(bytes) }));
    this.#hash = (second ?? first) as keyof typeof digestBytes;
    this.#keyed = second !== undefined;
  }

  judge(reading: RequestReading, now: number): Finding {
    const head = this.#head(reading);
    if ('fits' in head) return head;
    const { signatures, time } = head;
    const { body, sentBody } = reading.request;
    const stretches = stretchesOf(this.#scheme.message, reading, time);
    if (typeof stretches === 'string') return unfit(2, stretches);

    // All are compared, so that the time taken does not tell which one fits.
    let fits = false;
    const readings = [stretches];
    if (sentBody) readings.push(stretches.map((stretch) => (stretch === body ? sentBody : stretch)));
    for (const key of this.#keys) {
      for (const one of readings) {
        const digest = this.#digest(key, one);
        for (const signature of signatures) fits = timingSafeEqual(digest, signature) || fits;
      }
    }
    if (!fits) return unfit(3, `the signature in ${this.#scheme.header} does not match`);
    return this.#inTime(time, now);
  }

  /** Before the body is read: unfit where no body could make it fit. */
  judgeHead(reading: RequestReading, now: number): Finding {
    const head = this.#head(reading);
    return 'fits' in head ? head : this.#inTime(head.time, now);
  }

  #head(reading: RequestReading): Finding | { signatures: Buffer[]; time: string | null } {
    const { header, encoding, timestamp, message } = this.#scheme;
    if (this.#keys.length === 0) return unfit(0, 'the settings contain no usable secret');
    // A plain hash of what anyone can see is no signature.
    if (!this.#keyed && !message.includes('secret')) return unfit(0, 'the scheme does not sign a secret');
    const value = reading.header(header);
    if (value === undefined) return unfit(1, `the header ${header} is missing`);

    const signatures = this.#written(value)
      .map((text) => bytesOf(text, encoding))
      .filter((bytes) => bytes?.length === digestBytes[this.#hash]) as Buffer[];
    if (signatures.length === 0) return unfit(2, `the header ${header} contains no signature in ${encoding}`);

    const time = timestamp ? this.#timestamp(reading, value) : null;
    return time === undefined
      ? unfit(2, `the timestamp ${placeOf(timestamp!)} is missing`)
      : { signatures, time };
  }

  /** The signatures as they stand in the header. */
  #written(value: string): string[] {
    const { form = 'plain' } = this.#scheme;
    if (form === 'plain') return [value];
    if ('prefix' in form) return value.startsWith(form.prefix) ? [value.slice(form.prefix.length)] : [];
    if ('pairs' in form) return valuesOf(value, form.pairs, form.delimiter);
    return value
      .split(/[ \t]+/)
      .filter((item) => item.startsWith(`${form.tagged},`))
      .map((item) => item.slice(form.tagged.length + 1));
  }

  /** As it was sent, or undefined: where it is missing, and where a list names it more than once. */
  #timestamp(reading: RequestReading, signatureHeader: string): string | undefined {
    const { timestamp, form } = this.#scheme;
    if (!timestamp) return undefined;
    if ('header' in timestamp.from) return reading.header(timestamp.from.header);
    const delimiter = typeof form === 'object' && 'pairs' in form ? form.delimiter : undefined;
    const found = valuesOf(signatureHeader, timestamp.from.pair, delimiter);
    return found.length === 1 ? found[0] : undefined;
  }

  #digest({ bytes, ready }: { bytes: Buffer; ready: KeyObject }, stretches: readonly Stretch[]): Buffer {
    const hash = this.#keyed ? createHmac(this.#hash, ready) : createHash(this.#hash);
    for (const stretch of stretches) hash.update(stretch === 'secret' ? bytes : stretch);
    return hash.digest();
  }

  #inTime(text: string | null, now: number): Finding {
    const { timestamp } = this.#scheme;
    if (!timestamp || timestamp.toleranceSeconds === null) return { fits: true };
    const time = text === null ? undefined : timeOf(text, timestamp.unit);
    if (time === undefined)
      return unfit(4, `the timestamp ${placeOf(timestamp)} is not in ${timestamp.unit}`);
    const seconds = Math.abs(now - time) / 1000;
    if (seconds <= timestamp.toleranceSeconds) return { fits: true };
    return unfit(4, `the timestamp differs from the server's clock by ${Math.ceil(seconds)} s`);
  }
}

const unfit = (near: number, reason: string): Finding => ({ fits: false, near, reason });

function placeOf({ from }: NonNullable<SignatureScheme['timestamp']>): string {
  return 'header' in from ? `in the header ${from.header}` : `at ${from.pair} in the header`;
}

/** Null where the secret is none in its encoding, or has no bytes: with an empty key anyone can sign. */
export function keyOf(
  secret: string,
  { secretPrefix = '', secretEncoding = 'utf8' }: SignatureScheme,
): Buffer | null {
  const text = secret.startsWith(secretPrefix) ? secret.slice(secretPrefix.length) : secret;
  const isWritten =
    secretEncoding === 'utf8' ||
    (secretEncoding === 'hex' ? /^([0-9a-f]{2})+$/i : /^[A-Za-z0-9+/_-]+={0,2}$/).test(text);
  const key = isWritten ? Buffer.from(text, secretEncoding) : null;
  return key !== null && key.length > 0 ? key : null;
}

/** The values of a key in `t=1,v1=ab,v1=cd`. */
function valuesOf(list: string, key: string, delimiter = ','): string[] {
  return list
    .split(delimiter)
    .map((item) => item.trim())
    .filter((item) => item.startsWith(`${key}=`))
    .map((item) => item.slice(key.length + 1));
}

/** Null where the text is not written as it should be. */
function bytesOf(text: string, encoding: SignatureScheme['encoding']): Buffer | null {
  if (encoding === 'hex') return /^([0-9a-f]{2})+$/i.test(text) ? Buffer.from(text, 'hex') : null;
  const bytes = Buffer.from(text, encoding);
  const written = bytes.toString(encoding);
  // base64url is canonical with and without its padding (RFC 4648 §5).
  const padded = written.padEnd(Math.ceil(written.length / 4) * 4, '=');
  return text === written || text === padded ? bytes : null;
}

/** Epoch milliseconds, or undefined. */
function timeOf(text: string, unit: 'seconds' | 'milliseconds' | 'iso'): number | undefined {
  const isNumber = /^\d{1,15}$/.test(text);
  if (unit === 'iso') return isNumber ? undefined : momentOf(text);
  return isNumber ? Number(text) * (unit === 'seconds' ? 1000 : 1) : undefined;
}

/** What is signed, or why there is nothing that could be. */
export function stretchesOf(
  message: readonly Part[],
  reading: RequestReading,
  time: string | null,
): Stretch[] | string {
  const stretches: Stretch[] = [];
  for (const part of message) {
    const stretch = stretchOf(part, reading, time);
    if (stretch === null) return `a signed part is missing: ${nameOf(part)}`;
    stretches.push(stretch);
  }
  return stretches;
}

function stretchOf(part: Part, reading: RequestReading, time: string | null): Stretch | null {
  const { request } = reading;
  if (part === 'body') return request.body;
  if (part === 'method') return Buffer.from(request.method);
  if (part === 'url') return Buffer.from(request.url);
  if (part === 'secret') return 'secret';
  if (part === 'timestamp') return time === null ? null : wireBytes(time);
  if (part === 'compact') return bytesOrNull(reading.compact((body) => body));
  if ('literal' in part) return Buffer.from(part.literal);
  if ('url' in part) return Buffer.from(decoded(request.url, part.escapes));
  if ('header' in part) {
    const value = reading.header(part.header);
    return value === undefined ? null : wireBytes(value);
  }
  const { element, unwrap } = part;
  return bytesOrNull(
    reading.compact((list) => {
      if (!Array.isArray(list) || (element === 'only' && list.length !== 1)) return undefined;
      return unwrap === undefined ? list[0] : unwrapped(list[0] ?? null, unwrap);
    }),
  );
}

function bytesOrNull(text: string | undefined): Buffer | null {
  return text === undefined ? null : Buffer.from(text);
}

/** Each escape at most once, so that `%253A` stays `%3A` that was escaped. */
function decoded(url: string, escapes: readonly string[]): string {
  const known = new Set(escapes.map((written) => written.toUpperCase()));
  return url.replace(/%[0-7][0-9a-f]/gi, (written) =>
    known.has(written.toUpperCase()) ? String.fromCharCode(Number.parseInt(written.slice(1), 16)) : written,
  );
}

function nameOf(part: Part): string {
  if (part === 'timestamp') return 'the timestamp';
  if (typeof part === 'object' && 'header' in part) return `the header ${part.header}`;
  return typeof part === 'object' && 'element' in part ? 'one element of a JSON list' : 'a JSON body';
}
