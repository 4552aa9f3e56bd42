// What holds of every request: judging it never throws, and nobody gets in without the secret.
import { createHash, createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Part, Scheme, SignatureScheme } from '#connector/webhook';
import { Authenticator, Mask, type WebhookRequest } from '../../../src/engine/webhook/authenticity.ts';
import { fc, times } from '../../support/properties.ts';
import { vectors } from '../../unit/engine/vectors.ts';

const now = 1_700_000_000_000;
const forms = ['json', 'form', 'soap'] as const;
const names = [
  ...vectors.map(({ scheme }) => scheme.header.toLowerCase()),
  ...['authorization', 'webhook-id', 'webhook-timestamp', 'klaviyo-timestamp', 'x-cio-timestamp'],
  ...['x-hubspot-request-timestamp', '__proto__', 'constructor', 'tostring', ''],
];

const anyText = fc.string({ unit: 'binary', maxLength: 40 });
/** Values that look like what is looked for. */
const anyValue = fc.oneof(
  anyText,
  fc.constantFrom('1700000000', '1700000000000', '', 'NaN', '2023-11-14T22:13:20Z'),
  fc
    .tuple(
      fc.constantFrom('', 'sha1=', 'sha256=', 'v1,', 't=1700000000,v1=', 'Bearer ', 'basic '),
      fc.constantFrom(20, 32, 64),
      fc.constantFrom('hex', 'base64', 'base64url'),
      fc.integer({ min: 0, max: 255 }),
    )
    .map(([lead, length, encoding, fill]) => lead + Buffer.alloc(length, fill).toString(encoding as 'hex')),
);
const anyHeaders = fc
  .array(fc.tuple(fc.oneof(fc.constantFrom(...names), anyText), anyValue), { maxLength: 30 })
  .map((pairs) => Object.fromEntries(pairs));
const anyBody = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.json().map((text) => Buffer.from(text)),
  fc.string({ unit: fc.constantFrom(...'[]{}",:=&%<>/a1'), maxLength: 200 }).map((text) => Buffer.from(text)),
);
const anyRequest: fc.Arbitrary<WebhookRequest> = fc.record({
  method: fc.oneof(fc.constantFrom('POST', 'GET', 'HEAD'), anyText),
  url: fc.oneof(fc.webUrl({ withQueryParameters: true }), anyText),
  headers: anyHeaders,
  query: anyHeaders,
  pathToken: fc.option(anyText),
  body: anyBody,
});

const credentials = (value: string): Scheme[] =>
  (['bearer', 'basic', 'path', { header: 'X-Token' }, { query: 'key' }, { field: 'a.b' }] as const).map(
    (at) => ({
      kind: 'credential',
      at,
      values: [value],
    }),
  );
const elements: SignatureScheme[] = (
  [['compact'], [{ element: 'first' }], [{ element: 'only' }]] as Part[][]
).map((message) => ({ ...vectors[0]!.scheme, message, form: 'plain', header: 'x-signature' }));

it.each(forms)('no request of any kind gets in without a secret, and none throws (%s)', (form) => {
  const webhook = {
    authentication: [
      ...vectors.map(({ scheme }) => scheme),
      ...elements,
      ...credentials('a secret that nobody guesses'),
      { kind: 'all', of: credentials('another one') } as Scheme,
    ],
    checks: [{ header: 'webhook-id', equalsField: 'id' }],
    decoding: { form },
  };
  const authenticator = new Authenticator(webhook);
  fc.assert(
    fc.property(anyRequest, (request) => {
      const verdict = authenticator.judge(request, now);
      expect(verdict.authentic).toBe(false);
      expect(verdict).not.toMatchObject({ reason: '' });
    }),
    { numRuns: times(200) },
  );
});

it('every check is judged without a throw, and holds only of what it names', () => {
  fc.assert(
    fc.property(anyRequest, fc.constantFrom(...forms), (request, form) => {
      const webhook = {
        authentication: [{ kind: 'open' } as const],
        checks: [{ field: 'a.b.c', oneOf: ['what nobody sends'] }],
        decoding: { form },
      };
      expect(new Authenticator(webhook).judge(request, now).authentic).toBe(false);
    }),
  );
});

