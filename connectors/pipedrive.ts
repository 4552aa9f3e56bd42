// Pipedrive: its persons. https://developers.pipedrive.com/docs/api/v1
import { type ApiDescription, type Auth, defineConnector, type QuotaReader } from '#connector';
import { foundSight, triedPull } from '#connector/checking';
import { unlessTrue } from '#connector/errors';
import { access, signedInAt } from '#connector/oauth-client';
import { quotaReading, wholeHeader, windowQuotas } from '#connector/quotas';
import { valueAt, wordOf } from '#connector/reading';
import { mePath, persons } from './pipedrive/persons.ts';
import { type Settings, settings } from './pipedrive/settings.ts';
import { webhook } from './pipedrive/webhook.ts';

export const pipedrive = defineConnector<Settings>({
  name: 'pipedrive',
  evidence: 'recorded',
  settings,
  // Version 2 has no announced end.
  apiVersion: () => ({ name: 'v2', endsOn: null }),
  api: describeApi,
  source: {
    streams: [persons],
    mapping: {
      // Pipedrive splits first_name and last_name from it at the first blank.
      name: 'name',
      email: 'email',
      phone: 'phone',
      // With contact sync only.
      'address.line_1': 'postal_address.value',
      'address.city': 'postal_address.locality',
      'address.state': 'postal_address.admin_area_level_1',
      'address.postal_code': 'postal_address.postal_code',
      'address.country': 'postal_address.country',
      birthdate: 'birthday',
      description: 'notes',
    },
    sourceId: 'id',
    needsFullReadings: 'Deleted persons are not listed. Without webhooks only a full reading shows them.',
    // Under the host of the company; api.pipedrive.com names none. https://pipedrive.readme.io/docs/core-api-concepts-about-pipedrive-api
    recordPage: ['*.pipedrive.com', 'https://*.pipedrive.com/person/{recordId}'],
    webhook,
  },
  check: async (context) => [
    await triedPull(context, persons),
    await foundSight('persons', 'persons that others keep private', async () => {
      const { json } = await context.api.request({ path: mePath });
      return [1, true].includes(valueAt(json, 'data.is_admin') as number | boolean);
    }),
  ],
});

/** Source: pipedrive.readme.io, "OAuth authorization" and "Rate limiting". */
function describeApi(settings: Settings): ApiDescription {
  const { oauth, companyId, baseUrl, burst = { requests: oauth ? 80 : 20, seconds: 2 } } = settings;
  const day = { requests: settings.callsPerDay, seconds: 86_400 };
  return {
    baseUrl,
    ...access('pipedrive', companyId, authOf(settings)),
    quotas: windowQuotas([burst, day], { [burst.seconds]: 'burst', [day.seconds]: 'daily' }),
    readQuotas,
    // Of a person who is gone for good it says `success: true`.
    isErrorBody: (json) => typeof valueAt(json, 'success') === 'boolean',
    remedies: { 402: 'The plan of the company has ended or lacks the API.' },
    // `success: false` may come with status 200 and an empty list.
    errorInSuccess: unlessTrue('Pipedrive', 'success'),
  };
}

/** A refresh token ends after 60 idle days; the answer's is kept, whether it is another or not. */
function authOf({ apiToken, oauth }: Settings): Auth {
  if (!oauth) return { kind: 'header', name: 'x-api-token', value: apiToken ?? '' };
  return signedInAt(oauth, {
    sentAs: 'basic',
    baseUrl: { field: 'api_domain', hosts: ['pipedrive.com'] },
    tenantOf: (answer) => wordOf(answer['api_domain']),
  });
}

/**
 * Some endpoints send none of the daily pair (recorded); `reset` is the length of the window, seconds. Burst and day are refused
 * alike, and without Retry-After.
 */
const readQuotas: QuotaReader = (response, _request, now) => {
  const number = (name: string) => wholeHeader(response, `x-${name}`);
  // A list costs ten tokens of the day, and so is every call counted.
  const calls = (tokens: number | undefined) => tokens && Math.floor(tokens / 10);
  const [limit, left] = ['limit', 'remaining'].map((name) => calls(number(`daily-ratelimit-token-${name}`)));
  const burst = {
    limit: number('ratelimit-limit'),
    remaining: response.status === 429 && left !== 0 ? 0 : number('ratelimit-remaining'),
    waitMs: Math.max(number('ratelimit-reset') ?? 2, 1) * 1000,
  };
  return [
    // The day begins again at midnight of a time zone that no answer names: the next look is in an hour.
    ...quotaReading('daily', { limit, remaining: left, waitMs: 3_600_000 }, now),
    ...quotaReading('burst', burst, now),
  ];
};
