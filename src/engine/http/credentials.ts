// Credentials as they are sent: as headers and in the query. It knows no vendor.
import type { ApiDescription, OAuth } from '../../connector.ts';
import { Secrets } from './answer-error.ts';
import type { Token } from './token-request.ts';

interface Credentials {
  headers: { [name: string]: string };
  query: { [name: string]: string };
}

/** `token`: of a description with `oauth`, once there is one. */
export function credentialsOf({ auth }: ApiDescription, token: Token | null): Credentials {
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

/** Everything that must be in no log and no error. */
export function secretsOf(description: ApiDescription, token: Token | null): Secrets {
  const { headers, auth } = description;
  const sent = credentialsOf(description, token);
  const oauth = auth?.kind === 'oauth' ? auth : null;
  const { grant } = oauth ?? {};
  const more = {
    client: oauth?.client.secret,
    configured: grant?.kind === 'refresh_token' ? grant.token : undefined,
    key: grant?.kind === 'jwt_bearer' ? grant.privateKey : undefined,
    refresh: token?.refreshToken,
  };
  const given = Object.entries(more).flatMap(([name, value]) => (value ? [[name, value] as const] : []));
  return new Secrets({ ...headers, ...sent.headers, ...sent.query, ...Object.fromEntries(given) });
}
