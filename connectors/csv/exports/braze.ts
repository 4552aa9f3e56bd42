// Braze's export of a segment: names of the user profile, and JSON in the columns that are lists.
// Source: the vendor's list of the fields of an exported user.
import type { ExportFormat } from '../export-format.ts';

export const braze: ExportFormat = {
  name: 'Braze user export',
  key: ['external_id', 'user_id', 'braze_id', 'appboy_id'],
  // Anonymous users have none.
  keyIsSourceId: false,
  minSigns: 2,
  signature: [
    ...['braze_id', 'appboy_id', 'random_bucket', 'email_subscribe', 'push_subscribe', 'custom_attributes'],
    ...['custom_events', 'email_opted_in_at', 'email_unsubscribed_at', 'push_opted_in_at', 'user_aliases'],
  ],
  fields: { birthdate: ['dob'], 'address.city': ['home_city'] },
  decimal: '.',
  internal: [
    ...[
      'braze_id',
      'appboy_id',
      'random_bucket',
      'custom_events',
      'purchases',
      'devices',
      'apps',
      'user_aliases',
    ],
    ...[
      'push_tokens',
      'campaigns_received',
      'canvases_received',
      'cards_clicked',
      'segments',
      'uninstalled_at',
    ],
  ],
  positions: ['last_coordinates', 'time_zone'],
};
