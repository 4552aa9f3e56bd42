// Brevo (formerly Sendinblue): the contacts of an account. https://developers.brevo.com/reference/getcontacts-1
import { defineConnector, type Json, type JsonObject, type Permission } from '#connector';
import { fingerprint, tried } from '#connector/checking';
import { windowQuotas } from '#connector/quotas';
import { firstFilled, objectOf, requestList, retryAfterMs, wordOf } from '#connector/reading';
import { contacts, listRequest } from './brevo/contacts.ts';
import { type Settings, settings } from './brevo/settings.ts';
import { webhook } from './brevo/webhook.ts';
import { writer } from './brevo/writer.ts';

export const brevo = defineConnector<Settings>({
  name: 'brevo',
  evidence: 'recorded',
  settings,
  apiVersion: () => ({ name: 'v3', endsOn: null }),
  api: ({ baseUrl, apiKey, quota }) => ({
    baseUrl,
    auth: { kind: 'header', name: 'api-key', value: apiKey },
    account: `brevo:${fingerprint(apiKey)}`,
    quotas: windowQuotas(quota),
    // Its codes are words, those of gateways are numbers.
    isErrorBody: (json) => typeof objectOf(json)['code'] === 'string',
    busyMs: ({ headers }, now) => retryAfterMs(headers['x-sib-ratelimit-reset'], now),
  }),
  source: {
    streams: [contacts],
    mapping: { name: nameIn, email: 'email', phone: 'attributes.SMS' },
    sourceId: 'id',
    needsFullReadings: 'Brevo does not list deleted contacts. Only a full reading shows them.',
    webhook,
  },
  writer,
  check: async ({ api }): Promise<Permission[]> => [
    await tried('list contacts', 'Full readings, changes and single contacts can be read.', () =>
      requestList(api, listRequest({ limit: 1 }), 'contacts'),
    ),
  ],
});

/** Accounts in French have other attributes. One without a value is absent. */
function nameIn({ attributes }: JsonObject): Json {
  const given = objectOf(attributes);
  const parts = [firstFilled(given, ['FIRSTNAME', 'PRENOM']), firstFilled(given, ['LASTNAME', 'NOM'])];
  return parts.flatMap((part) => wordOf(part) ?? []).join(' ') || null;
}
