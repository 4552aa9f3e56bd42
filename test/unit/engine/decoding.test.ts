// Bodies as vendors send them become items, and bodies that nobody should send become an error that says nothing of them.
import { describe, expect, it } from 'vitest';
import type { Decoding } from '#connector/webhook';
import { decode, UndecodableError } from '../../../src/engine/webhook/decoding.ts';

const json: Decoding = { form: 'json' };
const form: Decoding = { form: 'form' };
const soap: Decoding = { form: 'soap' };
const read = (decoding: Decoding, body: string | Uint8Array) =>
  decode(decoding, typeof body === 'string' ? Buffer.from(body) : body);

function refusal(decoding: Decoding, body: string | Uint8Array): string {
  try {
    read(decoding, body);
  } catch (error) {
    if (error instanceof UndecodableError) return error.message;
    throw error;
  }
  throw new Error('The body was read.');
}

const notUtf8 =
  'The body is not valid UTF-8, and the request names no charset: set webhook.charset of the source to the charset that the sender uses, for example "windows-1252", and replay the request.';
const tooDeep =
  'The JSON is nested deeper than 64 levels: raise webhook.maxDepth of the source and replay the request.';

describe('a JSON body', () => {
  it('is one item, or one of each element of a list', () => {
    expect(read(json, '{"a":1}')).toEqual([{ a: 1 }]);
    expect(read(json, '[{"a":1},{"a":2}]')).toEqual([{ a: 1 }, { a: 2 }]);
    expect(read(json, '[]')).toEqual([]);
    expect(read(json, '"text"')).toEqual(['text']);
  });

  it('has its items at the first path that is there', () => {
    const decoding: Decoding = { ...json, items: ['data.events', 'data', 'item'] };
    expect(read(decoding, '{"data":{"events":[1,2]}}')).toEqual([1, 2]);
    expect(read(decoding, '{"data":{"events":[]}}')).toEqual([]);
    expect(read(decoding, '{"data":{"event":1}}')).toEqual([{ event: 1 }]);
    expect(read(decoding, '{"data":null,"item":{"a":1}}')).toEqual([{ a: 1 }]);
    expect(read({ ...json, items: ['events', ''] }, '{"id":1}')).toEqual([{ id: 1 }]);
  });

  it('is refused where none of the paths is there', () => {
    expect(refusal({ ...json, items: ['data.events', 'item'] }, '{"secret":1}')).toBe(
      'The body has no items at data.events or at item.',
    );
    expect(refusal({ ...json, items: ['toString', 'constructor.name'] }, '{}')).toContain('toString');
    expect(refusal(json, 'null')).toBe('The body has no items at its root.');
  });

  it('may begin with a byte order mark, and holds any character', () => {
    expect(read(json, '\ufeff{"a":"Zażółć 🦔 \\u0000 \\ud800"}')).toEqual([{ a: 'Zażółć 🦔 \0 \ud800' }]);
  });

  it('is refused where it is no UTF-8, empty, cut short or no JSON, and nothing of it is said', () => {
    expect(refusal(json, Uint8Array.from([0x22, 0xff, 0x22]))).toBe(notUtf8);
    for (const body of ['', ' \n', '\ufeff']) expect(refusal(json, body)).toBe('The body is empty.');
    for (const body of ['{"secret":', 'secret', "{'secret':1}", '{"secret":NaN}', '1 2', '\ufeff\ufeff{}']) {
      expect(refusal(json, body)).toBe('The body is not JSON.');
    }
  });

  it('may be 64 levels deep and no deeper, brackets in strings aside', () => {
    const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    expect(read(json, deep(64))).toHaveLength(1);
    expect(refusal(json, deep(65))).toBe(tooDeep);
    expect(refusal(json, '{"a":'.repeat(65))).toBe(tooDeep);
    const text = `"${'['.repeat(100)}\\"${'{'.repeat(100)}\\\\"`;
    expect(read(json, `[${text}]`)).toEqual([JSON.parse(text)]);
  });

  it('costs nothing where it is a million levels deep', () => {
    for (const opening of ['[', '{"a":', '[{"a":']) {
      expect(refusal(json, opening.repeat(1_000_000))).toBe(tooDeep);
    }
  });

  it('may be long and flat', () => {
    const keys = Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`key${n}`, n]));
    expect(read(json, JSON.stringify(keys))).toEqual([keys]);
    expect(read(json, `[${'1,'.repeat(100_000)}1]`)).toHaveLength(100_001);
    expect(read(json, `{"a":[${'1,'.repeat(100_000)}1]}`)).toHaveLength(1);
  });

  it('loses the keys that would reach into prototypes, however they are written', () => {
    const body = String.raw`{"__proto__":{"polluted":1},"a":[{"\u005f_proto__":{"polluted":1},"b":{"c":1,"__proto__":2}}]}`;
    const [item] = read(json, body);
    expect(item).toEqual({ a: [{ b: { c: 1 } }] });
    expect(Object.getPrototypeOf(item)).toBe(Object.prototype);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    const [escaped] = read(json, String.raw`{"a":{"_\u005fproto__":{"polluted":1},"b":1}}`);
    expect(Object.keys((escaped as { a: object }).a)).toEqual(['b']);
    // These are ordinary names of fields.
    expect(read(json, '{"constructor":"Bob","prototype":1}')).toEqual([{ constructor: 'Bob', prototype: 1 }]);
  });
});

