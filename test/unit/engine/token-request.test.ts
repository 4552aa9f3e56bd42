// What is sent to token addresses and what their answers mean, for every kind of grant.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Grant, type Json, type OAuth, TransientError, UnauthorizedError } from '#connector';
import { createOAuthSimulator, type OAuthOptions } from '../../../simulators/oauth.ts';
import { grantRequest, readToken, type Token, tokenBody } from '../../../src/engine/http/token-request.ts';

const now = Date.parse('2026-03-01T12:00:00.000Z');
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = {
  private: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  public: publicKey.export({ type: 'spki', format: 'pem' }) as string,
};

function oauth(grant: Grant, more: Partial<OAuth> = {}): OAuth {
  return {
    kind: 'oauth',
    tokenUrl: 'https://login.vendor.example/token',
    client: { id: 'client', secret: 'client-secret-00' },
    grant,
    ...more,
  };
}

const byRefresh = oauth({
  kind: 'refresh_token',
  token: 'first-refresh-token',
  signIn: { authorizeUrl: 'https://login.vendor.example/authorize', scopes: [] },
});

/** Of the vendor `crm`, as the engine asks for it. */
async function ask(described: OAuth, options: Partial<OAuthOptions>): Promise<Token> {
  const simulator = createOAuthSimulator({
    path: '/token',
    clientId: 'client',
    clientSecret: 'client-secret-00',
    seconds: 3_600,
    now: () => now,
    ...options,
  });
  const request = await grantRequest(described, { name: 'crm', refreshToken: 'first-refresh-token', now });
  const { contentType, text } = tokenBody(request);
  const response = await simulator.app.request('/token', {
    method: 'POST',
    body: text,
    headers: {
      'content-type': contentType,
      ...(request.authorization && { authorization: request.authorization }),
    },
  });
  const answer = { status: response.status, json: (await response.json()) as Json, retryAfterMs: undefined };
  return readToken(described, answer, { ...about, request });
}

const signInAgain = 'Sign in again: tributary sources connect crm';
const request = { url: byRefresh.tokenUrl, form: { refresh_token: 'first-refresh-token' } };
const about = { name: 'crm', request, askedAt: now, before: null, signInAgain };

function read(
  json: Json | undefined,
  status = 200,
  described = byRefresh,
  before: Token | null = null,
): Token {
  return readToken(described, { status, json, retryAfterMs: undefined }, { ...about, before });
}

