// Webhooks of HubSpot: events that name a contact and contain only one property, so each contact is read by ID.
// https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3 and "Validating requests".
import { type Change, type Json, type JsonObject, RejectedError } from '#connector';
import { momentOf, objectOf, wordOf } from '#connector/reading';
import type { Part, Received, Scheme, Webhook } from '#connector/webhook';
import { contactTypeId, idsIn, mergedIn } from './event.ts';
import type { Settings } from './settings.ts';

/** Ten tries over 24 hours, at random distances: some hours more are kept in mind. */
const retryHorizonSeconds = 30 * 3600;
/** A hundred events, each with a value of at most 65,536 characters. */
const maxBodyBytes = 8 * 1024 * 1024;
/** HubSpot refuses to be trusted after five minutes. */
const toleranceSeconds = 300;
/** The escapes that v3 is said to decode in the URL before it signs, and no others. */
const decodedEscapes = '%3A %2F %3F %40 %21 %24 %27 %28 %29 %2A %2C %3B'.split(' ');

export function webhook(settings: Settings): Webhook<Change> {
  const { clientSecret = [] } = settings;
  return {
    authentication: clientSecret.length > 0 ? schemes(clientSecret) : [],
    ...(clientSecret.length === 0 && {
      missing:
        'Set clientSecret to the client secret of the app that sends, which is on the Auth page of the app.',
    }),
    decoding: { form: 'json', items: [''] },
    retryHorizonSeconds,
    maxBodyBytes,
    key,
    changes: (item, received) => changes(item, received, settings.portalId),
    notes: [
      'An app has one target URL for all accounts that installed it: set portalId to ignore events of other accounts.',
      'The target URL must match the URL of this source, as derived from publicUrl, character for character: HubSpot signs it.',
      'Subscribe to contact.creation, contact.deletion, contact.privacyDeletion, contact.merge, contact.restore, and to contact.propertyChange of each property that the mapping uses.',
      'Subscriptions to object.* for contacts (0-1) work too, except for contact.privacyDeletion, which needs the older form.',
      'A subscription that was created by API is paused until you activate it.',
      'An event costs no call; reading the contacts that events name costs one call per hundred.',
      'Keep a schedule as well: HubSpot gives up after 24 hours.',
    ],
    sample: sample(settings.portalId),
  };
}

/** Webhooks carry v3 and, for older receivers, v1; workflows and cards carry v2. */
function schemes(secrets: readonly string[]): Scheme[] {
  const v3 = (url: Part): Scheme => ({
    kind: 'signature',
    algorithm: 'hmac-sha256',
    secrets,
    message: ['method', url, 'body', 'timestamp'],
    header: 'x-hubspot-signature-v3',
    encoding: 'base64',
    timestamp: {
      from: { header: 'x-hubspot-request-timestamp' },
      unit: 'milliseconds',
      toleranceSeconds,
    },
  });
  const hashed = (message: readonly Part[]): Scheme => ({
    kind: 'signature',
    algorithm: 'sha256',
    secrets,
    message,
    header: 'x-hubspot-signature',
    encoding: 'hex',
  });
  return [
    v3('url'),
    // Their guide decodes; their own client does not.
    v3({ url: 'decoded', escapes: decodedEscapes }),
    hashed(['secret', 'method', 'url', 'body']),
    hashed(['secret', 'body']),
  ];
}

/**
 * `eventId` is documented as not unique, and `attemptNumber` differs from try to try. Besides what the event is of,
 * the IDs that only some kinds have tell two apart.
 */
function key(item: Json): string | null {
  const event = objectOf(item);
  const { portalId, subscriptionType, objectId, propertyName, occurredAt } = event;
  if (wordOf(subscriptionType) === undefined || wordOf(occurredAt) === undefined) return null;
  if (idsIn(event).length === 0) return null;
  const others = [
    event['objectTypeId'] ?? event['fromObjectTypeId'],
    event['fromObjectId'],
    event['toObjectId'],
    event['associationType'] ?? event['associationTypeId'],
    event['associationRemoved'],
    event['newObjectId'],
    event['primaryObjectId'],
    event['mergedObjectIds'],
  ];
  const parts = [portalId, subscriptionType, objectId, propertyName, occurredAt].map((part) => part ?? null);
  const more = others.map((part) => part ?? null);
  return JSON.stringify(more.every((part) => part === null) ? parts : [...parts, ...more]);
}

function changes(item: Json, { receivedAt }: Received, portalId: string | undefined): readonly Change[] {
  const event = objectOf(item);
  const type = wordOf(event['subscriptionType']);
  if (type === undefined)
    throw new RejectedError('This is not an event of HubSpot: it has no subscriptionType.', {
      code: 'no_event',
    });
  if (portalId !== undefined && wordOf(event['portalId']) !== portalId)
    return [{ kind: 'ignored', reason: 'It is about a HubSpot account other than portalId.' }];
  const [kind, what = ''] = type.split('.', 2);
  if (!(kind === 'contact' || (kind === 'object' && isOfContact(event))))
    return [{ kind: 'ignored', reason: 'It is about an object other than a contact.' }];
  const ids = what === 'merge' ? mergedIn(event) : idsIn(event).slice(0, 1);
  if (ids.length === 0)
    throw new RejectedError('The event names no contact in objectId.', {
      code: 'no_id',
    });
  const changedAt = momentOf(event['occurredAt']) ?? receivedAt;
  const gone = goneBy(what);
  return ids.map((recordId) => ({
    kind: 'touch',
    stream: 'contacts',
    recordId,
    changedAt,
    ...(gone && { gone }),
  }));
}

function isOfContact(event: JsonObject): boolean {
  return (event['objectTypeId'] ?? event['fromObjectTypeId']) === contactTypeId;
}

function goneBy(what: string): 'deleted' | 'erased' | undefined {
  if (what === 'deletion') return 'deleted';
  return what === 'privacyDeletion' ? 'erased' : undefined;
}

/** Of a contact whose ID nobody has. */
function sample(portalId: string | undefined): string {
  return JSON.stringify([
    {
      eventId: 1,
      subscriptionId: 1,
      portalId: Number(portalId ?? 1),
      appId: 1,
      occurredAt: 1_767_225_600_000,
      subscriptionType: 'contact.propertyChange',
      attemptNumber: 0,
      objectId: 9_000_000_000_000_000,
      propertyName: 'firstname',
      propertyValue: 'Nobody',
      changeSource: 'CRM',
    },
  ]);
}
