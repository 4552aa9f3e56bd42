// A custom signature as a person describes it: the door's `SignatureScheme` as data. Signatures that protect nothing
// are refused.
import { z } from 'zod';
import { headerName } from '#connector/paths';
import { secrets } from '#connector/settings';

const part = z.union(
  [
    z.enum(['body', 'compact', 'method', 'url', 'secret', 'timestamp']),
    z.strictObject({ literal: z.string().describe('A fixed text.') }),
    z.strictObject({ header: headerName.describe('The header whose value is signed.') }),
    z.strictObject({
      element: z
        .enum(['first', 'only'])
        .describe(
          'The first element of a JSON array as compact JSON; "only": nothing matches if there are more.',
        ),
    }),
    z.strictObject({
      url: z.literal('decoded').describe('The URL with some escapes decoded.'),
      escapes: z
        .array(z.string().regex(/^%[0-9A-Fa-f]{2}$/))
        .min(1)
        .describe('The escapes that are decoded: "%3A".'),
    }),
  ],
  'a part is "body", "compact", "method", "url", "secret", "timestamp", {literal}, {header}, {element: "first" | "only"} or {url: "decoded", escapes: ["%3A"]}',
);

const form = z.union(
  [
    z.literal('plain'),
    z.strictObject({ prefix: z.string().min(1).describe('The text before the signature: "sha256=".') }),
    z.strictObject({
      pairs: z.string().min(1).describe('The key of the signature in a list such as "t=1,v1=ab": "v1".'),
      delimiter: z.string().length(1).optional().describe('The character between pairs. Default: a comma.'),
    }),
    z.strictObject({
      tagged: z
        .string()
        .min(1)
        .describe('The tag of the signature in a space-separated list such as "v1,ab v1,cd": "v1".'),
    }),
  ],
  'the form is "plain", {prefix: "sha256="}, {pairs: "v1"} or {tagged: "v1"}',
);

const timestamp = z.strictObject({
  from: z
    .union(
      [
        z.strictObject({ header: headerName.describe('The header that holds the time.') }),
        z.strictObject({
          pair: z.string().min(1).describe('The key of the time in the pairs of the signature: "t".'),
        }),
      ],
      'the timestamp is from {header: NAME}, or {pair: KEY} of a signature written in pairs',
    )
    .describe('Where the time is: {header} or {pair}.'),
  unit: z
    .enum(['seconds', 'milliseconds', 'iso'])
    .default('seconds')
    .describe('The unit of the time since 1970, or "iso" for ISO 8601. Default: seconds.'),
  toleranceSeconds: z
    .int()
    .min(1)
    .max(86_400)
    .nullable()
    .default(300)
    .describe(
      'The maximum difference between the time and the clock of the server, seconds; null: it is not checked. Default: 300.',
    ),
});

export const signatureSettings = z
  .strictObject({
    type: z.literal('signature').describe('A signature that you describe.'),
    algorithm: z
      .enum(['hmac-sha1', 'hmac-sha256', 'hmac-sha512', 'sha1', 'sha256', 'sha512'])
      .describe('The algorithm of the signature.'),
    secret: secrets.describe('The secret, or a list of secrets of which any is accepted.'),
    secretEncoding: z
      .enum(['utf8', 'base64', 'hex'])
      .optional()
      .describe('The encoding of the secret. Default: utf8.'),
    secretPrefix: z
      .string()
      .min(1)
      .optional()
      .describe('A prefix that is removed from the secret, such as "whsec_".'),
    message: z.array(part).min(1).describe('What is signed: parts that are concatenated.'),
    header: headerName.describe('The header that holds the signature.'),
    form: form
      .optional()
      .describe(
        'The format of the signature in the header: "plain" (default), {prefix}, {pairs} or {tagged}.',
      ),
    encoding: z.enum(['hex', 'base64', 'base64url']).describe('The encoding of the signature.'),
    timestamp: timestamp
      .optional()
      .describe('The signed time of the request, against replays: {from, unit?, toleranceSeconds?}.'),
  })
  .superRefine((given, context) => {
    for (const [at, message] of faults(given)) context.addIssue({ code: 'custom', path: [at], message });
  });

export type SignatureSettings = z.infer<typeof signatureSettings>;

type Given = Omit<z.infer<typeof signatureSettings>, 'type'>;

/** What would let anybody in, or nobody: the key, and a sentence. */
function* faults({
  algorithm,
  secret,
  secretEncoding,
  secretPrefix,
  ...rest
}: Given): Generator<[string, string]> {
  const { message, form, timestamp } = rest;
  if (!message.some((one) => one === 'body' || one === 'compact' || isElement(one))) {
    yield ['message', 'the signature must cover the body: add "body", "compact" or {element}'];
  }
  if (!algorithm.startsWith('hmac-') && !message.includes('secret')) {
    yield [
      'message',
      `anyone can compute a plain ${algorithm}: add "secret" at its position, or use hmac-${algorithm}`,
    ];
  }
  if (message.includes('timestamp') && !timestamp) {
    yield ['message', '"timestamp" requires the setting timestamp, which names its source'];
  }
  if (timestamp && !message.some((one) => one === 'timestamp' || isHeaderOf(one, timestamp.from))) {
    yield ['timestamp', 'a time that is not signed proves nothing: add "timestamp" to message'];
  }
  if (timestamp && 'pair' in timestamp.from && !isPairs(form)) {
    yield ['timestamp', 'a pair requires the form {pairs}: use {header}, or set the form'];
  }
  if (timestamp && 'pair' in timestamp.from && isPairs(form) && timestamp.from.pair === form.pairs) {
    yield ['timestamp', 'the signature and the time must have different keys'];
  }
  if (!secret.every((one) => decodes(one, secretEncoding, secretPrefix))) {
    yield ['secret', `must be ${secretEncoding}, as secretEncoding says`];
  }
}

function isElement(one: Given['message'][number]): boolean {
  return typeof one === 'object' && 'element' in one;
}

function isHeaderOf(one: Given['message'][number], from: NonNullable<Given['timestamp']>['from']): boolean {
  if (typeof one !== 'object' || !('header' in one) || !('header' in from)) return false;
  return one.header.toLowerCase() === from.header.toLowerCase();
}

function isPairs(form: Given['form']): form is { pairs: string } {
  return typeof form === 'object' && 'pairs' in form;
}

function decodes(secret: string, encoding: Given['secretEncoding'], prefix = ''): boolean {
  const key = secret.startsWith(prefix) ? secret.slice(prefix.length) : secret;
  if (encoding === 'hex') return /^([0-9a-f]{2})+$/i.test(key);
  if (encoding !== 'base64') return key !== '';
  return /^[A-Za-z0-9+/]+={0,2}$/.test(key) && key.replace(/=+$/, '').length % 4 !== 1;
}
