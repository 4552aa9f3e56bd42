// Attio: the people of a workspace. https://docs.attio.com
import { type Auth, type Context, defineConnector, type Permission } from '#connector';
import { fingerprint, tried } from '#connector/checking';
import { identityOf, signedIn } from '#connector/oauth-client';
import { windowQuotas } from '#connector/quotas';
import { valueAt, wordOf } from '#connector/reading';
import { objectPath, people, query } from './attio/people.ts';
import { type Settings, settings } from './attio/settings.ts';
import { webhook } from './attio/webhook.ts';

export const attio = defineConnector<Settings>({
  name: 'attio',
  evidence: 'recorded',
  settings,
  // Version 2 has no announced end.
  apiVersion: () => ({ name: 'v2', endsOn: null }),
  api: (settings) => ({
    baseUrl: settings.baseUrl,
    headers: {},
    auth: authOf(settings),
    account: `attio:${settings.workspaceId ?? fingerprint(secretOf(settings))}`,
    // A refusal names the next second as an HTTP date.
    quotas: windowQuotas(settings.quota ?? [{ requests: 100, seconds: 1 }]),
  }),
  source: {
    streams: [people],
    mapping: {
      name: 'name',
      email: 'email_addresses',
      phone: 'phone_numbers',
      'address.line_1': 'primary_location.line_1',
      'address.line_2': 'primary_location.line_2',
      'address.city': 'primary_location.locality',
      'address.state': 'primary_location.region',
      'address.postal_code': 'primary_location.postcode',
      'address.country': 'primary_location.country_code',
      description: 'description',
    },
    sourceId: 'id',
    needsFullReadings:
      'Attio does not list deleted people, and a value that was removed leaves no time of change. Without webhooks only a full reading shows them.',
    webhook,
  },
  check,
});

/** A token of an app does not end until the app is removed, and no refresh token comes with it. */
function authOf({ accessToken = '', oauth }: Settings): Auth {
  if (!oauth) return { kind: 'bearer', token: accessToken };
  return {
    // The scopes are those of the app.
    ...signedIn(oauth, {
      tokenUrl: `${oauth.baseUrl}/oauth/token`,
      authorizeUrl: `${oauth.baseUrl}/authorize`,
      scopes: [],
      lasting: true,
    }),
    lifeSeconds: null,
  };
}

function secretOf({ accessToken = '', oauth }: Settings): string {
  return oauth ? identityOf(oauth) : accessToken;
}

async function check(context: Context<Settings>): Promise<Permission[]> {
  const { api, settings } = context;
  const { objectId } = settings;
  const isAnswer = (json: Parameters<typeof valueAt>[0]) => idIn(json) !== undefined;
  const object = { what: 'read the object people' };
  return [
    await tried('query people', 'Full readings, changes and single people can be read.', () =>
      query(context, { limit: 1 }),
    ),
    await api.request({ path: objectPath, isAnswer }).then(
      ({ json }) => {
        const id = idIn(json);
        return objectId === undefined || objectId === id
          ? { ...object, allowed: true, note: `Its objectId is ${id}.` }
          : { ...object, allowed: false, note: `Set objectId to ${id}: webhooks name people by it.` };
      },
      (error: Error) => ({ ...object, allowed: false, note: error.message }),
    ),
  ];
}

function idIn(json: Parameters<typeof valueAt>[0]): string | undefined {
  return wordOf(valueAt(json, 'data.id.object_id'));
}
