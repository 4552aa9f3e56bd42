// Requests to a GraphQL API: one field of the root each, lists in the form of connections, objects by their global IDs, and errors,
// which come with status 200. It knows no vendor. https://relay.dev/graphql/connections.htm, https://graphql.org/learn/global-object-identification/
import type { Api, ApiDescription, ApiRequest, ApiResponse } from './api.ts';
import { RejectedError, TransientError, UnauthorizedError, withAdvice } from './errors.ts';
import type { Json, JsonObject } from './json.ts';
import { listOf, minRetryMs, objectOf, valueAt, wordOf } from './reading.ts';

export interface FieldRequest {
  /** Of the endpoint, below the base URL. */
  path: string;
  operation?: 'query' | 'mutation';
  field: string;
  /** The arguments of the field, sent as variables of the same names. */
  arguments?: { readonly [name: string]: readonly [type: string, value: Json] };
  /** What is selected of the field. */
  select: string;
}

/** The value of the field, and the headers of the answer. An answer with errors, or whose value is not `isValue`, is not believed. */
export async function requestField(
  api: Api,
  { isValue, ...asked }: FieldRequest & { isValue(value: Json | undefined): boolean },
): Promise<{ value: Json | undefined; headers: ApiResponse['headers'] }> {
  const valueIn = (json: Json | undefined) => valueAt(json, `data.${asked.field}`);
  const isAnswer = (json: Json | undefined) => errorsIn(json).length === 0 && isValue(valueIn(json));
  const { json, headers } = await api.request({ ...fieldRequest(asked), isAnswer });
  return { value: valueIn(json), headers };
}

function fieldRequest({ path, operation, field, select, ...asked }: FieldRequest): ApiRequest {
  const given = Object.entries(asked.arguments ?? {});
  const inBrackets = (list: readonly string[]) => (list.length > 0 ? `(${list.join(', ')})` : '');
  const declared = inBrackets(given.map(([name, [type]]) => `$${name}: ${type}`));
  const passed = inBrackets(given.map(([name]) => `${name}: $${name}`));
  const query = `${operation ?? 'query'} ${declared} { ${field}${passed} { ${select} } }`;
  const variables = Object.fromEntries(given.map(([name, [, value]]) => [name, value]));
  return { method: 'POST', path, json: { query, variables } };
}

/** An answer may have data and errors. Errors of another shape than a list count as one. */
function errorsIn(json: Json | undefined): JsonObject[] {
  const { errors } = objectOf(json);
  if (errors === undefined) return [];
  return Array.isArray(errors) ? errors.map(objectOf) : [objectOf(errors)];
}

/** A page of a connection. An answer must say whether more follow, and where. `select`: of each node. */
export async function requestConnection(
  api: Api,
  asked: FieldRequest,
): Promise<{ nodes: Json[]; next: string | undefined; headers: ApiResponse['headers'] }> {
  const select = `nodes { ${asked.select} } pageInfo { hasNextPage endCursor }`;
  const isValue = (value: Json | undefined) => {
    const { hasNextPage, endCursor } = objectOf(valueAt(value, 'pageInfo'));
    const isWhole = hasNextPage === false || (hasNextPage === true && wordOf(endCursor) !== undefined);
    return isWhole && Array.isArray(valueAt(value, 'nodes'));
  };
  const { value, headers } = await requestField(api, { ...asked, select, isValue });
  const { hasNextPage, endCursor } = objectOf(valueAt(value, 'pageInfo'));
  return {
    nodes: listOf(valueAt(value, 'nodes')),
    next: hasNextPage === true ? wordOf(endCursor) : undefined,
    headers,
  };
}

/**
 * The objects of a type with these global IDs, in their order. `read` returns the global ID and what is made of a node. Null, for
 * which there is no object, is left out: of one that is only denied the answer has an error.
 */
export async function requestNodes<Read>(
  api: Api,
  {
    ids,
    type,
    select,
    path,
  }: Pick<FieldRequest, 'path' | 'select'> & { type: string; ids: readonly string[] },
  read: (node: Json) => { id: string; read: Read } | undefined,
): Promise<Read[]> {
  const { value } = await requestField(api, {
    path,
    field: 'nodes',
    arguments: { ids: ['[ID!]!', [...ids]] },
    select: `... on ${type} { ${select} }`,
    isValue(value) {
      const isOneOfThese = (node: Json, at: number) => node === null || read(node)?.id === ids[at];
      return Array.isArray(value) && value.length === ids.length && value.every(isOneOfThese);
    },
  });
  return listOf(value).flatMap((node) => (node === null ? [] : [read(node)!.read]));
}

/** What the codes at `extensions.code` of errors mean. */
export interface ErrorCodes {
  /** For messages: `Acme`. */
  vendor: string;
  /** A quota is used up. `waitMs`: until it has room again; undefined where the answer does not say. */
  exhausted: { code: string; quota: string; waitMs(response: ApiResponse): number | undefined };
  /** The credentials are refused, and what a person is to do or should know, a sentence. */
  refused: { readonly [code: string]: string };
  /** An outage. */
  passing: readonly string[];
}

/**
 * `errorInSuccess` of such an API. An answer with errors may hold data as well: none of it is believed. A page that follows another
 * may be refused for its cursor, and a mutation for what it asks: they are rejected. Any other error passes.
 */
export function errorsWith200(codes: ErrorCodes): NonNullable<ApiDescription['errorInSuccess']> {
  const { vendor, exhausted, refused, passing } = codes;
  return (response, request) => {
    const errors = listOf(objectOf(response.json)['errors']).map(objectOf);
    if (errors.length === 0) return undefined;
    const given = errors.map((error) => wordOf(valueAt(error, 'extensions.code')) ?? '');
    if (given.includes(exhausted.code))
      return new TransientError(`${vendor} refused the query: its quota of ${exhausted.quota} is used up`, {
        quota: exhausted.quota,
        retryAfterMs: exhausted.waitMs(response) ?? 2 * minRetryMs,
      });
    const said = `${vendor} refused the query: ${wordOf(errors[0]!['message']) ?? (given[0] || 'it gives no reason')}`;
    const refusal = given.find((code) => Object.hasOwn(refused, code));
    if (refusal !== undefined) return new UnauthorizedError(withAdvice(said, refused[refusal]!));
    const isDoubtful =
      wordOf(valueAt(request.json, 'variables.after')) !== undefined ||
      wordOf(valueAt(request.json, 'query'))?.startsWith('mutation');
    return isDoubtful && !given.some((code) => passing.includes(code))
      ? new RejectedError(said, { code: given[0] || 'query', status: 400 })
      : new TransientError(said);
  };
}
