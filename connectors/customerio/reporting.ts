// Events of the reporting webhook: what they say about a person's subscriptions. The others are about messages.
// Source of the shapes: Customer.io's own schema of reporting webhooks.
import { type Change, type Json, type JsonObject, RejectedError, type SourceRecord } from '#connector';
import { momentOf, objectOf, wordOf } from '#connector/reading';

const preferencesChanged = 'cio_subscription_preferences_changed';

/** Every event of theirs has a metric and the type of its object; that of preferences spells the type's key in its own way. */
export function isReporting(item: Json): boolean {
  const { metric, object_type, object_type_type, event_id, data } = objectOf(item);
  const typed = typeof (object_type ?? object_type_type) === 'string';
  return typeof metric === 'string' && (typed || (typeof event_id === 'string' && objectOf(data) === data));
}

/** `readsPeople`: whether somebody that an event names can be read. */
export function reportingChanges(item: Json, { readsPeople }: { readsPeople: boolean }): Change[] {
  const event = objectOf(item);
  const metric = wordOf(event['metric']);
  const facts = factsOf(metric, event);
  if (facts === undefined)
    return [{ kind: 'ignored', reason: 'It is about a message and does not change a subscription.' }];
  const changedAt = momentOf(event['timestamp'], 'seconds');
  if (changedAt === undefined)
    throw new RejectedError('The event has no time in timestamp.', { code: 'no_time' });
  const person = personIn(objectOf(event['data']));
  if (person === undefined)
    return [{ kind: 'ignored', reason: 'It names no person: the person has been deleted or has no ID.' }];
  const told = Object.keys(facts).length > 0;
  const record: SourceRecord = { ...person, changedAt, body: { ...person.body, ...facts } };
  const changes: Change[] = [
    ...(told ? [{ kind: 'record' as const, stream: 'subscriptions', record, partial: true as const }] : []),
    ...(readsPeople
      ? [{ kind: 'touch' as const, stream: 'people', recordId: person.recordId, changedAt }]
      : []),
  ];
  if (changes.length > 0) return changes;
  const reason =
    'Preferences changed, but the event does not contain them: include body content in the reporting webhook.';
  return [{ kind: 'ignored', reason }];
}

/**
 * What is told of the subscription; undefined where nothing can be. `channel`: what the change was made through, also for
 * an event that looks to be about an e-mail.
 */
function factsOf(metric: string | undefined, event: JsonObject): JsonObject | undefined {
  const channel = wordOf(event['object_type']) ?? wordOf(event['object_type_type']);
  const through = channel === undefined ? {} : { channel };
  if (metric === 'subscribed') return { unsubscribed: false, ...through };
  if (metric === 'unsubscribed') return { unsubscribed: true, ...through };
  if (metric !== preferencesChanged) return undefined;
  const topics = objectOf(objectOf(objectOf(event['data'])['content'])['topics']);
  if (Object.keys(topics).length === 0) return {};
  return { ...eachTopic(topics), topics, ...through };
}

/** It is not told whether an event lists all topics or those that changed: under a key of its own each keeps its last word. */
function eachTopic(topics: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(topics).filter(([name]) => /^topic_\w+$/.test(name)));
}

function personIn(data: JsonObject): { recordId: string; body: JsonObject } | undefined {
  const identifiers = data['identifiers'];
  if (objectOf(identifiers) !== identifiers && typeof data['customer_id'] !== 'string')
    throw new RejectedError('The event names no person in data.identifiers.', { code: 'no_person' });
  const known = objectOf(identifiers);
  const cioId = wordOf(known['cio_id']);
  // `customer_id` is of old, and blank where the person has been deleted.
  const given = wordOf(Object.hasOwn(known, 'id') ? known['id'] : data['customer_id']);
  const id = given === cioId ? undefined : given;
  const email = wordOf(known['email']) ?? wordOf(data['email_address']) ?? wordOf(data['recipient']);
  const recordId = cioId ?? id;
  if (recordId === undefined) return undefined;
  return {
    recordId,
    body: {
      ...(id !== undefined && { id }),
      ...(cioId !== undefined && { cio_id: cioId }),
      ...(email !== undefined ? { email } : known['email'] === null && { email: null }),
    },
  };
}
