// What the webhook channel of a campaign or journey sends: profiles, whole but without a time, so that each one is read.
import { type JsonObject, RejectedError } from '#connector';
import { listOf, wordOf } from '#connector/reading';
import { type Naming, thinWebhook } from '#connector/thin-webhook';
import { credentialSchemes } from '#connector/webhook-credentials';
import type { Settings } from './settings.ts';

export const webhook = (settings: Settings) =>
  thinWebhook({
    authentication: credentialSchemes(settings),
    missing: 'Set webhookBasic, webhookHeader or urlToken to the credentials that you enter for the webhook.',
    // A list for a broadcast, one object for a personalised message; the documentation writes the names with capitals.
    decoding: { form: 'json', items: ['profiles', 'Profiles', ''] },
    // Sent once more after three seconds, and never again.
    retryHorizonSeconds: 900,
    stream: 'profiles',
    noun: 'identity',
    naming: named,
    notes: [
      'Settings → Channels → Webhooks: enter the address and HTTP Basic credentials or a header; CleverTap signs nothing. Then send the channel Webhook from a journey that starts when a property changes. Keep the standard body.',
      'The profile is read, because the body does not say how old it is. CleverTap repeats a failed request once, after three seconds: set a schedule as well.',
    ],
    sample: { targetId: 0, key_values: {}, profiles: [] },
  });

function named(item: JsonObject): Naming | string {
  const parts = Object.entries(item).map(([name, value]) => [name.toLowerCase(), value]);
  const profile: JsonObject = Object.fromEntries(parts);
  if (profile['profiledata'] === undefined && profile['objectid'] === undefined)
    throw new RejectedError('This is not a profile: keep the standard body.', { code: 'no_profile' });
  const identity = wordOf(profile['identity']) ?? wordOf(listOf(profile['identities'])[0]);
  return identity === undefined ? 'The profile has no identity: it is anonymous.' : { ids: identity };
}
