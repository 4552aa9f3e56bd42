// mParticle: users, as the event output "Webhook" sends their batches, and by ID. https://docs.mparticle.com/developers
import { type Context, defineConnector, type Permission } from '#connector';
import { found } from '#connector/checking';
import { windowQuotas } from '#connector/quotas';
import { firstFilled, hasWordsAt } from '#connector/reading';
import { type Settings, settings } from './mparticle/settings.ts';
import { identityKey, readOne, users } from './mparticle/users.ts';
import { webhook } from './mparticle/webhook.ts';

export const mparticle = defineConnector<Settings>({
  name: 'mparticle',
  evidence: 'documented',
  settings,
  // mParticle announces no end of it.
  apiVersion: () => ({ name: 'v1', endsOn: null }),
  api: ({ baseUrl, tokenUrl, profiles, quota }) => ({
    baseUrl,
    headers: {},
    ...(profiles && {
      auth: {
        kind: 'oauth',
        tokenUrl,
        client: { id: profiles.clientId, secret: profiles.clientSecret, sentAs: 'json' },
        grant: { kind: 'client_credentials' },
        fields: { audience: 'https://api.mparticle.com' },
      },
    }),
    account: `mparticle:${profiles?.accountId ?? 'no account'}`,
    quotas: windowQuotas(quota, { 1: 'second' }),
    isErrorBody: hasWordsAt('errors.0.code'),
  }),
  source: {
    streams: [users],
    mapping: {
      name: ['$firstname', '$lastname'],
      email: 'identity_email',
      phone: (body) => firstFilled(body, ['$mobile', 'identity_mobile_number']),
      'address.line_1': '$address',
      'address.city': '$city',
      'address.state': '$state',
      'address.postal_code': '$zip',
      'address.country': '$country',
    },
    sourceId: 'identity_customer_id',
    sourceIdFor: identityKey,
    webhook,
  },
  check,
});

async function check(context: Context<Settings>): Promise<Permission[]> {
  const look = async () => {
    // There is no such profile, and that is an answer.
    await readOne(context, 'tributary-check');
    return { allowed: true, note: 'Users are read when a person names them.' };
  };
  return [await found('read users by ID', look, context.settings.profiles ? false : null)];
}
