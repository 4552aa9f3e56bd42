// The body of a webhook request as JSON, whatever form it came in. What is no such body is an UndecodableError; no body makes
// anything else of it, or much work. It knows no vendor.
import { randomUUID } from 'node:crypto';
import qs from 'qs';
import { type Json, parseJson as losslessJson } from '../../connector/json.ts';
import type { Decoding } from '../../connector/webhook.ts';
import { type Charset, charsetOf, textIn } from './charset.ts';
import { parseSoap } from './soap.ts';
import { UndecodableError } from './undecodable.ts';

/** What a person may say of a source's bodies, so that a request that was refused can be replayed. */
export interface BodyRules {
  /** As TextDecoder names it. Null: what the request names, else UTF-8. */
  charset: string | null;
  /** How deep objects and lists may lie in each other, of JSON and SOAP. */
  maxDepth: number;
  /** One field may name a place in as many nested lists as it is deep: the product is the work a form can make. */
  form: { maxFields: number; maxDepth: number; maxListItems: number };
}

export const usualBodyRules: BodyRules = {
  charset: null,
  maxDepth: 64,
  form: { maxFields: 2_000, maxDepth: 8, maxListItems: 200 },
};

/** How a body is to be read: the header Content-Type of its request, and what the source's settings say. */
export interface BodyReading {
  contentType?: string | undefined;
  rules?: BodyRules;
}

/** Throws UndecodableError. */
export function parseBody(
  form: Decoding['form'],
  body: Uint8Array,
  { contentType = '', rules = usualBodyRules }: BodyReading = {},
): Json {
  const charset = charsetOf(body, { setting: rules.charset, contentType, isXml: form === 'soap' });
  if (form === 'form') return parseForm(inOnePart(body, contentType), charset, rules.form);
  const text = filledText(body, charset);
  return form === 'json' ? parseJson(text, rules.maxDepth) : parseSoap(text, rules.maxDepth);
}

/** A body of JSON from which everything that is nested too deeply has been cut out. */
export interface CutBody {
  json: Json;
  /** Whether something has been cut out of this part of it. */
  isCut(part: Json): boolean;
}

/** Each is replaced by more than it may be long itself. */
const maxCuts = 10_000;

/** As `parseBody`, for who can do with parts of a body. Throws UndecodableError. */
export function parseCutBody(form: Decoding['form'], body: Uint8Array, reading: BodyReading = {}): CutBody {
  const { contentType = '', rules = usualBodyRules } = reading;
  const isCut = () => false;
  if (form !== 'json') return { json: parseBody(form, body, reading), isCut };
  const text = filledText(body, charsetOf(body, { setting: rules.charset, contentType, isXml: false }));
  if (!deeperThan(text, rules.maxDepth)) return { json: parsedJson(text), isCut };
  const mark = randomUUID();
  try {
    const json = parsedJson(withoutDeeper(text, rules.maxDepth, `"${mark}"`));
    return { json, isCut: (part) => JSON.stringify(part).includes(mark) };
  } catch {
    throw new UndecodableError(tooDeep(rules.maxDepth));
  }
}

function filledText(body: Uint8Array, charset: Charset): string {
  const text = textIn(charset, body);
  if (text.trim() === '') throw new UndecodableError('The body is empty.');
  return text;
}

/** JSON without keys named `__proto__`. Throws UndecodableError. */
export function parseJson(text: string, maxDepth = usualBodyRules.maxDepth): Json {
  checkDepth(text, maxDepth);
  return parsedJson(text);
}

function parsedJson(text: string): Json {
  const parsed = parsedBy(text, losslessJson);
  // The key may also be written with escapes.
  return text.includes('__proto__') || text.includes('\\u') ? without(parsed, ['__proto__']) : parsed;
}

/**
 * The same as it would be written without white space, whole or what `pick` takes of it, with every number as it was
 * written. Null where `pick` takes nothing. Throws UndecodableError.
 */
export function compactJson(
  body: Uint8Array,
  { contentType = '', rules = usualBodyRules }: BodyReading,
  pick: (value: Json) => Json | undefined,
): string | null {
  const charset = charsetOf(body, { setting: rules.charset, contentType, isXml: false });
  const text = textIn(charset, body);
  checkDepth(text, rules.maxDepth);
  const picked = pick(parsedBy(text, withNumbersAsWritten));
  return picked === undefined ? null : JSON.stringify(picked);
}

function checkDepth(text: string, maxDepth: number): void {
  if (deeperThan(text, maxDepth)) throw new UndecodableError(tooDeep(maxDepth));
}

function parsedBy(text: string, parse: (text: string) => Json): Json {
  try {
    return parse(text);
  } catch {
    // The parser's own message quotes the text.
    throw new UndecodableError('The body is not JSON.');
  }
}

// The types of TypeScript do not know of it yet.
const { rawJSON } = JSON as unknown as { rawJSON(source: string): Json };

function withNumbersAsWritten(text: string): Json {
  const keep = (_key: string, value: Json, { source }: { source: string }) =>
    typeof value === 'number' && String(value) !== source ? rawJSON(source) : value;
  return JSON.parse(text, keep as (key: string, value: unknown) => unknown) as Json;
}

export function tooDeep(maxDepth: number): string {
  return `The JSON is nested deeper than ${maxDepth} levels: ${raise('webhook.maxDepth')}.`;
}

