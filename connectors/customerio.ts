// Customer.io: people, their subscriptions, and what its campaigns send about them.
// https://docs.customer.io/integrations/api/app/
import { type Context, defineConnector, type Permission, type Stream } from '#connector';
import { tried } from '#connector/checking';
import { describeApi } from './customerio/api.ts';
import { bulkExportOf } from './customerio/exports.ts';
import { people } from './customerio/people.ts';
import { type Settings, settings } from './customerio/settings.ts';
import { webhook } from './customerio/webhook.ts';
import { writer } from './customerio/writer.ts';

/** What a segment can show. */
const exportedPeople: Stream<Settings> = {
  ...people,
  bulkExport: bulkExportOf({ changedSegment: { id: 1, hours: 2 } }),
  sweeps: true,
};
const pushed: Stream<Settings>[] = [{ name: 'subscriptions' }, { name: 'journeys' }];

export const customerio = defineConnector<Settings>({
  name: 'customerio',
  evidence: 'recorded',
  settings,
  // Customer.io announces no end of it.
  apiVersion: () => ({ name: 'v1', endsOn: null }),
  api: describeApi,
  source: {
    streams: [exportedPeople, ...pushed],
    streamsFor: (settings) => [
      settings.appKey === undefined ? people : { ...exportedPeople, bulkExport: bulkExportOf(settings) },
      ...pushed,
    ],
    needsFullReadings: ({ appKey, changedSegment }) => {
      if (appKey === undefined) return null;
      const deleted = 'Deleted and merged people are only missing from an export of all people';
      return changedSegment
        ? `${deleted}: only a full reading shows them.`
        : `${deleted}, and without changedSegment changes are found by webhooks and full readings only.`;
    },
    mapping: {
      name: ['first_name', 'last_name'],
      email: 'email',
      phone: 'phone',
      'address.line_1': 'address',
      'address.city': 'city',
      'address.state': 'state',
      'address.postal_code': 'zip',
      'address.country': 'country',
    },
    // Attributes that it takes for times: https://docs.customer.io/journeys/timestamps/
    timeUnit: 'seconds',
    sourceId: 'id',
    webhook,
  },
  writer,
  check,
});

async function check({ api, settings }: Context<Settings>): Promise<Permission[]> {
  const { appKey, webhookSecret } = settings;
  const webhooks: Permission = {
    what: 'take webhooks',
    allowed: webhookSecret === undefined ? false : null,
    note: webhookSecret
      ? 'Webhooks are accepted if they are signed with one of the keys in webhookSecret.'
      : 'No webhook is accepted: set webhookSecret.',
  };
  if (appKey === undefined)
    return [webhooks, { what: 'read people', allowed: null, note: 'No appKey is set.' }];
  const filter = { attribute: { field: 'email', operator: 'exists' } };
  const reading = await tried('read people', 'A person whom an event names can be read.', () =>
    api.request({ method: 'POST', path: '/v1/customers', query: { limit: 1 }, json: { filter } }),
  );
  return [webhooks, reading];
}
