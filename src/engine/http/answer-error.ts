// What an answer that is no success means: one of the three errors, in the vendor's words, without credentials. Pure: it
// knows no connection.
import { retryAfterMs } from '../../connector/reading.ts';
import {
  type ApiDescription,
  type ApiRequest,
  type ApiResponse,
  type Json,
  type JsonObject,
  type QuotaReading,
  RejectedError,
  TransientError,
  UnauthorizedError,
  withAdvice,
} from '../../connector.ts';

const maxMessageLength = 500;
const maxDetailsLength = 10_000;
const passingStatuses = new Set([408, 425, 429]);

export interface Answer {
  response: ApiResponse;
  /** The body as text, for where it is no JSON. */
  text: string;
  request: ApiRequest;
  /** What the response's headers said of the quotas. */
  readings: readonly QuotaReading[];
  now: number;
}

/** What hides credentials in texts that came from elsewhere. */
export class Secrets {
  readonly #values: string[];

  constructor(headers: { readonly [name: string]: string }) {
    const values = Object.entries(headers)
      .filter(([name]) => !/^(accept|content-type|user-agent)$/i.test(name))
      .flatMap(([, value]) => [value, ...parts(value)]);
    // The longest first, so that none is hidden in part. A short value is no secret, and would blank out words.
    this.#values = [...new Set(values)]
      .filter((value) => value.length >= 6)
      .sort((a, b) => b.length - a.length);
  }

  hide(text: string): string {
    return this.#values.reduce((hidden, value) => hidden.replaceAll(value, '[hidden]'), text);
  }

  hideIn(value: Json): Json {
    return JSON.parse(
      this.#values.reduce(
        (text, secret) => text.replaceAll(JSON.stringify(secret).slice(1, -1), '[hidden]'),
        JSON.stringify(value),
      ),
    ) as Json;
  }

  /** Hides them in an error made by someone else, and in its causes. */
  hideInError<Thrown extends Error>(error: Thrown): Thrown {
    for (let inner: unknown = error; inner instanceof Error; inner = inner.cause) {
      const { message, stack } = inner;
      // Defined, not set: an error of the platform (DOMException) has accessors only.
      const define = (name: string, value: string) =>
        Object.defineProperty(inner, name, { value, writable: true, configurable: true });
      define('message', this.hide(message));
      if (stack) define('stack', this.hide(stack));
    }
    return error;
  }
}

/** `Bearer abc` holds `abc`; Basic holds a user and a password in base64. */
function parts(value: string): string[] {
  const [scheme = '', ...rest] = value.split(' ');
  if (!rest.length) return [];
  const credentials = rest.join(' ');
  if (!/^basic$/i.test(scheme)) return [credentials];
  return [credentials, ...Buffer.from(credentials, 'base64').toString().split(':')];
}

/** Whether the vendor itself gave this answer, which is no success; see `ApiDescription.isOwn`. */
export function isOwn({ response, request, text }: Answer, description: ApiDescription): boolean {
  const { status, json } = response;
  // A temporary redirect is never the vendor's. A permanent one, and "not modified", may be where the connector says so.
  const isRedirect = status >= 300 && status < 400;
  if (isRedirect && ![301, 304, 308].includes(status)) return false;
  if (isRedirect) return description.isOwn?.(response, request) === true;
  if (description.isOwn) return description.isOwn(response, request);
  if (typeof json !== 'object' || json === null) return status === 401 && text.trim() === '';
  return status === 401 || (description.isErrorBody?.(json) ?? true);
}

interface Asked {
  name: string;
  description: ApiDescription;
  secrets: Secrets;
}

/** The error for an answer that is neither 2xx nor one of the request's `answers` in the vendor's own words. */
export function errorOf(answer: Answer, asked: Asked): TransientError | RejectedError | UnauthorizedError {
  const error = meaningOf(answer, asked);
  const { isOwn, isErrorBody } = asked.description;
  const { status } = answer.response;
  if (isOwn || isErrorBody || status === 401 || error instanceof TransientError) return error;
  const { message } = error;
  if (error instanceof UnauthorizedError)
    return new UnauthorizedError(message, { final: error.final, status, unproven: true });
  const { code, details } = error;
  return new RejectedError(message, {
    status,
    code,
    unproven: true,
    ...(details !== undefined && { details }),
  });
}