function deeperThan(text: string, limit: number): boolean {
  return !deeperIn(text, limit).next().done;
}

function withoutDeeper(text: string, limit: number, mark: string): string {
  const kept: string[] = [];
  let from = 0;
  for (const [start, end] of deeperIn(text, limit)) {
    kept.push(text.slice(from, start), mark);
    if (kept.length > maxCuts * 2) throw new UndecodableError('The JSON is too deep in too many places.');
    from = end;
  }
  return [...kept, text.slice(from)].join('');
}

/**
 * The objects and lists that are nested deeper, by their places. Counts brackets outside of strings: the parser itself may run out
 * of stack.
 */
function* deeperIn(text: string, limit: number): Generator<[start: number, end: number]> {
  let depth = 0;
  let inString = false;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === 0x5c) at += 1;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth === limit + 1) start = at;
    } else if (code === 0x7d || code === 0x5d) {
      if (depth === limit + 1) yield [start, at + 1];
      depth -= 1;
    }
  }
  // Of a text that ends within them nothing else can be read.
  if (depth > limit) yield [start, text.length];
}

// ── Forms ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** Its escapes are bytes in the charset: so the form is taken apart as bytes, and each name and value read by itself. */
function parseForm(body: Uint8Array, charset: Charset, limits: BodyRules['form']): Json {
  const isWide = charset.name.startsWith('utf-16');
  const bytes = Buffer.from(isWide ? textIn(charset, body) : withoutMark(body));
  const inner: Charset = isWide ? { ...charset, name: 'utf-8' } : charset;
  const text = bytes.toString('latin1');
  if (text.trim() === '') throw new UndecodableError('The body is empty.');
  if (isJson(text)) throw new UndecodableError('The body is JSON, where a form is expected.');
  let parsed: unknown;
  try {
    parsed = qs.parse(text, {
      plainObjects: true,
      depth: limits.maxDepth,
      strictDepth: true,
      parameterLimit: limits.maxFields,
      arrayLimit: limits.maxListItems,
      throwOnLimitExceeded: true,
      decoder: (written) => fieldText(written, inner),
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UndecodableError(limitSentence(error.message, limits));
  }
  // The keys of Object.prototype are dropped: nothing that reads the result shall meet one.
  return without(parsed as Json, ['__proto__', 'constructor', 'prototype']);
}

/** As a form it would be one field with a long name and no value. */
function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}

/** A form in parts (RFC 7578) as the same form with escapes; another one as it is. Files are left out. */
function inOnePart(body: Uint8Array, contentType: string): Uint8Array {
  if (!/^\s*multipart\/form-data\b/i.test(contentType)) return body;
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType) ?? [];
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1');
  const [, ...parts] = `\r\n${text}`.split(`\r\n--${quoted ?? bare}`);
  if (!parts.pop()?.startsWith('--'))
    throw new UndecodableError('The body is not the multipart/form-data that its Content-Type names.');
  const fields = parts.flatMap((part) => {
    const [head, ...rest] = part.split('\r\n\r\n');
    const [, parameters = ''] = /^content-disposition:(.*)/im.exec(head!) ?? [];
    const [, inQuotes, plain] = /;\s*name=(?:"([^"]*)"|([^\s;]+))/i.exec(parameters) ?? [];
    const isFile = /;\s*filename\*?=/i.test(parameters);
    return isFile ? [] : [`${escaped(inQuotes ?? plain ?? '')}=${escaped(rest.join('\r\n\r\n'))}`];
  });
  return Buffer.from(fields.join('&'), 'latin1');
}

/** `bytes`: a character for each. Brackets stay: they nest the fields of a form in either encoding. */
function escaped(bytes: string): string {
  return bytes.replace(/[^\w[\].-]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function withoutMark(body: Uint8Array): Uint8Array {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body;
}

/** `written`: a character for each byte. A percent sign without two digits behind it is itself, as browsers have it. */
function fieldText(written: string, charset: Charset): string {
  if (/%u[0-9a-f]{4}/i.test(written))
    throw new UndecodableError(
      'A form field contains escapes such as %u00E9, which forms do not support: have the sender escape bytes, for example %C3%A9.',
    );
  const bytes = written
    .replaceAll('+', ' ')
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return textIn(charset, Buffer.from(bytes, 'latin1'), 'A form field');
}

/** qs tells the limits apart by its messages alone. */
function limitSentence(message: string, { maxFields, maxDepth, maxListItems }: BodyRules['form']): string {
  if (/parameter/i.test(message))
    return `The form has more than ${maxFields} fields: ${raise('webhook.form.maxFields')}.`;
  if (/depth/i.test(message))
    return `The form has names nested deeper than ${maxDepth} levels: ${raise('webhook.form.maxDepth')}.`;
  return `The form has a list of more than ${maxListItems} items: ${raise('webhook.form.maxListItems')}.`;
}

function raise(setting: string): string {
  return `raise ${setting} of the source and replay the request`;
}

/** A copy of ordinary objects that has no such keys anywhere. */
function without(value: Json, keys: readonly string[]): Json {
  if (Array.isArray(value)) return value.map((item) => without(item, keys));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !keys.includes(key))
      .map(([key, inner]) => [key, without(inner, keys)]),
  );
}
