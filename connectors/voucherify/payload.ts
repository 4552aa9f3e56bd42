// Converts the fields of a customer to Voucherify's customer object, and back.
// Shape: OpenAPI `Customer` and `CustomerBase` (https://docs.voucherify.io/api-reference/customers/customer-object).
import type { DestinationCustomer, Fields, Json, JsonObject } from '#connector';
import { momentOf } from '#connector/reading';

const attributes: readonly string[] = ['name', 'description', 'email', 'phone', 'birthdate'];
const groups = ['address', 'metadata'] as const;

/**
 * The body that writes these fields, and no other. Null clears: metadata keys and the birthdate with null, all else with
 * `clearWith`. Whatever stands after `metadata.` is the key, further dots included.
 */
export function payloadOf(sourceId: string, fields: Fields, clearWith: null | '' = null): JsonObject {
  const payload: JsonObject = { source_id: sourceId };
  // Entries, not assignments: a key `__proto__` would set the prototype and be lost.
  const address: [string, Json][] = [];
  const metadata: [string, Json][] = [];
  for (const field of Object.keys(fields)) {
    const value = fields[field]!;
    if (attributes.includes(field)) payload[field] = field === 'birthdate' ? value : (value ?? clearWith);
    else if (field.startsWith('address.')) address.push([field.slice(8), value ?? clearWith]);
    else if (field.startsWith('metadata.')) metadata.push([field.slice(9), value]);
    else throw new Error(`"${field}" is not a field of a Voucherify customer`);
  }
  if (address.length > 0) payload['address'] = Object.fromEntries(address);
  if (metadata.length > 0) payload['metadata'] = Object.fromEntries(metadata);
  return payload;
}

/** The fields of a customer object, as it holds them: what is absent there is absent here, what is null is null. */
export function flatten(customer: JsonObject): Fields {
  const entries: [string, Json][] = [];
  for (const name of attributes) {
    const value = customer[name];
    if (value !== undefined) entries.push([name, value]);
  }
  for (const group of groups) {
    const held = customer[group];
    if (!isObject(held)) continue;
    for (const [key, value] of Object.entries(held)) entries.push([`${group}.${key}`, value]);
  }
  return Object.fromEntries(entries);
}

/**
 * The payload with every address part and metadata key that the customer has and the payload does not name, so that
 * replacing the object loses nothing. An object the payload leaves out stays out: nothing replaces it.
 */
export function preserve(payload: JsonObject, current: DestinationCustomer): JsonObject {
  const held = payloadOf(current.sourceId, current.fields);
  const completed = { ...payload };
  for (const group of groups) {
    const sent = payload[group];
    const kept = held[group];
    if (isObject(sent) && isObject(kept)) completed[group] = { ...kept, ...sent };
  }
  return completed;
}

/** The answer as the customer of that source ID, or undefined where it is none. */
export function customerOf(json: Json | undefined, sourceId: string): DestinationCustomer | undefined {
  if (!isObject(json) || (json['object'] ?? 'customer') !== 'customer') return undefined;
  const { id, source_id } = json;
  if (typeof id !== 'string' || source_id !== sourceId) return undefined;
  // One that was never updated shows no `updated_at`.
  const writtenAt = momentOf(json['updated_at']) ?? momentOf(json['created_at']);
  return { sourceId, id, fields: flatten(json), ...(writtenAt !== undefined && { writtenAt }) };
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
