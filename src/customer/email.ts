// E-mail addresses: what surrounds one is taken off, and what can be delivered nowhere is refused. It knows no fields.
import { cleanText, visible } from './json.ts';

/** The address in lower case and as `written`, or why there is none: `several` is more than one of them. */
export type Email = { value: string; written: string } | { fault: 'none' | 'several' };

const quotes: readonly (readonly [string, string])[] = [
  ['"', '"'],
  ["'", "'"],
  ['`', '`'],
  ['“', '”'],
  ['„', '”'],
  ['„', '“'],
  ['‘', '’'],
  ['«', '»'],
];
/** An address has 320 characters at most; the rest is room for a name. What is longer is not searched: that could take minutes. */
const maxLength = 2_000;
const between = /[\s,;|/]+/;
/** No rule for dots: there are mailboxes with two in a row, or one at the end. */
const plainLocal = /^[^\s"(),:;<>@[\\\]\p{Cc}]+$/u;
const quotedLocal = /^"(?:[^"\\\p{Cc}]|\\[^\p{Cc}])+"$/u;
const label = /^(?![-])(?:[a-z0-9_-]|[^\p{ASCII}\p{P}\p{Z}\p{C}]){1,63}(?<!-)$/u;
const addressLiteral = /^\[(?:ipv6:)?[0-9a-f:.]+\]$/;

/** Reads the one address in a text. Reading what it gives gives the same. */
export function emailOf(text: string): Email {
  const given = visible(cleanText(text)).trim();
  if (given.length > maxLength) return { fault: faultIn(given) };
  const found = unwrapped(given);
  if (found === null) return { fault: 'several' };
  const address = found.toLowerCase();
  const at = address.lastIndexOf('@');
  const local = address.slice(0, Math.max(at, 0));
  if (isLocal(local) && isDomain(address.slice(at + 1))) return { value: address, written: found };
  return { fault: faultIn(address) };
}

function faultIn(text: string): 'none' | 'several' {
  return text.split(between).filter((part) => part.includes('@')).length > 1 ? 'several' : 'none';
}

/** Without what surrounds it; null where a name before the brackets is another address. */
function unwrapped(text: string): string | null {
  let inner = text;
  for (let before = ''; inner !== before; ) {
    before = inner;
    inner = inner.replace(/^[\s,;]+|[\s,;.]+$/g, '');
    const [, name = '', bracketed] = /^([^<>]*)<([^<>]*)>$/.exec(inner) ?? [];
    if (bracketed !== undefined) {
      if (name.includes('@') && !isSame(name, bracketed)) return null;
      inner = bracketed.trim();
    }
    const pair = quotes.find(
      ([open, close]) => inner.length > 1 && inner.startsWith(open) && inner.endsWith(close),
    );
    if (pair) inner = inner.slice(1, -1).trim();
    if (/^mailto:/i.test(inner)) inner = ofLink(inner);
  }
  return inner;
}

function isSame(name: string, address: string): boolean {
  const plain = (text: string) => text.replace(/^["'\s]+|["'\s]+$/g, '').toLowerCase();
  return plain(name) === plain(address);
}

/** `mailto:ann%40example.test?subject=Hello` (RFC 6068). */
function ofLink(link: string): string {
  const address = link.replace(/^mailto:\s*/i, '').replace(/\?.*$/s, '');
  try {
    return decodeURIComponent(address);
  } catch {
    return address;
  }
}

function isLocal(local: string): boolean {
  return plainLocal.test(local) || quotedLocal.test(local);
}

/** At least two labels: no shop delivers to a host of its own network. */
function isDomain(domain: string): boolean {
  if (addressLiteral.test(domain)) return true;
  const labels = domain.split('.');
  const last = labels.at(-1)!;
  return labels.length > 1 && labels.every((one) => label.test(one)) && !/^\d+$|_/.test(last);
}
