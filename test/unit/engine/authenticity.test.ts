// Every published signature is taken, and nothing that differs from it by as little as a bit.
import { createHmac } from 'node:crypto';
import { Signature } from '@hubspot/api-client';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import type { Check, CredentialScheme, Decoding, Scheme, SignatureScheme } from '#connector/webhook';
import {
  Authenticator,
  Mask,
  type Verdict,
  type WebhookRequest,
} from '../../../src/engine/webhook/authenticity.ts';
import { requestOf } from '../../support/webhook.ts';
import {
  github,
  hubspotV1,
  hubspotV2,
  hubspotV3,
  klaviyo,
  segment,
  shopify,
  stripe,
  svix,
  vectors,
} from './vectors.ts';

const authentic: Verdict = { authentic: true };
const refused = (reason: string): Verdict => ({ authentic: false, reason });
const now = 1_700_000_000_000;

function judge(
  authentication: Scheme | readonly Scheme[],
  request: WebhookRequest,
  { at = now, checks = [], form = 'json' }: { at?: number; checks?: Check[]; form?: Decoding['form'] } = {},
): Verdict {
  const webhook = { authentication: [authentication].flat(), checks, decoding: { form } };
  return new Authenticator(webhook).judge(request, at);
}

/** The request with its header changed. */
function altered(request: WebhookRequest, header: string, change: (value: string) => string): WebhookRequest {
  const name = header.toLowerCase();
  return { ...request, headers: { ...request.headers, [name]: change(request.headers[name]!) } };
}
function without(request: WebhookRequest, header: string): WebhookRequest {
  const { [header.toLowerCase()]: _, ...headers } = request.headers;
  return { ...request, headers };
}
const hmac = (key: string, message: string | Uint8Array) =>
  createHmac('sha256', key).update(message).digest('hex');

