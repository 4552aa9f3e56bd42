// The API as programs in TypeScript speak it: `tributary/client` of the package. Every operation is typed by the OpenAPI document.
import createClient, { type Client } from 'openapi-fetch';
import type { paths } from './paths.ts';

export type { components, operations, paths } from './paths.ts';

/** `client.GET('/api/runs/{id}', { params: { path: { id: 12 } } })` answers `data`, or `error` as a problem. */
export type TributaryClient = Client<paths>;

export interface TributaryClientOptions {
  /** Of the server: `https://sync.example.com`. It may have a path, which a proxy in front of the server strips. */
  url: string;
  /** TRIBUTARY_API_TOKEN, or a token that `tributary token create` made. */
  token: string;
  /** Sent with every request. */
  headers?: { readonly [name: string]: string };
  /** What sends a request. Default: the platform's own. */
  fetch?: (request: Request) => Promise<Response>;
}

export function createTributaryClient({
  url,
  token,
  headers,
  fetch,
}: TributaryClientOptions): TributaryClient {
  return createClient<paths>({
    baseUrl: url,
    headers: { ...headers, accept: 'application/json', authorization: `Bearer ${token}` },
    ...(fetch && { fetch }),
  });
}
