// What is selected of a customer of Shopify, and its conversion to a record.
// https://shopify.dev/docs/api/admin-graphql/latest/objects/Customer
import type { Json, JsonObject } from '#connector';
import { valueAt } from '#connector/reading';
import { rowReader } from '#connector/rows';
import type { Settings } from './settings.ts';

/** With every object of a customer counted in full, a page costs 902 points of the 1,000 that a query may cost. */
export const pageSize = 100;

/**
 * What is selected for each property of a body. Not `displayName`, which falls back to the e-mail address. The deprecated
 * `email` and `phone` of the customer are not selected either.
 */
const selections: { readonly [property: string]: string } = {
  firstName: 'firstName',
  lastName: 'lastName',
  defaultEmailAddress: 'defaultEmailAddress { emailAddress marketingState }',
  defaultPhoneNumber: 'defaultPhoneNumber { phoneNumber marketingState }',
  defaultAddress:
    'defaultAddress { company address1 address2 city province provinceCode zip country countryCodeV2 phone }',
  note: 'note',
  tags: 'tags',
  state: 'state',
  numberOfOrders: 'numberOfOrders',
  amountSpent: 'amountSpent { amount currencyCode }',
  locale: 'locale',
  verifiedEmail: 'verifiedEmail',
  taxExempt: 'taxExempt',
};

/** `properties`: if empty, all. */
export function selectionOf({ metafields }: Settings, properties: readonly string[]): string {
  const isWanted = (property: string) => properties.length === 0 || properties.includes(property);
  const wanted = Object.keys(selections).filter(isWanted);
  const values = metafields.map((name, at) => {
    const [namespace, key] = name.split('.').map((word) => JSON.stringify(word));
    return `metafield${at}: metafield(namespace: ${namespace}, key: ${key}) { value }`;
  });
  return [
    'id createdAt updatedAt',
    ...wanted.map((property) => selections[property]),
    ...(isWanted('metafields') ? values : []),
  ].join(' ');
}

/** The ID is the number as text, in the body as well. */
export function recordReader({ metafields }: Settings) {
  return rowReader({ idOf: customerId, changedAt: 'updatedAt', bodyOf });

  function bodyOf(node: JsonObject, id: string): JsonObject {
    const body = Object.fromEntries(Object.entries(node).filter(([name]) => !/^metafield\d/.test(name)));
    const asked = metafields.flatMap((name, at) => {
      const value = valueAt(node, `metafield${at}.value`) ?? null;
      return node[`metafield${at}`] === undefined ? [] : [[name.split('.'), value] as const];
    });
    const spaces = Map.groupBy(asked, ([[namespace]]) => namespace!);
    const values = [...spaces].map(([namespace, of]): [string, Json] => [
      namespace,
      Object.fromEntries(of.map(([[, key], value]) => [key!, value])),
    ]);
    return { ...body, id, ...(asked.length > 0 && { metafields: Object.fromEntries(values) }) };
  }
}

/** The number in a global ID of a customer, as text. */
export function customerId(gid: Json | undefined): string | undefined {
  return typeof gid === 'string' ? /^gid:\/\/shopify\/Customer\/([1-9]\d{0,19})$/.exec(gid)?.[1] : undefined;
}

export function globalId(recordId: string): string {
  return `gid://shopify/Customer/${recordId}`;
}
