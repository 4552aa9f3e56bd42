// commercetools: the customers of a project. https://docs.commercetools.com/api
import { type ApiDescription, defineConnector } from '#connector';
import { triedPull } from '#connector/checking';
import { ownAddress } from '#connector/mapping';
import { clientCredentials } from '#connector/oauth-client';
import { windowQuotas } from '#connector/quotas';
import { hasWordsAt, valueAt } from '#connector/reading';
import { customers, pullDeletions } from './commercetools/customers.ts';
import { type Settings, settings } from './commercetools/settings.ts';
import { webhook } from './commercetools/webhook.ts';

const messages = { name: 'messages', pull: pullDeletions };
const enabled = 'Deletions can be read, if messages are enabled in the settings of the project.';

export const commercetools = defineConnector<Settings>({
  name: 'commercetools',
  evidence: 'documented',
  settings,
  // The API has no versions.
  apiVersion: () => ({ name: null, endsOn: null }),
  api: describeApi,
  source: {
    streams: [customers],
    streamsFor: ({ messages }) => [
      { ...customers, ...(messages && { tombstones: { everySeconds: 300, pull: pullDeletions } }) },
    ],
    mapping: {
      name: ['firstName', 'lastName'],
      email: 'email',
      phone: 'address.phone',
      birthdate: 'dateOfBirth',
      ...ownAddress,
    },
    sourceId: 'id',
    needsFullReadings: ({ messages }) =>
      messages
        ? null
        : 'Deleted customers are not listed. Without messages and a Subscription, only a full reading shows them.',
    webhook,
  },
  check: async (context) => [
    await triedPull(context, customers),
    ...(context.settings.messages ? [await triedPull(context, messages, enabled)] : []),
  ],
});

/** https://docs.commercetools.com/api/authorization and https://docs.commercetools.com/api/errors */
function describeApi(settings: Settings): ApiDescription {
  const { projectKey, region, baseUrl, authUrl, messages } = settings;
  const tokenHost = authUrl ?? baseUrl ?? `https://auth.${region}.commercetools.com`;
  const scopes = ['view_customers', ...(messages ? ['view_messages'] : [])].map(
    (name) => `${name}:${projectKey}`,
  );
  return {
    baseUrl: baseUrl ?? `https://api.${region}.commercetools.com`,
    // A client that is limited to a Store has no scope of the whole project, and gets no token.
    auth: clientCredentials(settings, { tokenUrl: `${tokenHost}/oauth/token`, sentAs: 'basic', scopes }),
    account: `commercetools:${projectKey}`,
    quotas: windowQuotas(settings.quota),
    // Every error of theirs repeats its status and lists codes; that of a web framework repeats its status only.
    isOwn: ({ status, json }) =>
      status === 401 || (valueAt(json, 'statusCode') === status && hasWordsAt('errors.0.code')(json)),
    remedies: { 403: `Give the API client the scopes ${scopes.join(' and ')}.` },
  };
}
