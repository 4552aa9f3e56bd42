// Converts a customer of BigCommerce to a record, with one of its addresses, and its attributes and form fields by
// name.
// https://developer.bigcommerce.com/docs/rest-management/customers
import type { Json, JsonObject, SourceRecord } from '#connector';
import { listOf, momentOf, objectOf, wordOf } from '#connector/reading';

export function isId(id: string): boolean {
  return /^[1-9]\d{0,15}$/.test(id);
}

/** Undefined where it has no ID or no time of its last change. */
export function recordOf(row: Json): SourceRecord | undefined {
  const body = objectOf(row);
  const recordId = wordOf(body['id']);
  const changedAt = momentOf(body['date_modified']);
  if (recordId === undefined || !isId(recordId) || changedAt === undefined) return undefined;
  return {
    recordId,
    changedAt,
    body: {
      ...body,
      // 0 is no group.
      customer_group_id: body['customer_group_id'] || null,
      address: firstAddress(body['addresses']),
      attribute_values: valuesBy(body['attributes'], 'attribute_id', 'attribute_value'),
      form_field_values: valuesBy(body['form_fields'], 'name', 'value'),
    },
  };
}

/** None is marked as the default: the one with the lowest ID. */
function firstAddress(addresses: Json | undefined): JsonObject | null {
  const byId = listOf(addresses)
    .map(objectOf)
    .toSorted((a, b) => Number(a['id']) - Number(b['id']));
  return byId[0] ?? null;
}

function valuesBy(entries: Json | undefined, name: string, value: string): JsonObject {
  return Object.fromEntries(
    listOf(entries)
      .map(objectOf)
      .flatMap((entry) => {
        const key = wordOf(entry[name]);
        return key === undefined ? [] : [[key, entry[value] ?? null]];
      }),
  );
}
