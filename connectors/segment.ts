// Segment: the users that its calls identify, and their groups. Push only: its Profile API has no list of users.
// https://segment.com/docs/connections/spec/
import { type Context, defineConnector, type Permission } from '#connector';
import { type Settings, settings } from './segment/settings.ts';
import { fullName } from './segment/traits.ts';
import { webhook } from './segment/webhook.ts';

export const segment = defineConnector<Settings>({
  name: 'segment',
  evidence: 'documented',
  settings,
  source: {
    streams: [{ name: 'users' }, { name: 'groups', exhaustive: [''] }],
    mapping: {
      name: fullName,
      email: 'email',
      phone: 'phone',
      birthdate: 'birthday',
      description: 'description',
      'address.line_1': 'address.street',
      'address.city': 'address.city',
      'address.state': 'address.state',
      'address.postal_code': 'address.postal_code',
      'address.country': 'address.country',
    },
    sourceId: 'userId',
    webhook,
  },
  check,
});

/** There is nothing to call: whether anything can come in is all that there is to try. */
async function check({ settings }: Context<Settings>): Promise<Permission[]> {
  const { missing } = webhook(settings);
  return [
    {
      what: 'receive webhooks',
      allowed: missing === undefined ? null : false,
      note: missing ?? 'Segment only sends webhooks: users arrive with its calls.',
    },
  ];
}
