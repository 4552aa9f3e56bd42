// Answers without what is personal, for those who may only look. The contract tells: a value that it does not look into is a
// customer's, and texts that hold one are marked. Pure.
import type { z } from 'zod';
import type { JsonObject } from '../connector.ts';
import { personalMark } from '../contract/parts.ts';

/** Stands for what is not shown. */
export const maskedText = '•••';

/**
 * Telephone numbers and what a sentence quotes: a vendor's message may hold any of them, as it may hold addresses. Each takes
 * time in proportion to the text, whatever it holds: so a quotation that is not closed goes on to the end.
 */
const tellingWords = /\+\d[\d ()-]{6,}\d|"[^"]*"|“[^”]*(?:”|$)/g;
const word = /[^\s"'<>(),;:]+/g;

/** As it may be shown to somebody who may only look; alike with times as numbers and as texts. */
export function masked<Value>(shape: z.ZodType, value: Value): Value {
  return walked(shape, value) as Value;
}

function walked(shape: z.ZodType, value: unknown): unknown {
  if (value === null || value === undefined) return value;
  if (isMarked(shape)) return blank(value);
  const { def } = (shape as unknown as Internals)._zod;
  switch (def.type) {
    case 'unknown':
    case 'any':
      return blank(value);
    case 'object':
      return mapped(value, (inner, key) => (def.shape![key] ? walked(def.shape![key], inner) : blank(inner)));
    case 'record':
      return mapped(value, (inner) => walked(def.valueType!, inner));
    case 'array':
      return Array.isArray(value) ? value.map((item) => walked(def.element!, item)) : blank(value);
    case 'nullable':
    case 'optional':
    case 'default':
    case 'readonly':
    case 'nonoptional':
      return walked(def.innerType!, value);
    case 'union':
      // What is personal by any of them is personal.
      return def.options!.reduce<unknown>(
        (left, option) => (fits(option, value) ? walked(option, left) : left),
        value,
      );
    case 'string':
      return typeof value === 'string' ? withoutTellingWords(value) : value;
    default:
      return value;
  }
}

function withoutTellingWords(text: string): string {
  const unquoted = text.replace(tellingWords, maskedText);
  return unquoted.replace(word, (one) => (/[^@]@[^@]/.test(one) ? maskedText : one));
}

/** What of a schema tells its form (zod 4: `_zod.def`). */
interface Internals {
  _zod: {
    def: {
      type: string;
      shape?: { [key: string]: z.ZodType };
      element?: z.ZodType;
      valueType?: z.ZodType;
      innerType?: z.ZodType;
      options?: readonly z.ZodType[];
    };
  };
}

const isMarked = (shape: z.ZodType): boolean => shape.meta()?.[personalMark] === true;

function fits(option: z.ZodType, value: unknown): boolean {
  const { type } = (option as unknown as Internals)._zod.def;
  const isObject = typeof value === 'object' && !Array.isArray(value);
  return isObject ? type === 'object' || type === 'record' : type !== 'object' && type !== 'record';
}

function mapped(value: unknown, map: (inner: unknown, key: string) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return blank(value);
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([key, inner]) => [key, map(inner, key)]),
  );
}

/** The same form without any value. */
function blank(value: unknown): unknown {
  if (value === null || value === undefined) return value;
  if (Array.isArray(value)) return value.map(blank);
  return typeof value === 'object' ? mapped(value, blank) : maskedText;
}
