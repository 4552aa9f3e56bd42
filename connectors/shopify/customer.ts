// The query for a customer of Shopify, and its conversion to a record.
// https://shopify.dev/docs/api/admin-graphql/latest/objects/Customer
import type { Json, JsonObject, SourceRecord } from '#connector';
import { momentOf, objectOf, wordOf } from '#connector/reading';

/**
 * What is requested for each property of a body. Not `displayName`, which falls back to the e-mail address. The deprecated
 * `email` and `phone` of the customer are not requested either.
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

/** A GraphQL document, and the variables that it always needs. */
export interface Query {
  query: string;
  variables: { [name: string]: Json };
}

/** What is read of a customer. Empty properties: all of them. */
interface Wanted {
  properties: readonly string[];
  metafields: readonly string[];
}

/** A query with these parameters and this body, in which `...Fields` stands for the properties of a customer. */
export function customersQuery(parameters: string, body: string, wanted: Wanted): Query {
  const asked = metafieldsOf(wanted);
  const declared = asked.map((_, at) => `$namespace${at}: String!, $key${at}: String!`);
  const fields = fieldsOf(wanted, (at) => `namespace: $namespace${at}, key: $key${at}`);
  return {
    query: `query Customers(${[parameters, ...declared].join(', ')}) { ${body} } fragment Fields on Customer { ${fields} }`,
    variables: Object.fromEntries(
      asked.flatMap(([namespace = '', key = ''], at) => [
        [`namespace${at}`, namespace],
        [`key${at}`, key],
      ]),
    ),
  };
}

/** The query of a bulk operation, which takes no variables. */
export function bulkQuery(wanted: Wanted): string {
  const asked = metafieldsOf(wanted);
  const fields = fieldsOf(wanted, (at) => {
    const [namespace, key] = asked[at]!.map((name) => JSON.stringify(name));
    return `namespace: ${namespace}, key: ${key}`;
  });
  return `{ customers { edges { node { ${fields} } } } }`;
}

function metafieldsOf({ properties, metafields }: Wanted): string[][] {
  const isWanted = properties.length === 0 || properties.includes('metafields');
  return isWanted ? metafields.map((name) => name.split('.')) : [];
}

function fieldsOf(wanted: Wanted, argumentsOf: (at: number) => string): string {
  const { properties } = wanted;
  return [
    ...['id', 'legacyResourceId', 'createdAt', 'updatedAt'],
    ...Object.keys(selections)
      .filter((property) => properties.length === 0 || properties.includes(property))
      .map((property) => selections[property]!),
    ...metafieldsOf(wanted).map((_, at) => `metafield${at}: metafield(${argumentsOf(at)}) { value }`),
  ].join(' ');
}

/** Undefined where it has no ID or no time of change. The ID is the number as text, in the body as well. */
export function recordOf(node: Json, metafields: readonly string[]): SourceRecord | undefined {
  const { id: gid, legacyResourceId, ...body } = objectOf(node);
  const recordId = customerId(gid);
  const changedAt = momentOf(body['updatedAt']);
  if (recordId === undefined || recordId !== wordOf(legacyResourceId) || changedAt === undefined)
    return undefined;
  const values: { [namespace: string]: JsonObject } = {};
  for (const [at, name] of metafields.entries()) {
    const [namespace = '', key = ''] = name.split('.');
    const metafield = body[`metafield${at}`];
    delete body[`metafield${at}`];
    if (metafield === undefined) continue;
    values[namespace] = { ...values[namespace], [key]: objectOf(metafield)['value'] ?? null };
  }
  const isAsked = Object.keys(values).length > 0;
  return { recordId, changedAt, body: { id: recordId, ...body, ...(isAsked && { metafields: values }) } };
}

/** The number in a global ID of a customer, as text. */
export function customerId(gid: Json | undefined): string | undefined {
  return typeof gid === 'string' ? /^gid:\/\/shopify\/Customer\/([1-9]\d{0,19})$/.exec(gid)?.[1] : undefined;
}

export function globalId(recordId: string): string {
  return `gid://shopify/Customer/${recordId}`;
}
