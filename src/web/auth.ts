// Who may ask: a bearer of a token, or a browser that has shown one once. It knows no route.
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { lessHeaders, roles } from '../contract/access.ts';
import type { Clock } from '../engine/clock.ts';
import type { LiveToken } from '../tables/api-tokens.ts';
import type { EndedSessions } from '../tables/ended-sessions.ts';
import { type Caller, lowered, root } from './caller.ts';
import type { Guesses } from './guesses.ts';
import { Problem } from './problem.ts';
import type { Tokens } from './tokens.ts';

const cookieName = 'tributary_session';

const sessionSeconds = 7 * 24 * 3600;

export class Auth {
  readonly #tokenHash: Buffer;
  readonly #sessionKey: Buffer;
  readonly #clock: Clock;
  readonly #ended: EndedSessions;
  readonly #guesses: Guesses;
  readonly #tokens: Tokens;

  constructor(
    apiToken: string,
    {
      clock,
      ended,
      guesses,
      tokens,
    }: { clock: Clock; ended: EndedSessions; guesses: Guesses; tokens: Tokens },
  ) {
    if (apiToken === '') throw new Error('The API token must not be empty: set TRIBUTARY_API_TOKEN.');
    this.#tokenHash = sha256(apiToken);
    // Another token makes every session void.
    this.#sessionKey = createHmac('sha256', apiToken).update('tributary session').digest();
    this.#clock = clock;
    this.#ended = ended;
    this.#guesses = guesses;
    this.#tokens = tokens;
  }

  /** Whose token it is, or null. It takes the same time whatever the token has in common with ours. */
  async bearer(token: string): Promise<Caller | null> {
    if (timingSafeEqual(sha256(token), this.#tokenHash)) return root;
    return callerOf(await this.#tokens.of(token));
  }

  /** Who asks, with no more than the request asks for. Throws the problem where it may not pass. */
  async require(c: Context): Promise<Caller> {
    const caller = await this.#identify(c);
    return lowered(caller, askedFor(c, caller));
  }

  async #identify(c: Context): Promise<Caller> {
    this.#guesses.look();
    const header = c.req.header('authorization');
    if (header !== undefined) {
      const token = /^Bearer +(\S+)$/i.exec(header)?.[1];
      const caller = token === undefined ? null : await this.bearer(token);
      if (caller) return caller;
      const seconds = token === undefined ? null : this.wrongGuess();
      if (seconds !== null)
        throw new Problem(429, tooManyGuesses(seconds), {
          type: 'too-many-wrong-tokens',
          headers: { 'retry-after': String(seconds) },
        });
      throw unauthorized('The bearer token is not valid on this server: it is unknown, revoked or expired.');
    }
    const caller = await this.visitor(c);
    if (!caller)
      throw unauthorized(
        'Send a token as a bearer token: "Authorization: Bearer <token>". It is TRIBUTARY_API_TOKEN, or one that "tributary token create" made.',
      );
    requireSameOrigin(c);
    return caller;
  }

  /** Counts a wrong token or code. Null where it is merely refused; else after how many seconds to come again. */
  wrongGuess(): number | null {
    return this.#guesses.wrong();
  }

  /** Who has logged in with this browser, or null. A session ends with its token. */
  async visitor(c: Context): Promise<Caller | null> {
    const session = this.#session(c);
    if (session === null || (await this.#ended.has(session.id))) return null;
    if (session.tokenId === null) return root;
    return callerOf(await this.#tokens.byId(session.tokenId));
  }

  /** Whether this browser once had a session, open or not. */
  hasCookie(c: Context): boolean {
    return getCookie(c, cookieName) !== undefined;
  }

  /** Which session it is, or null where there is none. */
  sessionId(c: Context): string | null {
    return this.#session(c)?.id ?? null;
  }

  startSession(c: Context, { tokenId }: Caller): void {
    const expires = String(this.#clock.now() + sessionSeconds * 1000);
    const id = randomBytes(18).toString('base64url');
    const said = `${expires}.${id}.${tokenId ?? ''}`;
    setCookie(c, cookieName, `${said}.${this.#mac(said)}`, { ...attributes(c), maxAge: sessionSeconds });
  }

  /** The browser forgets its cookie, and no copy of it opens anything any more. */
  async endSession(c: Context): Promise<void> {
    const session = this.#session(c);
    if (session) await this.#ended.end(session.id, session.expires);
    deleteCookie(c, cookieName, attributes(c));
  }

  /** What the cookie says, where it is ours and has not expired. */
  #session(c: Context): { id: string; expires: number; tokenId: string | null } | null {
    const parts = (getCookie(c, cookieName) ?? '').split('.');
    const [expires = '', id = '', tokenId = '', mac = ''] = parts;
    if (parts.length !== 4 || !/^\d{1,15}$/.test(expires) || Number(expires) <= this.#clock.now())
      return null;
    const isOurs = timingSafeEqual(sha256(mac), sha256(this.#mac(`${expires}.${id}.${tokenId}`)));
    return isOurs ? { id, expires: Number(expires), tokenId: tokenId === '' ? null : tokenId } : null;
  }

  #mac(said: string): string {
    return createHmac('sha256', this.#sessionKey).update(said).digest('base64url');
  }
}

/** What a request asks for by its headers. Throws the problem where one is wrong: who asks for less must not get more. */
function askedFor(c: Context, caller: Caller) {
  const [asked = caller.role, mask = 'no'] = [c.req.header(lessHeaders.role), c.req.header(lessHeaders.mask)];
  const role = roles.find((name) => name === asked);
  if (role === undefined)
    throw new Problem(400, `The header ${lessHeaders.role} is "${asked}". It must be ${roles.join(', ')}.`);
  if (mask !== 'yes' && mask !== 'no')
    throw new Problem(400, `The header ${lessHeaders.mask} is "${mask}". It must be yes or no.`);
  return { role, mask: mask === 'yes' };
}

function callerOf(token: LiveToken | null): Caller | null {
  return (
    token && { tokenId: token.id, name: token.name, role: token.role, isMasked: token.role === 'viewer' }
  );
}

export function tooManyGuesses(seconds: number): string {
  return `Too many wrong tokens were sent to this server within a minute. Send the right one, or wait ${seconds} seconds.`;
}

/**
 * A browser sends its cookie whoever wrote the page that asks. Reading is safe (no other origin sees the answer); what
 * changes something must come from our own page. Besides SameSite, which takes other ports of a host for the same site.
 */
export function requireSameOrigin(c: Context): void {
  if (c.req.method === 'GET' || c.req.method === 'HEAD') return;
  const site = c.req.header('sec-fetch-site');
  const origin = c.req.header('origin');
  // Browsers leave `sec-fetch-site` out on plain HTTP to another machine.
  const ours =
    site === undefined
      ? origin !== undefined && URL.parse(origin)?.host === c.req.header('host')
      : site === 'same-origin';
  if (!ours)
    throw new Problem(
      403,
      'A request with the cookie of the page must come from that page. Use a bearer token instead.',
      { type: 'other-origin' },
    );
}

function attributes(c: Context) {
  const proxied = c.req.header('x-forwarded-proto')?.split(',')[0]?.trim();
  const secure = proxied === 'https' || c.req.url.startsWith('https:');
  return { httpOnly: true, sameSite: 'Strict', path: '/', secure } as const;
}

function unauthorized(detail: string): Problem {
  return new Problem(401, detail, { headers: { 'www-authenticate': 'Bearer realm="tributary"' } });
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
