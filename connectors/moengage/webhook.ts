// Webhooks of MoEngage, at one address: Streams, whose events name a user, and connector campaigns, whose body a person writes. In
// both the user is then read, because the attributes of an event may be older than those of a read.
import type { Change, Json } from '#connector';
import { authoredTouch, sampleId } from '#connector/authored';
import { objectOf, valueAt, wordOf } from '#connector/reading';
import type { Webhook } from '#connector/webhook';
import { credentialSchemes } from '#connector/webhook-credentials';
import type { Settings } from './settings.ts';

/** A batch is sent again after 30, 60 and 120 seconds; what a campaign repeats is not documented. */
const retryHorizonSeconds = 24 * 3600;
/** A hundred events with chosen attributes. */
const maxBodyBytes = 8 * 1024 * 1024;

export function webhook(settings: Settings): Webhook<Change> {
  const { idPath } = settings;
  return {
    authentication: credentialSchemes(settings),
    missing:
      'Set webhookBasic, webhookHeader or urlToken to the credentials that you enter for Streams and for the connector.',
    decoding: { form: 'json', items: ['events', ''] },
    retryHorizonSeconds,
    maxBodyBytes,
    key: (item) => wordOf(objectOf(item)['event_uuid']) ?? null,
    changes: (item, received) => [
      isAnonymous(item)
        ? { kind: 'ignored', reason: 'The event is of an anonymous user.' }
        : authoredTouch(item, received, { id: isEvent(item) ? 'uid' : idPath, stream: 'users' }),
    ],
    recipe: {
      where: 'Flows → a flow that starts when an attribute changes → Custom connector → raw JSON body',
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: `{"${idPath}": "{{UserAttribute['ID']}}"}`,
    },
    notes: [
      'MoEngage signs neither Streams nor connectors: enter HTTP Basic credentials or a header of your own, and set webhookBasic or webhookHeader.',
      'Keep the body of the recipe: a quote in another value would make it invalid JSON, and the user is read anyway. If your dashboard writes personalization differently, insert the attribute ID with it.',
      'Streams (a paid feature) names a user in each event, and that user is read. Send as few events as possible: each user costs a part of 1,000 reads in a minute.',
      'Nothing lists the users: load them once with the CSV export of a segment.',
      'Deletions and merges are not pushed. A deleted user is still read for 24 hours.',
    ],
    sample: JSON.stringify({ [idPath]: sampleId }),
  };
}

function isEvent(item: Json): boolean {
  return wordOf(objectOf(item)['event_name']) !== undefined;
}

/** Anonymous users have no ID, or that of their device or MoEngage's own. */
function isAnonymous(item: Json): boolean {
  if (!isEvent(item)) return false;
  const { uid } = objectOf(item);
  const others = ['user_attributes.moengage_user_id', 'device_attributes.moengage_device_id'];
  return uid === undefined || others.some((path) => valueAt(item, path) === uid);
}
