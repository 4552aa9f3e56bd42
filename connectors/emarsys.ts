// SAP Emarsys: the contacts of an account, through version 3 of its API. WSSE, the authentication of version 2, ends on 2026-12-31.
// https://dev.emarsys.com/docs/core-api-reference
import { type ApiDescription, defineConnector, RejectedError } from '#connector';
import { tried } from '#connector/checking';
import { clientCredentials } from '#connector/oauth-client';
import { windowQuotas } from '#connector/quotas';
import { hasWordsAt, objectOf, retryAfterMs, wordOf } from '#connector/reading';
import { contacts, firstContact, idsOf } from './emarsys/contacts.ts';
import { type Settings, settings } from './emarsys/settings.ts';

export const emarsys = defineConnector<Settings>({
  name: 'emarsys',
  evidence: 'documented',
  settings,
  apiVersion: () => ({ name: 'v3', endsOn: null }),
  api: describeApi,
  source: {
    streams: [contacts],
    mapping: {
      name: ['1', '2'],
      email: '3',
      // The mobile number, else the other one.
      phone: 'phone',
      birthdate: '4',
      'address.line_1': '10',
      'address.city': '11',
      'address.state': '12',
      'address.postal_code': '13',
    },
    sourceId: 'id',
    needsFullReadings: 'Emarsys does not report deleted contacts. Only a full reading shows them.',
  },
  check: async (context) => [
    await tried('list contacts', 'The IDs of contacts can be listed.', () =>
      idsOf(context, { offset: 0, limit: 1 }),
    ),
    await tried('read contacts', 'Full readings and single contacts can be read.', () =>
      firstContact(context),
    ),
  ],
});

function describeApi(settings: Settings): ApiDescription {
  const { clientId, baseUrl, authUrl, quota } = settings;
  const tokenUrl = `${authUrl ?? baseUrl ?? 'https://auth.emarsys.net'}/oauth2/token`;
  return {
    baseUrl: `${baseUrl ?? 'https://api.emarsys.net'}/api/v3`,
    auth: clientCredentials(settings, { tokenUrl, sentAs: 'basic' }),
    account: `emarsys:${clientId}`,
    quotas: windowQuotas(quota),
    isErrorBody: hasWordsAt('replyCode'),
    // The refusal is plain text.
    busyMs: ({ headers }, now) => retryAfterMs(headers['x-ratelimit-reset'], now) ?? 60_000,
    errorInSuccess({ json }) {
      const { replyCode, replyText } = objectOf(json);
      if (replyCode === undefined || replyCode === 0) return undefined;
      const code = `emarsys_${wordOf(replyCode)}`;
      return new RejectedError(
        `Emarsys answered with the reply code ${wordOf(replyCode)}: ${wordOf(replyText)}`,
        { code },
      );
    },
  };
}
