// ActiveCampaign's webhooks, of events and of automations: they name a contact, who is then read, because the two write custom
// fields differently. Nothing is signed. https://developers.activecampaign.com/page/webhooks
import { momentOf, objectOf, wordOf } from '#connector/reading';
import { thinWebhook } from '#connector/thin-webhook';
import { credentialSchemes } from '#connector/webhook-credentials';
import { isId } from './contacts.ts';
import type { Settings } from './settings.ts';

/** Of campaigns: they change nothing of a contact that is synced, and come by the thousand. */
const campaignEvents = ['sent', 'open', 'click', 'forward', 'share', 'reply'];

export const webhook = ({ urlToken }: Settings) =>
  thinWebhook({
    authentication: credentialSchemes({ urlToken }),
    missing: 'Set urlToken to a secret, and append it to the URL.',
    decoding: { form: 'form' },
    // Nothing is sent again, but now and then twice. An automation sends the same once more when a contact changes back.
    retryHorizonSeconds: 60,
    stream: 'contacts',
    noun: 'contact',
    isId,
    naming({ type, date_time, contact }) {
      const event = wordOf(type);
      if (event === 'sample') return 'It is a sample.';
      if (event !== undefined && campaignEvents.includes(event))
        return 'It is about a campaign, not about a contact.';
      if (event !== undefined && contact === undefined) return 'It is not about a contact.';
      return { ids: objectOf(contact)['id'], changedAt: momentOf(date_time) };
    },
    notes: [
      'ActiveCampaign signs nothing: append urlToken to the URL, which must be https on port 443.',
      'Select the events subscribe, unsubscribe, update, bounce and sms_unsub. The webhook of an automation works as well.',
      'Leave out the source "api" if your own systems write to ActiveCampaign.',
      'Set schedule and fullSchedule as well: ActiveCampaign sends nothing again, and reports neither imports nor deletions.',
    ],
    sample: new URLSearchParams({ type: 'sample', 'contact[id]': '0' }).toString(),
  });
