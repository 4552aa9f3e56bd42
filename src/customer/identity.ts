// The source ID that a record names: the customer's key. It knows no other record.
import { labelKey } from '../connector/label.ts';
import { isNoId } from '../connector/leftovers.ts';
import { rankOf } from '../connector/person-columns.ts';
import type { JsonObject } from '../connector.ts';
import { emailOf } from './email.ts';
import { brief, visible } from './json.ts';
import { pathReader } from './path.ts';

/** Voucherify publishes no limit; this one fits every store and path that we know. */
const maxSourceIdLength = 255;

export interface SourceIdOptions {
  /** Default: true where the path ends in an e-mail address, else false. */
  lowerCase?: boolean | undefined;
}

/** The key, or null where the record names none. */
export type SourceId = { value: string | null } | { fault: string };

/** `email`, `properties.e-mail`, `Email Address`: what ends in it is an e-mail address. */
const emailPath = /e-?mail[^.]*$/i;
/** Kept by path: there are as many as the configuration and the files name. */
const emailPaths = new Map<string, boolean>();

/** The source ID at a path of a record's body, bare, numbers as digits. A fault is one sentence. */
export function sourceIdOf(body: JsonObject, path: string, options: SourceIdOptions = {}): SourceId {
  const found = pathReader(path)(body) ?? null;
  if (found === null) return { value: null };
  if (typeof found === 'number' && !Number.isSafeInteger(found)) {
    return {
      fault: `The source ID is the number ${found}, which is not an exact integer: send it as text.`,
    };
  }
  if (typeof found !== 'string' && typeof found !== 'number') {
    return {
      fault: `The source ID is ${JSON.stringify(brief(found))}, where a text or a whole number is allowed.`,
    };
  }
  const bare = bareIdentifier(String(found));
  if (bare === '') return { value: null };
  const isEmail = endsInEmail(path) && bare.includes('@');
  const address = isEmail ? addressIn(bare) : bare;
  if (address === null)
    return { fault: 'The source ID contains several e-mail addresses; only one is allowed.' };
  const sourceId = (options.lowerCase ?? endsInEmail(path)) ? address.toLowerCase() : address;
  const fault = sourceIdFault(sourceId);
  return fault === null ? { value: sourceId } : { fault };
}

/** Also where its last name says so in other words: `Mail`, `E_Mail`, `Correo electrónico`, but not `email.id`. */
function endsInEmail(path: string): boolean {
  let found = emailPaths.get(path);
  if (found === undefined) {
    const meaning = rankOf.get(labelKey(path.split('.').at(-1)!))?.meaning;
    found = emailPath.test(path) || meaning === 'email';
    emailPaths.set(path, found);
  }
  return found;
}

/** The address without what surrounds it, in its own letter case; what is no address stays as it is. Null for several. */
function addressIn(text: string): string | null {
  const address = emailOf(text);
  if ('written' in address) return address.written;
  return address.fault === 'several' ? null : text;
}

function sourceIdFault(sourceId: string): string | null {
  if (sourceId.length > maxSourceIdLength) {
    return `The source ID has ${sourceId.length} characters, where at most ${maxSourceIdLength} are allowed.`;
  }
  if (/^\d\.\d+E\+\d+$/i.test(sourceId)) {
    return `The source ID ${sourceId} was rounded by a spreadsheet and has lost digits: export the column as text.`;
  }
  if (/\p{Cc}/u.test(sourceId) || !sourceId.isWellFormed()) {
    return `The source ID ${JSON.stringify(brief(sourceId))} contains a control character or invalid Unicode.`;
  }
  // As a segment of a URL's path these two would name another resource, percent-encoded or not.
  if (sourceId === '.' || sourceId === '..') return `The source ID cannot be "${sourceId}".`;
  if (!isNoId(sourceId)) return null;
  return `The source ID is "${sourceId}", which stands for a missing value: give the record an ID of its own, or name another property as the source's "sourceId".`;
}

/**
 * Without what surrounds an identifier that was copied: invisible characters, blanks of any kind, and quotation marks
 * around the whole.
 */
function bareIdentifier(text: string): string {
  let bare = visible(text).trim();
  for (;;) {
    const inner = quoted
      .exec(bare)
      ?.slice(1)
      .find((group) => group !== undefined);
    if (inner === undefined) return bare;
    bare = inner.trim();
  }
}

/** Also the lone apostrophe by which a spreadsheet keeps digits a text. */
const quoted = /^(?:"(.*)"|'(.*)'|“(.*)”|„(.*)[”“]|‘(.*)’|«(.*)»|`(.*)`|'(\d.*))$/su;

/**
 * The source ID a record keeps. `sticky`: the first one it was given, since Voucherify's `source_id` can be written only
 * once and a changed e-mail address must not make a second customer. `follow`: the one found now, null where none is.
 */
export function assignedSourceId(
  previous: string | null,
  found: string | null,
  policy: 'sticky' | 'follow',
): string | null {
  return policy === 'sticky' ? (previous ?? found) : found;
}