describe.each(vectors)('a request that $name signed', ({ scheme, request, now: signedAt }) => {
  const header = scheme.header;
  const timestamp = scheme.timestamp;
  const verdict = (changed: WebhookRequest, other: SignatureScheme = scheme, at = signedAt) =>
    judge(other, changed, { at });
  /** The signature alone, and the header with another in its place. */
  const [, lead = '', signature = ''] = /^(.*[=,](?=[^=,]{8})|)([^,]+)$/.exec(
    request.headers[header.toLowerCase()]!,
  )!;
  const signedAs = (other: string) => altered(request, header, () => lead + other);

  it('is taken', () => {
    expect(verdict(request)).toEqual(authentic);
  });

  it('is refused with any one bit of its body flipped', () => {
    for (let bit = 0; bit < request.body.length * 8; bit += 1) {
      const body = Uint8Array.from(request.body);
      body[bit >> 3]! ^= 1 << (bit & 7);
      expect(verdict({ ...request, body })).toEqual(refused(`the signature in ${header} does not match`));
    }
  });

  it('is refused with a byte more or less', () => {
    const grown = Buffer.concat([request.body, Buffer.from(' ')]);
    expect(verdict({ ...request, body: grown }).authentic).toBe(false);
    if (request.body.length > 0) {
      expect(verdict({ ...request, body: request.body.subarray(1) }).authentic).toBe(false);
    }
  });

  it('is refused with any one bit of its signature flipped', () => {
    const bytes = Buffer.from(signature, scheme.encoding);
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(verdict(signedAs(flipped.toString(scheme.encoding)))).toEqual(
        refused(`the signature in ${header} does not match`),
      );
    }
  });

  it('is refused with its signature cut short, doubled, emptied or left out', () => {
    for (let length = 0; length < signature.length; length += 1) {
      expect(verdict(signedAs(signature.slice(0, length))).authentic).toBe(false);
    }
    expect(verdict(signedAs(signature + signature)).authentic).toBe(false);
    expect(verdict(altered(request, header, () => ''))).toEqual(
      refused(`the header ${header} contains no signature in ${scheme.encoding}`),
    );
    expect(verdict(without(request, header))).toEqual(refused(`the header ${header} is missing`));
  });

  it('is refused with its signature in another encoding', () => {
    const bytes = Buffer.from(signature, scheme.encoding);
    for (const other of ['hex', 'base64', 'base64url', 'latin1'] as const) {
      if (bytes.toString(other) !== signature) {
        expect(verdict(signedAs(bytes.toString(other))).authentic).toBe(false);
      }
    }
  });

  it('is refused with another secret, an empty one or none, and taken with two', () => {
    const [secret = ''] = scheme.secrets;
    const none = refused('the settings contain no usable secret');
    const other = `${scheme.secretPrefix ?? ''}${Buffer.from('another secret').toString('base64')}`;
    expect(verdict(request, { ...scheme, secrets: [other] })).toEqual(
      refused(`the signature in ${header} does not match`),
    );
    expect(verdict(request, { ...scheme, secrets: [] })).toEqual(none);
    expect(verdict(request, { ...scheme, secrets: ['', scheme.secretPrefix ?? ''] })).toEqual(none);
    expect(verdict(request, { ...scheme, secrets: [other, secret] })).toEqual(authentic);
    expect(verdict(request, { ...scheme, secrets: [secret, other] })).toEqual(authentic);
  });

  it('keeps its header whatever the letter case of the scheme', () => {
    expect(verdict(request, { ...scheme, header: header.toUpperCase() })).toEqual(authentic);
  });

  if (scheme.encoding === 'hex') {
    it('is taken with its signature in capitals', () => {
      expect(verdict(signedAs(signature.toUpperCase()))).toEqual(authentic);
    });
  } else {
    it('is refused with base64 that is not canonical', () => {
      // 32 bytes leave two bits of the last digit before the padding unused: only zeros are canonical.
      const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
      const last = digits[digits.indexOf(signature.at(-2)!) + 1]!;
      const uncanonical = `${signature.slice(0, -2)}${last}=`;
      expect(Buffer.from(uncanonical, 'base64')).toEqual(Buffer.from(signature, 'base64'));
      for (const text of [uncanonical, signature.slice(0, -1), ` ${signature}`, `${signature}=`]) {
        expect(verdict(signedAs(text)).authentic).toBe(false);
      }
    });
  }

  if (scheme.form === undefined || 'prefix' in (scheme.form as object)) {
    it('is refused with its signature twice in the header', () => {
      expect(verdict(altered(request, header, (value) => `${value}, ${value}`))).toEqual(
        refused(`the header ${header} contains no signature in ${scheme.encoding}`),
      );
    });
  }

  if (timestamp && timestamp.toleranceSeconds !== null) {
    it('is refused from another time than ours, either way', () => {
      for (const seconds of [300, -300]) {
        expect(verdict(request, scheme, signedAt + seconds * 1000)).toEqual(authentic);
      }
      for (const seconds of [400, -400]) {
        expect(verdict(request, scheme, signedAt + seconds * 1000)).toEqual(
          refused("the timestamp differs from the server's clock by 400 s"),
        );
      }
      expect(verdict(request, scheme, signedAt + 300_001).authentic).toBe(false);
      expect(verdict(request, scheme, signedAt - 300_001).authentic).toBe(false);
    });
  }

  if (timestamp && 'header' in timestamp.from) {
    const from = timestamp.from.header;
    it('is refused with another timestamp, two, or none', () => {
      const later = altered(request, from, (value) => String(Number(value) + 1));
      expect(verdict(later)).toEqual(refused(`the signature in ${header} does not match`));
      expect(verdict(altered(request, from, (value) => `${value}, ${value}`)).authentic).toBe(false);
      expect(verdict(altered(request, from, (value) => ` ${value}`)).authentic).toBe(false);
      expect(verdict(without(request, from))).toEqual(
        refused(`the timestamp in the header ${from} is missing`),
      );
    });
  }

  if (scheme.message.includes('method')) {
    it('is refused at another URL or with another method', () => {
      expect(verdict({ ...request, url: `${request.url}&` }).authentic).toBe(false);
      expect(verdict({ ...request, url: request.url.replace('https:', 'http:') }).authentic).toBe(false);
      expect(verdict({ ...request, method: 'PUT' }).authentic).toBe(false);
    });
  }
});

