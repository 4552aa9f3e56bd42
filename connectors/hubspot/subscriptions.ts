// Whether an app may read the webhook journal, and what it has subscribed to in this account. Subscriptions are made by API only.
import type { Context, Json, JsonObject, Permission } from '#connector';
import { tried } from '#connector/checking';
import { listOf, objectOf, requestList, wordOf } from '#connector/reading';
import { journalAuth } from './api.ts';
import { contactTypeId } from './event.ts';
import { journalPath, type Settings, subscriptionsPath } from './settings.ts';

/** What a subscription must have to tell of something that the search for changed contacts does not. */
const wanted = [
  {
    what: 'find deleted, merged and restored contacts in the webhook journal',
    subscriptionType: 'OBJECT',
    actions: ['DELETE', 'MERGE', 'RESTORE'],
  },
  {
    what: 'find privacy deletions in the webhook journal',
    subscriptionType: 'GDPR_PRIVACY_DELETION',
    actions: ['GDPR_DELETE'],
  },
];

export async function checkJournal(context: Context<Settings>): Promise<Permission[]> {
  const { api, settings } = context;
  const reading = await tried('read the webhook journal', 'Its entries can be read.', () =>
    api.request({
      path: journalPath(settings, '/latest'),
      query: { installPortalId: settings.portalId },
      auth: journalAuth,
    }),
  );
  if (reading.allowed === false) return [reading];
  const subscribed: Json[] = [];
  const listing = await tried('list the subscriptions of the app', 'They can be checked.', async () => {
    const request = { path: subscriptionsPath(settings), auth: journalAuth };
    subscribed.push(...(await requestList(api, request, 'results')).list);
  });
  if (listing.allowed === false) return [reading, listing];
  return [reading, ...wanted.map((one) => subscription(settings, one, subscribed.map(objectOf)))];
}

function subscription(
  settings: Settings,
  { what, subscriptionType, actions }: (typeof wanted)[number],
  subscribed: readonly JsonObject[],
): Permission {
  const ours = subscribed.filter(
    (one) =>
      one['subscriptionType'] === subscriptionType &&
      wordOf(one['portalId']) === settings.portalId &&
      one['objectTypeId'] === contactTypeId,
  );
  const told = new Set(ours.flatMap((one) => listOf(one['actions'])));
  const missing = actions.filter((action) => !told.has(action));
  if (missing.length === 0) return { what, allowed: true, note: 'The app is subscribed.' };
  return {
    what,
    allowed: false,
    note: `The app is not subscribed to ${missing.join(', ')} of contacts in account ${settings.portalId}. With a token of the app: ${command(settings, { subscriptionType, actions })}`,
  };
}

function command(settings: Settings, asked: { subscriptionType: string; actions: string[] }): string {
  const body = { ...asked, portalId: Number(settings.portalId), objectTypeId: contactTypeId };
  const all = { ...body, objectIds: [], properties: [] };
  return `curl ${settings.baseUrl}${subscriptionsPath(settings)} -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d '${JSON.stringify(all)}'`;
}
