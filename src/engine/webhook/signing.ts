// A request as the vendor would send it, with the credentials of the settings: the counterpart of the judge, so that a
// person can try their own door. It knows no vendor, and sends nothing.
import { createHash, createHmac } from 'node:crypto';
import type { Json } from '../../connector/json.ts';
import type {
  CredentialScheme,
  Decoding,
  Scheme,
  SignatureScheme,
  Webhook,
} from '../../connector/webhook.ts';
import { Authenticator } from './authenticity.ts';
import { parseBody } from './body.ts';
import { fieldText } from './credential.ts';
import { RequestReading, type WebhookRequest } from './request.ts';
import { keyOf, stretchesOf } from './signature.ts';
import { UndecodableError } from './undecodable.ts';

/** What is to be sent; `url` is the address without credentials, as the vendor would call it. */
export interface Unsigned {
  method: string;
  url: string;
  /** Names in lower case. */
  headers: { readonly [name: string]: string };
  body: Uint8Array;
}

/** Why no request can be made that gets in. A sentence's end without a full stop, which holds no secret. */
class CannotSign extends Error {
  override name = 'CannotSign';
}

type Declared = Pick<Webhook<unknown>, 'authentication' | 'missing' | 'checks' | 'decoding'>;

/** A request that the first of the schemes lets in, or why there is none. `now`: epoch milliseconds. */
export function signedRequest(
  webhook: Declared,
  unsigned: Unsigned,
  now: number,
): { request: WebhookRequest } | { reason: string } {
  const [first] = webhook.authentication;
  const reason = (because: string) => ({ reason: because });
  if (!first) return reason(webhook.missing ?? 'the settings configure no authentication');
  try {
    const request = complete(webhook, first, unsigned, now);
    const verdict = new Authenticator(webhook).judge(request, now);
    return verdict.authentic ? { request } : reason(verdict.reason);
  } catch (error) {
    if (error instanceof CannotSign) return reason(error.message);
    throw error;
  }
}

/** What is signed is completed first: the body and the address before the headers, and signatures last. */
function complete(webhook: Declared, scheme: Scheme, unsigned: Unsigned, now: number): WebhookRequest {
  const { checks = [], decoding } = webhook;
  const parts = partsOf(scheme);
  const credentials = parts.filter((part) => part.kind === 'credential');
  let request: WebhookRequest = {
    ...unsigned,
    headers: { ...unsigned.headers },
    query: Object.fromEntries(new URL(unsigned.url).searchParams),
    pathToken: null,
  };
  for (const check of checks) if ('oneOf' in check) request = withExpected(request, check, decoding.form);
  for (const credential of credentials) request = withCredential(request, credential, decoding.form);
  for (const check of checks)
    if ('header' in check)
      request = withHeader(
        request,
        check.header,
        fieldText(new RequestReading(request), decoding.form, check.equalsField) ?? '',
      );
  for (const part of parts) if (part.kind === 'signature') request = withSignature(request, part, now);
  return request;
}

function partsOf(scheme: Scheme): (CredentialScheme | SignatureScheme)[] {
  if (scheme.kind === 'all') return scheme.of.flatMap(partsOf);
  return scheme.kind === 'open' ? [] : [scheme];
}

function withHeader(request: WebhookRequest, name: string, value: string): WebhookRequest {
  // As Node would give it: a character for each byte.
  const bytes = Buffer.from(value).toString('latin1');
  return { ...request, headers: { ...request.headers, [name.toLowerCase()]: bytes } };
}

function withCredential(
  request: WebhookRequest,
  { at, values }: CredentialScheme,
  form: Decoding['form'],
): WebhookRequest {
  const value = values.find((candidate) => candidate !== '');
  if (value === undefined) throw new CannotSign('the settings contain no secret to send');
  if (at === 'bearer') return withHeader(request, 'authorization', `Bearer ${value}`);
  if (at === 'basic')
    return withHeader(request, 'authorization', `Basic ${Buffer.from(value).toString('base64')}`);
  if (at === 'path') {
    const url = new URL(request.url);
    url.pathname = `${url.pathname}/${encodeURIComponent(value)}`;
    return { ...request, url: url.href, pathToken: value };
  }
  if ('header' in at) return withHeader(request, at.header, value);
  if ('field' in at) return withField(request, at.field, value, form);
  const url = new URL(request.url);
  url.searchParams.set(at.query, value);
  return { ...request, url: url.href, query: { ...request.query, [at.query]: value } };
}

