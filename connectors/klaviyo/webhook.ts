// Webhooks of Klaviyo, at one address: system webhooks, which report events and thereby profiles, and webhooks of
// flows, whose body a person writes. Their bodies tell them apart.
// https://developers.klaviyo.com/en/docs/working_with_system_webhooks
import { type Change, type Json, type JsonObject, RejectedError, type SourceRecord } from '#connector';
import { authoredKey, authoredRecord } from '#connector/authored';
import { listOf, momentOf, objectOf, valueAt, wordOf } from '#connector/reading';
import type { Received, Recipe, Scheme, Webhook } from '#connector/webhook';
import { profileRecord } from './profile.ts';
import type { Settings } from './settings.ts';

/** Klaviyo is said to repeat for 48 hours before it switches a webhook off; a day more is kept in mind. */
const retryHorizonSeconds = 72 * 3600;
/** A thousand events in one request. */
const maxBodyBytes = 16 * 1024 * 1024;

export function webhook(settings: Settings): Webhook<Change> {
  const authentication = schemes(settings);
  const signedOnly = settings.webhookSecret && !settings.urlToken && !settings.headerToken;
  return {
    authentication,
    ...(authentication.length === 0 && {
      missing:
        'Set webhookSecret to the secret key of the system webhook, or set urlToken or headerToken for webhooks of flows.',
    }),
    // The webhooks of flows have no such header, and what must hold must hold of every request.
    ...(signedOnly && {
      checks: [{ header: 'Klaviyo-Webhook-Id', equalsField: 'meta.klaviyo_webhook_id' }],
    }),
    decoding: { form: 'json', items: ['data', ''] },
    retryHorizonSeconds,
    maxBodyBytes,
    key: (item) =>
      isEvent(item) ? (wordOf(objectOf(item)['external_id']) ?? null) : authoredKey(item, settings.authored),
    changes: (item, received) =>
      isEvent(item)
        ? [ofEvent(objectOf(item), received, settings)]
        : [authoredRecord(item, received, { at: settings.authored, stream: 'flows' })],
    recipe,
    notes: [
      'System webhooks are available to customers of the Advanced KDP and to app partners. They have no topic for a created or edited profile: they report consent, e-mails and metrics, and the profile is then read.',
      'A webhook of a flow sends one request for each profile. Its body is stored in the stream flows, separate from the profiles that are read, so that neither overwrites the other. The same mapping reads both: use the property names of Klaviyo in it.',
      'The body of a flow must not have a top-level key "data": it distinguishes system webhooks.',
      'Check in a preview which tag holds the external ID: person.id is documented to.',
      'The recipe contains neither a time of change nor an event ID, because Klaviyo documents no tag for either that works in every flow. The time of receipt counts, so a late retry of an older state overwrites a newer one until the profile is read again. If your flow has them, add "changed_at" (ISO 8601 or Unix seconds) and "event_id" (unique per event).',
      'A double quote in a value makes the JSON invalid. Such a request is kept and can be replayed.',
      'Keep a schedule as well: neither kind of webhook reports merges and erasures.',
    ],
    sample: sample(settings),
  };
}

function schemes({ webhookSecret, urlToken, headerToken, webhookHeader }: Settings): Scheme[] {
  const found: Scheme[] = [];
  if (webhookSecret) {
    found.push({
      kind: 'signature',
      algorithm: 'hmac-sha256',
      secrets: webhookSecret,
      // An HTTP date: it is signed as it stands, and no tolerance is documented.
      message: ['body', { header: 'Klaviyo-Timestamp' }],
      header: 'Klaviyo-Signature',
      encoding: 'hex',
    });
  }
  if (urlToken) found.push({ kind: 'credential', at: 'path', values: urlToken });
  if (headerToken) found.push({ kind: 'credential', at: { header: webhookHeader }, values: headerToken });
  return found;
}

/** An element of a system webhook's `data`. */
function isEvent(item: Json): boolean {
  const { topic, payload } = objectOf(item);
  return wordOf(topic) !== undefined && payload !== undefined;
}

/** The payload is what `GET /api/events/{id}` answers. The profile is in it only where Klaviyo includes it. */
function ofEvent({ payload }: JsonObject, { receivedAt }: Received, settings: Settings): Change {
  const { data, included } = objectOf(payload);
  const event = objectOf(data ?? payload);
  const people = listOf(included).filter((resource) => objectOf(resource)['type'] === 'profile');
  const recordId =
    wordOf(valueAt(event, 'relationships.profile.data.id')) ??
    (people.length === 1 ? wordOf(objectOf(people[0])['id']) : undefined);
  if (recordId === undefined)
    throw new RejectedError('The event names no profile in its relationships.', {
      code: 'no_id',
    });
  const record = people
    .filter(isWhole)
    .map(profileRecord)
    .find((one): one is SourceRecord => one?.recordId === recordId);
  // What pull adds on request is not in it.
  if (record && settings.additionalFields.length === 0) return { kind: 'record', stream: 'profiles', record };
  const changedAt =
    momentOf(valueAt(event, 'attributes.datetime')) ??
    momentOf(valueAt(event, 'attributes.timestamp'), 'seconds') ??
    receivedAt;
  return { kind: 'touch', stream: 'profiles', recordId, changedAt };
}

/** A profile shown in part would undo the rest. */
function isWhole(resource: Json): boolean {
  const attributes = objectOf(objectOf(resource)['attributes']);
  return ['updated', 'external_id', 'email', 'phone_number', 'location', 'properties'].every(
    (name) => attributes[name] !== undefined,
  );
}

const recipe: Recipe = {
  where: 'Flows → the flow → add the action Webhook',
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: `{
  "id": "{{ person.KlaviyoID }}",
  "external_id": "{{ person.id|default:'' }}",
  "email": "{{ person.email|default:'' }}",
  "phone_number": "{{ person.phone_number|default:'' }}",
  "first_name": "{{ person.first_name|default:'' }}",
  "last_name": "{{ person.last_name|default:'' }}"
}`,
};

/** Of a profile that there is not. */
function sample({ webhookSecret, authored }: Settings): string {
  const nobody = '00000000000000000000000000';
  if (!webhookSecret) return JSON.stringify(nested({ [authored.id]: nobody, [authored.deleted]: true }));
  return JSON.stringify({
    data: [
      {
        external_id: 'sample',
        topic: 'event:klaviyo.updated_email_preferences',
        payload: {
          data: {
            type: 'event',
            id: 'sample',
            attributes: { datetime: '2026-01-01T00:00:00+00:00' },
            relationships: { profile: { data: { type: 'profile', id: nobody } } },
          },
        },
      },
    ],
    meta: { klaviyo_account_id: 'sample', klaviyo_webhook_id: 'sample', version: 'sample' },
  });
}

/** Values by the paths at which they are to stand. */
function nested(values: { [path: string]: Json }): JsonObject {
  const body: JsonObject = {};
  for (const [path, value] of Object.entries(values)) {
    const keys = path.split('.');
    const last = keys.pop()!;
    let at = body;
    for (const key of keys) {
      const inner = objectOf(at[key]);
      at[key] = inner;
      at = inner;
    }
    at[last] = value;
  }
  return body;
}
