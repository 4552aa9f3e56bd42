// Webhooks of a Mailchimp audience: one event per form, which names a member by e-mail address.
// Source: mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks.
import { createHash } from 'node:crypto';
import { type Change, type Json, type JsonObject, RejectedError } from '#connector';
import { momentOf, objectOf, wordOf } from '#connector/reading';
import type { Scheme, Webhook } from '#connector/webhook';
import type { Settings } from './settings.ts';

/** Mailchimp repeats for about 75 minutes; the rest is slack. */
const retryHorizonSeconds = 6 * 3600;
const memberTypes = ['subscribe', 'unsubscribe', 'profile', 'cleaned', 'upemail'];

export function webhook(settings: Settings): Webhook<Change> {
  const authentication = schemesOf(settings);
  return {
    authentication,
    ...(authentication.length === 0 && {
      missing:
        'Set webhookSecret to the signing_secret of the webhook, or set urlToken if the webhook is not signed.',
    }),
    // Mailchimp tries the address when a webhook is saved, with neither signature nor secret.
    handshake: { reachabilityCheck: true },
    decoding: { form: 'form' },
    retryHorizonSeconds,
    key: keyOf,
    changes: (item) => changesOf(item, settings.listId),
    notes: [
      'To get a signing_secret, create the webhook through the API (POST /3.0/lists/{listId}/webhooks) with signing_enabled. It is returned once.',
      'A webhook created before 2026 is not signed: set urlToken and append it to the URL.',
      'Select the events subscribe, unsubscribe, profile, cleaned and upemail. Exclude the source "api" if your own systems write to Mailchimp.',
      'A webhook names a member only by e-mail address, so a permanently deleted member is found by the next full reading.',
      'To use your own ID as source ID, store it in a merge field and set "sourceId": "merge_fields.CUSTOMERID".',
    ],
    sample: new URLSearchParams({
      type: 'profile',
      fired_at: '2026-01-01 00:00:00',
      'data[id]': '0000000000',
      'data[list_id]': settings.listId,
      'data[email]': 'nobody@tributary.invalid',
      'data[email_type]': 'html',
    }).toString(),
  };
}

function schemesOf({ webhookSecret, urlToken, toleranceSeconds }: Settings): Scheme[] {
  const signature: Scheme = {
    kind: 'signature',
    algorithm: 'hmac-sha256',
    secrets: webhookSecret ?? [],
    message: ['timestamp', { literal: '.' }, 'body'],
    header: 'x-mailchimp-signature',
    form: { pairs: 'v1' },
    encoding: 'hex',
    timestamp: { from: { pair: 't' }, unit: 'seconds', toleranceSeconds },
  };
  return [
    ...(webhookSecret ? [signature] : []),
    ...(urlToken ? [{ kind: 'credential' as const, at: 'path' as const, values: urlToken }] : []),
  ];
}

/**
 * By type, ID and time, as Mailchimp advises, and by the rest of what is said: two changes of one second are two events,
 * and one audience's event is not the other's. Hashed, since an e-mail address is in it.
 */
function keyOf(item: Json): string | null {
  const { type, fired_at, data } = objectOf(item);
  const [said, at] = [wordOf(type), wordOf(fired_at)];
  if (said === undefined || at === undefined) return null;
  const digest = createHash('sha256').update(JSON.stringify(data ?? null));
  return `${said} ${at} ${digest.digest('base64url').slice(0, 22)}`;
}

function changesOf(item: Json, listId: string): Change[] {
  const { type, fired_at, data } = objectOf(item);
  const said = wordOf(type);
  const body = objectOf(data);
  if (said === undefined)
    throw new RejectedError('This is not a webhook of a Mailchimp audience: the form has no type.', {
      code: 'no_type',
    });
  const list = wordOf(body['list_id']);
  if (list === undefined)
    throw new RejectedError('The event names no audience in data[list_id].', { code: 'no_list' });
  if (list !== listId) return [{ kind: 'ignored', reason: 'It is about an audience other than listId.' }];
  if (!memberTypes.includes(said))
    return [{ kind: 'ignored', reason: 'It is about a campaign, not about a member.' }];
  // Its time has no zone: it is UTC.
  const changedAt = momentOf(fired_at);
  if (changedAt === undefined)
    throw new RejectedError('The event has no time in fired_at.', { code: 'no_time' });
  const gone = said === 'unsubscribe' && body['action'] === 'delete';
  const addresses = addressesOf(said, body);
  // A contact may have a phone number alone.
  if (addresses.length === 0)
    return [
      {
        kind: 'ignored',
        reason: 'It is about a member without an e-mail address; the next reading finds the change.',
      },
    ];
  return addresses.map((address) => ({
    kind: 'touch' as const,
    stream: 'members',
    recordId: hashOf(address),
    changedAt,
    ...(gone && { gone: 'deleted' as const }),
  }));
}

/** Of a changed address both are read: the old one may be another member's by now. */
function addressesOf(type: string, data: JsonObject): string[] {
  const names = type === 'upemail' ? ['new_email', 'old_email'] : ['email'];
  const addresses = names.flatMap((name) => wordOf(data[name]) ?? []);
  if (addresses.length > 0 || names.some((name) => data[name] === '')) return addresses;
  throw new RejectedError('The event names no e-mail address.', { code: 'no_address' });
}

/** By which Mailchimp's API knows an address: MD5 of it in lower case. */
function hashOf(address: string): string {
  return createHash('md5').update(address.toLowerCase()).digest('hex');
}
