// How Voucherify says no, and what that means for us. It does not know what was being done.
// Errors: https://docs.voucherify.io/api-reference/errors. The HTTP status is believed before the body's `code`.
import {
  type ApiRequest,
  type ApiResponse,
  type JsonObject,
  type Quota,
  RejectedError,
  TransientError,
  UnauthorizedError,
} from '#connector';
import { isObject } from './payload.ts';
import { readQuotas, retryAt } from './quotas.ts';

const regions =
  'Is `baseUrl` the endpoint in the project settings (https://api.voucherify.io, https://us1.api.voucherify.io, ' +
  'https://as1.api.voucherify.io or your own)? A project answers in its own region only.';

/** What to do about each status that only a person can mend. */
const remedies: { readonly [status: number]: string } = {
  401: `Check \`appId\` and \`appToken\`. ${regions}`,
  402: 'The plan lacks this feature or is used up: see Team settings > Subscription in Voucherify, or set `bulk: false` if only bulk is refused.',
  403: `Give the key's role the right to read and write customers, and add this host to the key's IP whitelist. ${regions}`,
};

export function refusal(
  quotas: readonly Quota[],
  response: ApiResponse,
  request: ApiRequest,
  now: number,
): TransientError | RejectedError | UnauthorizedError | undefined {
  const { status } = response;
  if (status < 400) return undefined;
  const body = isObject(response.json) ? response.json : {};
  if (status === 429) return tooMany(quotas, response, request, now);
  if (status in remedies) return new UnauthorizedError(`${words(status, body)} ${remedies[status]}`);
  if (status === 404 && !isVouchers(body))
    return new UnauthorizedError(
      `HTTP 404, and not in Voucherify's words: there is no such API here. ${regions}`,
    );
  // 408, 423 and 425: nothing was done, and the same request may succeed later.
  if (status >= 500 || status === 408 || status === 423 || status === 425) {
    const until = retryAt(response, now);
    return new TransientError(words(status, body), {
      status,
      ...(until !== undefined && { retryAfterMs: until - now }),
      uncertain: status >= 500,
    });
  }
  return new RejectedError(words(status, body), { status, code: codeOf(status, body), ...detailsOf(body) });
}

/** What else an error says: `details`, `request_id` (Voucherify's support asks for it), `error`, `resource_id` … */
export function detailsOf(body: JsonObject): { details?: JsonObject } {
  const {
    code: _code,
    statusCode: _status,
    key: _key,
    message: _message,
    source_id: _sourceId,
    ...rest
  } = body;
  return Object.keys(rest).length > 0 ? { details: rest } : {};
}

function tooMany(
  quotas: readonly Quota[],
  response: ApiResponse,
  request: ApiRequest,
  now: number,
): TransientError {
  const body = isObject(response.json) ? response.json : {};
  const quota = readQuotas(quotas, response, request, now)[0]?.quota;
  const until = retryAt(response, now);
  return new TransientError(words(429, body), {
    status: 429,
    ...(quota !== undefined && { quota }),
    ...(until !== undefined && { retryAfterMs: until - now }),
  });
}

function codeOf(status: number, body: JsonObject): string {
  if (status === 404) return 'not_found';
  if (typeof body['key'] === 'string') return body['key'];
  return status === 413 ? 'payload_too_large' : `http_${status}`;
}

/** Voucherify's own sentence. Not its details: they quote values of the customer. */
function words(status: number, body: JsonObject): string {
  const key = typeof body['key'] === 'string' ? `, ${body['key']}` : '';
  const message = typeof body['message'] === 'string' ? `: ${body['message']}` : '';
  return `HTTP ${status}${key}${message}${message.endsWith('.') ? '' : '.'}`;
}

/** Voucherify's error bodies carry a code or a key; a proxy's page and another server's do not. */
function isVouchers(body: JsonObject): boolean {
  return typeof body['key'] === 'string' || typeof body['code'] === 'number';
}