describe('JSON that is written as a string', () => {
  const decoding: Decoding = { ...json, stringified: ['payload', 'data.0.traits', 'payload.inner'] };

  it('is read in its place, also in what was read so', () => {
    const inner = JSON.stringify([1, { b: 2 }]);
    const body = {
      payload: JSON.stringify({ a: 1, inner }),
      data: [{ traits: ' {"c":3}', id: 'x' }, 'y'],
      other: '{}',
    };
    expect(read(decoding, JSON.stringify(body))).toEqual([
      { payload: { a: 1, inner: [1, { b: 2 }] }, data: [{ traits: { c: 3 }, id: 'x' }, 'y'], other: '{}' },
    ]);
    expect(read({ ...json, stringified: [''] }, '["{\\"a\\":1}"]')).toEqual([{ a: 1 }]);
  });

  it('stays a string where it is none, too deep, or no object and no list', () => {
    for (const payload of [
      '{',
      'x',
      '',
      '12345678901234567890',
      'true',
      'null',
      '"a"',
      '['.repeat(1_000_000),
    ]) {
      expect(read(decoding, JSON.stringify({ payload }))).toEqual([{ payload }]);
    }
    expect(read(decoding, '{"payload":5,"data":{}}')).toEqual([{ payload: 5, data: {} }]);
  });

  it('loses the keys that would reach into prototypes', () => {
    const [item] = read(decoding, JSON.stringify({ payload: '{"__proto__":{"polluted":1},"a":1}' }));
    expect(item).toEqual({ payload: { a: 1 } });
    expect(Object.keys((item as { payload: object }).payload)).toEqual(['a']);
    const proto: Decoding = { ...json, stringified: ['__proto__', 'constructor.prototype', '__proto__.a'] };
    expect(read(proto, '{"a":"{}"}')).toEqual([{ a: '{}' }]);
  });
});

