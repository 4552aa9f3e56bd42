// Converts a customer of commercetools to a record, with one of its addresses.
// https://docs.commercetools.com/api/projects/customers
import type { Json, JsonObject, SourceRecord } from '#connector';
import { listOf, momentOf, objectOf, wordOf } from '#connector/reading';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function isId(id: string): boolean {
  return uuid.test(id);
}

/** Undefined where it has no ID or no time of change. The password, which comes masked, and who wrote it are left out. */
export function recordOf(row: Json | undefined): SourceRecord | undefined {
  const {
    password: _password,
    createdBy: _createdBy,
    lastModifiedBy: _lastModifiedBy,
    ...body
  } = objectOf(row);
  const recordId = wordOf(body['id']);
  const changedAt = momentOf(body['lastModifiedAt']);
  if (recordId === undefined || !isId(recordId) || changedAt === undefined) return undefined;
  const address = defaultAddress(body);
  return { recordId, changedAt, body: { ...body, address: address && ourAddress(address) } };
}

/** The default address for shipping, else for billing, else the first. */
function defaultAddress(body: JsonObject): JsonObject | null {
  const addresses = listOf(body['addresses']).map(objectOf);
  const byId = (id: Json | undefined) =>
    id === undefined ? undefined : addresses.find((address) => address['id'] === id);
  return (
    byId(body['defaultShippingAddressId']) ?? byId(body['defaultBillingAddressId']) ?? addresses[0] ?? null
  );
}

/** Where the number of a house is written before the street. */
const numberFirst = new Set('AU CA FR GB HK IE IL IN LU MY NZ PH SG US ZA'.split(' '));

function ourAddress(address: JsonObject): JsonObject {
  const country = wordOf(address['country']) ?? null;
  const street = [address['streetName'], address['streetNumber']].map(wordOf);
  const parts = country !== null && numberFirst.has(country) ? street.toReversed() : street;
  const first = (...names: string[]) =>
    names.map((name) => wordOf(address[name])).find((word) => word !== undefined) ?? null;
  return {
    line_1: parts.filter((part) => part !== undefined).join(' ') || null,
    line_2: first('additionalStreetInfo', 'building', 'apartment', 'pOBox'),
    city: first('city'),
    state: first('state', 'region'),
    postal_code: first('postalCode'),
    country,
    phone: first('phone', 'mobile'),
  };
}
