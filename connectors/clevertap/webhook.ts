// What the webhook channel of a campaign or journey sends: profiles, whole but without a time, so that each one is read.
import { type Change, type Json, type JsonObject, RejectedError } from '#connector';
import { listOf, objectOf, wordOf } from '#connector/reading';
import { ignored, touches } from '#connector/touches';
import type { Webhook } from '#connector/webhook';
import { credentialSchemes } from '#connector/webhook-credentials';
import type { Settings } from './settings.ts';

export function webhook(settings: Settings): Webhook<Change> {
  return {
    authentication: credentialSchemes(settings),
    missing: 'Set webhookBasic, webhookHeader or urlToken to the credentials that you enter for the webhook.',
    // A list for a broadcast, one object for a personalised message; the documentation writes the names with capitals.
    decoding: { form: 'json', items: ['profiles', 'Profiles', ''] },
    // Sent once more after three seconds, and never again.
    retryHorizonSeconds: 900,
    changes: (item, { receivedAt }) => changesOf(item, receivedAt),
    notes: [
      'Settings → Channels → Webhooks: enter the address and HTTP Basic credentials or a header; CleverTap signs nothing. Then send the channel Webhook from a journey that starts when a property changes. Keep the standard body.',
      'The profile is read, because the body does not say how old it is. CleverTap repeats a failed request once, after three seconds: set a schedule as well.',
    ],
    sample: JSON.stringify({ targetId: 0, key_values: {}, profiles: [] }),
  };
}

function changesOf(item: Json, changedAt: number): Change[] {
  const named = Object.entries(objectOf(item)).map(([name, value]) => [name.toLowerCase(), value]);
  const profile: JsonObject = Object.fromEntries(named);
  if (profile['profiledata'] === undefined && profile['objectid'] === undefined)
    throw new RejectedError('This is not a profile: keep the standard body.', { code: 'no_profile' });
  const identity = wordOf(profile['identity']) ?? wordOf(listOf(profile['identities'])[0]);
  if (identity === undefined) return ignored('The profile has no identity: it is anonymous.');
  return touches('profiles', identity, { noun: 'identity', changedAt });
}
