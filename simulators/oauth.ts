// The authorization server of a vendor: sign-in with PKCE, single-use codes, refresh tokens that rotate and are revoked where one
// is used twice, client credentials and signed assertions. It does not know what the tokens are for.
import { createHash, randomBytes, verify } from 'node:crypto';
import { type Context, Hono } from 'hono';

export type OAuthOptions = {
  /** Of the token address. */
  path: string;
  clientId: string;
  clientSecret: string;
  /** The one given when the app was authorised. Default: none, until somebody signs in. */
  refreshToken?: string;
  /** How long an access token lives. Null: the answer does not say, and the token lives until `expireAll`. */
  seconds: number | null;
  /** False: answers hold no refresh token. */
  refreshTokens?: false;
  /** Each refresh token is good once, and the answer holds the next. */
  rotates?: boolean;
  /** How long after its use a refresh token is accepted once more. Default: 0. A later use revokes all that came of it. */
  graceSeconds?: number;
  /** Told of each new access token. */
  onIssue?: (accessToken: string) => void;
  /** Resolves when an answer is due. Default: at once. */
  latency?: () => Promise<void>;
  /** Epoch milliseconds. Default: tokens never expire here. */
  now?: () => number;
  /** Where people sign in. Everybody agrees at once. */
  authorizePath?: string;
  /** Redirect URIs that are registered with the app. Default: any. */
  redirectUris?: readonly string[];
  /** Added to each answer with a token; `origin`: where the request came to. */
  extra?: (origin: string) => { readonly [name: string]: string };
  /** How errors are answered: by RFC 6749; as HubSpot or Pipedrive do; or as Zoho does, with 200. Default: the RFC's. */
  errors?: 'rfc' | 'hubspot' | 'pipedrive' | 'zoho';
  /** Assertions signed with this key are accepted (PEM). */
  jwt?: { publicKey: string; audience: string; subject: string };
  clientCredentials?: boolean;
  /** Requests are JSON objects; a form is refused. Default: forms. */
  json?: boolean;
  /** A request by client credentials must ask for this scope. */
  requiredScope?: string;
};

interface Code {
  redirectUri: string;
  challenge: string;
  expiresAt: number;
}

/** Refusals by their code. The second: what Zoho calls it. */
const zohoCodes: { [code: string]: string } = { invalid_grant: 'invalid_code' };

