// What a webhook declares, in words for whoever sets it up at the vendor. Secrets are never in them: where one belongs
// stands `{secret}`. Pure.

import type {
  Check,
  CredentialScheme,
  Part,
  Scheme,
  SignatureScheme,
  Webhook,
} from '../connector/webhook.ts';
import { type Header, placeholder } from '../contract/webhook.ts';

/** How a request shows that it is the vendor's, in words: `header X-Signature: hex HMAC-SHA1 of the body, key = …`. */
export function schemeText(scheme: Scheme): string {
  if (scheme.kind === 'open') return 'nothing: every request to this address is accepted';
  if (scheme.kind === 'all') return scheme.of.map(schemeText).join('; and ');
  return scheme.kind === 'credential' ? credentialText(scheme) : signatureText(scheme);
}

function credentialText({ at, values }: CredentialScheme): string {
  const what = values.length > 1 ? `one of the ${values.length} secrets of your settings` : yourSecret;
  if (at === 'bearer') return `header Authorization: "Bearer" and ${what}`;
  if (at === 'basic') return 'header Authorization: "Basic", with the user and password of your settings';
  if (at === 'path') return `the last part of the address: ${what}`;
  if ('query' in at) return `query parameter ${at.query}: ${what}`;
  return 'field' in at ? `field ${at.field} of the body: ${what}` : `header ${at.header}: ${what}`;
}

const yourSecret = 'the secret of your settings';

function signatureText(scheme: SignatureScheme): string {
  const { header, algorithm, encoding, message } = scheme;
  const keyed = algorithm.startsWith('hmac-');
  const name = algorithm.toUpperCase();
  return [
    `header ${header}: ${formText(scheme)}${encoding} ${name} of ${message.map((part) => partText(part, scheme)).join(' + ')}`,
    ...(keyed ? [`key = ${keyText(scheme)}`] : []),
    ...timeText(scheme),
  ].join(', ');
}

function formText({ form = 'plain' }: SignatureScheme): string {
  if (form === 'plain') return '';
  if ('prefix' in form) return `"${form.prefix}" and then `;
  return 'pairs' in form ? `a list with ${form.pairs}= before the ` : `"${form.tagged}," and then `;
}

function partText(part: Part, { timestamp }: SignatureScheme): string {
  if (part === 'body') return 'the body';
  if (part === 'method') return 'the method';
  if (part === 'url') return 'the address';
  if (part === 'secret') return yourSecret;
  if (part === 'compact') return 'the body as compact JSON';
  if (part === 'timestamp') {
    const from = timestamp?.from;
    if (!from) return 'the time';
    return 'header' in from ? `the header ${from.header}` : `the time at ${from.pair}=`;
  }
  if ('literal' in part) return JSON.stringify(part.literal);
  if ('header' in part) return `the header ${part.header}`;
  if ('url' in part) return 'the address, some of its escapes decoded';
  return part.element === 'only' ? 'the only element of the list' : 'the first element of the list';
}

function keyText({ secrets, secretEncoding = 'utf8', secretPrefix }: SignatureScheme): string {
  const secret = secrets.length > 1 ? `one of the ${secrets.length} secrets of your settings` : yourSecret;
  const decoded = secretEncoding === 'utf8' ? secret : `the ${secretEncoding} bytes of ${secret}`;
  return secretPrefix === undefined ? decoded : `${decoded} behind "${secretPrefix}"`;
}

function timeText({ timestamp }: SignatureScheme): string[] {
  if (!timestamp || timestamp.toleranceSeconds === null) return [];
  return [`at most ${timestamp.toleranceSeconds} s from this server's clock`];
}

export function checkText(check: Check): string {
  return 'oneOf' in check
    ? `The field ${check.field} of the body must be ${check.oneOf.join(' or ') || 'one that is configured'}.`
    : `The header ${check.header} must equal the field ${check.equalsField} of the body.`;
}

/** What is answered besides, in sentences. */
export function handshakeTexts({ handshake }: Pick<Webhook<unknown>, 'handshake'>): string[] {
  const { reachabilityCheck, challenge, ping } = handshake ?? {};
  return [
    ...(reachabilityCheck
      ? ['GET and HEAD are answered 200: the vendor checks the address before it sends.']
      : []),
    ...(challenge
      ? [
          `A GET with ${challenge.query} is answered with its value${challenge.token ? `, where ${challenge.token.query} holds the token of your settings` : ''}.`,
        ]
      : []),
    ...(ping
      ? [
          `A POST whose field ${ping.field} is "${ping.equals}" is answered${ping.echo === undefined ? '' : ` with the field ${ping.echo}`}, and not kept.`,
        ]
      : []),
  ];
}

const contentTypes = {
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
  soap: 'text/xml; charset=utf-8',
} as const;

export function contentTypeOf({ decoding }: Pick<Webhook<unknown>, 'decoding'>): string {
  return contentTypes[decoding.form];
}

/**
 * Headers to set: the recipe's, the content type, and those of the first scheme's credentials. None where a person has
 * nothing to set, for the vendor signs by itself.
 */
export function headersToSet(webhook: Webhook<unknown>): Header[] {
  const { recipe } = webhook;
  const credentials = credentialsOf(webhook).flatMap(headerOf);
  if (!recipe && credentials.length === 0) return [];
  const own = Object.entries(recipe?.headers ?? {}).map(([name, value]) => ({ name, value }));
  const hasType = own.some(({ name }) => name.toLowerCase() === 'content-type');
  const type = hasType ? [] : [{ name: 'Content-Type', value: contentTypeOf(webhook) }];
  return [...type, ...own, ...credentials];
}

/** The address with the first scheme's credentials, where they stand in it. */
export function addressOf(base: string, webhook: Webhook<unknown>): string {
  const places = credentialsOf(webhook);
  const path = places.includes('path') ? `/${placeholder}` : '';
  const names = places.flatMap((at) => (typeof at === 'object' && 'query' in at ? [at.query] : []));
  const query = names.map((name) => `${encodeURIComponent(name)}=${placeholder}`).join('&');
  return `${base}${path}${query ? `?${query}` : ''}`;
}

function headerOf(at: CredentialScheme['at']): Header[] {
  if (at === 'bearer') return [{ name: 'Authorization', value: `Bearer ${placeholder}` }];
  if (at === 'basic') return [{ name: 'Authorization', value: 'Basic, with {user} and {password}' }];
  return typeof at === 'object' && 'header' in at ? [{ name: at.header, value: placeholder }] : [];
}

function credentialsOf({ authentication }: Webhook<unknown>): CredentialScheme['at'][] {
  const flat = (scheme: Scheme): CredentialScheme['at'][] => {
    if (scheme.kind === 'all') return scheme.of.flatMap(flat);
    return scheme.kind === 'credential' ? [scheme.at] : [];
  };
  const [first] = authentication;
  return first ? flat(first) : [];
}
