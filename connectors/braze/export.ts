// The request to `/users/export/ids`, and the field for each property name.
// Source of the names: braze.com/docs/api/endpoints/export/user_data/post_users_identifier, "Fields to export".
import type { ApiRequest } from '#connector';

/** Fields that Braze knows by themselves. All else of a profile is custom attributes, which come all or not at all. */
export const standardFields: ReadonlySet<string> = new Set([
  ...['apps', 'attributed_ad', 'attributed_adgroup', 'attributed_campaign', 'attributed_source', 'braze_id'],
  ...[
    'campaigns_received',
    'canvases_received',
    'cards_clicked',
    'country',
    'created_at',
    'custom_attributes',
  ],
  ...['custom_events', 'devices', 'dob', 'email', 'email_subscribe', 'external_id', 'first_name', 'gender'],
  ...['home_city', 'language', 'last_coordinates', 'last_name', 'phone', 'purchases', 'push_subscribe'],
  ...['push_tokens', 'random_bucket', 'time_zone', 'total_revenue', 'uninstalled_at', 'user_aliases'],
]);

/** Where nothing is asked for by name: what says who a person is, and none of what they did. */
const defaultFields = [
  ...['braze_id', 'country', 'created_at', 'custom_attributes', 'dob', 'email', 'email_subscribe'],
  ...['first_name', 'gender', 'home_city', 'language', 'last_name', 'phone', 'push_subscribe'],
  ...['time_zone', 'total_revenue'],
];

/** The fields to export for these properties, the ID always among them. */
export function fieldsFor(properties: readonly string[]): string[] {
  if (properties.length === 0) return ['external_id', ...defaultFields];
  const names = properties.map((name) => (standardFields.has(name) ? name : 'custom_attributes'));
  return [...new Set(['external_id', ...names])];
}

export const segmentPath = '/users/export/segment';

/** At most 50 IDs. A request that names its fields is granted more, and of newer customers it is demanded. */
export function exportRequest(externalIds: readonly string[], fields: readonly string[]): ApiRequest {
  return {
    method: 'POST',
    path: '/users/export/ids',
    json: { external_ids: [...externalIds], fields_to_export: [...fields] },
  };
}
