// What the step "Call an API" of an Architect journey sends: a body that a person writes, with the ID of a user, who is then read.
import type { Change } from '#connector';
import { authoredTouch, sampleId } from '#connector/authored';
import { nested } from '#connector/paths';
import type { Webhook } from '#connector/webhook';
import { credentialSchemes } from '#connector/webhook-credentials';
import type { Settings } from './settings.ts';

export function webhook(settings: Settings): Webhook<Change> {
  const { identifier } = settings;
  return {
    authentication: credentialSchemes(settings),
    missing: 'Set webhookHeader, webhookBasic or urlToken to the credentials that you enter in the journey.',
    decoding: { form: 'json' },
    // Whether Insider repeats a request is not documented.
    retryHorizonSeconds: 24 * 3600,
    changes: (item, received) => [authoredTouch(item, received, { id: identifier, stream: 'users' })],
    recipe: {
      where: 'Architect → a journey that starts when an attribute changes → Call an API',
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(nested(identifier, `{{${identifier.replace('custom.', '')}}}`)),
    },
    notes: [
      'Insider signs nothing: add a header of your own to the step, and set webhookHeader.',
      'If your panel writes tags differently, insert the identifier with it. An upsert with skip_hook starts no journey.',
      'Deletions and changes of identifiers are not pushed. Load existing users once by an import.',
    ],
    sample: JSON.stringify(nested(identifier, sampleId)),
  };
}
