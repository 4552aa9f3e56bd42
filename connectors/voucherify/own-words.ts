// Recognises errors that come from Voucherify. All others come from something in between: a proxy, a firewall, a
// gateway, another server at this address.
import { STATUS_CODES } from 'node:http';
import type { ApiResponse, JsonObject } from '#connector';
import { isObject } from './payload.ts';

/** Every property that an error of the API is documented to have: https://docs.voucherify.io/api-reference/errors. */
const properties: readonly string[] = [
  'code',
  'key',
  'message',
  'details',
  'request_id',
  'resource_id',
  'resource_type',
  'error',
  'related_object_ids',
  'related_object_type',
  'related_object_total',
];

/** The letters of a sentence, to compare it with the names of statuses. */
const lettersOf = (text: string) =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z]+/g, ' ')
    .trim();
const statusNames: ReadonlySet<string> = new Set(Object.values(STATUS_CODES).map((name) => lettersOf(name!)));

/**
 * The error as Voucherify's API said it, or null where it did not. Its errors have a numeric `code` (an HTTP status, though not
 * always the one of the response) and a `key`. A few have no key: there the other properties must be documented ones, and the
 * message more than the name of a status. Gateways of several clouds say a code and a message as well: that alone is believed of a
 * quota (429) only. That there is no such customer is believed with a key only. A body that is too large is refused in another form.
 */
export function ownWords({ status, json }: ApiResponse): JsonObject | null {
  if (!isObject(json)) return null;
  const { code, key, message } = json;
  if (status === 413 && json['statusCode'] === 413 && json['error'] === 'Request Entity Too Large')
    return isSentence(message) ? json : null;
  if (typeof code !== 'number' || !Number.isInteger(code) || code < 400 || code > 599) return null;
  if (typeof key === 'string') return /^[a-z][a-z0-9_.-]*$/i.test(key) ? json : null;
  const isDocumented = Object.keys(json).every((name) => properties.includes(name));
  const isSaid = isSentence(message) && !statusNames.has(lettersOf(message));
  const isMore = status === 429 || isSentence(json['request_id']) || isSentence(json['details']);
  return isDocumented && isSaid && isMore && status !== 404 ? json : null;
}

/** Whether the answer is to be taken for Voucherify's word; see `ApiDescription.isOwn`. */
export function isOwn(response: ApiResponse): boolean {
  return isPermanentRedirect(response) || ownWords(response) !== null;
}

/** The API's address is another one. It concerns every call, and a person must correct it. */
export function isPermanentRedirect({ status }: ApiResponse): boolean {
  return status === 301 || status === 308;
}

function isSentence(message: unknown): message is string {
  return typeof message === 'string' && message.trim() !== '';
}
