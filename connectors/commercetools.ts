// commercetools: the customers of a project. https://docs.commercetools.com/api
import { type Context, defineConnector, type Permission } from '#connector';
import { tried } from '#connector/checking';
import { describeApi } from './commercetools/api.ts';
import { customers, customersWithDeletions } from './commercetools/customers.ts';
import { type Settings, settings } from './commercetools/settings.ts';
import { webhook } from './commercetools/webhook.ts';

export const commercetools = defineConnector<Settings>({
  name: 'commercetools',
  evidence: 'documented',
  settings,
  // The API has no versions.
  apiVersion: () => ({ name: null, endsOn: null }),
  api: describeApi,
  source: {
    streams: [customers],
    streamsFor: ({ messages }) => [messages ? customersWithDeletions : customers],
    mapping: {
      name: ['firstName', 'lastName'],
      email: 'email',
      phone: 'address.phone',
      birthdate: 'dateOfBirth',
      'address.line_1': 'address.line_1',
      'address.line_2': 'address.line_2',
      'address.city': 'address.city',
      'address.state': 'address.state',
      'address.postal_code': 'address.postal_code',
      'address.country': 'address.country',
    },
    sourceId: 'id',
    needsFullReadings: ({ messages }) =>
      messages
        ? null
        : 'Deleted customers are not listed. Without messages and a Subscription, only a full reading shows them.',
    webhook,
  },
  check,
});

async function check({ api, settings }: Context<Settings>): Promise<Permission[]> {
  const list = (path: string, means: string) =>
    tried(`list ${path}`, means, () =>
      api.request({
        path: `/${settings.projectKey}/${path}`,
        query: { limit: 1, withTotal: false },
        isAnswer: (json) => Array.isArray((json as { results?: unknown } | null | undefined)?.results),
      }),
    );
  const permissions = [await list('customers', 'Full readings, changes and single customers can be read.')];
  if (settings.messages)
    permissions.push(
      await list(
        'messages',
        'Deletions can be read, if messages are enabled in the settings of the project.',
      ),
    );
  return permissions;
}