describe('a list of pairs', () => {
  const request = vectors.find(({ name }) => name === 'Stripe')!.request;
  const [time, value] = request.headers['stripe-signature']!.split(',') as [string, string];
  const wrong = `v1=${'0'.repeat(64)}`;
  const listed = (list: string) =>
    judge(
      stripe,
      altered(request, 'Stripe-Signature', () => list),
    );

  it('is read in any order, with blanks, and with keys that mean nothing to us', () => {
    for (const list of [`${value},${time}`, `${time}, ${value}`, `v0=ab,${time},x,=,${value},`]) {
      expect(listed(list)).toEqual(authentic);
    }
  });

  it('is taken where any of its signatures fits', () => {
    expect(listed(`${time},${wrong},${value}`)).toEqual(authentic);
    expect(listed(`${time},${value},${wrong}`)).toEqual(authentic);
    expect(listed(`${time},v1=,v1=zz,${value}`)).toEqual(authentic);
    expect(listed(`${time},${wrong},${wrong}`)).toEqual(
      refused('the signature in Stripe-Signature does not match'),
    );
  });

  it('is refused where it names the time twice, or not at all', () => {
    const untimed = refused('the timestamp at t in the header is missing');
    expect(listed(`${time},${time},${value}`)).toEqual(untimed);
    expect(listed(`${time},${value}, ${time},${value}`)).toEqual(untimed);
    expect(listed(value)).toEqual(untimed);
  });

  it('is refused where the key is another', () => {
    expect(listed(`${time},${value.replace('v1', 'v0')}`).authentic).toBe(false);
    expect(listed(`${time},${value.replace('v1', 'V1')}`).authentic).toBe(false);
  });

  it('may be parted by something else', () => {
    const parted = altered(request, 'Stripe-Signature', () => `${time}; ${value}`);
    expect(judge({ ...stripe, form: { pairs: 'v1', delimiter: ';' } }, parted)).toEqual(authentic);
    expect(judge(stripe, parted).authentic).toBe(false);
  });
});

describe('a tagged list', () => {
  const { request, now: at } = vectors.find(({ name }) => name === 'Standard Webhooks')!;
  const fitting = request.headers['webhook-signature']!;
  const wrong = `v1,${Buffer.alloc(32).toString('base64')}`;
  const listed = (list: string) =>
    judge(
      svix,
      altered(request, 'Webhook-Signature', () => list),
      { at },
    );

  it('is taken where any signature of the tag fits', () => {
    expect(listed(`${wrong} ${fitting}`)).toEqual(authentic);
    expect(listed(`${fitting} ${wrong}`)).toEqual(authentic);
    expect(listed(`v1a,AAAA  v1 ${fitting}`)).toEqual(authentic);
  });

  it('is refused where only other tags hold it', () => {
    expect(listed(fitting.replace('v1', 'v1a')).authentic).toBe(false);
    expect(listed(fitting.replace('v1,', '')).authentic).toBe(false);
    expect(listed(`${wrong} ${wrong}`).authentic).toBe(false);
  });
});

