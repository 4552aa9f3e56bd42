// Braze: profiles, as Canvas and campaign webhooks send them and as Currents names them. https://www.braze.com/docs/api
import { type Context, defineConnector, type Permission, type Stream } from '#connector';
import { tried } from '#connector/checking';
import { describeApi } from './braze/api.ts';
import { exportRequest } from './braze/export.ts';
import { bulkExportOf } from './braze/segments.ts';
import { type Settings, settings } from './braze/settings.ts';
import { users } from './braze/users.ts';
import { webhook } from './braze/webhook.ts';
import { writer } from './braze/writer.ts';

/** What a segment can show. */
const exportedUsers: Stream<Settings> = {
  ...users,
  bulkExport: bulkExportOf({ changedSegment: { id: '', hours: 2 } }),
  sweeps: true,
};
const profiles: Stream<Settings> = { name: 'profiles' };

export const braze = defineConnector<Settings>({
  name: 'braze',
  evidence: 'recorded',
  settings,
  // Braze names paths, and no versions or ends of them.
  apiVersion: () => ({ name: null, endsOn: null }),
  api: describeApi,
  source: {
    streams: [exportedUsers, profiles],
    streamsFor: (settings) => [
      settings.segmentId === undefined ? users : { ...exportedUsers, bulkExport: bulkExportOf(settings) },
      profiles,
    ],
    needsFullReadings: ({ segmentId, changedSegment }) => {
      if (segmentId === undefined) return null;
      const deleted = 'Deleted and merged users are only missing from an export of all users';
      return changedSegment
        ? `${deleted}: only a full reading shows them.`
        : `${deleted}, and without changedSegment changes are found by webhooks and full readings only.`;
    },
    mapping: {
      name: ['first_name', 'last_name'],
      email: 'email',
      phone: 'phone',
      birthdate: 'dob',
      'address.city': 'home_city',
      'address.country': 'country',
    },
    sourceId: 'external_id',
    webhook,
  },
  writer,
  check,
});

async function check({ api, settings }: Context<Settings>): Promise<Permission[]> {
  if (settings.apiKey === undefined) {
    const note =
      'No apiKey is set: profiles arrive only by webhooks of Canvas and campaigns, and events of Currents are ignored.';
    return [{ what: 'export users by ID', allowed: null, note }];
  }
  const segment = {
    what: 'export a segment',
    allowed: null,
    note: 'This is not tried: an export takes Braze a while. The key needs the permission users.export.segment.',
  };
  return [
    ...(settings.segmentId === undefined ? [] : [segment]),
    await tried('export users by ID', 'Users are read when an event of Currents names them.', () =>
      // Of this ID there is nobody, and that is an answer.
      api.request(exportRequest(['tributary-check'], ['external_id'])),
    ),
  ];
}
