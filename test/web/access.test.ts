import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { behaviour } from '../support/databases.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { type Call, caller, expectProblem } from './calls.ts';
import { noon } from './seed.ts';
import { apiToken, openWorld, type World } from './world.ts';

describe('who may ask', () => {
  let world: World;
  let call: Call;
  let clock: ManualClock;

  beforeAll(async () => {
    clock = new ManualClock(noon);
    world = await openWorld(await behaviour[0].open(), { clock });
    call = await caller(world);
  });
  afterAll(() => world.close());

  const host = 'tributary.example:3000';
  const browser = (method: string, path: string, headers: { [name: string]: string } = {}, body?: string) =>
    world.app.request(`http://${host}${path}`, {
      method,
      headers: { host, ...headers },
      ...(body === undefined ? {} : { body }),
    });
  const form = { 'content-type': 'application/x-www-form-urlencoded', origin: `http://${host}` };
  const logIn = (token = apiToken, headers = {}) =>
    browser('POST', '/login', { ...form, ...headers }, `token=${encodeURIComponent(token)}`);
  const cookieOf = (response: Response) => response.headers.get('set-cookie')?.split(';')[0] ?? '';

  it.each([
    '/api/status',
    '/api/sources',
    '/api/runs',
    '/api/customers',
    '/api/customers/a',
    '/api/dead-letters',
    '/api/nosuch',
  ])('is asked at %s', async (path) => {
    const answer = await call('GET', path, { token: null });
    expectProblem(answer, 401, { type: 'about:blank', title: 'Not logged in' });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="tributary"');
  });

  it.each([
    ['another token', 'Bearer another-token-than-ours'],
    ['a part of the token', `Bearer ${apiToken.slice(0, -1)}`],
    ['more than the token', `Bearer ${apiToken}x`],
    ['no token', 'Bearer'],
    ['another scheme', `Basic ${apiToken}`],
  ])('is not answered by %s', async (_, authorization) => {
    expectProblem(await call('GET', '/api/status', { token: null, headers: { authorization } }), 401);
  });

  it('is asked before anything is changed', async () => {
    expectProblem(await call('POST', '/api/sources/crm/pause', { json: {}, token: null }), 401);
    expect((await call('GET', '/api/sources')).body.sources[0].paused).toBeNull();
  });

  it('leads a browser without a session to the login', async () => {
    const response = await browser('GET', '/');
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe('/login');
    expect(await (await browser('GET', '/login')).text()).toContain('<label for="token">Token</label>');
  });

  it('says so where a browser sends a wrong token, and begins no session', async () => {
    const response = await logIn('not-the-token-at-all');
    expect(response.status).toBe(401);
    expect(await response.text()).toContain('This is not a token of this server');
    expect(response.headers.get('set-cookie')).toBeNull();
  });

  it('gives a browser that knows the token a cookie that scripts and other sites do not get', async () => {
    const response = await logIn();
    expect(response.status).toBe(303);
    expect(response.headers.get('set-cookie')).toMatch(
      /; Max-Age=604800; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    expect(response.headers.get('set-cookie')).not.toContain(apiToken);
    const cookie = cookieOf(response);
    expect((await browser('GET', '/', { cookie })).status).toBe(200);
    expect((await browser('GET', '/api/status', { cookie })).status).toBe(200);
    expect((await logIn(apiToken, { 'x-forwarded-proto': 'https' })).headers.get('set-cookie')).toContain(
      '; Secure',
    );
  });

  it('takes no cookie that was altered or has expired', async () => {
    const cookie = cookieOf(await logIn());
    const [name, value = ''] = cookie.split('=');
    const [expires, id, tokenId, mac] = value.split('.') as [string, string, string, string];
    const opens = async (altered: string[]) =>
      (await browser('GET', '/api/status', { cookie: `${name}=${altered.join('.')}` })).status;
    expect(await opens([expires, id, tokenId, mac])).toBe(200);
    for (const altered of [
      [`${Number(expires) + 1}`, id, tokenId, mac],
      [expires, `${id}x`, tokenId, mac],
      [expires, id, '0d8f4f6e-0000-4000-8000-000000000000', mac],
      [expires, id, tokenId, mac.slice(1)],
      [expires, id, tokenId, `${mac}x`],
      [expires, id, tokenId, ''],
      [expires, id, tokenId],
      [expires, id, tokenId, mac, 'x'],
      [''],
    ])
      expect(await opens(altered), altered.join('.')).toBe(401);
    await clock.advance(7 * 24 * 3600 * 1000);
    expect((await browser('GET', '/api/status', { cookie })).status).toBe(401);
  });

  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site', origin: `http://${host}` }],
    ['another port of this host', { 'sec-fetch-site': 'same-site' }],
    ['another origin of an old browser', { origin: 'http://evil.example' }],
    ['no one knows where', {}],
  ])('refuses what a page of %s would change with our cookie', async (_, headers) => {
    const cookie = cookieOf(await logIn());
    const refused = await browser('POST', '/api/destination/pause', { cookie, ...headers });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ type: 'urn:tributary:problem:other-origin' });
    expect((await call('GET', '/api/status')).body.destination.paused).toBeNull();
    expect((await browser('POST', '/logout', { cookie, ...headers })).status).toBe(403);
  });

  it.each([{ 'sec-fetch-site': 'same-origin' }, { origin: `http://${host}` }])(
    'lets our own page change things: %j',
    async (headers) => {
      const cookie = cookieOf(await logIn());
      expect((await browser('POST', '/api/destination/pause', { cookie, ...headers })).status).toBe(200);
      expect((await browser('POST', '/api/destination/resume', { cookie, ...headers })).status).toBe(200);
    },
  );

  it('opens the page once for each code from the terminal', async () => {
    const code = world.loginCodes.issue();
    expect((await browser('GET', `/login?key=${code}`, { 'sec-purpose': 'prefetch;prerender' })).status).toBe(
      503,
    );
    const first = await browser('GET', `/login?key=${code}`);
    expect(first.status).toBe(200);
    expect((await browser('GET', '/', { cookie: cookieOf(first) })).status).toBe(200);
    const second = await browser('GET', `/login?key=${code}`);
    expect(second.status).toBe(401);
    expect(second.headers.get('set-cookie')).toBeNull();
    expect(await second.text()).toContain('already been used');
    const late = world.loginCodes.issue();
    await clock.advance(600_000);
    expect((await browser('GET', `/login?key=${late}`)).status).toBe(401);
  });

  it('says at the login that a session has ended, and leads back to the page', async () => {
    const cookie = cookieOf(await logIn());
    await browser('POST', '/logout', { cookie, origin: `http://${host}` });
    const to = (await browser('GET', '/runs?state=failed', { cookie })).headers.get('location')!;
    expect(to).toBe('/login?ended=yes&to=%2Fruns%3Fstate%3Dfailed');
    const page = await (await browser('GET', to)).text();
    expect(page).toContain('Your session has ended');
    expect(page).toContain('name="to" value="/runs?state=failed"');
    expect((await browser('GET', '/runs?state=failed')).headers.get('location')).not.toContain('ended');
  });

  it('forgets a browser that logs out, and a copy of its cookie opens nothing', async () => {
    const cookie = cookieOf(await logIn());
    const another = cookieOf(await logIn());
    const response = await browser('POST', '/logout', { cookie, origin: `http://${host}` });
    expect(response.headers.get('location')).toBe('/login');
    expect(response.headers.get('set-cookie')).toContain('tributary_session=; Max-Age=0');
    expect((await browser('GET', '/api/status', { cookie })).status).toBe(401);
    expect((await browser('GET', '/api/status', { cookie: another })).status).toBe(200);
  });

  it('carries the headers that keep a browser from harm, on every kind of answer', async () => {
    const cookie = cookieOf(await logIn());
    for (const path of ['/', '/login', '/api/status', '/nosuch', '/assets/admin.js']) {
      const { headers } = await browser('GET', path, { cookie });
      expect(headers.get('content-security-policy'), path).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      );
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
    expect((await browser('GET', '/api/status', { cookie })).headers.get('cache-control')).toBe('no-store');
  });

  it('answers unknown paths and wrong methods with a problem', async () => {
    expectProblem(await call('GET', '/nosuch'), 404);
    expectProblem(await call('GET', '/api/nosuch'), 404);
    expectProblem(await call('GET', '/assets/..%2fapp.ts'), 404);
    const answer = await call('DELETE', '/api/status');
    expectProblem(answer, 405);
    expect(answer.headers.get('allow')).toBe('GET, HEAD');
  });
});

describe('an error that nobody expected', () => {
  it('tells its ID and nothing else, and the log has the rest', async () => {
    const database = await behaviour[0].open();
    const gone = () => Promise.reject(new Error('relation "secret_table" is gone'));
    const broken = { ...database, rows: gone, transaction: gone };
    const world = await openWorld(broken);
    const call = await caller(world);
    const answer = await call('GET', '/api/runs');
    expectProblem(answer, 500, { type: 'about:blank', title: 'Unexpected error' });
    expect(JSON.stringify(answer.body)).not.toContain('secret_table');
    const line = world.logged.find((entry) => entry.includes(answer.body.errorId));
    expect(line).toContain('secret_table');
    expectProblem(await call('GET', '/readyz', { token: null }), 503);
    expect((await call('GET', '/healthz', { token: null })).status).toBe(200);
    await database.close();
  });
});
