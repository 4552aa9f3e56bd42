// Webhooks of Braze, at one address: those of Canvas and campaigns, whose body a person writes, and Currents, whose
// events name a user. The key `events` tells them apart.
// Source: braze-docs `currents_integration` (payloads, authentication) and `creating_a_webhook`.
import type { Change, Json } from '#connector';
import { type AuthoredBody, authoredKey, authoredRecord } from '#connector/authored';
import { momentOf, objectOf, valueAt, wordOf } from '#connector/reading';
import type { Received, Recipe, Webhook } from '#connector/webhook';
import { credentialSchemes } from '#connector/webhook-credentials';
import type { Settings } from './settings.ts';

/** Currents tries again for five days; a day more is kept in mind. */
const retryHorizonSeconds = 6 * 86_400;
/** A hundred events by default; more where an account was set up so. */
const maxBodyBytes = 8 * 1024 * 1024;

/** Kinds of events that are of messages and of use, not of profiles. */
const engagementKinds = ['users.messages.', 'users.campaigns.', 'users.canvas.', 'users.behaviors.'];
/** Of those kinds, what changes a profile all the same: subscriptions, and what ends them. */
const profileWords = ['subscri', 'markasspam'];

export function webhook(settings: Settings): Webhook<Change> {
  const authentication = credentialSchemes(settings);
  const { authored: at, apiKey } = settings;
  return {
    authentication,
    ...(authentication.length === 0 && {
      missing:
        'Set webhookToken to the token of the Currents connector or of the webhook, or set webhookBasic, webhookHeader or urlToken.',
    }),
    decoding: { form: 'json', items: ['events', ''] },
    retryHorizonSeconds,
    maxBodyBytes,
    key: (item) => (isEvent(item) ? (wordOf(objectOf(item)['id']) ?? null) : sendingKey(item, at)),
    changes: (item, received) => [
      isEvent(item) ? eventChange(item, received, apiKey) : profileChange(item, received, at),
    ],
    recipe: recipe(at),
    notes: [
      'Braze cannot list all users: profiles arrive when a Canvas or a campaign sends them. Trigger a Canvas on a changed attribute, and run it once for all users.',
      `Choose raw text as the body of the webhook. Add custom attributes as "NAME": "{{custom_attribute.${tag('NAME')} | json_escape}}".`,
      'Liquid does not escape values: without json_escape, a quote in a name makes the body invalid JSON. Such a request is kept as a dead letter. Check the preview: if the filter adds quotes, leave yours out.',
      'A profile without an external ID is ignored, as are its events.',
      'Currents (the custom HTTP connector) reports subscriptions by users.messages.email.Unsubscribe, users.behaviors.subscription.GlobalStateChange and users.behaviors.subscriptiongroup.StateChange, and profiles if your account has such events. With apiKey, the user that an event names is then read; without it, the event is ignored.',
      'Do not send message events: they are counted and ignored.',
      'A removed custom attribute is not reported: its old value stays. A standard field that was emptied is cleared.',
      'Deletions and merges are not pushed. A user that Currents names and that Braze no longer has is treated as deleted.',
    ],
    sample: '{"events":[]}',
  };
}

// ── Currents ────────────────────────────────────────────────────────────────────────────────────────────────────

function isEvent(item: Json): boolean {
  return wordOf(objectOf(item)['event_type']) !== undefined;
}

function eventChange(item: Json, received: Received, apiKey: string | undefined): Change {
  const { event_type: type, time } = objectOf(item);
  if (!isOfProfile(wordOf(type) ?? ''))
    return ignored('The event is about a message or usage, not about a profile.');
  if (apiKey === undefined) return ignored('No apiKey is set, so the user cannot be read.');
  const recordId =
    wordOf(valueAt(item, 'user.external_user_id')) ?? wordOf(valueAt(item, 'external_user_id'));
  if (recordId === undefined) return ignored('The user has no external ID.');
  const changedAt = momentOf(time, 'seconds') ?? received.receivedAt;
  return { kind: 'touch', stream: 'users', recordId, changedAt };
}

/** Types are written with dots, some with underscores. A type that we do not know may be of a profile. */
function isOfProfile(type: string): boolean {
  const name = type.toLowerCase().replaceAll('_', '.');
  if (profileWords.some((word) => name.includes(word))) return true;
  return !engagementKinds.some((kind) => name.startsWith(kind));
}

// ── Canvas and campaigns ────────────────────────────────────────────────────────────────────────────────────────

function profileChange(item: Json, received: Received, at: AuthoredBody): Change {
  const id = valueAt(item, at.id);
  // The template wrote the ID, and there was none.
  if (id === null || (typeof id === 'string' && id.trim() === ''))
    return ignored('The profile has no external ID.');
  const change = authoredRecord(item, received, { at, stream: 'profiles' });
  if (change.kind !== 'record' || change.record.deleted) return change;
  const { record } = change;
  return { ...change, record: { ...record, body: { external_id: record.recordId, ...record.body } } };
}

/** One dispatch goes to many users. */
function sendingKey(item: Json, at: AuthoredBody): string | null {
  const sending = authoredKey(item, at);
  if (sending === null) return null;
  const others = [at.id, at.changedAt].map((path) => wordOf(valueAt(item, path)) ?? '');
  return [sending, ...others].join('|');
}

function recipe({ id, changedAt, eventId }: AuthoredBody): Recipe {
  const lines: [key: string, liquid: string][] = [
    [id, escaped('user_id')],
    ['braze_id', tag('braze_id')],
    ['email', escaped('email_address')],
    ['phone', escaped('phone_number')],
    ['first_name', escaped('first_name')],
    ['last_name', escaped('last_name')],
    ['home_city', escaped('city')],
    ['country', escaped('country')],
    ['dob', tag('date_of_birth')],
    ['email_subscribe', `subscribed_state.${tag('email_global')}`],
    [eventId, `campaign.${tag('dispatch_id')}`],
    [changedAt, "'now' | date: '%s'"],
  ];
  return {
    where: 'Canvas → Message step → Webhook (or a campaign of the type Webhook) → Compose, body as raw text',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `{\n${lines.map(([key, liquid]) => `  "${key}": "{{${liquid}}}"`).join(',\n')}\n}`,
  };
}

/** Braze names what it knows of a user in braces behind a dollar. */
function tag(name: string): string {
  return `\${${name}}`;
}

function escaped(name: string): string {
  return `${tag(name)} | json_escape`;
}

function ignored(reason: string): Change {
  return { kind: 'ignored', reason };
}
