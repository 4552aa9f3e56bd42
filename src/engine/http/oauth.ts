// Access tokens that run out, and how a new one is got: once for all workers, before the old one ends. It sends nothing
// itself, and knows no vendor beyond what its description says.
import { createHash, randomUUID } from 'node:crypto';
import { type OAuth, TransientError, UnauthorizedError } from '../../connector.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../clock.ts';
import { claimRefresh, giveUpRefresh, keepToken, keptToken } from './oauth-tokens.ts';
import { Seal, UnsealedError } from './sealed.ts';

/** A token is renewed so long before it ends. */
const earlyMs = 60_000;
/** How long getting one may take before another worker tries. */
const leaseMs = 45_000;
const askAgainMs = 250;
const maxWaitMs = 60_000;

interface Token {
  accessToken: string;
  /** The one to get the next token with; vendors may hand out another each time. */
  refreshToken: string | null;
}

interface GotToken extends Token {
  /** Epoch milliseconds. */
  expiresAt: number;
}

/** What the vendor's token address answered: its status, its body, and how long it asks us to wait. */
export type Exchange = (
  url: string,
  form: { readonly [name: string]: string },
) => Promise<{ status: number; json: unknown; retryAfterMs: number | undefined }>;

export class OAuthTokens {
  readonly #account: string;
  readonly #oauth: OAuth;
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #seal: Seal;
  readonly #exchange: Exchange;
  readonly #grantHash: string;
  #known: GotToken | null = null;
  #getting: Promise<string> | null = null;

  constructor(options: {
    account: string;
    oauth: OAuth;
    database: Database;
    clock: Clock;
    secretKey: string;
    exchange: Exchange;
  }) {
    const { account, oauth, database, clock, secretKey, exchange } = options;
    this.#account = account;
    this.#oauth = oauth;
    this.#database = database;
    this.#clock = clock;
    this.#seal = new Seal(secretKey, 'oauth tokens');
    this.#exchange = exchange;
    this.#grantHash = createHash('sha256')
      .update(JSON.stringify([oauth.tokenUrl, oauth.refreshToken, oauth.fields]))
      .digest('base64');
  }

  /**
   * An access token that is good for a minute at least. `refused`: the one that the vendor has just refused, so that it
   * is not given again. Throws UnauthorizedError where the vendor takes back the grant, TransientError where it does not answer.
   */
  async accessToken(refused: string | null = null): Promise<string> {
    const known = this.#known;
    if (known && known.accessToken !== refused && known.expiresAt - earlyMs > this.#clock.now())
      return known.accessToken;
    this.#getting ??= this.#get(refused).finally(() => {
      this.#getting = null;
    });
    return this.#getting;
  }

  async #get(refused: string | null): Promise<string> {
    const deadline = this.#clock.now() + maxWaitMs;
    for (;;) {
      const good = this.#goodOf(await this.#kept(), refused);
      if (good) return good.accessToken;
      const now = this.#clock.now();
      const lease = randomUUID();
      const claim = { account: this.#account, grantHash: this.#grantHash, lease, now, until: now + leaseMs };
      if (await claimRefresh(this.#database, claim)) return this.#renew(lease, refused);
      if (now > deadline)
        throw new TransientError('another worker is taking too long to refresh the access token', {
          uncertain: false,
        });
      await this.#clock.sleep(askAgainMs);
    }
  }

  /** Nobody else gets one now. Somebody may have, between our look and our turn: so another look comes first. */
  async #renew(lease: string, refused: string | null): Promise<string> {
    const account = this.#account;
    try {
      const kept = await this.#kept();
      const good = this.#goodOf(kept, refused);
      const token = good ?? (await this.#ask(kept?.refreshToken ?? this.#oauth.refreshToken));
      if (good) await giveUpRefresh(this.#database, { account, lease });
      else {
        const now = this.#clock.now();
        const { accessToken, refreshToken, expiresAt } = token;
        const sealed = this.#seal.seal(JSON.stringify({ accessToken, refreshToken }), account);
        await keepToken(this.#database, {
          account,
          lease,
          sealed,
          expiresAt,
          grantHash: this.#grantHash,
          now,
        });
      }
      this.#known = token;
      return token.accessToken;
    } catch (error) {
      await giveUpRefresh(this.#database, { account, lease });
      throw error;
    }
  }

  async #kept(): Promise<GotToken | null> {
    const kept = await keptToken(this.#database, this.#account);
    if (!kept?.sealed || kept.grantHash !== this.#grantHash) return null;
    const token = this.#opened(kept.sealed);
    return token && { ...token, expiresAt: kept.expiresAt ?? 0 };
  }

  #goodOf(kept: GotToken | null, refused: string | null): GotToken | null {
    if (!kept || kept.accessToken === refused || kept.expiresAt - earlyMs <= this.#clock.now()) return null;
    this.#known = kept;
    return kept;
  }

  /** What was sealed under another key is as good as nothing: the configuration's own grant begins anew. */
  #opened(sealed: string): Token | null {
    try {
      return JSON.parse(this.#seal.open(sealed, this.#account)) as Token;
    } catch (error) {
      if (error instanceof UnsealedError) return null;
      throw error;
    }
  }

  async #ask(refreshToken: string | null): Promise<GotToken> {
    const { tokenUrl, fields } = this.#oauth;
    const asked = this.#clock.now();
    const grant =
      refreshToken === null
        ? { grant_type: 'client_credentials' }
        : { grant_type: 'refresh_token', refresh_token: refreshToken };
    const { status, json, retryAfterMs } = await this.#exchange(tokenUrl, { ...grant, ...fields });
    const body = (typeof json === 'object' && json !== null ? json : {}) as { [key: string]: unknown };
    // An error (RFC 6749, section 5.2) is JSON and the vendor's word; a page with 400 or 403 is a gateway's.
    if ((status === 400 || status === 401 || status === 403) && Object.keys(body).length > 0) {
      const isRevoked = body['error'] === 'invalid_grant' || body['status'] === 'BAD_REFRESH_TOKEN';
      const advice = isRevoked
        ? 'authorize the app again and configure the new refresh token'
        : 'check the client ID and secret of the app, and whether it is still authorized';
      throw new UnauthorizedError(
        `The vendor refused a new access token (${status}${wordOf(body['error'])}): ${advice}.`,
        { final: isRevoked },
      );
    }
    const { access_token, expires_in, refresh_token } = body;
    if (status !== 200 || typeof access_token !== 'string')
      throw new TransientError(`The vendor's token URL answered ${status}`, {
        status,
        foreign: true,
        uncertain: false,
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      });
    const seconds = typeof expires_in === 'number' && expires_in > 0 ? expires_in : 1_800;
    return {
      accessToken: access_token,
      // One that is not handed out anew stays good.
      refreshToken: typeof refresh_token === 'string' ? refresh_token : refreshToken,
      expiresAt: asked + seconds * 1000,
    };
  }
}

function wordOf(error: unknown): string {
  return typeof error === 'string' && /^[\w.-]{1,60}$/.test(error) ? `, ${error}` : '';
}