describe("the makers' own libraries sign what is taken", () => {
  it.each(['{"test":1}', '', 'Zażółć gęślą jaźń 🦔', '{"a":"\\u0000"}'])('Standard Webhooks: %s', (body) => {
    const [secret = ''] = svix.secrets;
    const signature = new StandardWebhook(secret).sign('msg_1', new Date(now), body);
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(now / 1000),
      'webhook-signature': signature,
    };
    expect(judge(svix, requestOf({ headers, body }))).toEqual(authentic);
    const moved = requestOf({ headers: { ...headers, 'webhook-id': 'msg_2' }, body });
    expect(judge(svix, moved)).toEqual(refused('the signature in Webhook-Signature does not match'));
    expect(judge(svix, without(requestOf({ headers, body }), 'webhook-id'))).toEqual(
      refused('a signed part is missing: the header webhook-id'),
    );
  });

  const clientSecret = 'ąę-client-secret';
  const url = 'https://sync.example.com/webhooks/hubspot?who=a@b.c';
  it.each(['[{"eventId":1}]', '', '[{"name":"Zażółć 🦔"}]'])('HubSpot v1, v2, v3: %s', (requestBody) => {
    const given = { clientSecret, url, requestBody, timestamp: now, signature: '' };
    const of = (scheme: SignatureScheme): SignatureScheme => ({ ...scheme, secrets: [clientSecret] });
    const request = (headers: { [name: string]: string }) => requestOf({ url, body: requestBody, headers });

    const v1 = Signature.getSignature('POST', 'v1', given);
    expect(judge(of(hubspotV1), request({ 'X-HubSpot-Signature': v1 }))).toEqual(authentic);
    const v2 = Signature.getSignature('POST', 'v2', given);
    expect(judge(of(hubspotV2), request({ 'X-HubSpot-Signature': v2 }))).toEqual(authentic);
    const v3 = {
      'X-HubSpot-Signature-v3': Signature.getSignature('POST', 'v3', given),
      'X-HubSpot-Request-Timestamp': String(now),
    };
    expect(judge(of(hubspotV3), request(v3))).toEqual(authentic);
    // The URL that HubSpot signs has these escapes decoded, in either letter case.
    const escaped = 'https://sync.example.com/webhooks/hubspot?who=a%40b.c';
    expect(judge(of(hubspotV3), { ...request(v3), url: escaped })).toEqual(authentic);
  });
});

describe('what is signed', () => {
  const signed = (scheme: SignatureScheme, message: string | Uint8Array, request: WebhookRequest) => ({
    ...request,
    headers: { ...request.headers, [scheme.header.toLowerCase()]: hmac(scheme.secrets[0]!, message) },
  });
  const plain: SignatureScheme = { ...segment, algorithm: 'hmac-sha256', message: ['body'] };

  it('is every byte of a body, be it text or not', () => {
    const body = Uint8Array.from([0xff, 0xfe, 0x00, 0xc3, 0x28, 0xef, 0xbb, 0xbf]);
    expect(judge(plain, signed(plain, body, requestOf({ body })))).toEqual(authentic);
  });

  it('decodes only the escapes that are named, in either letter case, and each once', () => {
    const scheme: SignatureScheme = {
      ...plain,
      message: [{ url: 'decoded', escapes: ['%3a', '%2F', '%25'] }],
    };
    const request = requestOf({ url: 'https://a.example/%3A%3a%2f%2F%20%c3%a9%2540?q=%253A%3F' });
    const decoded = 'https://a.example/::// %c3%a9%40?q=%3A%3F'.replace(' ', '%20');
    expect(judge(scheme, signed(scheme, decoded, request))).toEqual(authentic);
  });

  it('may be the first element of a list as compact JSON, or the only one', () => {
    const first: SignatureScheme = { ...plain, message: [{ element: 'first' }] };
    const only: SignatureScheme = { ...plain, message: [{ element: 'only' }] };
    const two = requestOf({ body: '[ {"a" : [1, "x  y"],\n"b":"é"}, {"c":2} ]' });
    const one = requestOf({ body: '[ {"a" : [1, "x  y"],\n"b":"é"} ]' });
    const element = '{"a":[1,"x  y"],"b":"é"}';
    expect(judge(first, signed(first, element, two))).toEqual(authentic);
    expect(judge(first, signed(first, element, one))).toEqual(authentic);
    expect(judge(only, signed(only, element, one))).toEqual(authentic);
    expect(judge(only, signed(only, element, two))).toEqual(
      refused('a signed part is missing: one element of a JSON list'),
    );
    for (const body of ['', '[]', '{"0":1}', 'no JSON', '['.repeat(100_000)]) {
      expect(judge(first, signed(first, '', requestOf({ body }))).authentic).toBe(false);
    }
  });

  it('may be the whole body as compact JSON', () => {
    const scheme: SignatureScheme = { ...plain, message: ['compact'] };
    const request = requestOf({ body: ' { "a" : [ 1 , " b " ] } ' });
    expect(judge(scheme, signed(scheme, '{"a":[1," b "]}', request))).toEqual(authentic);
    expect(judge(scheme, signed(scheme, '', requestOf({ body: '{' })))).toEqual(
      refused('a signed part is missing: a JSON body'),
    );
  });

  it('takes headers byte by byte as they came', () => {
    const scheme: SignatureScheme = { ...plain, message: [{ header: 'X-Name' }] };
    // Node makes a character of each byte of a header.
    const asNode = Buffer.from('Zażółć').toString('latin1');
    const request = requestOf({ headers: { 'x-name': asNode } });
    expect(judge(scheme, signed(scheme, 'Zażółć', request))).toEqual(authentic);
  });

  it('never matches where a plain hash has no secret in it', () => {
    const scheme: SignatureScheme = { ...hubspotV1, message: ['body'] };
    expect(judge(scheme, requestOf({ headers: { 'x-hubspot-signature': 'ab'.repeat(32) } }))).toEqual(
      refused('the scheme does not sign a secret'),
    );
  });

  it('takes secrets in hex and in base64, with and without padding, and none that is neither', () => {
    const headers = { 'x-signature': hmac('key!', 'x') };
    const request = requestOf({ headers, body: 'x' });
    const of = (secretEncoding: 'base64' | 'hex', secret: string) =>
      judge({ ...plain, secretEncoding, secrets: [secret] }, request);
    for (const secret of ['a2V5IQ==', 'a2V5IQ']) expect(of('base64', secret)).toEqual(authentic);
    for (const secret of ['6b657921', '6B657921']) expect(of('hex', secret)).toEqual(authentic);
    for (const secret of ['key!', 'a2V5 IQ==', '===']) expect(of('base64', secret).authentic).toBe(false);
    for (const secret of ['6b65792', '6b65792x']) expect(of('hex', secret).authentic).toBe(false);
  });
});

