// Presets for senders whose webhooks a person sets up by hand: paths in their bodies, and what to paste. (reference:
// Bloomreach "Webhooks", CleverTap "Webhooks", Salesforce "Outbound Messages")
import type { Json, JsonObject, Mapping } from '#connector';
import { listOf, objectOf, wordOf } from '#connector/reading';
import type { Recipe } from '#connector/webhook';
import type { Settings } from './settings.ts';

export interface Template {
  body: 'json' | 'form' | 'soap';
  items: readonly string[];
  id: string;
  /** Where the record's fields stand; `''` is the item itself. */
  fields: string;
  changedAt: readonly string[];
  /** Joined; empty: the content names the sending. */
  eventId: readonly string[];
  withoutId: 'reject' | 'ignore';
  retryHours: number;
  reply: 'json' | 'salesforce-ack';
  maxBodyBytes?: number;
  /** Where the sender stops for good after the status that says what is wrong. */
  refuseWith?: number;
  mapping: Mapping;
  /** Brings an item into the form in which the paths find things. */
  tidied?(item: Json): Json;
  recipe?: Recipe;
  notes: readonly string[];
}

const address: Mapping = {
  'address.line_1': 'address',
  'address.city': 'city',
  'address.state': 'state',
  'address.postal_code': 'zip',
  'address.country': 'country',
};

const custom: Template = {
  body: 'json',
  items: [''],
  id: 'id',
  fields: '',
  changedAt: ['changed_at'],
  eventId: ['event_id'],
  withoutId: 'reject',
  retryHours: 24,
  reply: 'json',
  mapping: { name: 'name', email: 'email', phone: 'phone' },
  notes: [
    'Send the time of the change with every record: without it, the time of receipt counts, and a late retry overwrites newer changes.',
    'Send an event ID (event_id) as well if you have one: a retry is then recognised, whatever arrived in between.',
    'A time that is a number counts seconds; for another unit set record.unit.',
  ],
};

const bloomreach: Template = {
  ...custom,
  id: 'registered',
  // 400, 404, 410, 412, 413 and 418 stop every further request of the customers who entered together; 500 is tried again.
  refuseWith: 500,
  mapping: {
    name: ['first_name', 'last_name'],
    email: 'email',
    phone: 'phone',
    birthdate: 'birth_date',
    ...address,
  },
  recipe: {
    where: 'Scenarios → your scenario, triggered when a property changes → action node Webhook',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: jinjaBody([
      ...['first_name', 'last_name', 'email', 'phone', 'birth_date'],
      ...['address', 'city', 'state', 'zip', 'country'],
    ]),
  },
  notes: [
    'Use basic authentication in the webhook node, or add a header: Bloomreach does not sign webhooks.',
    'Keep the webhook at one request per customer. A batch is accepted too if its body is a list.',
    'If your project does not support the filter tojson, put each tag in quotes without the filter: a quote in a value then makes the body invalid, and it is kept as a dead letter.',
    'changed_at is the time of the event that started the scenario. A scenario that no event starts has none: the time of receipt then counts, and a late retry of an older state overwrites newer changes. Send your own time there if you have one, as ISO 8601 or Unix seconds.',
    'Refused requests are answered 500, because Bloomreach stops the whole send after other statuses.',
    'Anonymising a customer sends nothing.',
  ],
};

const clevertap: Template = {
  ...custom,
  items: ['profiles'],
  id: 'identity',
  changedAt: [],
  eventId: [],
  withoutId: 'ignore',
  // Sent once more after a timeout of three seconds, and never again.
  retryHours: 0.25,
  mapping: { name: 'name', email: 'email', phone: 'phone', birthdate: 'dob' },
  tidied: tidyProfile,
  notes: [
    'Settings → Channels → Webhooks, then a campaign or journey with the channel Webhook. CleverTap writes the body itself: select identity, e-mail and the profile properties.',
    'Use basic authentication for the endpoint, or add a header: CleverTap does not sign webhooks.',
    'Reserved names (name, email, phone, dob, identity, objectId) are read in any letter case, next to the profile properties.',
    'A body contains no time of change, so the time of receipt counts. CleverTap retries once after three seconds without an answer.',
    'Deletions, merges and unsubscriptions are not pushed.',
  ],
};

