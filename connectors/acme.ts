// Acme: its people. https://api.acme.example/docs
import { type Context, defineConnector, type Permission } from '#connector';
import { fingerprint, tried } from '#connector/checking';
import { windowQuotas } from '#connector/quotas';
import { people, peoplePath } from './acme/people.ts';
import { type Settings, settings } from './acme/settings.ts';

export const acme = defineConnector<Settings>({
  name: 'acme',
  settings,
  // Acme announces no end of it.
  apiVersion: () => ({ name: 'v1', endsOn: null }),
  api: ({ apiKey, baseUrl, quota = [{ requests: 10, seconds: 1 }] }) => ({
    baseUrl,
    headers: { authorization: `Bearer ${apiKey}` },
    account: `acme:${fingerprint(apiKey)}`,
    quotas: windowQuotas(quota),
  }),
  source: {
    streams: [people],
    mapping: { name: 'name', email: 'email' },
    sourceId: 'id',
  },
  check,
});

async function check({ api }: Context<Settings>): Promise<Permission[]> {
  return [
    await tried('list people', 'Full readings, changes and single people can be read.', () =>
      api.request({ path: peoplePath, query: { limit: 1 } }),
    ),
  ];
}
