// Brevo's marketing webhooks: they name a contact by e-mail address, who is then read. None of their times is a clock: `date` is
// local, and `ts` was seen an hour ahead. https://developers.brevo.com/docs/marketing-webhooks
import { RejectedError } from '#connector';
import { wordOf } from '#connector/reading';
import { thinWebhook } from '#connector/thin-webhook';
import { credentialSchemes } from '#connector/webhook-credentials';
import type { Settings } from './settings.ts';

/** Those that change a contact; the names are compared by their letters, as Brevo writes them in two ways. */
const events = ['contactupdated', 'listaddition', 'unsubscribe', 'unsubscribed', 'hardbounce', 'spam'];

export const webhook = (settings: Settings) =>
  thinWebhook({
    authentication: credentialSchemes(settings),
    missing:
      'Set webhookToken to the bearer token of the webhook, or webhookBasic, webhookHeader or urlToken.',
    // Whether and for how long Brevo repeats a request is not documented.
    retryHorizonSeconds: 24 * 3600,
    stream: 'contacts',
    noun: 'contact',
    naming({ event, email }) {
      const name = wordOf(event)?.toLowerCase().replaceAll('_', '');
      if (name === undefined) throw new RejectedError('The webhook names no event.', { code: 'no_event' });
      if (name === 'contactdeleted') return 'Brevo names only the e-mail address of a deleted contact.';
      if (!events.includes(name)) return 'It is about a campaign, not about a contact.';
      return wordOf(email) === undefined
        ? 'It is about a contact without an e-mail address.'
        : { ids: email };
    },
    notes: [
      'Create one (POST /v3/webhooks) with type marketing, the events contactUpdated, listAddition, unsubscribed, hardBounce and spam, and "auth": {"type": "bearer", "token": "…"}.',
      'Set schedule and fullSchedule as well: Brevo reports neither new contacts without a list nor the IDs of deleted ones.',
    ],
    sample: { event: 'sample', email: 'nobody@tributary.invalid' },
  });
