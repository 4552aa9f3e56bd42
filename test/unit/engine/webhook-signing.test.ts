import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Part, Scheme, SignatureScheme, Webhook } from '#connector/webhook';
import { Authenticator } from '../../../src/engine/webhook/authenticity.ts';
import { signedRequest } from '../../../src/engine/webhook/signing.ts';

const now = Date.parse('2026-03-01T12:00:00Z');
const body = '{"tenant": "7", "events": [ {"id": 1} ]}';
const unsigned = {
  method: 'POST',
  url: 'https://sync.example.com/webhooks/shop',
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(body),
};

function webhookOf(scheme: Scheme, more: Partial<Webhook<unknown>> = {}) {
  return { authentication: [scheme], decoding: { form: 'json' as const }, ...more };
}

const signature = (more: Partial<SignatureScheme> = {}): SignatureScheme => ({
  kind: 'signature',
  algorithm: 'hmac-sha256',
  secrets: ['s3cret'],
  message: ['body'],
  header: 'X-Signature',
  encoding: 'hex',
  ...more,
});
const credential = (at: Extract<Scheme, { kind: 'credential' }>['at']): Scheme => ({
  kind: 'credential',
  at,
  values: ['', 'zażółć-1'],
});
const all: Part[] = [
  'secret',
  'method',
  'url',
  { url: 'decoded', escapes: ['%3A'] },
  { literal: ':' },
  { header: 'X-Request-Id' },
  'compact',
];

describe('a request signed as the vendor would', () => {
  it.each<[string, Scheme]>([
    ['hex over the body', signature()],
    ['base64 behind a prefix', signature({ encoding: 'base64', form: { prefix: 'sha256=' } })],
    ['sha1, base64url', signature({ algorithm: 'hmac-sha1', encoding: 'base64url' })],
    ['a plain hash of everything', signature({ algorithm: 'sha512', message: all })],
    [
      'a tagged list with an ID and seconds in headers',
      signature({
        secrets: ['!', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
        secretEncoding: 'base64',
        secretPrefix: 'whsec_',
        message: [{ header: 'webhook-id' }, { literal: '.' }, 'timestamp', { literal: '.' }, 'body'],
        form: { tagged: 'v1' },
        encoding: 'base64',
        timestamp: { from: { header: 'webhook-timestamp' }, unit: 'seconds', toleranceSeconds: 300 },
      }),
    ],
    [
      'pairs with the time among them',
      signature({
        message: ['timestamp', 'body'],
        form: { pairs: 'v1', delimiter: ';' },
        timestamp: { from: { pair: 't' }, unit: 'milliseconds', toleranceSeconds: 1 },
      }),
    ],
    [
      'a time in ISO 8601',
      signature({
        message: ['timestamp', 'body'],
        timestamp: { from: { header: 'x-time' }, unit: 'iso', toleranceSeconds: 1 },
      }),
    ],
    ['a header', credential({ header: 'X-Token' })],
    ['a bearer token', { kind: 'credential', at: 'bearer', values: ['a-token'] }],
    ['user and password', { kind: 'credential', at: 'basic', values: ['user:pass word'] }],
    ['a query parameter', credential({ query: 'key' })],
    ['the path', credential('path')],
    ['a field of the body that is not there', credential({ field: 'auth.token' })],
    ['a field in a list', credential({ field: 'events.0.id' })],
    [
      'a token in the address and a signature over it',
      {
        kind: 'all',
        of: [
          signature({ message: ['url', 'body'] }),
          credential({ query: 'key' }),
          credential({ field: 'auth' }),
        ],
      },
    ],
    ['nothing', { kind: 'open' }],
  ])('is let in by %s', (_, scheme) => {
    const webhook = webhookOf(scheme);
    const signed = signedRequest(webhook, unsigned, now);
    if ('reason' in signed) throw new Error(signed.reason);
    const { request } = signed;
    expect(new Authenticator(webhook).judge(request, now)).toEqual({ authentic: true });
    // What it says of itself is what stands in its address.
    expect(request.query).toEqual(Object.fromEntries(new URL(request.url).searchParams));
    // It is the credentials that let it in.
    const bare = { ...unsigned, query: {}, pathToken: null };
    expect(new Authenticator(webhook).judge(bare, now).authentic).toBe(scheme.kind === 'open');
  });

  it('holds the very digest of its body', () => {
    const signed = signedRequest(webhookOf(signature()), unsigned, now);
    const expected = createHmac('sha256', 's3cret').update(body).digest('hex');
    expect(signed).toMatchObject({ request: { headers: { 'x-signature': expected } } });
  });

  it('says what the checks expect, in the body before it is signed and in headers', () => {
    const webhook = webhookOf(signature(), {
      checks: [
        { field: 'tenant', oneOf: ['9', '8'] },
        { header: 'X-Tenant', equalsField: 'tenant' },
      ],
    });
    const signed = signedRequest(webhook, unsigned, now);
    expect(signed).toMatchObject({ request: { headers: { 'x-tenant': '9' } } });
    const form = webhookOf(signature(), {
      decoding: { form: 'form' },
      checks: [{ field: 'data.tenant', oneOf: ['9'] }],
    });
    const asForm = signedRequest(form, { ...unsigned, body: Buffer.from('type=a&data[tenant]=7') }, now);
    if ('reason' in asForm) throw new Error(asForm.reason);
    expect(new URLSearchParams(Buffer.from(asForm.request.body).toString()).get('data[tenant]')).toBe('9');
  });

  it.each<[string, Partial<Webhook<unknown>>, RegExp]>([
    ['nothing is configured', { authentication: [], missing: 'Set "secret".' }, /^Set "secret"\.$/],
    ['no secret can be used', { authentication: [signature({ secrets: [''] })] }, /contain no usable secret/],
    [
      'the body is no list',
      { authentication: [signature({ message: [{ element: 'first' }] })] },
      /one element of a JSON list/,
    ],
    [
      'a SOAP message holds the token',
      { authentication: [credential({ field: 'token' })], decoding: { form: 'soap' } },
      /cannot be written into a SOAP message/,
    ],
    [
      'the tenant is not known',
      { authentication: [signature()], checks: [{ field: 'tenant', oneOf: [] }] },
      /no value is configured for the field tenant/,
    ],
  ])('is not made where %s, and the reason holds no secret', (_, webhook, reason) => {
    const made = signedRequest({ ...webhookOf(signature()), ...webhook }, unsigned, now);
    expect(made).toEqual({ reason: expect.stringMatching(reason) });
    expect(JSON.stringify(made)).not.toContain('s3cret');
  });
});
