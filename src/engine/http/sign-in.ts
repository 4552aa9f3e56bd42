// A person's sign-in at a vendor: the link to open, and the exchange of the code that comes back (RFC 6749 section 4.1, with
// PKCE, RFC 7636). It keeps nothing between the two: what the second needs is sealed into a ticket.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { OAuth } from '../../connector.ts';
import type { Clock } from '../clock.ts';
import type { Exchange, OAuthTokens, Vault } from './oauth.ts';
import { Seal, UnsealedError } from './sealed.ts';
import { codeRequest, readToken } from './token-request.ts';

/** How long a link may be used. */
const lifeMs = 600_000;

/** A sign-in that cannot be finished as it was begun. The message is a sentence for the person. */
export class SignInError extends Error {
  override name = 'SignInError';
}

interface Ticket {
  state: string;
  verifier: string;
  redirectUri: string;
  /** Epoch milliseconds. */
  expiresAt: number;
}

export class SignIn {
  readonly #name: string;
  readonly #oauth: OAuth;
  readonly #tokens: OAuthTokens;
  readonly #clock: Clock;
  readonly #seal: Seal;
  readonly #exchange: Exchange;

  constructor(options: {
    name: string;
    tokens: OAuthTokens;
    vault: Vault;
    clock: Clock;
    exchange: Exchange;
  }) {
    const { name, tokens, vault, clock, exchange } = options;
    this.#name = name;
    this.#oauth = tokens.oauth;
    this.#tokens = tokens;
    this.#clock = clock;
    this.#seal = new Seal(vault.secretKeys, 'sign-in');
    this.#exchange = exchange;
  }

  /** `redirectUri`: where the vendor sends the browser, with `code` and `state`. Throws SignInError where there is no such flow. */
  begin(redirectUri: string): { url: string; ticket: string; state: string; expiresAt: number } {
    const { grant, client } = this.#oauth;
    if (grant.kind !== 'refresh_token' || !grant.signIn)
      throw new SignInError(`${this.#name} has no sign-in: its credentials are configured.`);
    const { authorizeUrl, scopes, separator = ' ', parameters = {} } = grant.signIn;
    const [state, verifier] = [randomBytes(24), randomBytes(48)].map((bytes) => bytes.toString('base64url'));
    const expiresAt = this.#clock.now() + lifeMs;
    const url = new URL(authorizeUrl);
    const query = {
      ...parameters,
      response_type: 'code',
      client_id: client.id,
      redirect_uri: redirectUri,
      ...(scopes.length > 0 && { scope: scopes.join(separator) }),
      state: state!,
      code_challenge: createHash('sha256').update(verifier!).digest('base64url'),
      code_challenge_method: 'S256',
    };
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const ticket: Ticket = { state: state!, verifier: verifier!, redirectUri, expiresAt };
    return {
      url: url.href,
      ticket: this.#seal.seal(JSON.stringify(ticket), this.#name),
      state: state!,
      expiresAt,
    };
  }

  /**
   * Stores the tokens for all workers. Throws SignInError where the ticket is not ours or is too old, the state is another's,
   * or the vendor's account is not the one of before; UnauthorizedError where the vendor refuses the code.
   */
  async finish(given: { ticket: string; state: string; code: string }): Promise<{ tenant: string | null }> {
    const { state, verifier, redirectUri, expiresAt } = this.#opened(given.ticket);
    const now = this.#clock.now();
    if (now > expiresAt)
      throw new SignInError(
        `The sign-in took too long: a link is good for ${lifeMs / 60_000} minutes. Begin again.`,
      );
    if (!isEqual(state, given.state))
      throw new SignInError('The answer belongs to another sign-in: its state is not the one of the link.');
    const request = codeRequest(this.#oauth, { code: given.code, redirectUri, verifier });
    const answer = await this.#exchange(request);
    const token = readToken(this.#oauth, answer, {
      name: this.#name,
      request,
      askedAt: now,
      before: null,
      signInAgain: this.#tokens.signInAgain,
    });
    if (token.refreshToken === null && !(this.#isLasting && token.expiresAt === null))
      throw new SignInError(
        `The vendor of ${this.#name} issued no refresh token, so access would end with the first token. Check the scopes and the kind of the app.`,
      );
    const before = await this.#tokens.tenant();
    if (before !== null && token.tenant !== null && before !== token.tenant)
      throw new SignInError(
        `${this.#name} reads the account ${before}, and this sign-in is for the account ${token.tenant}: its records would seem to replace all others. Configure another source for it.`,
      );
    await this.#tokens.replace(token);
    return { tenant: token.tenant };
  }

  get #isLasting(): boolean {
    const { grant } = this.#oauth;
    return grant.kind === 'refresh_token' && grant.lasting === true;
  }

  #opened(ticket: string): Ticket {
    try {
      return JSON.parse(this.#seal.open(ticket, this.#name)) as Ticket;
    } catch (error) {
      if (error instanceof UnsealedError)
        throw new SignInError('The ticket is not one of this source. Begin the sign-in again.');
      throw error;
    }
  }
}

function isEqual(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(a!, b!);
}
