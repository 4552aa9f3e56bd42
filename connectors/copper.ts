// Copper: the people of an account. https://developer.copper.com
import { type Auth, defineConnector } from '#connector';
import { tried, triedPull } from '#connector/checking';
import { access, signedInAt } from '#connector/oauth-client';
import { windowQuotas } from '#connector/quotas';
import { objectOf } from '#connector/reading';
import { people, requireOwn } from './copper/people.ts';
import { type Settings, settings } from './copper/settings.ts';
import { webhook } from './copper/webhook.ts';

export const copper = defineConnector<Settings>({
  name: 'copper',
  evidence: 'recorded',
  settings,
  // Version 1 has no announced end.
  apiVersion: () => ({ name: 'v1', endsOn: null }),
  api: (settings) => ({
    baseUrl: settings.baseUrl,
    // Copper wants a content type of requests without content too.
    headers: {
      'content-type': 'application/json',
      ...(!settings.oauth && keyHeaders(settings)),
    },
    ...access('copper', settings.accountId, authOf(settings)),
    quotas: windowQuotas(settings.quota),
    // Of a person who is gone it says one or the other.
    isErrorBody: (json) => objectOf(json)['success'] === false || objectOf(json)['error'] === 'not_found',
    // The window is rolling, and a refusal says nothing of it.
    busyMs: 60_000,
  }),
  source: {
    streams: [people],
    mapping: {
      name: 'name',
      email: 'emails[0].email',
      phone: 'phone_numbers[0].number',
      'address.line_1': 'address.street',
      'address.city': 'address.city',
      'address.state': 'address.state',
      'address.postal_code': 'address.postal_code',
      'address.country': 'address.country',
      description: 'details',
    },
    timeUnit: 'seconds',
    sourceId: 'id',
    needsFullReadings:
      'Deleted and merged people are not listed. Without webhooks only a full reading shows them.',
    webhook,
  },
  check: async (context) => [
    await triedPull(context, people),
    await tried('belong to the account', 'The credentials are of a user of the account.', () =>
      requireOwn(context),
    ),
  ],
});

function keyHeaders({ userEmail = '' }: Settings) {
  return { 'x-pw-application': 'developer_api', 'x-pw-useremail': userEmail };
}

/** Whether access ends, and whether a refresh token comes, is not documented: what an answer says is obeyed. */
function authOf({ apiKey = '', oauth }: Settings): Auth {
  return oauth
    ? signedInAt(oauth, { scopes: ['developer/v1/all'], lasting: true, lifeSeconds: null })
    : { kind: 'header', name: 'x-pw-accesstoken', value: apiKey };
}