it('whatever is kept of a request holds no credential, and all names', () => {
  const webhook = { authentication: credentials('x') };
  fc.assert(
    fc.property(anyHeaders, (values) => {
      const headers = new Mask(webhook).headers(values);
      const query = new Mask(webhook).query(values);
      expect(Object.keys(headers)).toEqual(Object.keys(values));
      expect(Object.keys(query)).toEqual(Object.keys(values));
      for (const name of ['authorization', 'x-token']) {
        if (Object.hasOwn(values, name)) expect(headers[name]).toBe('[hidden]');
      }
    }),
  );
});

// ── Any scheme ──────────────────────────────────────────────────────────────────────────────────────────────────

/** A part, and what a vendor would sign for it. */
const anyPart: fc.Arbitrary<Part> = fc.oneof(
  fc.constantFrom<Part>('method', 'url', 'secret', 'timestamp', { header: 'X-Id' }),
  anyText.map((literal) => ({ literal })),
);
const anyScheme = fc
  .record({
    algorithm: fc.constantFrom<SignatureScheme['algorithm']>(
      'hmac-sha1',
      'hmac-sha256',
      'hmac-sha512',
      'sha1',
      'sha256',
      'sha512',
    ),
    encoding: fc.constantFrom<SignatureScheme['encoding']>('hex', 'base64', 'base64url'),
    form: fc.constantFrom<SignatureScheme['form'] & {}>(
      'plain',
      { prefix: 'sha=' },
      { pairs: 'v1' },
      { pairs: 's', delimiter: ';' },
      { tagged: 'v1' },
    ),
    before: fc.array(anyPart, { maxLength: 3 }),
    after: fc.array(anyPart, { maxLength: 3 }),
    secret: fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }),
  })
  .map(
    ({ before, after, secret, ...rest }): SignatureScheme => ({
      ...rest,
      kind: 'signature',
      secrets: ['an older secret', secret],
      message: [...before, 'secret', 'body', ...after],
      header: 'X-Signature',
      timestamp: { from: { header: 'X-Time' }, unit: 'seconds', toleranceSeconds: 300 },
    }),
  );

/** What a vendor would send, made as plainly as can be. */
function signed(scheme: SignatureScheme, body: Uint8Array): WebhookRequest {
  const request = {
    method: 'POST',
    url: 'https://a.example/hook?x=%C5%82',
    query: {},
    pathToken: null,
    body,
  };
  const headers = { 'x-id': 'id-1', 'x-time': '1700000000' };
  const secret = scheme.secrets[1]!;
  const message = Buffer.concat(
    scheme.message.map((part) => {
      if (part === 'body') return body;
      if (typeof part === 'object') return Buffer.from('literal' in part ? part.literal : headers['x-id']);
      const said = { method: request.method, url: request.url, secret, timestamp: headers['x-time'] };
      return Buffer.from(said[part as keyof typeof said]);
    }),
  );
  const [kind, algorithm = kind] = scheme.algorithm.split('-') as [string, string?];
  const hash = kind === 'hmac' ? createHmac(algorithm, secret) : createHash(algorithm);
  const signature = hash.update(message).digest(scheme.encoding);
  const { form = 'plain' } = scheme;
  const written =
    form === 'plain'
      ? signature
      : 'prefix' in form
        ? form.prefix + signature
        : 'pairs' in form
          ? `a=b${form.delimiter ?? ','}${form.pairs}=${signature}`
          : `v0,x ${form.tagged},${signature}`;
  return { ...request, headers: { ...headers, 'x-signature': written } };
}

it('whatever a scheme declares, its signature is taken, and none of another body, secret or time', () => {
  fc.assert(
    fc.property(anyScheme, fc.uint8Array({ maxLength: 50 }), fc.nat(), (scheme, body, at) => {
      const request = signed(scheme, body);
      const judge = (other: SignatureScheme, changed: WebhookRequest, time = now) =>
        new Authenticator({ authentication: [other], decoding: { form: 'json' } }).judge(changed, time);
      expect(judge(scheme, request)).toEqual({ authentic: true });

      const changed = Buffer.from(body.length === 0 ? [0] : body);
      if (body.length > 0) changed[at % body.length]! ^= 1 << (at % 8);
      expect(judge(scheme, { ...request, body: changed }).authentic).toBe(false);
      expect(judge({ ...scheme, secrets: ['an older secret'] }, request).authentic).toBe(false);
      expect(judge(scheme, request, now + 301_000).authentic).toBe(false);
      const unmoved = { ...request, headers: { ...request.headers, 'x-time': '1700000301' } };
      expect(judge(scheme, unmoved).authentic).toBe(false);
    }),
    { numRuns: times(500) },
  );
});
