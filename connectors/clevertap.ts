// CleverTap: profiles of people who did an event, and by identity. https://developer.clevertap.com/docs
import { defineConnector } from '#connector';
import { tried } from '#connector/checking';
import { describeApi } from './clevertap/api.ts';
import { profiles, query } from './clevertap/profiles.ts';
import { type Settings, settings } from './clevertap/settings.ts';
import { webhook } from './clevertap/webhook.ts';
import { writer } from './clevertap/writer.ts';

export const clevertap = defineConnector<Settings>({
  name: 'clevertap',
  evidence: 'documented',
  settings,
  // CleverTap announces no end of it.
  apiVersion: () => ({ name: '1', endsOn: null }),
  api: describeApi,
  source: {
    streams: [profiles],
    mapping: { name: 'name', email: 'email', phone: 'phone', birthdate: 'DOB' },
    timeUnit: 'seconds',
    sourceId: 'identity',
    webhook,
  },
  writer,
  check: async (context) => [
    await tried('query profiles', 'Profiles are found by the event. Make sure that everybody did it.', () =>
      query(context),
    ),
  ],
});
