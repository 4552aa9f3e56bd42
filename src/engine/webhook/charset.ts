// The charset of a body: its byte order mark, what the source's settings say, what the request names, or UTF-8. It knows
// no form and no vendor.
import { isAscii, isUtf8 } from 'node:buffer';
import { UndecodableError } from './undecodable.ts';

export interface Charset {
  /** As TextDecoder names it: `utf-8`, `windows-1252`. */
  name: string;
  /** Who says so, for the sentence about a body that is not valid in it. */
  from: 'mark' | 'setting' | 'request' | 'default';
}

/** TextDecoder's own name of a charset, or null where the runtime does not support it. */
export function knownCharset(label: string): string | null {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return null;
  }
}

/**
 * `setting`: the charset that a person has set, which wins over what the request names, since senders add `charset=utf-8`
 * to whatever they send. `isXml`: an XML declaration counts too (RFC 7303, section 3). Throws UndecodableError.
 */
export function charsetOf(
  body: Uint8Array,
  { setting, contentType, isXml }: { setting: string | null; contentType: string; isXml: boolean },
): Charset {
  const mark = byteOrderMark(body);
  if (mark !== null) return { name: mark, from: 'mark' };
  if (setting !== null) return { name: setting, from: 'setting' };
  const label = labelIn(contentType) ?? (isXml ? xmlEncoding(body) : null);
  if (label === null) return { name: utf16Of(body) ?? 'utf-8', from: 'default' };
  const known = knownCharset(label);
  // The mark is missing, and the label does not say which byte comes first.
  if (known?.startsWith('utf-16')) return { name: utf16Of(body) ?? known, from: 'request' };
  // To the runtime ASCII is windows-1252, as to browsers. A body that is no ASCII and is UTF-8 is surely that.
  if (/ascii/i.test(label) && !isAscii(body) && isUtf8(body)) return { name: 'utf-8', from: 'default' };
  if (known !== null) return { name: known, from: 'request' };
  if (isAscii(body)) return { name: 'utf-8', from: 'default' };
  throw new UndecodableError(
    `The request names the charset ${label}, which is not supported: ${whatToSet('its actual charset')}.`,
  );
}

/** Throws UndecodableError where the bytes are not valid in the charset. */
export function textIn(charset: Charset, bytes: Uint8Array, what = 'The body'): string {
  try {
    return new TextDecoder(charset.name, { fatal: true }).decode(bytes);
  } catch {
    throw new UndecodableError(`${what} is not valid ${shownName(charset.name)}, ${reasonOf(charset)}.`);
  }
}

function reasonOf({ from }: Charset): string {
  if (from === 'mark') return 'the charset that its byte order mark names';
  if (from === 'setting') return `the charset set in webhook.charset of the source: ${correctIt}`;
  const example = whatToSet('the charset that the sender uses, for example "windows-1252"');
  return `${from === 'request' ? 'the charset that the request names' : 'and the request names no charset'}: ${example}`;
}

const correctIt = 'correct that setting and replay the request';

function whatToSet(what: string): string {
  return `set webhook.charset of the source to ${what}, and replay the request`;
}

function shownName(name: string): string {
  return name.replace(/^utf/, 'UTF').replace(/^UTF-16(le|be)$/, (whole) => whole.toUpperCase());
}

function byteOrderMark(body: Uint8Array): string | null {
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) return 'utf-8';
  if (body[0] === 0xff && body[1] === 0xfe) return 'utf-16le';
  return body[0] === 0xfe && body[1] === 0xff ? 'utf-16be' : null;
}

/** UTF-16 without a mark: the first two characters of JSON and XML are ASCII, so every other byte is 0 (RFC 4627, section 3). */
function utf16Of([a, b, c, d]: Uint8Array): string | null {
  if (a === 0 && b && c === 0 && d) return 'utf-16be';
  return a && b === 0 && c && d === 0 ? 'utf-16le' : null;
}

/** Nothing else than these characters reaches a message. */
const label = /^[\w.:-]{1,40}$/;

function labelIn(contentType: string): string | null {
  const found = /;\s*charset\s*=\s*(?:"([^"]*)"|'([^']*)'|([^;\s]*))/i.exec(contentType);
  const name = (found?.[1] ?? found?.[2] ?? found?.[3] ?? '').trim();
  return label.test(name) ? name : null;
}

function xmlEncoding(body: Uint8Array): string | null {
  const start = Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, 200)).toString('latin1');
  const name = /^\s*<\?xml\s[^>]*?\bencoding\s*=\s*["']([^"']+)["']/.exec(start)?.[1] ?? '';
  return label.test(name) ? name : null;
}