describe('a body that is a form', () => {
  it('is refused where it is JSON, and nothing of it is said', () => {
    for (const body of ['{"secret":1}', ' [\n{"secret":"a=b"}]\n', '{}'])
      expect(refusal(form, body)).toBe('The body is JSON, where a form is expected.');
    expect(read(form, '[a]=1')).toHaveLength(1);
    expect(read(form, '{"a":1}=2')).toEqual([{ '{"a":1}': '2' }]);
  });

  it('has its brackets as objects and lists, and all values as strings', () => {
    const body =
      'type=profile&fired_at=2009-03-26+21%3A31%3A21&data%5Bid%5D=8a25ff1d98&data[merges][FNAME]=Zo%C3%AB' +
      '&data[merges][INTERESTS]=&data[list][]=1&data[list][]=2&data[at][0][x]=7&data[at][1][x]=8';
    expect(read(form, body)).toEqual([
      {
        type: 'profile',
        fired_at: '2009-03-26 21:31:21',
        data: {
          id: '8a25ff1d98',
          merges: { FNAME: 'Zoë', INTERESTS: '' },
          list: ['1', '2'],
          at: [{ x: '7' }, { x: '8' }],
        },
      },
    ]);
  });

  it('has its items at a path, and JSON in its fields', () => {
    const stringified: Decoding = { ...form, items: ['data'], stringified: ['payload'] };
    expect(read(stringified, `data[payload]=${encodeURIComponent('{"a":1}')}`)).toEqual([
      { payload: { a: 1 } },
    ]);
  });

  it('keeps what is no escape as it is written', () => {
    expect(read(form, 'a=%zz&b=50%+off&c=%&d')).toEqual([{ a: '%zz', b: '50% off', c: '%', d: '' }]);
    expect(read(form, 'a=Jos%C3%A9+50%')).toEqual([{ a: 'José 50%' }]);
  });

  it('drops the names that would reach into prototypes', () => {
    const body =
      '__proto__[polluted]=1&constructor[prototype][polluted]=1&a[__proto__][polluted]=1&a[b]=1' +
      '&a[constructor][prototype][polluted]=1&c[][prototype]=1&toString=x&hasOwnProperty=y&%5F_proto__[polluted]=1';
    const [item] = read(form, body);
    expect(item).toEqual({ a: { b: '1' }, c: [{}], toString: 'x', hasOwnProperty: 'y' });
    expect(Object.getPrototypeOf(item)).toBe(Object.prototype);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect(Object.prototype.hasOwnProperty).toBeTypeOf('function');
  });

  it('is refused with too many fields, too long a list, or names nested too deep', () => {
    const raise = (setting: string) => `raise webhook.form.${setting} of the source and replay the request.`;
    const fields = `The form has more than 2000 fields: ${raise('maxFields')}`;
    const list = `The form has a list of more than 200 items: ${raise('maxListItems')}`;
    const depth = `The form has names nested deeper than 8 levels: ${raise('maxDepth')}`;
    const many = (count: number, field: (n: number) => string) =>
      Array.from({ length: count }, (_, n) => field(n)).join('&');
    expect(
      read(
        form,
        many(2_000, (n) => `a${n}=1`),
      ),
    ).toHaveLength(1);
    expect(
      refusal(
        form,
        many(2_001, (n) => `a${n}=1`),
      ),
    ).toBe(fields);
    expect(
      refusal(
        form,
        many(201, () => 'a[]=1'),
      ),
    ).toBe(list);
    expect(refusal(form, 'a[200]=1')).toBe(list);
    expect(refusal(form, `a${'[b]'.repeat(300_000)}=1`)).toBe(depth);
    expect(refusal(form, `a${'[b]'.repeat(9)}=1`)).toBe(depth);
    expect(read(form, `a${'[b]'.repeat(8)}=1`)).toHaveLength(1);
  });

  it('costs little where each field is a place in long lists in lists', { timeout: 5_000 }, () => {
    const bomb = Array.from({ length: 2_000 }, (_, n) => `k${n}${'[199]'.repeat(8)}=1`).join('&');
    expect(read(form, bomb)).toHaveLength(1);
  });
});

