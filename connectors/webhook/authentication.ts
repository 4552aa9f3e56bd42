// How a request shows that it is the sender's, as a person writes it, into the door's schemes. It does not know what is sent.
// Sources: standardwebhooks.com (spec), docs.stripe.com "Verify webhook signatures", docs.github.com "Validating webhook
// deliveries", shopify.dev "Verify webhooks".
import { z } from 'zod';
import { secrets } from '#connector/settings';
import type { CredentialScheme, Scheme, SignatureScheme } from '#connector/webhook';
import { headerName, path } from './paths.ts';
import { type SignatureSettings, signatureSettings } from './signature.ts';

const toleranceSeconds = z
  .int()
  .min(1)
  .max(86_400)
  .default(300)
  .describe('How far the time that is signed may be from ours, seconds.');

const base64Secret = secrets.refine(
  (given) => given.every(isWebhookSecret),
  'must be "whsec_" and base64, as the sender shows it; a public key (v1a) cannot be used, and a plain text goes with the type "signature"',
);

const single = [
  z.strictObject({ type: z.literal('bearer'), token: secrets }),
  z.strictObject({
    type: z.literal('basic'),
    user: z.string().regex(/^[^:]*$/, 'a user name holds no colon'),
    password: secrets,
  }),
  z.strictObject({ type: z.literal('header'), name: headerName, value: secrets }),
  z.strictObject({ type: z.literal('query'), name: z.string().min(1), value: secrets }),
  z.strictObject({
    type: z.literal('path'),
    token: secrets.refine(
      (given) => given.every((token) => /^[\w.~-]{8,}$/.test(token)),
      'must be eight characters or more of a-z, A-Z, 0-9, "-", "_", "." and "~": it stands in the address',
    ),
  }),
  z.strictObject({ type: z.literal('field'), path, value: secrets }),
  z.strictObject({ type: z.literal('standard-webhooks'), secret: base64Secret, toleranceSeconds }),
  z.strictObject({ type: z.literal('stripe'), secret: secrets, toleranceSeconds }),
  z.strictObject({ type: z.literal('github'), secret: secrets }),
  z.strictObject({ type: z.literal('shopify'), secret: secrets }),
  signatureSettings,
] as const;

const types =
  'the type is one of "bearer", "basic", "header", "query", "path", "field", "standard-webhooks", "stripe", "github", "shopify", "signature" and "all"';

const way = z.discriminatedUnion(
  'type',
  [
    ...single,
    z.strictObject({
      type: z.literal('all'),
      of: z.array(z.discriminatedUnion('type', single, types)).min(2, 'name two or more that hold together'),
    }),
    z.strictObject({ type: z.literal('open') }),
  ],
  `${types}; or write "open"`,
);

type Way = z.infer<typeof way>;
type Single = Exclude<Way, { type: 'all' | 'open' }>;

/** One way or a list of them, of which any lets a request in; or "open". Gives a list. */
export const authentication = z
  .preprocess(
    (given) =>
      given === undefined ? [] : [given].flat().map((one) => (one === 'open' ? { type: 'open' } : one)),
    z.array(way),
  )
  .refine(
    (ways) => ways.length <= 1 || ways.every(({ type }) => type !== 'open'),
    'with "open" among them the others mean nothing: leave it out, or write it alone',
  )
  .describe('How a request shows that it is the sender\'s: one way, or a list of which any does; or "open".');

export type Authentication = z.infer<typeof authentication>;

export function schemesOf(ways: Authentication): Scheme[] {
  return ways.flatMap((one): Scheme[] => {
    if (one.type === 'open') return [{ kind: 'open' }];
    if (one.type !== 'all') return alternatives(one);
    // Each of them may itself be fulfilled in more ways than one.
    return one.of
      .map(alternatives)
      .reduce<Scheme[][]>((sets, next) => sets.flatMap((set) => next.map((scheme) => [...set, scheme])), [[]])
      .map((of): Scheme => ({ kind: 'all', of }));
  });
}

