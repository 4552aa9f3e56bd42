// Voucherify's own webhooks about customers: what was changed there and by whom, for drift, and whose facts changed.
// Source: https://docs.voucherify.io/api-reference/introduction-to-webhooks and …/project-settings-webhooks.
import { type DestinationChange, type JsonObject, RejectedError } from '#connector';
import { momentOf, objectOf, valueAt, wordOf } from '#connector/reading';
import type { SignatureScheme, Webhook } from '#connector/webhook';
import { readingOf } from './facts.ts';
import { flatten } from './payload.ts';
import type { Settings } from './settings.ts';

/** Twelve tries over about 36 hours, then the webhook is disabled. */
const retryHorizonSeconds = 48 * 3600;

export function webhook(settings: Settings): Webhook<DestinationChange> {
  const { webhookSecret = [], appId } = settings;
  const signature = (part: 'body' | 'compact'): SignatureScheme => ({
    kind: 'signature',
    algorithm: 'hmac-sha256',
    secrets: webhookSecret,
    message: [part],
    header: 'x-voucherify-signature',
    encoding: 'hex',
  });
  return {
    // Their documents compute it over the compact JSON or over the text itself: both are theirs.
    authentication: webhookSecret.length > 0 ? [signature('body'), signature('compact')] : [],
    missing:
      'destination.webhookSecret is not set: it is the secret of the project webhook, under Project settings',
    decoding: { form: 'json' },
    retryHorizonSeconds,
    // Whether a repeat keeps the ID of the sending is not said; that of the event stays.
    key: (item) => wordOf(valueAt(item, 'event.id')) ?? wordOf(valueAt(item, 'id')) ?? null,
    changes: (item) => changesOf(objectOf(item), appId),
    notes: [
      'Add a project webhook with this URL, and select customer.created, customer.updated and customer.deleted.',
      'For write-back, also select the events of what is written back: vouchers, publications, redemptions, loyalty points and tiers; and add distributions with this URL for segments entered and left.',
      'Voucherify sends no webhook for batches and imports: "tributary verify" reads those back.',
      'After twelve failures Voucherify disables the webhook until it is enabled again.',
    ],
    sample: JSON.stringify({
      id: 'whs_test',
      type: 'customer.updated',
      data: { customer: { id: 'cust_test', object: 'customer', source_id: 'tributary-webhook-test' } },
      event: { id: 'evred_test', created_at: '2026-01-01T00:00:00.000Z' },
    }),
  };
}

const kinds = ['customer.created', 'customer.updated', 'customer.deleted'];

function changesOf(item: JsonObject, appId: string): DestinationChange[] {
  const type = wordOf(item['type']);
  if (type === undefined)
    throw new RejectedError('This is not a webhook of Voucherify: it has no type.', { code: 'no_type' });
  const ours = valueAt(item, 'event.event_source.api_key.app_id') === appId;
  if (!kinds.includes(type)) return factsChanges(item, type);
  const customer = objectOf(valueAt(item, 'data.customer'));
  const id = wordOf(customer['id']);
  if (id === undefined) throw new RejectedError('The webhook contains no customer.', { code: 'no_customer' });
  const deleted = type === 'customer.deleted';
  const sourceId = sourceIdOf(customer, deleted);
  if (sourceId === undefined)
    return [{ kind: 'ignored', reason: 'the customer has no source ID, so Tributary does not manage it' }];
  const happenedAt = momentOf(valueAt(item, 'event.created_at')) ?? momentOf(item['created_at']);
  const changedAt = (deleted ? undefined : momentOf(customer['updated_at'])) ?? happenedAt;
  if (changedAt === undefined)
    throw new RejectedError('The webhook contains no time of the change.', { code: 'no_time' });
  const change: DestinationChange = {
    kind: 'customer',
    customer: { sourceId, id, fields: flatten(customer) },
    changedAt,
    ...(deleted && { deleted: true as const }),
    ours,
  };
  if (deleted) return [change];
  const reading = readingOf(customer, { embedded: true });
  return [change, { kind: 'facts', customer: sourceId, changedAt: happenedAt ?? changedAt, reading, ours }];
}

/**
 * What changed points, vouchers or segments names its customers in several places: a reward names who earned it and who holds the
 * card. A delivery of ours can cause it, as a segment that is entered, and a shop may use our key: it is news to the vendors.
 */
function factsChanges(item: JsonObject, type: string): DestinationChange[] {
  const customers = customersNamedIn(objectOf(item['data']));
  const changedAt = momentOf(valueAt(item, 'event.created_at')) ?? momentOf(item['created_at']);
  if (customers.length === 0 || changedAt === undefined)
    return [{ kind: 'ignored', reason: `${type} names no customer` }];
  return customers.map((customer) => ({ kind: 'facts', customer, changedAt, ours: false }));
}

/** By Voucherify's own ID where there is one: no other customer has it. */
function customersNamedIn(data: JsonObject): string[] {
  const named = [data, ...Object.values(data).map(objectOf)].flatMap((part) => [
    ...['customer', 'holder'].flatMap((name) => {
      const { id, source_id } = objectOf(part[name]);
      return wordOf(id) ?? wordOf(source_id) ?? [];
    }),
    ...['customer_id', 'holder_id'].flatMap((name) => wordOf(part[name]) ?? []),
  ]);
  return [...new Set(named)];
}

/** A deleted customer's source ID has `_deleted` and the time behind it, so that the key is free again. */
function sourceIdOf(customer: JsonObject, deleted: boolean): string | undefined {
  const { source_id } = customer;
  if (typeof source_id !== 'string' || source_id === '') return undefined;
  return deleted ? source_id.replace(/_deleted\d{4}-\d\d-\d\dT[\d:.]+Z?$/, '') : source_id;
}
