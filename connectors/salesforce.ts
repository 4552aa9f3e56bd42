// Salesforce: contacts, leads and person accounts. https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/
import { type Context, defineConnector, type Permission } from '#connector';
import { monthsAfter } from '#connector/api-version';
import { found, requestAccount, tried, triedPull } from '#connector/checking';
import { objectOf, requestList } from '#connector/reading';
import { describeApi } from './salesforce/api.ts';
import { idOf } from './salesforce/id.ts';
import { kinds, recordPage, streamOf } from './salesforce/people.ts';
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
    recordPage,
    webhook,
  },
  check,
});

async function check(context: Context<Settings>): Promise<Permission[]> {
  const { api, settings } = context;
  const { objects, organizationId } = settings;
  const means = 'All records, changes and single records can be read.';
  const whose = {
    noun: 'organization',
    id: organizationId && idOf(organizationId.slice(0, 15)),
    path: `${dataPath(settings, '/query')}?q=SELECT+Id+FROM+Organization`,
    at: 'records.0.Id',
    idOf,
  };
  return Promise.all([
    ...objects.map((name) => triedPull(context, streamOf(name, settings), means)),
    found('see all records', () => sight(context), null),
    ...(organizationId === undefined
      ? []
      : [tried('read the org of organizationId', 'It is this org.', () => requestAccount(api, whose))]),
  ]);
}

/** Records that sharing hides from the user are missing from every answer. */
async function sight({ api, settings }: Context<Settings>): Promise<Omit<Permission, 'what'>> {
  const names = settings.objects.map((name) => kinds[name].object);
  const { json } = await api.request({ path: '/services/oauth2/userinfo' });
  const user = idOf(objectOf(json)['user_id']);
  const among = names.map((name) => `'${name}'`).join(',');
  const q = `SELECT SobjectType FROM ObjectPermissions WHERE PermissionsViewAllRecords = true AND SobjectType IN (${among}) AND ParentId IN (SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = '${user}')`;
  const { list } = await requestList(api, { path: dataPath(settings, '/query'), query: { q } }, 'records');
  const seen = list.map((row) => objectOf(row)['SobjectType']);
  const unseen = names.filter((name) => !seen.includes(name));
  if (unseen.length === 0) return { allowed: true, note: 'The user has "View All" on each object.' };
  const note = `The user does not have "View All" on ${unseen.join(', ')}: records that sharing hides from this user are not read, and count as deleted.`;
  return { allowed: null, note };
}
