// The errors that Voucherify's answers mean. The HTTP status takes precedence over the body's `code`.
// Errors: https://docs.voucherify.io/api-reference/errors.
import {
  type ApiRequest,
  type ApiResponse,
  type JsonObject,
  type Quota,
  RejectedError,
  TransientError,
  UnauthorizedError,
} from '#connector';
import { isPermanentRedirect, ownWords } from './own-words.ts';
import { readQuotas, retryAt } from './quotas.ts';

export const regions =
  'Is `baseUrl` the endpoint in the project settings (https://api.voucherify.io, https://us1.api.voucherify.io, ' +
  'https://as1.api.voucherify.io or your own)? A project answers in its own region only.';

/** What to do about each status that only a person can mend. */
const remedies: { readonly [status: number]: string } = {
  401: `Check \`appId\` and \`appToken\`. ${regions}`,
  402: 'The plan does not include this feature or is used up: see Team settings > Subscription in Voucherify, or set `bulk: false` if only bulk is refused.',
  403: `Give the role of the key the permission to read and write customers, and add this host to the IP whitelist of the key. ${regions}`,
};

/** Conflicts that last: another customer has the value. Any other 409 may pass. */
const lastingConflicts: readonly string[] = ['duplicate_found', 'duplicate_resource_key'];

export function errorFor(
  quotas: readonly Quota[],
  response: ApiResponse,
  request: ApiRequest,
  now: number,
): TransientError | RejectedError | UnauthorizedError | undefined {
  const { status } = response;
  if (isPermanentRedirect(response)) return redirect(response);
  if (status === 429) return tooMany(quotas, response, request, now);
  const body = ownWords(response);
  if (body === null) return undefined;
  if (status in remedies)
    return new UnauthorizedError(`${words(status, body)} ${remedies[status]}`, { status });
  // 408, 423 and 425: nothing was done, and the same request may succeed later.
  if (status >= 500 || status === 408 || status === 423 || status === 425)
    return new TransientError(words(status, body), {
      ...waiting(response, now),
      uncertain: status >= 500,
    });
  const code = codeOf(status, body);
  if (status === 409 && !lastingConflicts.includes(code))
    return new TransientError(words(status, body), { ...waiting(response, now), rejectedAs: code });
  return new RejectedError(words(status, body), { status, code, ...detailsOf(body) });
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

/** The base URL is another than the one we have. A redirect that is not permanent is something in between, for a while. */
function redirect({ status, headers }: ApiResponse): UnauthorizedError {
  const location = headers['location'] ?? '';
  const host = URL.canParse(location) ? ` to ${new URL(location).host}` : '';
  return new UnauthorizedError(
    `HTTP ${status}, a redirect${host}, which is not followed: is the base URL right? ${regions}`,
    { status },
  );
}

function waiting(response: ApiResponse, now: number): { status: number; retryAfterMs?: number } {
  const until = retryAt(response, now);
  return { status: response.status, ...(until !== undefined && { retryAfterMs: until - now }) };
}

function tooMany(
  quotas: readonly Quota[],
  response: ApiResponse,
  request: ApiRequest,
  now: number,
): TransientError {
  const body = ownWords(response);
  const quota = readQuotas(quotas, response, request, now)[0]?.quota;
  return new TransientError(words(429, body ?? {}), {
    ...waiting(response, now),
    ...(quota !== undefined && { quota }),
    foreign: body === null,
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