/** With a value that the check expects, where there is another. */
function withExpected(
  request: WebhookRequest,
  check: { field: string; oneOf: readonly string[] },
  form: Decoding['form'],
): WebhookRequest {
  const found = fieldText(new RequestReading(request), form, check.field);
  if (found !== undefined && check.oneOf.includes(found)) return request;
  const [expected] = check.oneOf;
  if (expected === undefined) throw new CannotSign(`no value is configured for the field ${check.field}`);
  return withField(request, check.field, expected, form);
}

function withField(
  request: WebhookRequest,
  path: string,
  value: string,
  form: Decoding['form'],
): WebhookRequest {
  const keys = path.split('.');
  if (form === 'soap') throw new CannotSign(`the field ${path} cannot be written into a SOAP message here`);
  if (form === 'form') {
    const fields = new URLSearchParams(Buffer.from(request.body).toString());
    fields.set(
      `${keys[0]}${keys
        .slice(1)
        .map((key) => `[${key}]`)
        .join('')}`,
      value,
    );
    return { ...request, body: Buffer.from(fields.toString()) };
  }
  return { ...request, body: Buffer.from(JSON.stringify(replaced(jsonOf(request.body), keys, value))) };
}

function jsonOf(body: Uint8Array): Json {
  try {
    return parseBody('json', body);
  } catch (error) {
    if (error instanceof UndecodableError) throw new CannotSign('the body is not JSON');
    throw error;
  }
}

function replaced(at: Json | undefined, [key, ...rest]: readonly string[], value: Json): Json {
  if (key === undefined) return value;
  if (Array.isArray(at) && /^\d{1,6}$/.test(key)) {
    const list = [...at];
    list[Math.min(Number(key), list.length)] = replaced(at[Number(key)], rest, value);
    return list;
  }
  const object = at !== null && typeof at === 'object' && !Array.isArray(at) ? at : {};
  return { ...object, [key]: replaced(object[key], rest, value) };
}

// ── Signatures ──────────────────────────────────────────────────────────────────────────────────────────────────

function withSignature(request: WebhookRequest, scheme: SignatureScheme, now: number): WebhookRequest {
  const { message, timestamp, header } = scheme;
  const time = timestamp ? writtenTime(now, timestamp.unit) : null;
  let signed = request;
  if (timestamp && 'header' in timestamp.from) signed = withHeader(signed, timestamp.from.header, time!);
  for (const part of message) {
    // An ID of the sending, say: what it is does not matter.
    if (typeof part === 'object' && 'header' in part && !(part.header.toLowerCase() in signed.headers))
      signed = withHeader(signed, part.header, 'tributary-sample');
  }
  return withHeader(signed, header, headerValue(scheme, digestOf(signed, scheme, time), time));
}

function digestOf(request: WebhookRequest, scheme: SignatureScheme, time: string | null): string {
  const key = scheme.secrets.map((secret) => keyOf(secret, scheme)).find((found) => found !== null);
  if (!key) throw new CannotSign('the settings contain no usable secret');
  const stretches = stretchesOf(scheme.message, new RequestReading(request), time);
  if (typeof stretches === 'string') throw new CannotSign(stretches);
  const [first, second] = scheme.algorithm.split('-') as [string, string?];
  const hash = second === undefined ? createHash(first) : createHmac(second, key);
  for (const stretch of stretches) hash.update(stretch === 'secret' ? key : stretch);
  return hash.digest(scheme.encoding);
}

function headerValue({ form = 'plain', timestamp }: SignatureScheme, signature: string, time: string | null) {
  if (form === 'plain') return signature;
  if ('prefix' in form) return `${form.prefix}${signature}`;
  if ('tagged' in form) return `${form.tagged},${signature}`;
  const stamp = timestamp && 'pair' in timestamp.from ? [`${timestamp.from.pair}=${time}`] : [];
  return [...stamp, `${form.pairs}=${signature}`].join(form.delimiter ?? ',');
}

function writtenTime(now: number, unit: 'seconds' | 'milliseconds' | 'iso'): string {
  if (unit === 'iso') return new Date(now).toISOString();
  return String(unit === 'seconds' ? Math.floor(now / 1000) : now);
}