function alternatives(one: Single): Scheme[] {
  switch (one.type) {
    case 'bearer':
      return [credential('bearer', one.token)];
    case 'basic':
      return [
        credential(
          'basic',
          one.password.map((password) => `${one.user}:${password}`),
        ),
      ];
    case 'header':
      return [credential({ header: one.name }, one.value)];
    case 'query':
      return [credential({ query: one.name }, one.value)];
    case 'path':
      return [credential('path', one.token)];
    case 'field':
      return [credential({ field: one.path }, one.value)];
    case 'standard-webhooks':
      // The names of Svix, from before there was a standard, are still sent.
      return ['webhook', 'svix'].map((prefix) => standardWebhooks(prefix, one.secret, one.toleranceSeconds));
    case 'stripe':
      return [stripe(one.secret, one.toleranceSeconds)];
    case 'github':
      return [ofBody('X-Hub-Signature-256', one.secret, { encoding: 'hex', form: { prefix: 'sha256=' } })];
    case 'shopify':
      return [ofBody('X-Shopify-Hmac-Sha256', one.secret, { encoding: 'base64' })];
    case 'signature':
      return [declared(one)];
  }
}

function credential(at: CredentialScheme['at'], values: readonly string[]): CredentialScheme {
  return { kind: 'credential', at, values };
}

function standardWebhooks(prefix: string, of: readonly string[], toleranceSeconds: number): SignatureScheme {
  return {
    kind: 'signature',
    algorithm: 'hmac-sha256',
    secrets: of,
    secretEncoding: 'base64',
    secretPrefix: 'whsec_',
    message: [{ header: `${prefix}-id` }, { literal: '.' }, 'timestamp', { literal: '.' }, 'body'],
    header: `${prefix}-signature`,
    form: { tagged: 'v1' },
    encoding: 'base64',
    timestamp: { from: { header: `${prefix}-timestamp` }, unit: 'seconds', toleranceSeconds },
  };
}

function stripe(of: readonly string[], toleranceSeconds: number): SignatureScheme {
  return {
    kind: 'signature',
    algorithm: 'hmac-sha256',
    secrets: of,
    message: ['timestamp', { literal: '.' }, 'body'],
    header: 'Stripe-Signature',
    form: { pairs: 'v1' },
    encoding: 'hex',
    timestamp: { from: { pair: 't' }, unit: 'seconds', toleranceSeconds },
  };
}

function ofBody(
  header: string,
  of: readonly string[],
  how: Pick<SignatureScheme, 'encoding' | 'form'>,
): SignatureScheme {
  return { kind: 'signature', algorithm: 'hmac-sha256', secrets: of, message: ['body'], header, ...how };
}

function declared(one: SignatureSettings): SignatureScheme {
  const { form, secretEncoding, secretPrefix, timestamp } = one;
  return {
    kind: 'signature',
    algorithm: one.algorithm,
    secrets: one.secret,
    message: one.message,
    header: one.header,
    encoding: one.encoding,
    ...(secretEncoding !== undefined && { secretEncoding }),
    ...(secretPrefix !== undefined && { secretPrefix }),
    ...(form !== undefined && { form: formOf(form) }),
    ...(timestamp !== undefined && { timestamp }),
  };
}

function formOf(form: NonNullable<SignatureSettings['form']>): NonNullable<SignatureScheme['form']> {
  if (form === 'plain' || !('pairs' in form)) return form;
  const { pairs, delimiter } = form;
  return delimiter === undefined ? { pairs } : { pairs, delimiter };
}

function isWebhookSecret(secret: string): boolean {
  const key = secret.replace(/^whsec_/, '');
  return /^[A-Za-z0-9+/]{16,}={0,2}$/.test(key) && key.replace(/=+$/, '').length % 4 !== 1;
}
