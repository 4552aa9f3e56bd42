// Close: the contacts of its leads. https://developer.close.com
import { type ApiDescription, type Auth, defineConnector } from '#connector';
import { tried, triedPull } from '#connector/checking';
import { access, signedIn } from '#connector/oauth-client';
import { bucketQuotas, rateLimitPart, readsSpent } from '#connector/quotas';
import { objectOf, requestList, retryAfterMs, valueAt, wordOf } from '#connector/reading';
import { contacts, searches } from './close/contacts.ts';
import { pullDeletions } from './close/deletions.ts';
import { type Settings, settings } from './close/settings.ts';
import { webhook } from './close/webhook.ts';

export const close = defineConnector<Settings>({
  name: 'close',
  evidence: 'documented',
  settings,
  // Version 1 has no announced end.
  apiVersion: () => ({ name: 'v1', endsOn: null }),
  api: describeApi,
  source: {
    streams: [contacts],
    mapping: {
      // Not display_name, which may be the e-mail address.
      name: 'name',
      email: 'emails[0].email',
      phone: 'phones[0].phone',
      'address.line_1': 'lead.address.address_1',
      'address.line_2': 'lead.address.address_2',
      'address.city': 'lead.address.city',
      'address.state': 'lead.address.state',
      'address.postal_code': 'lead.address.zipcode',
      'address.country': 'lead.address.country',
    },
    sourceId: 'id',
    needsFullReadings: 'The event log keeps deletions for 30 days. Only a full reading shows older ones.',
    // A contact is shown by its lead: `html_url` at https://developer.close.com/resources/leads/
    recordPage: ['api.close.com', 'https://app.close.com/lead/{lead_id}/'],
    webhook,
  },
  check: async (context) => [
    await triedPull(context, contacts),
    await triedPull(context, { name: 'deleted contacts', pull: pullDeletions }, 'Deletions can be read.'),
    await tried('belong to the organization', 'The key is of a user of the organization.', async () => {
      const { organizationId } = context.settings;
      const { list } = await requestList(context.api, { path: '/me/' }, 'organizations');
      if (organizationId !== undefined && !list.some((one) => objectOf(one)['id'] === organizationId))
        throw new Error('The API key is of another organization than organizationId.');
    }),
  ],
});

/** Source: developer.close.com, "Rate Limits". */
function describeApi(settings: Settings): ApiDescription {
  const quotas = [...bucketQuotas(settings.searchQuota, searches), ...bucketQuotas(settings.quota)];
  return {
    baseUrl: settings.baseUrl,
    ...access('close', settings.organizationId, authOf(settings)),
    quotas,
    readQuotas: readsSpent(quotas),
    busyMs(response, now) {
      const { rate_reset: reset } = objectOf(valueAt(response.json, 'error'));
      const waits = [reset === undefined ? undefined : String(reset), rateLimitPart(response, 'reset')];
      return waits.map((wait) => retryAfterMs(wait, now)).find((wait) => wait !== undefined) ?? 8_000;
    },
  };
}

/** Access ends after an hour; the refresh token of each answer is kept, whether it is another or not. */
function authOf({ apiKey = '', oauth, baseUrl }: Settings): Auth {
  if (!oauth) return { kind: 'basic', user: apiKey, password: '' };
  return signedIn(oauth, {
    tokenUrl: `${new URL(baseUrl).origin}/oauth2/token/`,
    authorizeUrl: 'https://app.close.com/oauth2/authorize',
    scopes: ['all.full_access', 'offline_access'],
    tenantOf: (answer) => wordOf(answer['organization_id']),
  });
}
