// The token address of a vendor whose access tokens run out: the newest one is the only one that is good. It does not know
// what the tokens are for.
import { Hono } from 'hono';

export type OAuthOptions = {
  path: string;
  clientId: string;
  clientSecret: string;
  /** The one given when the app was authorised. */
  refreshToken: string;
  seconds: number;
  /** Each refresh token is good once, and the answer holds the next. */
  rotates?: boolean;
  /** Told of each new access token: the ones before it are refused from now on. */
  onIssue: (accessToken: string) => void;
  /** Resolves when an answer is due. Default: at once. */
  latency?: () => Promise<void>;
};

export function createOAuthSimulator(options: OAuthOptions) {
  const app = new Hono();
  let refreshToken = options.refreshToken;
  const state = { issued: 0, refused: 0, revoked: false, answer: null as (() => Response) | null };
  app.post(options.path, async (c) => {
    const form = await c.req.parseBody();
    if (state.answer) return state.answer();
    await options.latency?.();
    const isOurs = form['client_id'] === options.clientId && form['client_secret'] === options.clientSecret;
    if (
      !isOurs ||
      state.revoked ||
      form['grant_type'] !== 'refresh_token' ||
      form['refresh_token'] !== refreshToken
    ) {
      state.refused += 1;
      return c.json({ error: 'invalid_grant', message: 'missing or invalid refresh token' }, 400);
    }
    state.issued += 1;
    if (options.rotates) refreshToken = `refresh-${state.issued}-of-the-simulator`;
    const accessToken = `access-${state.issued}-of-the-simulator`;
    options.onIssue(accessToken);
    return c.json({
      token_type: 'bearer',
      access_token: accessToken,
      refresh_token: refreshToken,
      expires_in: options.seconds,
    });
  });
  return { app, state };
}
