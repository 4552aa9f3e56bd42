// Credentials as they are sent: as headers and in the query. It knows no vendor.
import type { ApiDescription, Auth, OAuth } from '../../connector.ts';
import { Secrets } from './answer-error.ts';
import type { Token } from './token-request.ts';

interface Credentials {
  headers: { [name: string]: string };
  query: { [name: string]: string };
}

/** The credentials of a request: the account's, or those that `ApiRequest.auth` names. */
export function authOf({ auth, otherAuths = {} }: ApiDescription, name?: string): Auth | undefined {
  if (name === undefined) return auth;
  if (!Object.hasOwn(otherAuths, name)) throw new Error(`there are no credentials named ${name}`);
  return otherAuths[name];
}

/** `token`: of `oauth`, once there is one. */
export function credentialsOf(auth: Auth | undefined, token: Token | null): Credentials {
  switch (auth?.kind) {
    case 'bearer':
      return { headers: { authorization: `Bearer ${auth.token}` }, query: {} };
    case 'basic': {
      const credentials = Buffer.from(`${auth.user}:${auth.password}`).toString('base64');
      return { headers: { authorization: `Basic ${credentials}` }, query: {} };
    }
    case 'header':
      return { headers: { [auth.name.toLowerCase()]: auth.value }, query: {} };
    case 'query':
      return { headers: {}, query: { [auth.name]: auth.value } };
    case 'oauth':
      return { headers: token ? tokenHeader(auth, token) : {}, query: {} };
    default:
      return { headers: {}, query: {} };
  }
}

function tokenHeader(
  { header, scheme = 'Bearer' }: OAuth,
  { accessToken }: Token,
): { [name: string]: string } {
  return header === undefined
    ? { authorization: `${scheme} ${accessToken}` }
    : { [header.toLowerCase()]: accessToken };
}

/** Everything that must be in no log and no error. `tokens`: by the name of the credentials, the account's under undefined. */
export function secretsOf(
  description: ApiDescription,
  tokens: ReadonlyMap<string | undefined, Token>,
): Secrets {
  const names = [undefined, ...Object.keys(description.otherAuths ?? {})];
  const all = names.flatMap((name) => secretsIn(authOf(description, name), tokens.get(name) ?? null));
  const numbered = all.map((value, index): [string, string] => [`secret ${index}`, value]);
  return new Secrets({ ...description.headers, ...Object.fromEntries(numbered) });
}

function secretsIn(auth: Auth | undefined, token: Token | null): string[] {
  const { headers, query } = credentialsOf(auth, token);
  // A vendor may repeat the address, where a value is written with escapes.
  const escaped = Object.values(query).flatMap((value) => [
    encodeURIComponent(value),
    new URLSearchParams({ value }).toString().slice('value='.length),
  ]);
  const sent = [...Object.values(headers), ...Object.values(query), ...escaped];
  if (auth?.kind !== 'oauth') return sent;
  const { grant, client } = auth;
  const more = [
    client.secret,
    grant.kind === 'refresh_token' ? grant.token : undefined,
    grant.kind === 'jwt_bearer' ? grant.privateKey : undefined,
    token?.refreshToken,
  ];
  return [...sent, ...more.flatMap((value) => value ?? [])];
}