describe('a body of SOAP', () => {
  const envelope = (content: string, lead = '<?xml version="1.0" encoding="UTF-8"?>\n') =>
    `${lead}<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ` +
    `xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n <soapenv:Body>\n${content}\n </soapenv:Body>\n</soapenv:Envelope>`;
  const notification = (id: string, fields: string) =>
    `<Notification>\n<Id>${id}</Id>\n<sObject xsi:type="sf:Contact" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">\n${fields}\n</sObject>\n</Notification>`;
  const outbound = (...notifications: string[]) =>
    envelope(
      `<notifications xmlns="http://soap.sforce.com/2005/09/outbound">\n<OrganizationId>00D1</OrganizationId>\n` +
        `<SessionId xsi:nil="true"/>\n${notifications.join('\n')}\n</notifications>`,
    );
  const salesforce: Decoding = { ...soap, items: ['notifications.Notification'] };

  it('has an item of each notification, be it one or many, with every text a string', () => {
    const one = notification('04l1', '<sf:Id>0031</sf:Id><sf:MailingPostalCode>00123</sf:MailingPostalCode>');
    const two = notification('04l2', '<sf:Id>0032</sf:Id><sf:Active__c>true</sf:Active__c>');
    const items = [
      { Id: '04l1', sObject: { Id: '0031', MailingPostalCode: '00123' } },
      { Id: '04l2', sObject: { Id: '0032', Active__c: 'true' } },
    ];
    expect(read(salesforce, outbound(one))).toEqual(items.slice(0, 1));
    expect(read(salesforce, outbound(one, two))).toEqual(items);
  });

  it('is the content of the Body where no items are named', () => {
    expect(read(soap, outbound())).toEqual([{ notifications: { OrganizationId: '00D1', SessionId: null } }]);
    expect(read(soap, envelope(''))).toEqual([{}]);
  });

  it('has characters as they are meant, decoded once', () => {
    const content =
      '<a>Smith &amp;amp; S&#xF3;ns &#8364; &lt;b&gt; &quot;&apos;</a><b><![CDATA[<i> &amp; ]]>x</b><c> y </c><d/><e></e>' +
      '<f xsi:nil="false">1</f><g xsi:nil="1"/><h>&nbsp;&#x110000;</h><!-- <i>0</i> --><?p i?>';
    expect(read(soap, envelope(content))).toEqual([
      {
        a: 'Smith &amp; Sóns € <b> "\'',
        b: '<i> &amp; x',
        c: ' y ',
        d: '',
        e: '',
        f: '1',
        g: null,
        h: '&nbsp;&#x110000;',
      },
    ]);
    expect(read(soap, envelope('<a>Żółć 🦔</a>', '\ufeff'))).toEqual([{ a: 'Żółć 🦔' }]);
  });

  it('is refused where it is cut short, crossed, no XML or no envelope', () => {
    const whole = outbound(notification('04l1', '<sf:Id>0031</sf:Id>'));
    for (let length = whole.indexOf('<soapenv'); length < whole.length; length += 1) {
      expect(() => read(soap, whole.slice(0, length))).toThrow(UndecodableError);
    }
    for (const body of ['<a><b></a></b>', 'secret', '{"a":1}', '<a/>', '<Envelope/>', '<Body/>', '<']) {
      expect(refusal(soap, body)).not.toContain('secret');
    }
    expect(refusal(salesforce, envelope('<other/>'))).toBe(
      'The body has no items at notifications.Notification.',
    );
  });

  it('is refused with a document type, so that no entity is ever defined', () => {
    const laughs = '<!ENTITY a "ha">'.concat(
      ...Array.from({ length: 30 }, (_, n) => `<!ENTITY a${n + 1} "&a${n || ''};&a${n || ''};">`),
    );
    for (const type of [
      `<!DOCTYPE x [${laughs}]>`,
      '<!doctype x SYSTEM "file:///etc/passwd">',
      '<!DOCTYPE',
    ]) {
      expect(refusal(soap, envelope('<a>&a30;</a>', type))).toBe(
        'The XML contains a document type declaration.',
      );
    }
  });

  it('is refused where it is deeper than 64 levels', () => {
    const deep = (levels: number) => `${'<a>'.repeat(levels)}${'</a>'.repeat(levels)}`;
    expect(read(soap, envelope(deep(60)))).toHaveLength(1);
    expect(() => read(soap, envelope(deep(70)))).toThrow(UndecodableError);
    expect(() => read(soap, envelope(deep(100_000)))).toThrow(UndecodableError);
    expect(() => read(soap, '<a>'.repeat(300_000))).toThrow(UndecodableError);
  });

  it('is refused with names that would reach into prototypes', () => {
    for (const name of ['__proto__', 'constructor', 'prototype']) {
      expect(() => read(soap, envelope(`<${name}><polluted>1</polluted></${name}>`))).toThrow(
        UndecodableError,
      );
    }
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});
