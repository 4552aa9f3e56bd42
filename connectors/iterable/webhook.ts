// Webhooks of Iterable, at one address: system webhooks, which name a user and an event, and journeys, whose body a
// person writes. The key `eventName` tells them apart. (support.iterable.com, "System Webhooks")
import type { Change, Json, JsonObject } from '#connector';
import { authoredKey, authoredRecord } from '#connector/authored';
import { momentOf, objectOf, unescapeHtml, wordOf } from '#connector/reading';
import type { Received, Recipe, Scheme, Webhook } from '#connector/webhook';
import type { Settings } from './settings.ts';
import { isPlaceholder, readable, recordIdOf, withoutPlaceholder } from './users.ts';

/** Events after which the profile may say something else of its subscriptions. The rest is of messages. */
const profileEvents = new Set([
  'emailSubscribe',
  'emailUnSubscribe',
  'hostedUnsubscribeClick',
  'emailBounce',
  'emailComplaint',
  'smsReceived',
]);

export function webhook(settings: Settings): Webhook<Change> {
  const authentication = schemes(settings);
  const at = { ...settings.authored, id: settings.authored.id ?? settings.key };
  return {
    authentication,
    ...(authentication.length === 0 && {
      missing:
        'Set webhookToken to the token entered in the webhook at Iterable, or set webhookHeader or urlToken.',
    }),
    decoding: { form: 'json' },
    // How often and how long Iterable repeats is not documented.
    retryHorizonSeconds: 24 * 3600,
    key: (item) => (isEvent(item) ? eventKey(item) : authoredKey(unescaped(item), at)),
    changes: (item, received) =>
      isEvent(item)
        ? [eventChange(item, received, settings)]
        : [
            journeyChange(
              authoredRecord(readable(unescaped(item)), received, { at, stream: 'journeys' }),
              settings,
            ),
          ],
    recipe: recipe(at),
    notes: [
      'There is no webhook for a changed profile: start a journey on a change, and have it call a webhook with the body of the recipe.',
      'The recipe contains the time at which the profile changed, but no event ID: Iterable has none.',
      'System webhooks (Integrations → Webhooks) report subscriptions. With apiKey, the user that they name is then read; without it, they are ignored.',
      'Iterable does not sign webhooks. Enter the token next to the type Basic or OAuth2: both are accepted.',
      'Write tags with two braces: values are then HTML-escaped, which Tributary undoes. With three braces, a quote in a value makes the body invalid, and it is kept as a dead letter.',
      `A body with the key "eventName" is treated as a system webhook: use another name.`,
      'Deletions, merges and forgotten users are not pushed, and delivery is not guaranteed.',
    ],
    // An event that is of no use: it shows that requests get in and are read.
    sample: JSON.stringify({ eventName: 'emailSend', email: 'sample@tributary.invalid', dataFields: {} }),
  };
}

function schemes({ webhookToken, webhookHeader, urlToken }: Settings): Scheme[] {
  const header = (name: string, values: readonly string[]): Scheme => ({
    kind: 'credential',
    at: { header: name },
    values,
  });
  return [
    ...(webhookToken ? [header('Authorization', webhookToken.flatMap(asTyped))] : []),
    ...(webhookHeader ? [header(webhookHeader.name, webhookHeader.value)] : []),
    ...(urlToken ? [{ kind: 'credential' as const, at: 'path' as const, values: urlToken }] : []),
  ];
}

/** The type Basic is said to send what was typed as it is; whoever typed the word, or was given it, is understood too. */
function asTyped(token: string): string[] {
  const bare = token.replace(/^(Basic|OAuth2) +/i, '');
  return [...new Set([token, bare, `Basic ${bare}`, `OAuth2 ${bare}`])];
}

// ── System webhooks ─────────────────────────────────────────────────────────────────────────────────────────────

function isEvent(item: Json): boolean {
  return wordOf(objectOf(item)['eventName']) !== undefined;
}

/** Some keys stand at the top in some events, and among the data in others. */
function eventWord(item: Json, name: string): string | undefined {
  const event = objectOf(item);
  return wordOf(event[name]) ?? wordOf(objectOf(event['dataFields'])[name]);
}

/** Deliveries have no ID. */
function eventKey(item: Json): string | null {
  const createdAt = eventWord(item, 'createdAt');
  if (createdAt === undefined) return null;
  const who = ['email', 'userId'].map((name) => eventWord(item, name) ?? '');
  return [eventWord(item, 'eventName'), ...who, eventWord(item, 'messageId') ?? '', createdAt].join('|');
}

function eventChange(item: Json, received: Received, { apiKey, key }: Settings): Change {
  const name = eventWord(item, 'eventName') ?? '';
  if (!profileEvents.has(name)) return ignored('The event is about a message, not about a profile.');
  if (apiKey === undefined) return ignored('No apiKey is set, so the user cannot be read.');
  const named = eventWord(item, key);
  if (named === undefined) return ignored(`The event names no ${key} to read the user by.`);
  const recordId = recordIdOf(named, key);
  if (key === 'email' && isPlaceholder(recordId)) return ignored('The user has no real e-mail address.');
  const changedAt = momentOf(readable(eventWord(item, 'createdAt') ?? null)) ?? received.receivedAt;
  return { kind: 'touch', stream: 'users', recordId, changedAt };
}

// ── Journeys ────────────────────────────────────────────────────────────────────────────────────────────────────

function journeyChange(change: Change, { key }: Settings): Change {
  if (change.kind !== 'record') return change;
  const { record } = change;
  if (key === 'email' && isPlaceholder(record.recordId))
    return ignored('The user has no real e-mail address.');
  const recordId = recordIdOf(record.recordId, key);
  return { ...change, record: { ...record, recordId, body: withoutPlaceholder(record.body) } };
}

function recipe({ id, changedAt }: { id: string; changedAt: string }): Recipe {
  const names = [...new Set([id, 'userId', 'email', 'firstName', 'lastName', 'phoneNumber'])];
  const lines = [...names.map((name) => [name, name]), [changedAt, 'profileUpdatedAt']];
  return {
    where: 'Journeys → your journey, started by a changed profile → tile Call webhook → body',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `{\n${lines.map(([key, field]) => `  "${key}": "{{${field}}}"`).join(',\n')}\n}`,
  };
}

/** Handlebars escapes for HTML what stands in two braces. */
function unescaped(value: Json): Json {
  if (typeof value === 'string') return unescapeHtml(value);
  if (Array.isArray(value)) return value.map(unescaped);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]): [string, Json] => [key, unescaped(inner)]),
  ) as JsonObject;
}

function ignored(reason: string): Change {
  return { kind: 'ignored', reason };
}
