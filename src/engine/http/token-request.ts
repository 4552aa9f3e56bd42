// What is sent to a vendor's token address, and what its answer means. It opens no connection and stores nothing.
import { importPKCS8, SignJWT } from 'jose';
import { objectOf } from '../../connector/reading.ts';
import { type Json, type OAuth, TransientError, UnauthorizedError } from '../../connector.ts';
import { Secrets } from './answer-error.ts';

export interface TokenRequest {
  url: string;
  form: { readonly [name: string]: string };
  /** The fields are sent as a JSON object. */
  json?: true;
  /** Present where the client authenticates itself by HTTP Basic. */
  authorization?: string;
}

export interface TokenAnswer {
  status: number;
  json: Json | undefined;
  retryAfterMs: number | undefined;
}

export interface Token {
  accessToken: string;
  /** Gets the next one. Null where the grant needs none. */
  refreshToken: string | null;
  /** Where the API is by the token's answer; null where answers say nothing of it. */
  baseUrl: string | null;
  /** Epoch milliseconds; null where nobody knows. */
  expiresAt: number | null;
  /** Whose data it opens, where answers say so. */
  tenant: string | null;
}

const defaultLifeSeconds = 1_800;
const maxLifeSeconds = 365 * 86_400;
/** Salesforce takes three minutes at most. */
const assertionSeconds = 150;
const waitMs = 60_000;

const deadCodes = ['invalid_grant'];
const transientCodes = ['temporarily_unavailable', 'server_error', 'slow_down', 'rate_limit_exceeded'];

/** The request for a token by the grant of the configuration, or by a refresh token. */
export async function grantRequest(
  oauth: OAuth,
  { name, refreshToken, now }: { name: string; refreshToken: string | null; now: number },
): Promise<TokenRequest> {
  const { grant, client } = oauth;
  if (grant.kind === 'refresh_token')
    return requestOf(oauth, { grant_type: 'refresh_token', refresh_token: refreshToken ?? '' });
  if (grant.kind === 'client_credentials') return requestOf(oauth, { grant_type: 'client_credentials' });
  const seconds = Math.floor(now / 1000);
  const key = await importPKCS8(grant.privateKey, 'RS256').catch(() => {
    throw new UnauthorizedError(
      `The private key of ${name} cannot be read: it must be PKCS #8 in PEM, beginning with -----BEGIN PRIVATE KEY-----.`,
    );
  });
  const assertion = await new SignJWT()
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
    .setIssuer(client.id)
    .setSubject(grant.subject)
    .setAudience(grant.audience)
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + assertionSeconds)
    .sign(key);
  return requestOf(oauth, { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion });
}

/** The body of a request, as it is sent. */
export function tokenBody({ form, json }: TokenRequest): { contentType: string; text: string } {
  if (json) return { contentType: 'application/json', text: JSON.stringify(form) };
  return { contentType: 'application/x-www-form-urlencoded', text: new URLSearchParams(form).toString() };
}

/** The request that exchanges the code of a sign-in. */
export function codeRequest(
  oauth: OAuth,
  { code, redirectUri, verifier }: { code: string; redirectUri: string; verifier: string },
): TokenRequest {
  const grant = { grant_type: 'authorization_code', code, redirect_uri: redirectUri };
  return requestOf(oauth, { ...grant, code_verifier: verifier });
}

function requestOf(
  { tokenUrl, client, fields }: OAuth,
  grant: { readonly [name: string]: string },
): TokenRequest {
  const { id, secret, sentAs = 'form' } = client;
  if (sentAs === 'basic') {
    const credentials = `${encodeURIComponent(id)}:${encodeURIComponent(secret ?? '')}`;
    const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
    return { url: tokenUrl, form: { ...grant, ...fields }, authorization };
  }
  const form = { ...grant, client_id: id, ...(secret !== undefined && { client_secret: secret }), ...fields };
  return { url: tokenUrl, form, ...(sentAs === 'json' && { json: true }) };
}

/**
 * The token of an answer. `before`: the token that this one replaces. Throws UnauthorizedError where the vendor refuses,
 * which is `final` where only a person can help, and TransientError for anything else, which proves nothing: a page of a
 * proxy, an outage.
 */