function meaningOf(
  answer: Answer,
  { name, description, secrets }: Asked,
): TransientError | RejectedError | UnauthorizedError {
  const { response, request, now } = answer;
  const { status } = response;
  const isQuota = passingStatuses.has(status);
  if (!isQuota && !isOwn(answer, description)) return foreign(answer, name, secrets);
  const said = description.errorFor?.(response, request, now);
  if (said) return secrets.hideInError(said);
  const words = secrets.hide(wordsOf(answer));
  const spoken = words ? `: ${words}` : '';
  const remedy = description.remedies?.[status];
  if (remedy !== undefined)
    return new UnauthorizedError(withAdvice(`${name} answered ${status}${spoken}`, remedy), {
      status,
    });
  if (status === 401 || status === 403) {
    return new UnauthorizedError(`${name} refuses the credentials (${status})${spoken}`, { status });
  }
  if (isQuota || status >= 500) {
    const quota = answer.readings.find((reading) => (reading.exhaustedUntil ?? 0) > now);
    const wait =
      waitMs(response, now) ??
      (quota?.exhaustedUntil && quota.exhaustedUntil - now) ??
      (status === 429 ? busyMs(response, description, now) : undefined);
    return new TransientError(`${name} answered ${status}${spoken}`, {
      status,
      ...(wait !== undefined && { retryAfterMs: wait }),
      ...(status === 429 && quota ? { quota: quota.quota } : {}),
      // A refusal with 408, 425 or 429 did nothing; after a 5xx nobody knows.
      uncertain: status >= 500 && changes(request),
    });
  }
  const details = detailsOf(response.json);
  // A word or two say neither whose they are nor what they mean.
  const isSentence = words.length > 40 || /\S\s+\S+\s+\S/.test(words);
  return new RejectedError(isSentence ? words : `${name} answered ${status}${spoken}`, {
    status,
    code: codeOf(response.json) ?? `http_${status}`,
    ...(details === undefined ? {} : { details: secrets.hideIn(details) }),
  });
}

function busyMs(response: ApiResponse, { busyMs: said }: ApiDescription, now: number): number | undefined {
  return typeof said === 'function' ? said(response, now) : said;
}

/** Whether a request may have changed something when nobody knows what became of it. */
export function changes(request: ApiRequest): boolean {
  return (request.method ?? 'GET') !== 'GET';
}

/** How long the vendor asks us to wait, milliseconds. */
export function waitMs(response: ApiResponse, now: number): number | undefined {
  return retryAfterMs(response.headers['retry-after'], now);
}

/** Something between us and the vendor answered, or the base URL leads elsewhere. Nobody is to blame, no record either. */
function foreign(answer: Answer, name: string, secrets: Secrets): TransientError {
  const { response, request, now } = answer;
  const { status, headers } = response;
  const wait = waitMs(response, now);
  const about = { status, foreign: true, ...(wait !== undefined && { retryAfterMs: wait }) };
  if (status >= 300 && status < 400) {
    const location = headers['location'] ?? '';
    const host = URL.canParse(location) ? new URL(location).host : '';
    return new TransientError(
      `${name} answered ${status}, a redirect${host ? ` to ${host}` : ''}, which is not followed. Is the base URL right?`,
      about,
    );
  }
  const whose =
    status >= 500
      ? ''
      : ": the response came from a gateway, a firewall or a server other than the vendor's API";
  return new TransientError(`${name} answered ${status} ${formOf(answer, secrets)}${whose}`, {
    ...about,
    uncertain: status >= 500 && changes(request),
  });
}

/** What a foreign answer is, with its words where it is JSON. */
function formOf(answer: Answer, secrets: Secrets): string {
  const { headers, json } = answer.response;
  if (/html/i.test(headers['content-type'] ?? '')) return 'with a web page';
  if (json === undefined) return 'without JSON';
  const words = secrets.hide(wordsOf(answer));
  return `with JSON that is not its own${words ? ` ("${words}")` : ''}`;
}

/** The first sentence of an answer. It may hold credentials. */
export function wordsOf({ response, text }: Pick<Answer, 'response' | 'text'>): string {
  const found = wordsIn(response.json);
  const plain = response.json === undefined && !/^\s*</.test(text) ? text : '';
  return shortened(found ?? plain);
}

const wordKeys = ['message', 'detail', 'error_description', 'title', 'description', 'error', 'errors'];

/** The first sentence of a body, wherever vendors put one. */
function wordsIn(body: Json | undefined, depth = 0): string | undefined {
  if (typeof body === 'string') return body || undefined;
  if (typeof body !== 'object' || body === null || depth > 3) return undefined;
  if (Array.isArray(body)) return wordsIn(body[0], depth + 1);
  for (const key of wordKeys) {
    const words = wordsIn(body[key], depth + 1);
    if (words) {
      // Voucherify's `message` is a title; what is wrong stands in `details`.
      const more = body['details'];
      return typeof more === 'string' && more && more !== words ? `${words}: ${more}` : words;
    }
  }
  return undefined;
}

const codeKeys = ['key', 'category', 'errorCode', 'error_code', 'code', 'type', 'error'];

function codeOf(body: Json | undefined, depth = 0): string | undefined {
  if (typeof body !== 'object' || body === null || depth > 2) return undefined;
  if (Array.isArray(body)) return codeOf(body[0], depth + 1);
  for (const key of codeKeys) {
    const code = body[key];
    if (typeof code === 'string' && /^[\w.:-]{1,80}$/.test(code)) return code;
  }
  const { error, errors } = body as JsonObject;
  return codeOf(error, depth + 1) ?? codeOf(errors, depth + 1);
}

function detailsOf(body: Json | undefined): Json | undefined {
  return body !== undefined && JSON.stringify(body).length <= maxDetailsLength ? body : undefined;
}

function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= maxMessageLength ? line : `${line.slice(0, maxMessageLength - 1)}…`;
}
