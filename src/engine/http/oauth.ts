// Access tokens that expire, and how a new one is got: once for all workers, before the old one ends, and stored before it
// is used. It sends nothing itself, and knows no vendor beyond what its description says.
import { createHash, randomUUID } from 'node:crypto';
import { type OAuth, TransientError, UnauthorizedError } from '../../connector.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../clock.ts';
import {
  beginAttempt,
  claimRefresh,
  giveUpRefresh,
  type KeptToken,
  keepToken,
  keptToken,
  replaceToken,
  resealToken,
} from './oauth-tokens.ts';
import { Seal, UnsealedError } from './sealed.ts';
import { grantRequest, readToken, type Token, type TokenAnswer, type TokenRequest } from './token-request.ts';

/** A token is replaced so long before it ends. */
const earlyMs = 60_000;
/** How long getting one may take before another worker tries. */
const leaseMs = 45_000;
const askAgainMs = 250;
const maxWaitMs = 60_000;
/** How long a token that still lives is used after it could not be replaced. */
const restMs = 10_000;

/** Sends a request to the token address. Throws TransientError where no answer comes. */
export type Exchange = (request: TokenRequest) => Promise<TokenAnswer>;

/** Where tokens are kept. `secretKeys`: the first one seals, all of them open. */
export interface Vault {
  database: Database;
  secretKeys: readonly [string, ...string[]];
}

/** A row of the table, opened. */
interface Kept extends KeptToken {
  token: Token | null;
  /** There is a token, and no configured key opens it. */
  isLost: boolean;
}

interface Unkept {
  token: Token;
  lease: string;
}

export class OAuthTokens {
  readonly oauth: OAuth;
  readonly #name: string;
  readonly #account: string;
  readonly #vault: Vault;
  readonly #clock: Clock;
  readonly #seal: Seal;
  readonly #exchange: Exchange;
  readonly #grantHash: string;
  #known: Token | null = null;
  #getting: Promise<Token> | null = null;
  /** Got, and not stored yet because the database failed: it must not be lost, as the one before it may be spent. */
  #unkept: Unkept | null = null;
  #restsUntil = Number.NEGATIVE_INFINITY;

  /** `name`: of the source. `account`: see `ApiDescription.account`. */
  constructor(options: {
    name: string;
    account: string;
    oauth: OAuth;
    vault: Vault;
    clock: Clock;
    exchange: Exchange;
  }) {
    const { name, account, oauth, vault, clock, exchange } = options;
    const { grant, tokenUrl, client, fields = {} } = oauth;
    const configured = grant.kind === 'refresh_token' ? grant.token : null;
    this.oauth = oauth;
    this.#name = name;
    // A grant belongs to this source alone, even if other sources use the same app.
    this.#account = configured === undefined ? `source:${name}` : account;
    this.#vault = vault;
    this.#clock = clock;
    this.#seal = new Seal(vault.secretKeys, 'oauth tokens');
    this.#exchange = exchange;
    // Without secrets: a new client secret leaves the grant as it is.
    this.#grantHash = createHash('sha256')
      .update(JSON.stringify([tokenUrl, grant.kind, configured ?? null, client.id, fields]))
      .digest('base64');
  }