export function readToken(
  oauth: OAuth,
  answer: TokenAnswer,
  about: { name: string; request: TokenRequest; askedAt: number; before: Token | null; signInAgain: string },
): Token {
  const { name, askedAt, before } = about;
  const { status, json } = answer;
  const body = objectOf(json);
  const { access_token: accessToken, refresh_token: refreshToken, error } = body;
  const isToken = typeof accessToken === 'string' && /^[\x21-\x7e]+$/.test(accessToken);
  if (status !== 200 || !isToken || typeof error === 'string') throw refusal(oauth, answer, about);
  const seconds = Math.min(lifeOf(body['expires_in']) ?? Number.NaN, maxLifeSeconds);
  const life = Number.isNaN(seconds) ? oauth.lifeSeconds : seconds;
  return {
    accessToken,
    // One that the answer does not replace stays good.
    refreshToken:
      typeof refreshToken === 'string' && refreshToken !== ''
        ? refreshToken
        : (before?.refreshToken ?? about.request.form['refresh_token'] ?? null),
    baseUrl: baseUrlOf(oauth, body[oauth.baseUrl?.field ?? ''], { name, before }),
    expiresAt: life === null ? null : askedAt + (life ?? defaultLifeSeconds) * 1000,
    tenant: oauth.tenantOf?.(body) ?? before?.tenant ?? null,
  };
}

function lifeOf(value: Json | undefined): number | undefined {
  const seconds = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof seconds === 'number' && seconds > 0 ? seconds : undefined;
}

/** A token is sent to hosts of the vendor only, whatever an answer says. */
function baseUrlOf(
  { baseUrl, tokenUrl }: OAuth,
  said: Json | undefined,
  { name, before }: { name: string; before: Token | null },
): string | null {
  if (!baseUrl) return null;
  const { field, hosts, path = '' } = baseUrl;
  const url = typeof said === 'string' ? URL.parse(said) : null;
  const own = new URL(tokenUrl);
  const isVendors =
    url?.protocol === 'https:' &&
    hosts.some((host) => url.hostname === host || url.hostname.endsWith(`.${host}`));
  if (url && (isVendors || (url.hostname === own.hostname && url.protocol === own.protocol)))
    return `${url.origin}${url.pathname.replace(/\/+$/, '')}${path}`;
  // The token replaces one that may be spent: it is kept, and used where the one before was.
  if (before?.baseUrl) return before.baseUrl;
  const what = url ? `names ${url.host}, which is not a host of the vendor` : 'is not a URL';
  throw new TransientError(`The token URL of ${name} answered with a token whose ${field} ${what}`, {
    foreign: true,
    uncertain: false,
  });
}

function refusal(
  { errors = {}, grant }: OAuth,
  { status, json, retryAfterMs }: TokenAnswer,
  { name, request, signInAgain }: { name: string; request: TokenRequest; signInAgain: string },
): UnauthorizedError | TransientError {
  const body = objectOf(json);
  const code = codeOf(body['error']) ?? codeOf(body['status']);
  const isIn = (...lists: (readonly string[] | undefined)[]) =>
    code !== undefined && lists.some((list) => list?.includes(code));
  const isDead = isIn(deadCodes, errors.dead);
  // A vendor's codes are words with underscores (RFC 6749, section 5.2); "Forbidden" is a gateway's.
  const isWord =
    isDead ||
    isIn(errors.refused) ||
    (typeof body['error'] === 'string' && /^[a-z]+(_[a-z]+)+$/.test(body['error']));
  const isRefusal = (status === 200 || (status >= 400 && status < 500)) && ![408, 425, 429].includes(status);
  const said = code === undefined ? '' : `, ${code}`;
  if (!isRefusal || !isWord || isIn(transientCodes, errors.transient)) {
    const wait = retryAfterMs ?? (isRefusal && isWord ? waitMs : undefined);
    return new TransientError(`The token URL of ${name} answered ${status}${said}`, {
      status,
      foreign: true,
      uncertain: false,
      ...(wait !== undefined && { retryAfterMs: wait }),
    });
  }
  const secrets = new Secrets({ ...request.form, authorization: request.authorization ?? '' });
  const description = body['error_description'];
  const words = typeof description === 'string' ? secrets.hide(description).slice(0, 200) : '';
  const reason = `(${status}${said}${words && `: ${words}`})`;
  const isFinal = isDead && grant.kind === 'refresh_token';
  const advice = isFinal
    ? signInAgain
    : `Check the ${grant.kind === 'jwt_bearer' ? 'client ID, the user and the private key' : 'client ID and secret'} of the app, and whether it is still authorized.`;
  return new UnauthorizedError(`The vendor of ${name} refused a new access token ${reason}. ${advice}`, {
    final: isFinal,
    status,
  });
}

function codeOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' && /^[\w.-]{1,60}$/.test(value) ? value : undefined;
}
