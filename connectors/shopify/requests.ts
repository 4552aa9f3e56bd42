// Requests to the GraphQL API of a shop.
import type { ApiRequest, Json } from '#connector';
import { objectOf } from '#connector/reading';
import type { Query } from './customer.ts';
import type { Settings } from './settings.ts';

export function graphQl({ apiVersion }: Settings, { query, variables }: Query): ApiRequest {
  return {
    method: 'POST',
    path: `/admin/api/${apiVersion}/graphql.json`,
    json: { query, variables },
  };
}

/** An answer may have data and errors. */
export function hasNoErrors(json: Json | undefined): boolean {
  const { errors } = objectOf(json);
  return errors === undefined || (Array.isArray(errors) && errors.length === 0);
}