  /**
   * A token that is good for a minute, or as long as it is given. `refused`: the access token that the vendor has just
   * refused, so that it is not given again. Throws UnauthorizedError where the vendor takes back the grant or there is none,
   * TransientError where it does not answer.
   */
  async token(refused: string | null = null): Promise<Token> {
    const now = this.#clock.now();
    const known = this.#known;
    if (known && this.#isGood(known, { refused, forMs: now < this.#restsUntil ? 0 : earlyMs })) return known;
    this.#getting ??= this.#get(refused).finally(() => {
      this.#getting = null;
    });
    return this.#getting;
  }

  /** What a person must do where the grant is gone, as a sentence. */
  get signInAgain(): string {
    const { grant } = this.oauth;
    if (grant.kind !== 'refresh_token') return 'Check the credentials of the app.';
    return grant.signIn
      ? `Sign in again: tributary sources connect ${this.#name}`
      : 'Authorize the app again and configure the new refresh token.';
  }

  /** Whether only the stored token serves: what the configuration holds is spent with the first use, or holds none. */
  get needsStored(): boolean {
    const { grant } = this.oauth;
    return grant.kind === 'refresh_token' && (grant.singleUse !== undefined || grant.token === undefined);
  }

  /** Whose data the stored token opens; null where nobody knows. */
  async tenant(): Promise<string | null> {
    return (await keptToken(this.#vault.database, this.#account))?.tenant ?? null;
  }

  /** Stores the token of a sign-in in the place of any other, for all workers. */
  async replace(token: Token): Promise<void> {
    await replaceToken(this.#vault.database, this.#rowOf(token));
    this.#known = token;
    this.#unkept = null;
  }

  /** Waits for a refresh that is under way: a process that ended now could lose a token. Bounded by the request's timeout. */
  async settled(): Promise<void> {
    await this.#getting?.catch(() => {});
    await this.#keepUnkept().catch(() => {});
  }

  async #get(refused: string | null): Promise<Token> {
    const deadline = this.#clock.now() + maxWaitMs;
    for (;;) {
      await this.#keepUnkept();
      const kept = await this.#kept();
      if (kept?.token && this.#isGood(kept.token, { refused, forMs: earlyMs }))
        return this.#remember(kept.token);
      const now = this.#clock.now();
      const lease = randomUUID();
      const claim = { account: this.#account, grantHash: this.#grantHash, lease, now, until: now + leaseMs };
      if (await claimRefresh(this.#vault.database, claim)) {
        const token = await this.#renew(claim, refused);
        if (token) return this.#remember(token);
      }
      if (now > deadline)
        throw new TransientError('another worker is taking too long to refresh the access token', {
          uncertain: false,
        });
      await this.#clock.sleep(askAgainMs);
    }
  }

  /**
   * Nobody else gets one now. Somebody may have, between our look and our turn: so another look comes first. Null where
   * another worker has replaced what this one got.
   */
  async #renew(claim: { lease: string; until: number }, refused: string | null): Promise<Token | null> {
    const { database } = this.#vault;
    const { lease } = claim;
    const right = { account: this.#account, grantHash: this.#grantHash, lease };
    const kept = await this.#kept();
    // Left by a process that died before it could store an answer.
    const isInDoubt = kept !== null && kept.attemptedAt !== null;
    try {
      if (kept?.token && this.#isGood(kept.token, { refused, forMs: earlyMs })) {
        await giveUpRefresh(database, { ...right, settled: false });
        return kept.token;
      }
      const request = await grantRequest(this.oauth, {
        name: this.#name,
        refreshToken: this.#refreshTokenOf(kept),
        now: this.#clock.now(),
      });
      const begun =
        !this.#isSingleUse || (await beginAttempt(database, { ...right, now: this.#clock.now() }));
      const askedAt = this.#clock.now();
      // A process that was suspended meanwhile finds its right gone, and sends nothing.
      if (!begun || askedAt >= claim.until) {
        await giveUpRefresh(database, { ...right, settled: !isInDoubt });
        return null;
      }
      const answer = await this.#exchange(request);
      const about = { name: this.#name, request, askedAt, before: kept?.token ?? null };
      const token = readToken(this.oauth, answer, { ...about, signInAgain: this.signInAgain });
      this.#unkept = { token, lease };
    } catch (error) {
      // A refusal or a lost answer is no token. What was in doubt before stays in doubt.
      await giveUpRefresh(database, { ...right, settled: !isInDoubt });
      const isAlive = kept?.token && this.#isGood(kept.token, { refused, forMs: 0 });
      if (!(error instanceof TransientError) || !isAlive) throw error;
      this.#restsUntil = this.#clock.now() + restMs;
      return kept.token;
    }
    return this.#keepUnkept();
  }

  /** Null where there is nothing to store, or another worker has replaced it. */
  async #keepUnkept(): Promise<Token | null> {
    if (!this.#unkept) return null;
    const { token, lease } = this.#unkept;
    const isKept = await keepToken(this.#vault.database, { ...this.#rowOf(token), lease });
    this.#unkept = null;
    return isKept ? token : null;
  }

  get #isSingleUse(): boolean {
    const { grant } = this.oauth;
    return grant.kind === 'refresh_token' && grant.singleUse !== undefined;
  }

  /** The refresh token that may be sent now. Throws UnauthorizedError where there is none, or it may be spent. */
  #refreshTokenOf(kept: Kept | null): string | null {
    const { grant } = this.oauth;
    if (grant.kind !== 'refresh_token') return null;
    if (kept?.isLost && this.needsStored)
      throw new UnauthorizedError(
        `The tokens of ${this.#name} are sealed under a secret key that is not configured. Add it to TRIBUTARY_OLD_SECRET_KEYS. ${this.signInAgain}`,
        { final: true },
      );
    const token = kept?.token?.refreshToken ?? grant.token;
    if (token === undefined && kept?.token)
      throw new UnauthorizedError(
        `The access token of ${this.#name} is no longer accepted, and no refresh token came with it. ${this.signInAgain}`,
        { final: true },
      );
    if (token === undefined)
      throw new UnauthorizedError(
        `Nobody has signed in to ${this.#name} yet. Sign in: tributary sources connect ${this.#name}`,
        { final: true },
      );
    const doubtMs = kept?.attemptedAt == null ? 0 : this.#clock.now() - kept.attemptedAt;
    if (grant.singleUse && doubtMs > grant.singleUse.graceSeconds * 1000)
      throw new UnauthorizedError(
        `A worker ended while it was refreshing the access token of ${this.#name}. The refresh token may be used up: it is accepted once, and is not sent again. ${this.signInAgain}`,
        { final: true },
      );
    return token;
  }

  #remember(token: Token): Token {
    this.#known = token;
    return token;
  }

  #isGood({ accessToken, expiresAt }: Token, { refused, forMs }: { refused: string | null; forMs: number }) {
    return accessToken !== refused && (expiresAt === null || expiresAt - forMs > this.#clock.now());
  }

  #rowOf(token: Token) {
    const sealed = this.#seal.seal(JSON.stringify(token), this.#account);
    const { expiresAt, tenant } = token;
    const [account, grantHash, now] = [this.#account, this.#grantHash, this.#clock.now()];
    return { account, sealed, expiresAt, grantHash, tenant, now };
  }

  /** Null where there is none, or it is of another grant: the configuration's own begins again. */
  async #kept(): Promise<Kept | null> {
    const { database } = this.#vault;
    const kept = await keptToken(database, this.#account);
    if (!kept || kept.grantHash !== this.#grantHash) return null;
    if (kept.sealed === null) return { ...kept, token: null, isLost: false };
    try {
      const text = this.#seal.open(kept.sealed, this.#account);
      if (!this.#seal.isCurrent(kept.sealed)) {
        const resealed = this.#seal.seal(text, this.#account);
        await resealToken(database, { account: this.#account, sealed: kept.sealed, resealed });
      }
      return { ...kept, token: JSON.parse(text) as Token, isLost: false };
    } catch (error) {
      if (error instanceof UnsealedError) return { ...kept, token: null, isLost: true };
      throw error;
    }
  }
}