describe('a timestamp', () => {
  const stamped = (unit: 'seconds' | 'milliseconds' | 'iso', time: string) =>
    judge(
      {
        ...klaviyo,
        timestamp: { from: { header: 'Klaviyo-Timestamp' }, unit, toleranceSeconds: 60 },
      },
      requestOf({
        headers: {
          'Klaviyo-Timestamp': time,
          'Klaviyo-Signature': hmac(klaviyo.secrets[0]!, `{}${time}`),
        },
        body: '{}',
      }),
    );

  it('is read in its own unit', () => {
    expect(stamped('seconds', '1700000000')).toEqual(authentic);
    expect(stamped('milliseconds', '1700000000000')).toEqual(authentic);
    expect(stamped('iso', '2023-11-14T22:13:20Z')).toEqual(authentic);
    expect(stamped('iso', '2023-11-14T23:13:20.123+01:00')).toEqual(authentic);
    expect(stamped('seconds', '1700000000000').authentic).toBe(false);
    expect(stamped('iso', '2023-11-14T22:13:20-01:00')).toEqual(
      refused("the timestamp differs from the server's clock by 3600 s"),
    );
  });

  it.each([
    ['seconds', ''],
    ['seconds', '-1700000000'],
    ['seconds', '1.7e9'],
    ['seconds', '1700000000.0'],
    ['seconds', '0x6553F100'],
    ['seconds', 'NaN'],
    ['seconds', 'Infinity'],
    ['seconds', '1700000000 '],
    ['milliseconds', '9'.repeat(400)],
    ['iso', '1700000000000'],
    ['iso', 'Tue, 14 Nov 2023 22:13:20 GMT'],
    ['iso', '2023-02-31T25:61:61Z'],
  ] as const)('in %s is not "%s", however it is signed', (unit, time) => {
    expect(stamped(unit, time)).toEqual(
      refused(`the timestamp in the header Klaviyo-Timestamp is not in ${unit}`),
    );
  });

  it('without a tolerance may be of any time', () => {
    const headers = {
      'Klaviyo-Timestamp': 'yesterday',
      'Klaviyo-Signature': hmac(klaviyo.secrets[0]!, '{}yesterday'),
    };
    expect(judge(klaviyo, requestOf({ headers, body: '{}' }))).toEqual(authentic);
  });
});

