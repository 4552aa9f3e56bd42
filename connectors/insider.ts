// Insider (Insider One): users, read by an identifier when a journey names them. Experimental: no recorded traffic was found.
// https://academy.insiderone.com
import { type ApiResponse, defineConnector, TransientError, UnauthorizedError } from '#connector';
import { tried } from '#connector/checking';
import { windowQuotas } from '#connector/quotas';
import { objectOf, says } from '#connector/reading';
import { type Settings, settings } from './insider/settings.ts';
import { readOne, users } from './insider/users.ts';
import { webhook } from './insider/webhook.ts';

export const insider = defineConnector<Settings>({
  name: 'insider',
  evidence: 'experimental',
  settings,
  // Insider announces no end of it.
  apiVersion: () => ({ name: 'v1', endsOn: null }),
  api: ({ baseUrl, partnerName, requestToken, quota }) => ({
    baseUrl,
    headers: { 'x-partner-name': partnerName, 'x-request-token': requestToken },
    account: `insider:${partnerName}`,
    quotas: windowQuotas(quota, { 1: 'second' }),
    remedies: { 403: 'Check requestToken: it must be the API key of the Unified Customer Database.' },
    busyMs: 60_000,
    isErrorBody: (json) =>
      objectOf(json)['success'] === false || says(json, 'no such user') || says(json, 'limit exceeded'),
    errorFor,
  }),
  source: {
    streams: [users],
    streamsFor: ({ lagSeconds }) => [{ ...users, read: { ...users.read, lagSeconds } }],
    mapping: {
      name: ['name', 'surname'],
      email: 'email',
      phone: 'phone_number',
      birthdate: 'birthday',
      'address.city': 'city',
      'address.country': 'country',
    },
    sourceId: 'uuid',
    sourceIdFor: ({ identifier }) => identifier,
    webhook,
  },
  check: async (context) => [
    // There is no such user, and that is an answer.
    await tried('read users', 'Users are read when a journey names them.', () =>
      readOne(context, 'tributary-check', []),
    ),
  ],
});

/** A wrong partner is answered with 400, and too many calls now and then with 403. */
function errorFor({ status, json }: ApiResponse): TransientError | UnauthorizedError | undefined {
  if (status === 400 && says(json, 'partner is invalid'))
    return new UnauthorizedError('Insider does not know the partner: check partnerName.', { status });
  if (status !== 403 || !says(json, 'limit exceeded')) return undefined;
  return new TransientError('Insider answered 403: too many calls', { status, retryAfterMs: 60_000 });
}
