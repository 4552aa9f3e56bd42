// Access to Mailchimp's API: credentials, quota, and the meaning of its errors.
// Source of the limits and errors: mailchimp.com/developer/marketing/docs, "Fundamentals" and "Errors".
import {
  type ApiDescription,
  type ApiRequest,
  type ApiResponse,
  RejectedError,
  TransientError,
  UnauthorizedError,
} from '#connector';
import { fingerprint } from '#connector/checking';
import { windowQuotas } from '#connector/quotas';
import { objectOf, wordOf } from '#connector/reading';
import { apiUrl, type Settings } from './settings.ts';

/** Mailchimp ends a request after 120 seconds. */
export const timeoutSeconds = 125;
/** Ten connections are free again when one of them ends; how long that takes is not told. */
const busyMs = 2000;

export function describeApi(settings: Settings): ApiDescription {
  const quotas = windowQuotas(settings.quota);
  return {
    baseUrl: apiUrl(settings),
    // Basic: any user name, the key as the password.
    headers: { authorization: `Basic ${btoa(`tributary:${settings.apiKey}`)}` },
    account: `mailchimp:${fingerprint(settings.apiKey)}`,
    quotas,
    isOwn,
    errorFor,
  };
}

/**
 * Mailchimp's errors are problem details whose type is a page of its own. Under very high load the guard before the API
 * refuses with a web page: that is no word about the key. A gateway's 404 says of no member that it is gone.
 */
function isOwn({ json }: ApiResponse): boolean {
  const { type, title } = objectOf(json);
  return wordOf(title) !== undefined && (type === undefined || /mailchimp/i.test(wordOf(type) ?? ''));
}

function errorFor(
  { status, json }: ApiResponse,
  request: ApiRequest,
): TransientError | RejectedError | UnauthorizedError | undefined {
  const body = objectOf(json);
  const title = wordOf(body['title']);
  // The last part of a member's path stands for a person: it is not told.
  const path = request.path.split('/').slice(0, 5).join('/');
  const what = `Mailchimp answered ${status} to ${request.method ?? 'GET'} ${path}${title ? `: ${title}` : ''}`;
  if (status === 401)
    return new UnauthorizedError(`${what}. Give the source a valid API key of this data centre.`, { status });
  if (status === 429 || (status === 403 && title === undefined)) {
    return new TransientError(`${what}. Too many connections are open for this user.`, {
      status,
      retryAfterMs: busyMs,
    });
  }
  if (status === 403)
    return new UnauthorizedError(
      `${what}. Check that the user of the API key can ${request.method === 'PATCH' ? 'edit' : 'read'} audiences.`,
      { status },
    );
  if (status === 404)
    return new UnauthorizedError(`${what}. Check that listId names an audience of this account.`, { status });
  if (status >= 400 && status < 500 && status !== 408) {
    const code = title?.toLowerCase().replace(/\W+/g, '_') ?? `http_${status}`;
    return new RejectedError(what, { status, code, ...(body['errors'] && { details: body['errors'] }) });
  }
  return undefined;
}
