// Attio: the people of a workspace. https://docs.attio.com
import { type Auth, type Context, defineConnector } from '#connector';
import { found, triedPull } from '#connector/checking';
import { access, signedInAt } from '#connector/oauth-client';
import { windowQuotas } from '#connector/quotas';
import { hasWordsAt, requestWord } from '#connector/reading';
import { objectPath, people } from './attio/people.ts';
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
    ...access('attio', settings.workspaceId, authOf(settings)),
    isErrorBody: hasWordsAt('status_code', 'code'),
    // A refusal names the next second as an HTTP date.
    quotas: windowQuotas(settings.quota),
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
  check: async (context) => [
    await triedPull(context, people),
    await found('read the object people', () => objectSeen(context)),
  ],
});

/** A token of an app does not end until the app is removed, and no refresh token comes with it. The scopes are those of the app. */
function authOf({ accessToken = '', oauth }: Settings): Auth {
  if (!oauth) return { kind: 'bearer', token: accessToken };
  return signedInAt(oauth, { authorizePath: '/authorize', lasting: true, lifeSeconds: null });
}

async function objectSeen({ api, settings: { objectId } }: Context<Settings>) {
  const id = await requestWord(api, { path: objectPath }, 'data.id.object_id');
  return objectId === undefined || objectId === id
    ? { allowed: true, note: `Its objectId is ${id}.` }
    : { allowed: false, note: `Set objectId to ${id}: webhooks name people by it.` };
}
