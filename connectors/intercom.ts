// Intercom: contacts. https://developers.intercom.com/docs/references/rest-api/api.intercom.io
import { type Context, defineConnector, type Permission } from '#connector';
import { tried } from '#connector/checking';
import { describeApi } from './intercom/api.ts';
import { contacts, contactsPath } from './intercom/contacts.ts';
import { type Settings, settings } from './intercom/settings.ts';
import { webhook } from './intercom/webhook.ts';
import { writer } from './intercom/writer.ts';

export const intercom = defineConnector<Settings>({
  name: 'intercom',
  evidence: 'recorded',
  settings,
  // Intercom names no day on which a version ends.
  apiVersion: ({ apiVersion }) => ({ name: apiVersion, endsOn: null }),
  api: describeApi,
  source: {
    streams: [contacts],
    // Its location is guessed from the IP address: no address of a customer's.
    mapping: { name: 'name', email: 'email', phone: 'phone' },
    // Times and date attributes of its API; its webhooks write ISO 8601.
    timeUnit: 'seconds',
    sourceId: 'external_id',
    needsFullReadings: 'Deleted contacts are not listed. Without webhooks, only a full reading shows them.',
    webhook,
  },
  writer,
  check,
});

async function check({ api }: Context<Settings>): Promise<Permission[]> {
  return [
    await tried('list contacts', 'Full readings and single contacts can be read.', () =>
      api.request({ path: contactsPath, query: { per_page: 1 } }),
    ),
    await tried('search contacts', 'Changes can be found.', () =>
      api.request({
        method: 'POST',
        path: `${contactsPath}/search`,
        json: {
          query: { operator: 'AND', value: [{ field: 'updated_at', operator: '>', value: 0 }] },
          pagination: { per_page: 1 },
        },
      }),
    ),
  ];
}