describe('a secret that is sent as it is', () => {
  const secret = 'sésame-0123';
  const scheme = (at: CredentialScheme['at'], ...values: string[]): CredentialScheme => ({
    kind: 'credential',
    at,
    values: values.length > 0 ? values : [secret],
  });
  /** As Node gives a header whose bytes are UTF-8. */
  const wire = (text: string) => Buffer.from(text).toString('latin1');
  const base64 = (text: string) => Buffer.from(text).toString('base64');

  it('is taken in a header that has exactly this value', () => {
    const request = (value: string) => requestOf({ headers: { 'X-Token': value } });
    const at = { header: 'X-Token' };
    expect(judge(scheme(at), request(wire(secret)))).toEqual(authentic);
    for (const value of ['', 'sesame', wire(`${secret} `), wire(secret).toUpperCase()]) {
      expect(judge(scheme(at), request(value))).toEqual(refused('the header X-Token does not match'));
    }
    expect(judge(scheme(at), request(wire(`${secret}, ${secret}`))).authentic).toBe(false);
    expect(judge(scheme(at), requestOf({}))).toEqual(refused('the header X-Token is missing'));
  });

  it('is taken as a bearer token, whatever the letter case of the word', () => {
    const request = (value: string) => requestOf({ headers: { authorization: value } });
    for (const word of ['Bearer', 'bearer', 'BEARER', 'Bearer ']) {
      expect(judge(scheme('bearer'), request(`${word} ${wire(secret)}`))).toEqual(authentic);
    }
    expect(judge(scheme('bearer'), request(`Bearer x${wire(secret)}`))).toEqual(
      refused('the bearer token in the header Authorization does not match'),
    );
    for (const value of [wire(secret), `Basic ${wire(secret)}`, 'Bearer', `Bearer${wire(secret)}`, '']) {
      expect(judge(scheme('bearer'), request(value))).toEqual(
        refused('the bearer token in the header Authorization is missing'),
      );
    }
    const twice = `Bearer ${wire(secret)}`;
    expect(judge(scheme('bearer'), request(`${twice}, ${twice}`)).authentic).toBe(false);
  });

  it('is taken as user and password', () => {
    const request = (value: string) => requestOf({ headers: { authorization: value } });
    const basic = scheme('basic', 'user:pä:ss');
    expect(judge(basic, request(`Basic ${base64('user:pä:ss')}`))).toEqual(authentic);
    expect(judge(basic, request(`basic ${base64('user:pä:ss')}`))).toEqual(authentic);
    for (const pair of ['user:pass', 'user:', 'USER:pä:ss', 'user']) {
      expect(judge(basic, request(`Basic ${base64(pair)}`))).toEqual(
        refused('the user and password in the header Authorization does not match'),
      );
    }
    expect(judge(basic, request('Basic user:pass')).authentic).toBe(false);
    expect(judge(basic, requestOf({})).authentic).toBe(false);
  });

  it('is taken in the query and in the path', () => {
    const url = `https://a.example/webhooks/source/${encodeURIComponent(secret)}?key=${encodeURIComponent(secret)}`;
    expect(judge(scheme({ query: 'key' }), requestOf({ url }))).toEqual(authentic);
    expect(judge(scheme('path'), requestOf({ url }))).toEqual(authentic);
    const bare = requestOf({ url: 'https://a.example/webhooks/source?KEY=x' });
    expect(judge(scheme({ query: 'key' }), bare)).toEqual(refused('the query parameter key is missing'));
    expect(judge(scheme('path'), bare)).toEqual(refused('the token in the path is missing'));
    expect(judge(scheme({ query: 'constructor' }), bare)).toEqual(
      refused('the query parameter constructor is missing'),
    );
  });

  it('is taken in a field of a body in JSON, a form or SOAP', () => {
    const field = scheme({ field: 'data.token' });
    const soap = `<s:Envelope xmlns:s="x"><s:Body><data><token>${secret}</token></data></s:Body></s:Envelope>`;
    const form = `data%5Btoken%5D=${encodeURIComponent(secret)}`;
    expect(judge(field, requestOf({ body: { data: { token: secret } } }))).toEqual(authentic);
    expect(judge(field, requestOf({ body: form }), { form: 'form' })).toEqual(authentic);
    expect(judge(field, requestOf({ body: soap }), { form: 'soap' })).toEqual(authentic);
    expect(
      judge(scheme({ field: 'id' }, '12345'), requestOf({ body: { id: 12345, token: secret } })),
    ).toEqual(authentic);
    for (const body of [`${form}&${form}`, 'data=x', '%', '']) {
      expect(judge(field, requestOf({ body }), { form: 'form' }).authentic).toBe(false);
    }
    const unlike = [{ data: { token: [secret] } }, { 'data.token': secret }, { data: secret }, [], null];
    for (const body of [...unlike, '{', `{"data":{"token":"${secret}"}`]) {
      expect(judge(field, requestOf({ body }))).toEqual(
        refused('the field data.token in the body is missing'),
      );
    }
  });

  it('is taken where any of the values fits, and never where there is none', () => {
    const request = (value: string) => requestOf({ headers: { 'x-token': value } });
    const at = { header: 'X-Token' };
    expect(judge(scheme(at, 'old', 'new'), request('old'))).toEqual(authentic);
    expect(judge(scheme(at, 'old', 'new'), request('new'))).toEqual(authentic);
    expect(judge(scheme(at, 'old', 'new'), request('oldnew')).authentic).toBe(false);
    for (const values of [[], ['']]) {
      const none: Scheme = { kind: 'credential', at, values };
      expect(judge(none, request(''))).toEqual(refused('no secret is configured for the header X-Token'));
    }
  });
});

