// Who may ask: a bearer of the API token, or a browser that has shown it once. It knows no route.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { Clock } from '../engine/clock.ts';
import { Problem } from './problem.ts';

const cookieName = 'tributary_session';
const sessionSeconds = 7 * 24 * 3600;

export class Auth {
  readonly #tokenHash: Buffer;
  readonly #sessionKey: Buffer;
  readonly #clock: Clock;

  constructor(apiToken: string, clock: Clock) {
    if (apiToken === '') throw new Error('The API token must not be empty: set TRIBUTARY_API_TOKEN.');
    this.#tokenHash = sha256(apiToken);
    // Another token makes every session void.
    this.#sessionKey = createHmac('sha256', apiToken).update('tributary session').digest();
    this.#clock = clock;
  }

  /** Takes the same time whatever the token has in common with ours. */
  isToken(token: string): boolean {
    return timingSafeEqual(sha256(token), this.#tokenHash);
  }

  /** Throws the problem where the request may not pass. */
  require(c: Context): void {
    const header = c.req.header('authorization');
    if (header !== undefined) {
      const token = /^Bearer +(\S+)$/i.exec(header)?.[1];
      if (token !== undefined && this.isToken(token)) return;
      throw unauthorized('The bearer token is not the API token of this server.');
    }
    if (!this.hasSession(c))
      throw unauthorized(
        'Send the API token as a bearer token: "Authorization: Bearer <TRIBUTARY_API_TOKEN>".',
      );
    requireSameOrigin(c);
  }

  hasSession(c: Context): boolean {
    const [expires = '', mac = '', ...rest] = (getCookie(c, cookieName) ?? '').split('.');
    if (rest.length > 0 || !/^\d{1,15}$/.test(expires) || Number(expires) <= this.#clock.now()) return false;
    return timingSafeEqual(sha256(mac), sha256(this.#mac(expires)));
  }

  startSession(c: Context): void {
    const expires = String(this.#clock.now() + sessionSeconds * 1000);
    setCookie(c, cookieName, `${expires}.${this.#mac(expires)}`, {
      ...attributes(c),
      maxAge: sessionSeconds,
    });
  }

  endSession(c: Context): void {
    deleteCookie(c, cookieName, attributes(c));
  }

  #mac(expires: string): string {
    return createHmac('sha256', this.#sessionKey).update(expires).digest('base64url');
  }
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