export function createOAuthSimulator(options: OAuthOptions) {
  const app = new Hono();
  const now = options.now ?? (() => 0);
  let refreshToken = options.refreshToken ?? null;
  /** Refresh tokens of the living family that were used, and when. */
  const spent = new Map<string, number>();
  const codes = new Map<string, Code>();
  const access = new Map<string, number>();
  const state = {
    issued: 0,
    refused: 0,
    /** Refresh tokens that came again after they were used up. */
    reused: 0,
    revoked: false,
    answer: null as (() => Response) | null,
    /** The token is issued, and the connection is cut before the answer. */
    losesAnswers: false,
  };

  function refuse(c: Context, code: string, words: string): Response {
    state.refused += 1;
    if (options.errors === 'zoho') return c.json({ error: zohoCodes[code] ?? code });
    if (options.errors === 'pipedrive') return c.json({ success: false, error: code, message: words }, 400);
    if (options.errors === 'hubspot') {
      const status = code === 'invalid_grant' ? 'BAD_REFRESH_TOKEN' : 'BAD_CLIENT_ID';
      return c.json({ status, message: words, correlationId: 'f00d' }, 400);
    }
    return c.json({ error: code, error_description: words }, code === 'invalid_client' ? 401 : 400);
  }

  function revoke(): void {
    state.revoked = true;
    access.clear();
  }

  function issue(c: Context, withRefresh: boolean): Response {
    state.issued += 1;
    if (withRefresh && (options.rotates || refreshToken === null)) {
      if (refreshToken !== null) spent.set(refreshToken, now());
      refreshToken = `refresh-${state.issued}-of-the-simulator`;
    }
    const accessToken = `access-${state.issued}-of-the-simulator`;
    access.set(
      accessToken,
      options.seconds === null ? Number.POSITIVE_INFINITY : now() + options.seconds * 1000,
    );
    options.onIssue?.(accessToken);
    if (state.losesAnswers) return Response.error();
    return c.json({
      token_type: 'bearer',
      access_token: accessToken,
      ...(withRefresh && options.refreshTokens !== false && { refresh_token: refreshToken }),
      ...(options.seconds !== null && { expires_in: options.seconds }),
      ...options.extra?.(new URL(c.req.url).origin),
    });
  }

  function isClient(form: { [name: string]: unknown }, authorization: string | undefined): boolean {
    const { clientId, clientSecret } = options;
    if (!authorization) return form['client_id'] === clientId && form['client_secret'] === clientSecret;
    const [id, secret] = Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
      .toString()
      .split(':');
    return id === clientId && secret === clientSecret;
  }

  function byRefreshToken(c: Context, given: unknown): Response {
    const usedAt = spent.get(String(given));
    if (!state.revoked && usedAt !== undefined) {
      if (now() - usedAt <= (options.graceSeconds ?? 0) * 1000 && options.graceSeconds) return issue(c, true);
      state.reused += 1;
      revoke();
    }
    if (state.revoked || refreshToken === null || given !== refreshToken)
      return refuse(c, 'invalid_grant', 'missing or invalid refresh token');
    return issue(c, true);
  }

  /** A second use of a code revokes what came of the first (RFC 6749, section 4.1.2). */
  function byCode(c: Context, form: { [name: string]: unknown }): Response {
    const code = codes.get(String(form['code']));
    const challenge = createHash('sha256').update(String(form['code_verifier'])).digest('base64url');
    if (!code || code.expiresAt < now() || code.redirectUri !== form['redirect_uri'])
      return refuse(c, 'invalid_grant', 'the code is unknown, used or expired');
    if (code.challenge !== challenge) return refuse(c, 'invalid_grant', 'the code verifier is wrong');
    codes.delete(String(form['code']));
    Object.assign(state, { revoked: false });
    spent.clear();
    refreshToken = null;
    return issue(c, true);
  }

  app.post(options.path, async (c) => {
    const form = options.json ? await c.req.json().catch(() => ({})) : await c.req.parseBody();
    if (state.answer) return state.answer();
    await options.latency?.();
    const type = form['grant_type'];
    if (type === 'urn:ietf:params:oauth:grant-type:jwt-bearer') {
      if (!options.jwt || !isSigned(String(form['assertion']), { ...options.jwt, ...options, now: now() }))
        return refuse(c, 'invalid_grant', "user hasn't approved this consumer");
      return issue(c, false);
    }
    if (!isClient(form, c.req.header('authorization')))
      return refuse(c, 'invalid_client', 'client authentication failed');
    if (type === 'refresh_token') return byRefreshToken(c, form['refresh_token']);
    if (type === 'authorization_code') return byCode(c, form);
    if (type === 'client_credentials' && options.clientCredentials) {
      const asked = String(form['scope'] ?? '').split(' ');
      if (options.requiredScope !== undefined && !asked.includes(options.requiredScope))
        return refuse(c, 'invalid_scope', `the scope ${options.requiredScope} is missing`);
      return issue(c, false);
    }
    return refuse(c, 'unsupported_grant_type', 'unsupported grant type');
  });

  app.get(options.authorizePath ?? '/oauth/authorize', (c) => {
    const { redirect_uri: redirectUri = '', state: given = '', ...query } = c.req.query();
    const isRegistered = options.redirectUris?.includes(redirectUri) ?? URL.canParse(redirectUri);
    const isWhole =
      query['response_type'] === 'code' &&
      query['code_challenge_method'] === 'S256' &&
      query['code_challenge'];
    if (query['client_id'] !== options.clientId || !isRegistered || !isWhole)
      return c.text('This app or its redirect URI is not known.', 400);
    const code = randomBytes(16).toString('hex');
    codes.set(code, { redirectUri, challenge: query['code_challenge']!, expiresAt: now() + 300_000 });
    const back = new URL(redirectUri);
    back.searchParams.set('code', code);
    back.searchParams.set('state', given);
    return c.redirect(back.href);
  });

  return {
    app,
    state,
    /** Whether a request with this `Authorization` is let in now. */
    isLive: (authorization: string | undefined): boolean =>
      (access.get((authorization ?? '').replace(/^\S+ /, '')) ?? Number.NEGATIVE_INFINITY) > now(),
    /** Every access token ends, as when somebody changes a password. */
    expireAll: () => access.clear(),
    /** The app is removed: nothing that was granted is good any more. */
    revoke,
  };
}

function isSigned(
  assertion: string,
  about: { publicKey: string; audience: string; subject: string; clientId: string; now: number },
): boolean {
  const [head = '', body = '', signature = ''] = assertion.split('.');
  const signed = Buffer.from(`${head}.${body}`);
  if (!verify('RSA-SHA256', signed, about.publicKey, Buffer.from(signature, 'base64url'))) return false;
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
  const leftMs = claims.exp * 1000 - about.now;
  const isTimely = leftMs > 0 && leftMs <= 180_000;
  return (
    isTimely && claims.iss === about.clientId && claims.sub === about.subject && claims.aud === about.audience
  );
}