/** The error that is thrown, and whether it pauses. */
function refusal(...args: Parameters<typeof read>): Error {
  try {
    read(...args);
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was taken for a token');
}

describe('a request for a token', () => {
  it('shows the client in the form, or in a Basic header', async () => {
    const client = { id: 'client', secret: 'client-secret-00', sentAs: 'basic' as const };
    for (const described of [byRefresh, { ...byRefresh, client }]) {
      const token = await ask(described, { refreshToken: 'first-refresh-token' });
      expect(token).toMatchObject({ accessToken: 'access-1-of-the-simulator', expiresAt: now + 3_600_000 });
    }
  });

  it('goes by the credentials of the client alone', async () => {
    const token = await ask(oauth({ kind: 'client_credentials' }), { clientCredentials: true });
    expect(token).toMatchObject({ refreshToken: null, accessToken: 'access-1-of-the-simulator' });
  });

  it('is a JSON object where the vendor takes no form', async () => {
    const client = { id: 'client', secret: 'client-secret-00', sentAs: 'json' as const };
    const described = oauth({ kind: 'client_credentials' }, { client, fields: { audience: 'api' } });
    const token = await ask(described, { clientCredentials: true, json: true });
    expect(token).toMatchObject({ accessToken: 'access-1-of-the-simulator' });
  });

  it('goes by an assertion that is signed and ends within three minutes', async () => {
    const [subject, audience] = ['sync@example.com', 'https://login.vendor.example'];
    const grant: Grant = { kind: 'jwt_bearer', subject, audience, privateKey: pem.private };
    const jwt = { subject, audience, publicKey: pem.public };
    expect((await ask(oauth(grant), { jwt })).accessToken).toBe('access-1-of-the-simulator');
    const refused = await ask(oauth({ ...grant, subject: 'another@example.com' }), { jwt }).catch((e) => e);
    expect(refused).toBeInstanceOf(UnauthorizedError);
    // It may be the clock, or an approval to come: it is tried again.
    expect(refused.final).toBe(false);
    const broken = await ask(oauth({ ...grant, privateKey: 'no key' }), { jwt }).catch((e) => e);
    expect(broken.message).toMatch(/private key of crm cannot be read: it must be PKCS #8/);
    expect(broken.message).not.toContain('no key');
  });
});

describe("a token's answer", () => {
  it('keeps the refresh token of before where it holds none', () => {
    expect(read({ access_token: 'a' }).refreshToken).toBe('first-refresh-token');
    expect(read({ access_token: 'a', refresh_token: 'next' }).refreshToken).toBe('next');
  });

  it.each([
    [3600, 3_600],
    ['3600', 3_600],
    [undefined, 1_800],
    [-1, 1_800],
    ['soon', 1_800],
    [1e12, 365 * 86_400],
  ])('that expires in %s is good for %i seconds', (said, seconds) => {
    const json = { access_token: 'a', ...(said !== undefined && { expires_in: said }) };
    expect(read(json).expiresAt).toBe(now + seconds * 1000);
  });

  it('of a vendor that never says how long is good until it is refused', () => {
    expect(read({ access_token: 'a' }, 200, { ...byRefresh, lifeSeconds: null }).expiresAt).toBe(null);
  });

  it.each([
    [400, { error: 'invalid_grant' }],
    [401, { error: 'invalid_grant', error_description: 'expired' }],
    [200, { error: 'invalid_code' }],
    [400, { status: 'BAD_REFRESH_TOKEN', message: 'gone' }],
  ])('of %i %j is a dead grant, and only a person can help', (status, json) => {
    const vendors = { ...byRefresh, errors: { dead: ['invalid_code', 'BAD_REFRESH_TOKEN'] } };
    const error = refusal(json, status, vendors);
    expect(error).toBeInstanceOf(UnauthorizedError);
    expect(error).toMatchObject({
      final: true,
      message: expect.stringMatching(/Sign in again: tributary sources connect crm$/),
    });
  });

  it.each([
    [400, { error: 'invalid_client' }],
    [200, { error: 'invalid_client' }],
    [400, { status: 'BAD_CLIENT_ID' }],
    [401, { error: 'unauthorized_client' }],
  ])('of %i %j refuses the client, and is tried again', (status, json) => {
    const error = refusal(json, status, { ...byRefresh, errors: { refused: ['BAD_CLIENT_ID'] } });
    expect(error).toBeInstanceOf(UnauthorizedError);
    expect(error).toMatchObject({ final: false });
  });

  it.each([
    [500, { error: 'invalid_grant' }],
    [503, undefined],
    [429, { error: 'invalid_grant' }],
    [403, undefined],
    [403, { message: 'Forbidden' }],
    [403, { error: 'Forbidden' }],
    [400, {}],
    [400, []],
    [200, undefined],
    [200, {}],
    [200, { access_token: 'two words' }],
    [200, { access_token: 7 }],
    [302, undefined],
    [400, { error: 'temporarily_unavailable' }],
    [200, { error: 'access_denied' }],
  ])('of %i %j proves nothing', (status, json) => {
    const error = refusal(json, status, { ...byRefresh, errors: { transient: ['access_denied'] } });
    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject({ foreign: true });
  });

  it('shows no secret in its error', () => {
    const error = refusal({ error: 'invalid_grant', error_description: 'bad first-refresh-token' }, 400);
    expect(error.message).toContain('bad [hidden]');
  });
});

describe('the base URL of a token', () => {
  const named = {
    ...byRefresh,
    baseUrl: { field: 'api_domain', hosts: ['vendor.example'], path: '/api/v2' },
  };
  const at = (domain: Json, before: Token | null = null) =>
    read({ access_token: 'a', api_domain: domain }, 200, named, before).baseUrl;

  it('is taken from its answer, with the path of the API', () => {
    expect(at('https://acme.vendor.example/')).toBe('https://acme.vendor.example/api/v2');
    expect(at('https://vendor.example')).toBe('https://vendor.example/api/v2');
  });

  it.each([
    'https://vendor.example.evil.example',
    'https://evilvendor.example',
    'http://acme.vendor.example',
    'https://vendor.example@evil.example',
    'acme',
    7,
    null,
  ])('is never %s: the token would be sent there', (domain) => {
    expect(() => at(domain)).toThrow(TransientError);
    const before = read({ access_token: 'a', api_domain: 'https://acme.vendor.example' }, 200, named);
    expect(at(domain, before)).toBe('https://acme.vendor.example/api/v2');
  });
});
