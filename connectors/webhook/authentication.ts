// Converts the authentication that a person describes to the schemes of the door.
// Sources: standardwebhooks.com (spec), docs.stripe.com "Verify webhook signatures", docs.github.com "Validating
// webhook deliveries", shopify.dev "Verify webhooks".
import { z } from 'zod';
import { headerName, path } from '#connector/paths';
import { credential, signature, standardSignature } from '#connector/schemes';
import { basicUser, secrets, wholeNumber, writtenAs } from '#connector/settings';
import type { Scheme, SignatureScheme } from '#connector/webhook';
import { type SignatureSettings, signatureSettings } from './signature.ts';

const toleranceSeconds = wholeNumber(
  { usual: 300, min: 1, max: 86_400 },
  'The maximum difference between the signed time and the clock of the server, seconds.',
);

const anySecret = secrets.describe('The secret, or a list of secrets of which any is accepted.');
const base64Secret = secrets.refine(
  (given) => given.every(isWebhookSecret),
  'must be "whsec_" and base64, as the sender shows it; a public key (v1a) is not supported, and a plain text requires the type "signature"',
);

const single = [
  z.strictObject({
    type: z.literal('bearer').describe('A header "Authorization: Bearer TOKEN".'),
    token: anySecret,
  }),
  z.strictObject({
    type: z.literal('basic').describe('A header "Authorization: Basic …".'),
    user: basicUser,
    password: anySecret,
  }),
  z.strictObject({
    type: z.literal('header').describe('A header of any name that holds a secret.'),
    name: headerName.describe('The name of the header.'),
    value: anySecret,
  }),
  z.strictObject({
    type: z.literal('query').describe('A query parameter that holds a secret.'),
    name: z.string().min(1).describe('The name of the parameter.'),
    value: anySecret,
  }),
  z.strictObject({
    type: z.literal('path').describe('A secret at the end of the webhook address.'),
    token: secrets
      .refine(
        (given) => given.every((token) => /^[\w.~-]{8,}$/.test(token)),
        'must be at least eight characters of a-z, A-Z, 0-9, "-", "_", "." and "~", because it is part of the URL',
      )
      .describe(
        'The secret, at least 8 characters of a-z, A-Z, 0-9, "-", "_", "." and "~", or a list of them.',
      ),
  }),
  z.strictObject({
    type: z.literal('field').describe('A field of the body that holds a secret.'),
    path: path.describe('The path of the field.'),
    value: anySecret,
  }),
  z.strictObject({
    type: z.literal('standard-webhooks').describe('A signature as in Standard Webhooks or Svix.'),
    secret: base64Secret.describe('"whsec_" and base64, as the sender shows it, or a list.'),
    toleranceSeconds,
  }),
  z.strictObject({
    type: z.literal('stripe').describe('A signature as Stripe makes it.'),
    secret: anySecret,
    toleranceSeconds,
  }),
  z.strictObject({
    type: z.literal('github').describe('A signature as GitHub makes it.'),
    secret: anySecret,
  }),
  z.strictObject({
    type: z.literal('shopify').describe('A signature as Shopify makes it.'),
    secret: anySecret,
  }),
  signatureSettings,
] as const;

const types =
  'the type is one of "bearer", "basic", "header", "query", "path", "field", "standard-webhooks", "stripe", "github", "shopify", "signature" and "all"';

/** `id`: a definition of its own in the JSON schema of the configuration. */
const singleWay = z.discriminatedUnion('type', single, types).meta({ id: 'webhookCredential' });

const way = z.discriminatedUnion(
  'type',
  [
    singleWay,
    z.strictObject({
      type: z.literal('all').describe('Several ways that must all hold.'),
      of: z
        .array(singleWay)
        .min(2, 'name at least two that must hold together')
        .describe('The ways, at least two.'),
    }),
    z.strictObject({ type: z.literal('open').describe('Every request is accepted.') }),
  ],
  `${types}; or write "open"`,
);

/** As a person writes it. */
const writtenWay = z.union([z.literal('open'), way]).meta({ id: 'webhookAuthentication' });

type Way = z.infer<typeof way>;
type Single = Exclude<Way, { type: 'all' | 'open' }>;

/** One way or a list of them, of which any lets a request in; or "open". Gives a list. */
export const authentication = writtenAs(
  z.union([writtenWay, z.array(writtenWay)]),
  z
    .preprocess(
      (given) =>
        given === undefined ? [] : [given].flat().map((one) => (one === 'open' ? { type: 'open' } : one)),
      z.array(way),
    )
    .refine(
      (ways) => ways.length <= 1 || ways.every(({ type }) => type !== 'open'),
      '"open" makes the others meaningless: remove it, or use it alone',
    )
    .describe(
      'How requests are authenticated: one way, a list of ways of which any is accepted, or "open" for no authentication.',
    ),
);

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
      return credential('bearer', one.token);
    case 'basic':
      return credential(
        'basic',
        one.password.map((password) => `${one.user}:${password}`),
      );
    case 'header':
      return credential({ header: one.name }, one.value);
    case 'query':
      return credential({ query: one.name }, one.value);
    case 'path':
      return credential('path', one.token);
    case 'field':
      return credential({ field: one.path }, one.value);
    case 'standard-webhooks':
      // The names of Svix, from before there was a standard, are still sent.
      return (['webhook', 'svix'] as const).flatMap((prefix) =>
        standardSignature(one.secret, {
          prefix,
          toleranceSeconds: one.toleranceSeconds,
          secretEncoding: 'base64',
          secretPrefix: 'whsec_',
        }),
      );
    case 'stripe':
      return signature(one.secret, {
        message: ['timestamp', { literal: '.' }, 'body'],
        header: 'Stripe-Signature',
        form: { pairs: 'v1' },
        encoding: 'hex',
        timestamp: { from: { pair: 't' }, unit: 'seconds', toleranceSeconds: one.toleranceSeconds },
      });
    case 'github':
      return signature(one.secret, {
        header: 'X-Hub-Signature-256',
        encoding: 'hex',
        form: { prefix: 'sha256=' },
      });
    case 'shopify':
      return signature(one.secret, { header: 'X-Shopify-Hmac-Sha256', encoding: 'base64' });
    case 'signature':
      return [declared(one)];
  }
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
