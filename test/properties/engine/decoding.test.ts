// What holds of every body: it becomes items that are plain JSON, or an UndecodableError; nothing else ever happens.

import qs from 'qs';
import { expect, it } from 'vitest';
import type { Json } from '#connector';
import type { Decoding } from '#connector/webhook';
import { decode, UndecodableError } from '../../../src/engine/webhook/decoding.ts';
import { fc, times } from '../../support/properties.ts';

const decodings: Decoding[] = (['json', 'form', 'soap'] as const).flatMap((form) => [
  { form },
  {
    form,
    items: ['a', 'a.0.b', '__proto__', 'constructor', ''],
    stringified: ['a', 'a.a', '', '0', '__proto__'],
  },
]);

const words = [
  ...['__proto__', 'constructor', 'prototype', 'polluted', 'length', 'toString', 'a', 'b', '0', '199', '1'],
  ...['{', '}', '[', ']', '"', ':', ',', '\\u005f', '\\', '=', '&', '%5B', '%5D', '%', ';', '+', ' ', '\n'],
  ...['<', '>', '/', '</', '/>', '<a>', '</a>', '<!--', '-->', '<![CDATA[', ']]>', '<?', '?>', '&amp;', '&#'],
  ...['<Envelope>', '</Envelope>', '<Body>', '</Body>', '<s:Body>', ' x:nil="true"', '#text', ':@', '#cdata'],
  ...['null', 'true', '1e999', '-0', '\ufeff', '\0', 'ł', '🦔'],
];
const anySoup = fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((parts) => parts.join(''));
const anyBody = fc.oneof(
  fc.uint8Array({ maxLength: 100 }),
  anySoup.map((text) => Buffer.from(text)),
  anySoup.map((text) => Buffer.from(`<Envelope><Body>${text}</Body></Envelope>`)),
  anySoup.map((text) => Buffer.from(`<a><b x:nil="1"/>${text}</a>`)),
  fc.json({ maxDepth: 5 }).map((text) => Buffer.from(text)),
  fc.json({ maxDepth: 5 }).map((text) => Buffer.from(JSON.stringify({ a: text }))),
);

/** Names whose own presence anywhere would be a way into prototypes. */
function forbidden(value: Json, names: readonly string[]): string[] {
  if (value === null || typeof value !== 'object') return [];
  expect([Object.prototype, Array.prototype]).toContain(Object.getPrototypeOf(value));
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(names.includes(key) ? [key] : []),
    ...forbidden(inner, names),
  ]);
}

it('any bytes become plain items or an UndecodableError, and no prototype is touched', () => {
  const before = Object.getOwnPropertyNames(Object.prototype);
  fc.assert(
    fc.property(fc.constantFrom(...decodings), anyBody, (decoding, body) => {
      let items: Json[] = [];
      try {
        items = decode(decoding, body);
      } catch (error) {
        if (!(error instanceof UndecodableError)) throw error;
      }
      const names = ['__proto__', ...(decoding.form === 'json' ? [] : ['constructor', 'prototype'])];
      // What is written as a string is JSON, whatever form it came in.
      expect(forbidden(items, decoding.stringified ? ['__proto__'] : names)).toEqual([]);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    }),
    { numRuns: times(1_000) },
  );
  expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
});

/** As JSON.parse reads it, but whole numbers beyond 2^53 by their digits. */
function exactly(text: string): Json {
  return JSON.parse(text, (_key, value: unknown) =>
    Number.isInteger(value) && !Number.isSafeInteger(value) ? JSON.stringify(value) : value,
  ) as Json;
}

it('JSON is read as it was written', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 10 }), (value) => {
      fc.pre(value !== null && !JSON.stringify(value).includes('__proto__'));
      const written = exactly(JSON.stringify(value));
      expect(decode({ form: 'json' }, Buffer.from(JSON.stringify(value)))).toEqual([written].flat());
      const nested = JSON.stringify({ a: { b: value } });
      expect(decode({ form: 'json', items: [''] }, Buffer.from(nested))).toEqual([{ a: { b: written } }]);
    }),
  );
});

it('JSON written as a string is read as if it were not', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })), (value) => {
      fc.pre(!JSON.stringify(value).includes('__proto__'));
      const body = Buffer.from(JSON.stringify({ at: [{ payload: JSON.stringify(value) }] }));
      const decoding: Decoding = { form: 'json', stringified: ['at.0.payload'] };
      expect(decode(decoding, body)).toEqual([{ at: [{ payload: exactly(JSON.stringify(value)) }] }]);
    }),
  );
});

it('a form is read as it was written', () => {
  const name = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
    .map((text) => `x${text.replace(/[[\].]/g, '')}`);
  const value = fc.string({ unit: 'grapheme', maxLength: 20 });
  fc.assert(
    fc.property(
      fc.dictionary(name, fc.oneof(value, fc.dictionary(name, value, { minKeys: 1 })), { minKeys: 1 }),
      (fields) => {
        expect(decode({ form: 'form' }, Buffer.from(qs.stringify(fields)))).toEqual([fields]);
      },
    ),
  );
});

it('SOAP is read as it was written', () => {
  const name = fc.stringMatching(/^x[a-zA-Z0-9_]{0,8}$/);
  // XML itself makes one line end of `\r\n` and has no control characters.
  const value = fc
    .string({ unit: 'grapheme', maxLength: 20 })
    .map((text) => text.replace(/\p{Cc}|\ufffe|\uffff/gu, ''));
  const escaped = (text: string) =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&#34;');
  fc.assert(
    fc.property(fc.dictionary(name, value), (fields) => {
      const elements = Object.entries(fields).map(
        ([key, text]) => `<p:${key} y="&lt;">${escaped(text)}</p:${key}>`,
      );
      const body = `<e:Envelope><e:Header/><e:Body><p:row>${elements.join('\n')}</p:row></e:Body></e:Envelope>`;
      const [item] = decode(
        { form: 'soap', items: ['row'] },
        Buffer.from(body.replace('<p:row></p:row>', '<p:row><z/></p:row>')),
      );
      expect(item).toEqual(Object.keys(fields).length === 0 ? { z: '' } : fields);
    }),
  );
});