describe('schemes together', () => {
  const token: Scheme = { kind: 'credential', at: { header: 'X-Token' }, values: ['sesame'] };
  const signed = vectors.find(({ name }) => name === 'Shopify')!.request;
  const both = { ...signed, headers: { ...signed.headers, 'x-token': 'sesame' } };

  it('let a request in where any of them fits', () => {
    expect(judge([shopify, token], signed)).toEqual(authentic);
    expect(judge([token, shopify], signed)).toEqual(authentic);
    expect(judge([token, shopify], requestOf({ headers: { 'x-token': 'sesame' } }))).toEqual(authentic);
  });

  it('say why none fits: the reason of the one that came nearest', () => {
    expect(judge([token, shopify], requestOf({}))).toEqual(
      refused('the header X-Token is missing; the header X-Shopify-Hmac-Sha256 is missing'),
    );
    expect(judge([token, shopify], { ...signed, body: Buffer.from('x') })).toEqual(
      refused('the signature in X-Shopify-Hmac-Sha256 does not match'),
    );
  });

  it('let it in where all have to fit and do', () => {
    const all: Scheme = { kind: 'all', of: [token, { kind: 'all', of: [shopify] }] };
    expect(judge(all, both)).toEqual(authentic);
    expect(judge(all, signed)).toEqual(refused('the header X-Token is missing'));
    expect(judge(all, { ...both, body: Buffer.from('x') }).authentic).toBe(false);
    expect(judge({ kind: 'all', of: [] }, both).authentic).toBe(false);
  });

  it('let in anyone where that is said, and nobody where nothing is', () => {
    expect(judge({ kind: 'open' }, requestOf({}))).toEqual(authentic);
    expect(judge([], requestOf({})).authentic).toBe(false);
    const missing = 'Set webhook.secret to the client secret.';
    const webhook = { authentication: [], missing, decoding: { form: 'json' as const } };
    expect(new Authenticator(webhook).judge(requestOf({}), now)).toEqual(refused(missing));
  });
});

