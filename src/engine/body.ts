// The body of a webhook request as JSON, whatever form it came in. What is no such body is an UndecodableError; no body makes
// anything else of it, or much work. It knows no vendor.
import qs from 'qs';
import { type Json, parseJson as losslessJson } from '../connector/json.ts';
import type { Decoding } from '../connector/webhook.ts';
import { parseSoap } from './soap.ts';
import { UndecodableError } from './undecodable.ts';

/** How deep objects and lists may lie in each other. */
const maxDepth = 64;
// One field may name a place in as many nested lists as it is deep: the product of the three is the work a form can make.
const maxFormFields = 2_000;
const maxFormDepth = 8;
const maxFormListItems = 200;

/** Throws UndecodableError. */
export function parseBody(form: Decoding['form'], body: Uint8Array): Json {
  const text = textOf(body);
  if (text.trim() === '') throw new UndecodableError('The body is empty.');
  if (form === 'json') return parseJson(text);
  return form === 'form' ? parseForm(text) : parseSoap(text, maxDepth);
}

/** JSON without keys named `__proto__`. Throws UndecodableError. */
export function parseJson(text: string): Json {
  if (deeperThan(text, maxDepth)) throw new UndecodableError(`The JSON is deeper than ${maxDepth} levels.`);
  let parsed: Json;
  try {
    parsed = losslessJson(text);
  } catch {
    // The parser's own message quotes the text.
    throw new UndecodableError('The body is no JSON.');
  }
  // The key may also be written with escapes.
  return text.includes('__proto__') || text.includes('\\u') ? without(parsed, ['__proto__']) : parsed;
}

function textOf(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new UndecodableError('The body is no UTF-8.');
  }
}

/** Counts brackets outside of strings: the parser itself may run out of stack. */
function deeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === 0x5c) at += 1;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > limit) return true;
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
  return false;
}

function parseForm(text: string): Json {
  let parsed: unknown;
  try {
    parsed = qs.parse(text, {
      plainObjects: true,
      depth: maxFormDepth,
      strictDepth: true,
      parameterLimit: maxFormFields,
      arrayLimit: maxFormListItems,
      throwOnLimitExceeded: true,
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UndecodableError('The form has too many fields, too long a list, or names nested too deep.');
  }
  // The keys of Object.prototype are dropped: nothing that reads the result shall meet one.
  return without(parsed as Json, ['__proto__', 'constructor', 'prototype']);
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