const salesforce: Template = {
  ...custom,
  body: 'soap',
  items: ['notifications.Notification'],
  id: 'sObject.Id',
  fields: 'sObject',
  changedAt: ['sObject.SystemModstamp', 'sObject.LastModifiedDate'],
  eventId: ['Id'],
  // Salesforce repeats for 24 hours, and two hours at most lie between two tries.
  retryHours: 26,
  reply: 'salesforce-ack',
  maxBodyBytes: 8 * 1024 * 1024,
  mapping: {
    name: ['FirstName', 'LastName'],
    email: 'Email',
    phone: 'Phone',
    birthdate: 'Birthdate',
    'address.line_1': 'MailingStreet',
    'address.city': 'MailingCity',
    'address.state': 'MailingState',
    'address.postal_code': 'MailingPostalCode',
    'address.country': 'MailingCountry',
  },
  notes: [
    'Setup → Outbound Messages → new, object Contact; the endpoint is the address above. Tick Id, SystemModstamp and every field that the mapping uses, and do not send the session ID. Then let a flow send it on create and on update.',
    'Salesforce does not sign messages: put a secret into the URL (authentication of the type "path") and set organizationId.',
    'An empty field is omitted from the message: list fields that may become empty in record.absentIsEmpty; otherwise their old values stay.',
    'Deletions send no outbound message, and messages arrive in any order: SystemModstamp decides which is newer.',
  ],
};

const templates: { readonly [name in Settings['template']]: Template } = {
  custom,
  bloomreach,
  clevertap,
  salesforce,
};

/** The template with everything in it that the settings say otherwise. */
export function templateOf({ template, ...given }: Settings): Template {
  const known = templates[template];
  return {
    ...known,
    body: given.body ?? known.body,
    items: given.items ?? known.items,
    id: given.record.id ?? known.id,
    fields: given.record.body ?? known.fields,
    changedAt: given.record.changedAt ?? known.changedAt,
    eventId: given.eventId ?? known.eventId,
    withoutId: given.record.withoutId ?? known.withoutId,
    retryHours: given.retryHours ?? known.retryHours,
    reply: given.reply ?? known.reply,
    ...(given.maxBodyBytes !== undefined && { maxBodyBytes: given.maxBodyBytes }),
    ...(given.refuseWith !== undefined && { refuseWith: given.refuseWith }),
  };
}

/** A body with a key for each of these properties, written by Jinja. What a customer does not have is an empty text. */
function jinjaBody(properties: readonly string[]): string {
  const lines = properties.map((name) => `  "${name}": {{ customer.${name} | default('') | tojson }}`);
  // Without an event there is an empty text, and the time at which the request comes counts.
  const clock = '  "changed_at": {{ (event.timestamp if event else \'\') | tojson }}';
  const all = ['  "registered": {{ customer_ids.registered | tojson }}', ...lines, clock];
  return ['{', all.join(',\n'), '}'].join('\n');
}

const reserved = ['name', 'email', 'phone', 'dob', 'identity', 'objectid', 'profiledata'];

/**
 * A profile of CleverTap as one flat object: its properties, and above them what stands beside them. The vendor writes
 * the reserved names in more than one letter case (unverified which where), so here they are in lower case, but `objectId`.
 */
function tidyProfile(item: Json): Json {
  const profile = lowered(objectOf(item));
  const { profiledata, ...beside } = profile;
  const tidy: JsonObject = {};
  for (const [key, value] of Object.entries({ ...lowered(objectOf(profiledata)), ...beside })) {
    tidy[key === 'objectid' ? 'objectId' : key] = dated(value, key === 'dob');
  }
  // Identities that were linked come as a list; the first is the oldest.
  const identity = tidy['identity'] ?? tidy['identities'];
  const first = wordOf(listOf(identity)[0]);
  return first === undefined ? tidy : { ...tidy, identity: first };
}

function lowered(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => {
      const lower = key.toLowerCase();
      return [reserved.includes(lower) ? lower : key, value];
    }),
  );
}

/** `$D_1459461600` is how CleverTap writes a date: seconds since 1970. */
function dated(value: Json, isDay: boolean): Json {
  const seconds = typeof value === 'string' ? /^\$D_(-?\d{1,11})$/.exec(value)?.[1] : undefined;
  if (seconds === undefined) return value;
  const time = new Date(Number(seconds) * 1000).toISOString();
  return isDay ? time.slice(0, 10) : time;
}
