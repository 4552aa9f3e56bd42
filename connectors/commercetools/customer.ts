// The body of a customer of commercetools, with one of its addresses. https://docs.commercetools.com/api/projects/customers
import type { Json, JsonObject } from '#connector';
import { firstFilled, listOf, objectOf, wordOf } from '#connector/reading';

/** Where the number of a house is written before the street. */
const numberFirst = new Set('AU CA FR GB HK IE IL IN LU MY NZ PH SG US ZA'.split(' '));

/** The password, which comes masked, and who wrote it are left out. */
export function bodyOf(customer: JsonObject): JsonObject {
  const { password: _, createdBy: _createdBy, lastModifiedBy: _lastModifiedBy, ...body } = customer;
  const addresses = listOf(body['addresses']).map(objectOf);
  const byId = (id: Json | undefined) => addresses.find((address) => address['id'] === id);
  const shipping = byId(body['defaultShippingAddressId'] ?? null);
  const address = shipping ?? byId(body['defaultBillingAddressId'] ?? null) ?? addresses[0];
  return { ...body, address: address ? ourAddress(address) : null };
}

function ourAddress(address: JsonObject): JsonObject {
  const country = wordOf(address['country']) ?? null;
  const street = [address['streetName'], address['streetNumber']].map(wordOf);
  const parts = country !== null && numberFirst.has(country) ? street.toReversed() : street;
  const first = (...names: string[]) => firstFilled(address, names) ?? null;
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
