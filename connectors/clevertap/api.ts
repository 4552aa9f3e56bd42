// Access to CleverTap's API, which answers failures with status 200.
import { type ApiDescription, type Json, RejectedError, TransientError } from '#connector';
import { windowQuotas } from '#connector/quotas';
import { objectOf, says, wordOf } from '#connector/reading';
import type { Settings } from './settings.ts';

/** A query is answered so until it is ready. */
const inProgress = 1;
const waitMs = 5_000;

export function describeApi(settings: Settings): ApiDescription {
  const { accountId, passcode, region, baseUrl, quota } = settings;
  return {
    baseUrl: baseUrl ?? `https://${region}.api.clevertap.com`,
    headers: { 'x-clevertap-account-id': accountId, 'x-clevertap-passcode': passcode },
    account: `clevertap:${accountId}`,
    quotas: windowQuotas(quota, { 1: 'second' }),
    isErrorBody: (json) => objectOf(json)['status'] === 'fail',
    errorInSuccess: ({ json }) => (isUnknown(json, settings) ? undefined : failureIn(json)),
  };
}

function failureIn(json: Json | undefined): TransientError | RejectedError | undefined {
  const { status, code, error, unprocessed } = objectOf(json);
  // An upload says of each record why it failed.
  if (status !== 'fail' || Array.isArray(unprocessed)) return undefined;
  const message = `CleverTap failed: ${wordOf(error) ?? 'it gives no reason'} (code ${wordOf(code) ?? 'none'})`;
  if (code === inProgress) return new TransientError(message, { retryAfterMs: waitMs });
  // As another vendor would say it: a cursor that has expired makes the reading begin again.
  return new RejectedError(message, { code: `clevertap_${wordOf(code) ?? 'fail'}`, status: 400 });
}

/** Whether CleverTap says that there is no such profile. */
export function isUnknown(json: Json | undefined, { unknownProfile }: Settings): boolean {
  const { status, error, record } = objectOf(json);
  if (status === 'fail') return says(error, unknownProfile);
  return status === 'success' && record !== undefined && Object.keys(objectOf(record)).length === 0;
}
