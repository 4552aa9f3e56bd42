// Salesforce: contacts, leads and person accounts. https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/
import { type Context, defineConnector, type Permission } from '#connector';
import { monthsAfter } from '#connector/api-version';
import { found, tried } from '#connector/checking';
import { objectOf, requestList } from '#connector/reading';
import { describeApi } from './salesforce/api.ts';
import { idOf } from './salesforce/id.ts';
import { kinds, streamOf } from './salesforce/people.ts';
import { dataPath, type Settings, settings } from './salesforce/settings.ts';
import { webhook } from './salesforce/webhook.ts';

export const salesforce = defineConnector<Settings>({
  name: 'salesforce',
  evidence: 'recorded',
  settings,
  // Three versions a year, v68.0 in October 2026, each supported for three years at least (API End-of-Life Policy).
  apiVersion: ({ apiVersion }) => {
    const months = 4 * (Number.parseInt(apiVersion.slice(1), 10) - 68);
    return { name: apiVersion, endsOn: monthsAfter('2026-10', months + 36) };
  },
  api: describeApi,
  source: {
    streams: [streamOf('contacts', { lateCommitSeconds: 600 })],
    streamsFor: (given) => given.objects.map((name) => streamOf(name, given)),
    mapping: {
      name: ['FirstName', 'LastName'],
      email: 'Email',
      phone: 'MobileOrPhone',
      'address.line_1': 'MailingStreet',
      'address.city': 'MailingCity',
      'address.state': 'MailingState',
      'address.postal_code': 'MailingPostalCode',
      'address.country': 'MailingCountryCodeOrName',
      birthdate: 'Birthdate',
      description: 'Description',
    },
    sourceId: 'Id',
    needsFullReadings:
      'Formula fields change without the record being marked as modified, and records that left the Recycle Bin between two runs are not listed. Only a full reading shows both.',
    webhook,
  },
  check,
});

async function check(context: Context<Settings>): Promise<Permission[]> {
  const { objects, organizationId } = context.settings;
  const reads = objects.map((name) =>
    tried(`read ${name}`, 'All records, changes and single records can be read.', async () => {
      const request = { cursor: null, until: context.now, properties: ['Id'], maxRecords: 1 };
      await streamOf(name, context.settings).pull?.(context, request);
    }),
  );
  const all = [...(await Promise.all(reads)), await found('see all records', () => sight(context), null)];
  return organizationId === undefined ? all : [...all, await whose(context, organizationId)];
}

async function whose(context: Context<Settings>, organizationId: string): Promise<Permission> {
  return tried('read the org of organizationId', 'It is this org.', async () => {
    const [row] = await query(context, 'SELECT Id FROM Organization');
    const id = objectOf(row)['Id'];
    if (idOf(id) !== idOf(organizationId.slice(0, 15)))
      throw new Error(`The credentials are of the org ${id}.`);
  });
}

/** Records that sharing hides from the user are missing from every answer. */
async function sight(context: Context<Settings>): Promise<Omit<Permission, 'what'>> {
  const names = context.settings.objects.map((name) => kinds[name].object);
  const { json } = await context.api.request({ path: '/services/oauth2/userinfo' });
  const user = idOf(objectOf(json)['user_id']);
  const rows = await query(
    context,
    `SELECT SobjectType FROM ObjectPermissions WHERE PermissionsViewAllRecords = true AND SobjectType IN (${names.map((name) => `'${name}'`).join(',')}) AND ParentId IN (SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = '${user}')`,
  );
  const seen = rows.map((row) => objectOf(row)['SobjectType']);
  const unseen = names.filter((name) => !seen.includes(name));
  if (unseen.length === 0) return { allowed: true, note: 'The user has "View All" on each object.' };
  const note = `The user does not have "View All" on ${unseen.join(', ')}: records that sharing hides from this user are not read, and count as deleted.`;
  return { allowed: null, note };
}

async function query({ api, settings }: Context<Settings>, q: string) {
  return (await requestList(api, { path: dataPath(settings, '/query'), query: { q } }, 'records')).list;
}