describe('a check', () => {
  const open: Scheme = { kind: 'open' };
  const request = (id: string, body: string) => requestOf({ headers: { 'Webhook-Id': id }, body });

  it('wants a header and a field that say the same', () => {
    const checks: Check[] = [{ header: 'Webhook-Id', equalsField: 'meta.id' }];
    const unlike = refused('the header Webhook-Id does not match the field meta.id in the body');
    expect(judge(open, request('7', '{"meta":{"id":"7"}}'), { checks })).toEqual(authentic);
    expect(judge(open, request('7', '{"meta":{"id":7}}'), { checks })).toEqual(authentic);
    for (const body of ['{"meta":{"id":"8"}}', '{"meta":{}}', '{"id":"7"}', '{', '']) {
      expect(judge(open, request('7', body), { checks })).toEqual(unlike);
    }
    expect(judge(open, requestOf({ body: '{"meta":{"id":"7"}}' }), { checks })).toEqual(unlike);
  });

  it('wants a field to be one of those expected', () => {
    const checks: Check[] = [{ field: 'app', oneOf: ['1', 'two'] }];
    for (const body of ['{"app":1}', '{"app":"1"}', '{"app":"two"}']) {
      expect(judge(open, request('', body), { checks })).toEqual(authentic);
    }
    for (const body of ['{"app":3}', '{"app":["1"]}', '{"app":null}', '{}', 'x']) {
      expect(judge(open, request('', body), { checks })).toEqual(
        refused('the field app in the body has an unexpected value'),
      );
    }
  });

  it('must hold with all others, and lets nobody in that no scheme lets in', () => {
    const checks: Check[] = [
      { field: 'a', oneOf: ['1'] },
      { field: 'b', oneOf: ['1'] },
    ];
    expect(judge(open, request('', '{"a":1,"b":1}'), { checks })).toEqual(authentic);
    expect(judge(open, request('', '{"a":1,"b":2}'), { checks }).authentic).toBe(false);
    expect(judge(shopify, request('', '{"a":1,"b":1}'), { checks }).authentic).toBe(false);
  });
});

describe('what is kept of a request', () => {
  const authentication: Scheme[] = [
    { kind: 'all', of: [{ kind: 'credential', at: { header: 'X-Api-Key' }, values: ['a'] }, github] },
    { kind: 'credential', at: { query: 'code' }, values: ['b'] },
  ];

  it('has the headers without credentials', () => {
    const headers = {
      authorization: 'Bearer secret',
      'proxy-authorization': 'secret',
      cookie: 'secret',
      'x-api-key': 'secret',
      'x-hub-signature-256': 'sha256=ab',
      'user-agent': 'vendor/1',
    };
    expect(new Mask({ authentication }).headers(headers)).toEqual({
      authorization: '[hidden]',
      'proxy-authorization': '[hidden]',
      cookie: '[hidden]',
      'x-api-key': '[hidden]',
      'x-hub-signature-256': 'sha256=ab',
      'user-agent': 'vendor/1',
    });
  });

  it('has the query without credentials', () => {
    const handshake = {
      challenge: { query: 'hub.challenge', token: { query: 'hub.token', values: ['x'] } },
    };
    const query = { code: 'secret', 'hub.token': 'secret', 'hub.challenge': '1', page: '2' };
    expect(new Mask({ authentication, handshake }).query(query)).toEqual({
      code: '[hidden]',
      'hub.token': '[hidden]',
      'hub.challenge': '1',
      page: '2',
    });
  });

  it('hides the text of XML elements that are secrets, and leaves every other byte as it is', () => {
    const mask = new Mask({ authentication: [], secretElements: ['SessionId'] });
    const masked = (text: string) => Buffer.from(mask.body(Buffer.from(text))).toString();
    expect(masked('<a>Zoë</a><SessionId>00D!AQ</SessionId><n:SessionId x="1">00D</n:SessionId>')).toBe(
      '<a>Zoë</a><SessionId>[hidden]</SessionId><n:SessionId x="1">[hidden]</n:SessionId>',
    );
    expect(masked('<SessionId><![CDATA[00D!<AQ]]></SessionId>')).toBe('<SessionId>[hidden]</SessionId>');
    for (const text of ['<SessionId xsi:nil="true"/> <a>1</a>', '<SessionIdentity>1</SessionIdentity>', ''])
      expect(masked(text)).toBe(text);
  });
});
