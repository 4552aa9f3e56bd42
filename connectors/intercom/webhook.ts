// Webhooks of Intercom: notifications that contain a contact, or name one.
// https://developers.intercom.com/docs/webhooks/webhook-notifications
import { type Change, type Json, type JsonObject, RejectedError } from '#connector';
import { momentOf, objectOf, valueAt, wordOf } from '#connector/reading';
import type { Received, Webhook } from '#connector/webhook';
import { contactRecord, isLead } from './contact.ts';
import type { Settings } from './settings.ts';

/** One more try after a minute is what is reported: a day is far more than that. */
const retryHorizonSeconds = 24 * 3600;

export function webhook(settings: Settings): Webhook<Change> {
  const { clientSecret = [] } = settings;
  return {
    authentication:
      clientSecret.length === 0
        ? []
        : [
            {
              kind: 'signature',
              algorithm: 'hmac-sha1',
              secrets: clientSecret,
              message: ['body'],
              header: 'X-Hub-Signature',
              form: { prefix: 'sha1=' },
              encoding: 'hex',
            },
            // Health checks and the word that the app was uninstalled come so, to the same address.
            {
              kind: 'signature',
              algorithm: 'hmac-sha256',
              secrets: clientSecret,
              message: ['body'],
              header: 'X-Body-Signature',
              encoding: 'hex',
            },
          ],
    ...(clientSecret.length === 0 && {
      missing: 'Set clientSecret to the client secret of the app, which is part of its basic information.',
    }),
    handshake: { reachabilityCheck: true, ping: { field: 'topic', equals: 'ping' } },
    decoding: { form: 'json', items: [''] },
    retryHorizonSeconds,
    key: (item) => wordOf(objectOf(item)['id']) ?? null,
    changes: (item, received) => [changeOf(objectOf(item), received, settings)],
    notes: [
      'Subscribe to the topics contact.user.created, contact.user.updated, contact.email.updated, contact.merged, contact.deleted, contact.archived, contact.unarchived, contact.subscribed and contact.unsubscribed, under Webhooks in the Developer Hub; their names differ a little between versions of the API.',
      'An app has one URL for all workspaces that installed it: set appId to ignore webhooks about other workspaces.',
      'Leads are left out unless leads is true; with it, they need a sourceId of "id" or "email".',
      'Webhooks have no secret of their own, and a new client secret takes effect at once: list both in clientSecret while you rotate it.',
      'Keep a schedule as well: Intercom retries once, and stops permanently after a week of errors.',
    ],
    sample: sample(settings),
  };
}

function changeOf(event: JsonObject, { headers, receivedAt }: Received, { appId, leads }: Settings): Change {
  const topic = wordOf(event['topic']);
  if (topic === undefined) {
    if (headers['x-body-signature'] !== undefined)
      return { kind: 'ignored', reason: 'It is about the app itself.' };
    throw new RejectedError('This is not a notification of Intercom: it has no topic.', { code: 'no_topic' });
  }
  if (appId && !appId.includes(wordOf(event['app_id']) ?? ''))
    return { kind: 'ignored', reason: 'It is about a workspace that is not in appId.' };
  if (!topic.startsWith('contact.')) return { kind: 'ignored', reason: 'Its topic is not about contacts.' };
  const contact = contactIn(valueAt(event, 'data.item'));
  const recordId = wordOf(contact['id']);
  if (recordId === undefined)
    throw new RejectedError('The notification names no contact in data.item.', {
      code: 'no_id',
    });
  const isMerge = /\.merged$/.test(topic);
  // Which of the two contacts a merge shows is not documented: a lead that became a user is read as that user.
  if (!leads && !isMerge && isLead(contact))
    return { kind: 'ignored', reason: 'It is about a lead, and leads are ignored.' };
  const changedAt = momentOf(event['created_at'], 'seconds') ?? receivedAt;
  const touch: Change = { kind: 'touch', stream: 'contacts', recordId, changedAt };
  if (/\.(deleted|archived?)$/.test(topic)) return { ...touch, gone: 'deleted' };
  const record = isWhole(contact) ? contactRecord(contact) : undefined;
  // Whom a contact took over is mostly told by reading it only.
  if (!record || (isMerge && !record.merged)) return touch;
  return { kind: 'record', stream: 'contacts', record };
}

/** Some topics are about something of a contact's, which stands beside it. */
function contactIn(item: Json | undefined): JsonObject {
  const { contact, ...rest } = objectOf(item);
  return contact !== null && typeof contact === 'object' ? objectOf(contact) : rest;
}

/** A contact shown in part would undo the rest. */
function isWhole(contact: JsonObject): boolean {
  return ['external_id', 'role', 'email', 'phone', 'name', 'custom_attributes', 'updated_at'].every(
    (name) => contact[name] !== undefined,
  );
}

/** Of a contact that there is not. */
function sample({ appId }: Settings): string {
  return JSON.stringify({
    type: 'notification_event',
    app_id: appId?.[0] ?? 'sample',
    id: 'notif_sample',
    topic: 'contact.deleted',
    data: {
      type: 'notification_event_data',
      item: { type: 'contact', id: '000000000000000000000000', deleted: true },
    },
    delivery_attempts: 1,
    created_at: 1_767_225_600,
  });
}
