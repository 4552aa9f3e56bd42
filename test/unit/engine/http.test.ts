// Requests over real loopback connections: what each answer, silence or cut becomes, and that no credential gets out.
import { randomUUID } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { Hono } from 'hono';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Served, serve } from '../../../simulators/serve.ts';
import {
  type ApiDescription,
  type ApiRequest,
  type Auth,
  type Json,
  type RejectedError,
  TransientError,
  UnauthorizedError,
} from '../../../src/connector.ts';
import { systemClock } from '../../../src/engine/clock.ts';
import type { Proxies } from '../../../src/engine/http/connections.ts';
import { Endpoint } from '../../../src/engine/http/endpoint.ts';
import type { Vault } from '../../../src/engine/http/oauth.ts';
import { createLog } from '../../../src/engine/log/log.ts';
import { Budgets, UnsentError } from '../../../src/engine/quota/budgets.ts';
import { behaviour, type TestDatabase } from '../../support/databases.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const secret = 'pat-na1-0f9e8d7c6b5a';

describe('An endpoint', () => {
  let database: TestDatabase;
  let served: Served;
  let answer: (request: Request) => Response | Promise<Response>;
  let seen: Request[];
  let logged: string[];
  const closing: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    database = await behaviour[0].open();
    const app = new Hono();
    app.all('*', async (c) => {
      seen.push(c.req.raw.clone());
      return answer(c.req.raw);
    });
    served = await serve(app);
  });
  beforeEach(() => {
    seen = [];
    logged = [];
  });
  afterAll(async () => {
    for (const close of closing.reverse()) await close();
    await served.close();
    await database.close();
  });

  function endpointOf(
    more: Partial<ApiDescription> = {},
    clock = systemClock,
    vault?: Vault,
    proxies: Proxies | null = null,
  ): Endpoint {
    const description: ApiDescription = {
      baseUrl: served.url,
      headers: { Authorization: `Bearer ${secret}` },
      account: randomUUID(),
      quotas: [],
      ...more,
    };
    const budgets = new Budgets({ database, clock, holder: randomUUID() });
    const log = createLog({ level: 'trace', write: (line) => logged.push(line) });
    const budget = budgets.account(description.account, description.quotas);
    const endpoint = new Endpoint({ name: 'hubspot', description, budget, clock, log, vault, proxies });
    closing.push(async () => {
      await budgets.close();
      await endpoint.close();
    });
    return endpoint;
  }

  function json(body: unknown, status = 200, headers: Record<string, string> = {}) {
    return new Response(JSON.stringify(body), {
      status,
      headers: { 'content-type': 'application/json', ...headers },
    });
  }

  async function failure(request: ApiRequest, more: Partial<ApiDescription> = {}) {
    const error = await endpointOf(more)
      .api('manual')
      .request(request)
      .catch((thrown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(secret);
    expect(logged.join('')).not.toContain(secret);
    return error as TransientError & RejectedError;
  }

  it('sends path, query, headers and JSON below the base URL, and reads the answer', async () => {
    answer = () => json({ ok: true }, 201, { 'X-Left': '7' });
    const endpoint = endpointOf({ baseUrl: `${served.url}/api/v2/` });
    const response = await endpoint.api('webhook').request({
      method: 'POST',
      path: '/contacts/a%2Fb',
      query: { limit: 100, after: undefined, archived: false, q: 'a b&c' },
      json: { name: 'Zoë' },
    });
    expect(response).toMatchObject({ status: 201, json: { ok: true }, headers: { 'x-left': '7' } });
    const [request] = seen as [Request];
    expect(request.method).toBe('POST');
    expect(request.url).toBe(`${served.url}/api/v2/contacts/a%2Fb?limit=100&archived=false&q=a+b%26c`);
    expect(request.headers.get('authorization')).toBe(`Bearer ${secret}`);
    expect(request.headers.get('user-agent')).toMatch(/^tributary\/\d+\.\d+\.\d+$/);
    expect(request.headers.get('content-type')).toBe('application/json');
    expect(await request.json()).toEqual({ name: 'Zoë' });
  });

  it.each([
    ['http', 407, 'the proxy asks for credentials (407): set them in HTTP_PROXY or HTTPS_PROXY'],
    ['https', 407, 'the proxy asks for credentials (407): set them in HTTP_PROXY or HTTPS_PROXY'],
    ['https', 502, 'the proxy answered 502'],
  ])(
    '27-behind-a-proxy: blames a proxy that refuses %s with %i, and not the credentials of the vendor',
    async (scheme, status, words) => {
      const proxy = createHttpServer((_request, response) => response.writeHead(status).end('refused'));
      proxy.on('connect', (_request, socket) => socket.end(`HTTP/1.1 ${status} Refused\r\n\r\n`));
      await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
      const { port } = proxy.address() as { port: number };
      const url = `http://user:a-secret-password@127.0.0.1:${port}`;
      const proxies = { http: url, https: url, except: '' };
      const endpoint = endpointOf({ baseUrl: `${scheme}://vendor.invalid` }, systemClock, undefined, proxies);
      const error = await endpoint
        .api('manual')
        .request({ method: 'POST', path: '/a', json: {} })
        .catch((thrown) => thrown);
      expect(error).toBeInstanceOf(UnsentError);
      expect(error.message).toBe(`hubspot cannot be reached: ${words}`);
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('a-secret-password');
      proxy.close();
      proxy.closeAllConnections();
    },
  );

  describe('with other credentials beside those of the account', () => {
    const ofApp = (): Auth => ({
      kind: 'oauth',
      tokenUrl: `${served.url}/token`,
      client: { id: 'the-app', secret: 'the-secret-of-the-app' },
      grant: { kind: 'client_credentials' },
    });
    const otherAuths: ApiDescription['otherAuths'] = {
      key: { kind: 'header', name: 'X-Key', value: 'another-secret-key' },
    };

    it('sends these where a request names them, and nothing of the account', async () => {
      answer = () => json({});
      const endpoint = endpointOf({ otherAuths, headers: { 'X-Account': secret } });
      await endpoint.api('manual').request({ path: '/a', auth: 'key' });
      await endpoint.api('manual').request({ path: '/a' });
      const sent = seen.map(({ headers }) => [headers.get('x-key'), headers.get('x-account')]);
      expect(sent).toEqual([
        ['another-secret-key', null],
        [null, secret],
      ]);
    });

    it('goes to the host of these credentials where they have one, and never with those of the account', async () => {
      answer = () => json({});
      const elsewhere = `http://localhost:${new URL(served.url).port}/below`;
      const endpoint = endpointOf({ otherAuths, otherBaseUrls: { key: elsewhere } });
      await endpoint.api('manual').request({ path: '/a', auth: 'key' });
      await endpoint.api('manual').request({ path: '/a' });
      const sent = seen.map(({ url, headers }) => [url, headers.get('x-key'), headers.get('authorization')]);
      expect(sent).toEqual([
        [`${elsewhere}/a`, 'another-secret-key', null],
        [`${served.url}/a`, null, `Bearer ${secret}`],
      ]);
      expect(() => endpointOf({ otherAuths, otherBaseUrls: { key: 'ftp://elsewhere' } })).toThrow(
        'must begin with http',
      );
    });

    it('hides all of them in errors, whichever were sent', async () => {
      answer = () => json({ message: `${secret} and another-secret-key` }, 400);
      const error = await failure({ path: '/a' }, { otherAuths });
      expect(error.message).toContain('[hidden] and [hidden]');
    });

    it('gets a token of their own, replaces it after a 401, and hides it', async () => {
      let issued = 0;
      answer = (request) => {
        if (request.url.endsWith('/token')) {
          issued += 1;
          return json({ access_token: `token-of-the-app-${issued}`, expires_in: 600 });
        }
        const isFirst = request.headers.get('authorization') === 'Bearer token-of-the-app-1';
        return isFirst ? json({ message: 'token-of-the-app-1' }, 401) : json({ fine: true });
      };
      const endpoint = endpointOf({ otherAuths: { app: ofApp() } }, systemClock, {
        database,
        secretKeys: ['a-secret-key-of-this-installation'],
      });
      expect((await endpoint.api('manual').request({ path: '/a', auth: 'app' })).json).toEqual({
        fine: true,
      });
      await endpoint.api('manual').request({ path: '/a' });
      expect(issued).toBe(2);
      expect(seen.at(-1)!.headers.get('authorization')).toBe(`Bearer ${secret}`);
      expect(logged.join('')).not.toMatch(/token-of-the-app/);
    });

    it('needs a secret key for tokens, and knows no names but its own', async () => {
      expect(() => endpointOf({ otherAuths: { app: ofApp() } })).toThrow('TRIBUTARY_SECRET_KEY');
      const asked = endpointOf({ otherAuths }).api('manual').request({ path: '/a', auth: 'nobody' });
      await expect(asked).rejects.toThrow('no credentials named nobody');
    });
  });

  it('keeps a content type that the connector names, and sends none without a body', async () => {
    answer = () => json({});
    const endpoint = endpointOf({ headers: { 'Content-Type': 'application/vnd.api+json' } });
    await endpoint.api('manual').request({ method: 'PATCH', path: '/a', json: {} });
    await endpointOf().api('manual').request({ path: '/a' });
    expect(seen.map((request) => request.headers.get('content-type'))).toEqual([
      'application/vnd.api+json',
      null,
    ]);
  });

  it('sends a file as a form, whatever it holds and however long it is', async () => {
    const names: unknown[] = [];
    answer = async (request) => {
      const form = await request.formData();
      const file = form.get('file') as File;
      names.push([...form.keys()], file.name, file.type);
      return json({ content: await file.text() });
    };
    // A type that the connector names for all requests would leave the form without its boundary.
    const endpoint = endpointOf({ headers: { 'Content-Type': 'application/vnd.api+json' } });
    const send = async (content: string | Buffer) => {
      const file = { field: 'file', name: 'a "b".csv', contentType: 'text/csv', content };
      return (await endpoint.api('backfill').request({ method: 'POST', path: '/import', file })).json;
    };
    const odd = 'a,"b"\r\n--tributary\r\n\r\n=1+1,ż\n\n';
    expect(await send(odd)).toEqual({ content: odd });
    expect(await send(Buffer.from(odd))).toEqual({ content: odd });
    const long = 'Łódź,"x"\n'.repeat(100_000);
    expect(await send(long)).toEqual({ content: long });
    expect(await send('')).toEqual({ content: '' });
    expect(names.slice(0, 3)).toEqual([['file'], 'a "b".csv', 'text/csv']);
    const types = seen.map((request) => request.headers.get('content-type'));
    expect(new Set(types).size).toBe(4);
    for (const type of types)
      expect(type).toMatch(/^multipart\/form-data; boundary=tributary-[0-9a-f-]{36}$/);
    expect(logged.join('')).not.toContain('Łódź');
  });

  it('uses one connection again and counts its calls', async () => {
    answer = (request) => (request.url.endsWith('/gone') ? json({}, 404) : json({}));
    const endpoint = endpointOf();
    const api = endpoint.api('backfill');
    await api.request({ path: '/a' });
    await api.request({ path: '/gone', answers: [404] });
    expect(endpoint.calls()).toEqual({ total: 2, byStatus: { 200: 1, 404: 1 } });
    expect(logged.map((line) => JSON.parse(line))).toMatchObject([
      { msg: 'called', method: 'GET', lane: 'backfill', status: 200 },
      { msg: 'called', status: 404 },
    ]);
  });

  it('takes no content, and plain text after a write, as a success without JSON', async () => {
    answer = () => new Response(null, { status: 204 });
    expect(await endpointOf().api('manual').request({ path: '/a' })).toMatchObject({
      status: 204,
      json: undefined,
    });
    answer = () => new Response('OK', { headers: { 'content-type': 'text/plain' } });
    expect(await endpointOf().api('manual').request({ method: 'DELETE', path: '/a' })).toMatchObject({
      status: 200,
      json: undefined,
    });
  });

  it.each([
    ['an empty body', () => new Response(null)],
    ['plain text', () => new Response('OK', { headers: { 'content-type': 'text/plain' } })],
  ])('does not take 200 with %s for the answer of who reads', async (_what, given) => {
    answer = given;
    for (const method of ['GET', 'POST'] as const)
      expect(await failure({ method, path: '/a' })).toMatchObject({ name: 'TransientError', foreign: true });
  });

  it.each([
    ['a redirect', 302, null, undefined],
    ['a page', 400, '<html>400</html>', 'text/html'],
    ['a page of a firewall', 401, '<html>Who are you?</html>', 'text/html'],
    ['a page of a firewall', 403, '<html>blocked</html>', 'text/html'],
    ['plain text', 404, 'default backend - 404', 'text/plain'],
    ['a page', 405, '<html>405</html>', 'text/html'],
    ['nothing', 413, null, undefined],
    ['a string', 403, '"blocked"', 'application/json'],
  ])('blames nobody for %s with %i', async (_what, status, body, type) => {
    answer = () => new Response(body, { status, ...(type && { headers: { 'content-type': type } }) });
    const errorFor = () => new UnauthorizedError('give another key');
    expect(await failure({ path: '/a' }, { errorFor })).toMatchObject({
      name: 'TransientError',
      foreign: true,
      status,
      uncertain: false,
    });
    // Neither is it the answer that was asked for: a page with 404 says of no record that it is gone.
    expect(await failure({ path: '/a', answers: [status] })).toMatchObject({ foreign: true });
  });

  it("lets the connector say which bodies are the vendor's own", async () => {
    answer = () => new Response('Forbidden: scope', { status: 403 });
    expect(await failure({ path: '/a' }, { isOwn: () => true })).toMatchObject({ name: 'UnauthorizedError' });
    answer = () => json({ blocked: true }, 403);
    expect(await failure({ path: '/a' }, { isOwn: () => false })).toMatchObject({ foreign: true });
  });

  it("takes JSON in another form than the vendor's errors for a gateway's, and quotes it", async () => {
    const isErrorBody: ApiDescription['isErrorBody'] = (said) => 'correlationId' in (said as object);
    for (const status of [400, 403, 404, 409]) {
      answer = () => json({ message: `no Route matched for ${secret}` }, status);
      const refusal = await failure({ path: '/a', answers: [404] }, { isErrorBody });
      expect(refusal).toMatchObject({ name: 'TransientError', foreign: true, status });
      expect((refusal as Error).message).toContain('"no Route matched for [hidden]"');
    }
    answer = () => json({ message: 'It is not there, and never was', correlationId: 'c' }, 404);
    expect(await failure({ path: '/a' }, { isErrorBody })).toMatchObject({ name: 'RejectedError' });
    // A refusal of the credentials is confirmed before it pauses anything.
    answer = () => json({ message: 'no' }, 401);
    expect(await failure({ path: '/a' }, { isErrorBody })).toMatchObject({ name: 'UnauthorizedError' });
  });

  it('takes an error that the connector finds in a success for what it is, without its secrets', async () => {
    const errorInSuccess: ApiDescription['errorInSuccess'] = ({ json: said }) =>
      said && 'error' in (said as object)
        ? new TransientError(`${(said as { error: string }).error} for ${secret}`, { retryAfterMs: 5 })
        : undefined;
    answer = () => json({ error: 'too many' });
    expect(await failure({ path: '/a' }, { errorInSuccess })).toMatchObject({
      message: 'too many for [hidden]',
      retryAfterMs: 5,
      foreign: false,
    });
    answer = () => json({ fine: true });
    expect(await endpointOf({ errorInSuccess }).api('manual').request({ path: '/a' })).toMatchObject({
      json: { fine: true },
    });
  });

  it('takes 401 without a body for a refusal of the credentials', async () => {
    answer = () => new Response(null, { status: 401 });
    expect(await failure({ path: '/a' })).toMatchObject({ name: 'UnauthorizedError' });
  });

  it('unpacks gzip, and refuses what is more than it may hold', async () => {
    const packed = (bytes: Buffer) =>
      new Response(new Uint8Array(gzipSync(bytes)), {
        headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      });
    answer = () => packed(Buffer.from('{"packed":true}'));
    expect(await endpointOf().api('manual').request({ path: '/a' })).toMatchObject({
      json: { packed: true },
    });
    answer = () => packed(Buffer.alloc(65 * 1024 * 1024, ' '));
    expect(await failure({ path: '/a' })).toMatchObject({
      name: 'RejectedError',
      code: 'response_too_large',
    });
  });

  it('refuses a plain body that is more than it may hold', async () => {
    answer = () => new Response(new Uint8Array(65 * 1024 * 1024));
    expect(await failure({ path: '/a' })).toMatchObject({ code: 'response_too_large' });
  });

  it.each([
    ['/customers/..', 'a parent'],
    ['/customers/%2E%2e/x', 'an encoded parent'],
    ['/customers/.', 'itself'],
    ['/customers/zoë', 'what is not encoded'],
    ['customers', 'another host'],
  ])('sends nothing to the path %s, which leads to %s', async (path) => {
    expect(await failure({ method: 'PUT', path })).toMatchObject({ code: 'unsafe_path' });
    expect(seen).toEqual([]);
  });

  it.each([
    [400, 'RejectedError', undefined],
    [401, 'UnauthorizedError', undefined],
    [403, 'UnauthorizedError', undefined],
    [404, 'RejectedError', undefined],
    [408, 'TransientError', false],
    [409, 'RejectedError', undefined],
    [425, 'TransientError', false],
    [429, 'TransientError', false],
    [500, 'TransientError', true],
    [503, 'TransientError', true],
  ])('takes %i for a %s', async (status, name, uncertain) => {
    answer = () => json({}, status);
    const error = await failure({ method: 'PUT', path: '/a', json: {} });
    expect([error.name, error.uncertain]).toEqual([name, uncertain]);
    expect(error.status).toBe(status);
    if (name === 'RejectedError') expect(error.code).toBe(`http_${status}`);
  });

  it('holds a failed reading for certain: it changed nothing', async () => {
    answer = () => json({}, 502);
    expect(await failure({ path: '/a' })).toMatchObject({ uncertain: false, status: 502 });
  });

  it('waits as long as the vendor says, in seconds or until a date', async () => {
    answer = () => json({}, 429, { 'Retry-After': '7' });
    expect((await failure({ path: '/a' })).retryAfterMs).toBe(7_000);
    answer = () => json({}, 503, { 'Retry-After': new Date(Date.now() + 20_000).toUTCString() });
    const { retryAfterMs } = await failure({ path: '/a' });
    expect(retryAfterMs).toBeGreaterThan(18_000);
    expect(retryAfterMs).toBeLessThanOrEqual(20_000);
  });

  it('waits as long as the connector says where the vendor says nothing', async () => {
    answer = () => json({}, 429);
    expect((await failure({ path: '/a' }, { busyMs: 9_000 })).retryAfterMs).toBe(9_000);
    expect((await failure({ path: '/a' }, { busyMs: ({ status }) => status * 10 })).retryAfterMs).toBe(4_290);
    answer = () => json({}, 429, { 'Retry-After': '7' });
    expect((await failure({ path: '/a' }, { busyMs: 9_000 })).retryAfterMs).toBe(7_000);
    answer = () => json({}, 503);
    expect((await failure({ path: '/a' }, { busyMs: 9_000 })).retryAfterMs).toBeUndefined();
  });

  it('says what to do about a status that the connector knows the remedy of', async () => {
    const remedies = { 404: 'There is no such store: check storeHash.' };
    answer = () => json({ title: 'Not found.' }, 404);
    const error = await failure({ path: '/a' }, { remedies });
    expect(error).toMatchObject({ name: 'UnauthorizedError', status: 404 });
    expect(error.message).toMatch(/answered 404: Not found\. There is no such store: check storeHash\.$/);
    answer = () => new Response('<html>no route</html>', { status: 404 });
    expect(await failure({ path: '/a' }, { remedies })).toMatchObject({ foreign: true });
  });

  it("repeats the vendor's words and key, shortened, and keeps the body as details", async () => {
    const body = {
      code: 400,
      key: 'metadata_validation_failed',
      message: 'Metadata failed',
      details: 'plan: wrong',
    };
    answer = () => json(body, 400);
    expect(await failure({ method: 'POST', path: '/a', json: {} })).toMatchObject({
      code: 'metadata_validation_failed',
      message: 'Metadata failed: plan: wrong',
      details: body,
    });
    answer = () => json({ errors: [{ detail: 'x'.repeat(9_000), code: 'invalid' }] }, 422);
    const error = await failure({ path: '/a' });
    expect(error.code).toBe('invalid');
    expect(error.message).toHaveLength(500);
    answer = () => json({ status: 'error', category: 'VALIDATION_ERROR', message: 'no' }, 400);
    expect(await failure({ path: '/a' })).toMatchObject({
      code: 'VALIDATION_ERROR',
      message: 'hubspot answered 400: no',
    });
  });

  it('hides its credentials where the vendor repeats them', async () => {
    const echo = { message: `the token ${secret} is no good`, headers: { auth: [`Bearer ${secret}`] } };
    for (const status of [400, 401, 429, 500]) {
      answer = () => json(echo, status);
      expect((await failure({ path: `/a/${secret}` })).message).toContain('the token [hidden] is no good');
    }
    answer = () => json(echo, 400);
    const { details } = await failure({ path: '/a' });
    expect(details).toEqual({ message: 'the token [hidden] is no good', headers: { auth: ['[hidden]'] } });
    const errorFor: ApiDescription['errorFor'] = ({ json: said }) =>
      new UnauthorizedError((said as typeof echo).message, { cause: new Error(JSON.stringify(said)) });
    expect((await failure({ path: '/a' }, { errorFor })).message).toBe('the token [hidden] is no good');
  });

  it('hides the password of Basic credentials also by itself', async () => {
    const headers = { authorization: `Basic ${Buffer.from(`me:${secret}`).toString('base64')}` };
    answer = () => json({ message: `wrong: ${secret}` }, 401);
    expect((await failure({ path: '/a' }, { headers })).message).toContain('wrong: [hidden]');
  });

  it.each<[Auth, (request: Request) => string | null]>([
    [{ kind: 'bearer', token: secret }, ({ headers }) => headers.get('authorization')?.slice(7) ?? null],
    [{ kind: 'header', name: 'X-Api-Token', value: secret }, ({ headers }) => headers.get('x-api-token')],
    [
      { kind: 'basic', user: 'me', password: secret },
      ({ headers }) => atob(headers.get('authorization')?.slice(6) ?? '').slice(3),
    ],
    [
      { kind: 'query', name: 'api_key', value: secret },
      ({ url }) => new URL(url).searchParams.get('api_key'),
    ],
  ])(
    'sends credentials of the kind %j where the vendor wants them, and shows them nowhere',
    async (auth, of) => {
      answer = () => json({ message: `no ${secret}` }, 403);
      const error = await failure({ path: '/me', query: { a: 1 } }, { headers: {}, auth });
      expect(of(seen[0]!)).toBe(secret);
      expect(new URL(seen[0]!.url).searchParams.get('a')).toBe('1');
      expect(error.message).toContain('[hidden]');
    },
  );

  it('sends its calls where the newest token says, and that token to no other host', async () => {
    const moved = await serve(
      new Hono().all('*', (c) => c.json({ path: c.req.path, token: c.req.header('authorization') })),
    );
    let domain = moved.url;
    answer = () => json({ access_token: `access-${seen.length}`, api_domain: domain, expires_in: 3600 });
    const vault = { database, secretKeys: ['a-secret-key-of-this-installation'] as const };
    const auth: Auth = {
      kind: 'oauth',
      tokenUrl: `${served.url}/token`,
      client: { id: 'client' },
      grant: { kind: 'client_credentials' },
      baseUrl: { field: 'api_domain', hosts: [], path: '/api/v2' },
    };
    const endpoint = endpointOf(
      { headers: {}, auth, baseUrl: 'https://api.vendor.example' },
      systemClock,
      vault,
    );
    const { json: said } = await endpoint.api('manual').request({ path: '/persons' });
    expect(said).toEqual({ path: '/api/v2/persons', token: 'Bearer access-1' });
    await moved.close();
    domain = 'https://elsewhere.example';
    const other = endpointOf(
      { headers: {}, auth, baseUrl: 'https://api.vendor.example' },
      systemClock,
      vault,
    );
    await expect(other.api('manual').request({ path: '/persons' })).rejects.toThrow(
      /api_domain names elsewhere\.example, which is not a host of the vendor/,
    );
  });

  it('asks the connector first what a refusal means, and not where it is an answer', async () => {
    const errorFor = () => new TransientError('locked', { retryAfterMs: 5 });
    answer = () => json({}, 423);
    expect(await failure({ path: '/a' }, { errorFor })).toMatchObject({ message: 'locked', retryAfterMs: 5 });
    const response = await endpointOf({ errorFor })
      .api('manual')
      .request({ path: '/a', answers: [423] });
    expect(response.status).toBe(423);
  });

  it('follows no redirect, and names where it leads', async () => {
    answer = () =>
      new Response(null, { status: 302, headers: { location: 'https://eu1.example.com/login?to=1' } });
    const error = await failure({ path: '/a' });
    expect(error).toMatchObject({ name: 'TransientError', foreign: true });
    expect(error.message).toBe(
      'hubspot answered 302, a redirect to eu1.example.com, which is not followed. Is the base URL right?',
    );
    expect(seen).toHaveLength(1);
  });

  it('does not believe a success that is no JSON', async () => {
    answer = () => new Response('{"half":', { headers: { 'content-type': 'application/json' } });
    expect(await failure({ method: 'POST', path: '/a', json: {} })).toMatchObject({ uncertain: true });
    answer = () => new Response('<html>', { headers: { 'content-type': 'text/html' } });
    expect(await failure({ method: 'POST', path: '/a', json: {} })).toMatchObject({ uncertain: true });
  });

  it('knows that nothing was sent where no connection was made', async () => {
    const port = await new Promise<number>((resolve) => {
      const probe = createServer().listen(0, '127.0.0.1', () => {
        const { port: free } = probe.address() as { port: number };
        probe.close(() => resolve(free));
      });
    });
    for (const baseUrl of [`http://127.0.0.1:${port}`, 'http://nowhere.invalid']) {
      const error = await failure({ method: 'POST', path: '/a', json: {} }, { baseUrl });
      expect(error).toBeInstanceOf(UnsentError);
      expect(error).toMatchObject({ name: 'TransientError', uncertain: false, status: undefined });
      expect(error.message).toMatch(/^hubspot cannot be reached: .+/);
    }
  });

  it('takes credentials that no header may hold for wrong credentials', async () => {
    const headers = { authorization: `Bearer ${secret}\n` };
    expect(await failure({ path: '/a' }, { headers })).toBeInstanceOf(UnauthorizedError);
  });

  describe('whose vendor falls silent', () => {
    let silent: Server;
    let sockets: Socket[];
    let arrived: () => void;
    let baseUrl: string;

    beforeAll(async () => {
      sockets = [];
      silent = createServer((socket) => {
        sockets.push(socket);
        socket.on('error', () => {});
        socket.on('data', () => arrived());
      });
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      baseUrl = `http://127.0.0.1:${(silent.address() as { port: number }).port}`;
    });
    afterAll(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });

    async function sentRequest(method: 'GET' | 'PUT', signal?: AbortSignal) {
      const clock = new ManualClock(0);
      const endpoint = endpointOf({ baseUrl }, clock);
      const { promise, resolve } = Promise.withResolvers<void>();
      arrived = resolve;
      const request = { method, path: '/a', timeoutSeconds: 10 };
      const outcome = endpoint
        .api('manual', { signal })
        .request(request)
        .catch((error) => error);
      await promise;
      return { clock, outcome, endpoint };
    }

    it('gives up after the timeout, not knowing what a write did', async () => {
      const { clock, outcome, endpoint } = await sentRequest('PUT');
      await clock.advance(9_999);
      expect(endpoint.calls().total).toBe(0);
      await clock.advance(1);
      expect(await outcome).toMatchObject({ message: 'hubspot did not answer in time', uncertain: true });
      expect(endpoint.calls()).toEqual({ total: 1, byStatus: { failed: 1 } });
    });

    it('gives up after the timeout also in the middle of a body', async () => {
      const { clock, outcome } = await sentRequest('GET');
      sockets.at(-1)?.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{');
      await clock.advance(10_000);
      expect(await outcome).toMatchObject({ message: 'hubspot did not answer in time', uncertain: false });
    });

    it.each([
      ['PUT', true],
      ['GET', false],
    ] as const)('takes a cut %s for uncertain: %s', async (method, uncertain) => {
      const { outcome } = await sentRequest(method);
      sockets.at(-1)?.destroy();
      const error = await outcome;
      expect(error).toMatchObject({ name: 'TransientError', uncertain, status: undefined });
      expect(error).not.toBeInstanceOf(UnsentError);
      expect(error.message).toMatch(/^hubspot cut the connection: /);
    });

    it('stops when told to', async () => {
      const stop = new AbortController();
      const { outcome } = await sentRequest('PUT', stop.signal);
      stop.abort();
      expect(await outcome).toMatchObject({ message: 'stopped', uncertain: true });
    });
  });

  it('sends nothing when it is told to stop while a long body is written', async () => {
    const stop = new AbortController();
    const toJSON = () => {
      stop.abort();
      return { source_id: '0' };
    };
    const others = Array.from({ length: 2_000 }, (_, index) => ({ source_id: String(index + 1) }));
    const json = [{ toJSON }, ...others] as unknown as Json;
    const request = endpointOf()
      .api('manual', { signal: stop.signal })
      .request({ method: 'POST', path: '/a', json });
    const error = await request.catch((error) => error);
    expect(error).toBeInstanceOf(UnsentError);
    expect(error).toMatchObject({ message: 'stopped', uncertain: false });
    expect(seen).toEqual([]);
  });

  it('feeds what responses say of quotas to the budget', async () => {
    answer = () => json({}, 200, { 'x-remaining': '0' });
    const quotas = [{ name: 'burst', requests: 100, seconds: 10 }];
    const readQuotas: ApiDescription['readQuotas'] = (response, _request, now) =>
      response.headers['x-remaining'] === '0' ? [{ quota: 'burst', exhaustedUntil: now + 600_000 }] : [];
    const api = endpointOf({ quotas, readQuotas }).api('manual');
    await api.request({ path: '/a' });
    await expect(api.request({ path: '/a' })).rejects.toMatchObject({ quota: 'burst', uncertain: false });
    expect(seen).toHaveLength(1);
  });

  it('opens no more connections than it may, and lets the better lane have the next', async () => {
    const gates: (() => void)[] = [];
    answer = async () => {
      await new Promise<void>((resolve) => gates.push(resolve));
      return json({});
    };
    const description = { baseUrl: served.url, headers: {}, account: randomUUID(), quotas: [] };
    const budgets = new Budgets({ database, clock: systemClock, holder: randomUUID() });
    const endpoint = new Endpoint({
      name: 'x',
      description,
      budget: budgets.account(description.account, []),
      clock: systemClock,
      log: createLog({ level: 'silent' }),
      maxConnections: 1,
    });
    const order: string[] = [];
    const call = (lane: 'backfill' | 'webhook', path: string) =>
      endpoint
        .api(lane)
        .request({ path })
        .then(() => order.push(path));
    const all = [call('backfill', '/first'), call('backfill', '/second'), call('webhook', '/third')];
    for (let done = 0; done < 3; done += 1) {
      while (!gates.length) await new Promise(setImmediate);
      expect(gates).toHaveLength(1);
      gates.pop()?.();
      while (order.length <= done) await new Promise(setImmediate);
    }
    await Promise.all(all);
    expect(order).toEqual(['/first', '/third', '/second']);
    await endpoint.close();
  });

  it('names an invalid base URL', () => {
    expect(() => endpointOf({ baseUrl: 'api.example.com' })).toThrow(
      'The base URL of hubspot must begin with',
    );
  });

  it('keeps the beginning of its last calls for a while, without credentials and without those that are discreet', async () => {
    const clock = new ManualClock(Date.parse('2026-03-01T12:00:00Z'));
    const endpoint = endpointOf({}, clock);
    const link = 'https://files.example.com/a.csv';
    answer = async (request) =>
      request.url.includes('bad')
        ? json({ message: `The token ${secret} cannot do this` }, 403)
        : json({
            echo: secret,
            url: `${link}?X-Signature=abc`,
            access_token: 'abc.def',
            name: 'Ann'.repeat(900),
          });
    await endpoint.api('manual').request({
      path: '/people',
      method: 'POST',
      query: { key: secret, page: 2 },
      json: { name: 'Anna', password: 'hunter2', big: 'x'.repeat(100_000) },
    });
    await expect(endpoint.api('schedule').request({ path: '/bad' })).rejects.toThrow();
    await endpoint.api('manual', { discreet: true }).request({ path: '/people/anna', method: 'DELETE' });
    const [failed, created, ...others] = endpoint.recentCalls.list(clock.now());
    expect(others).toEqual([]);
    expect(failed).toMatchObject({ method: 'GET', path: '/bad', status: 403, lane: 'schedule', sent: null });
    expect(endpoint.recentCalls.list(clock.now(), { onlyFailed: true })).toEqual([failed]);
    expect(created).toMatchObject({
      method: 'POST',
      path: '/people?key=[hidden]&page=2',
      status: 200,
      failure: null,
    });
    expect(created!.sent).toMatch(/^\{"name":"Anna","password":"\[hidden\]","big":"x+ …$/);
    expect(created!.sent!.length).toBeLessThan(2_010);
    expect(created!.answered).toMatch(
      `{"echo":"[hidden]","url":"${link}?[hidden]","access_token":"[hidden]","name":"AnnAnn`,
    );
    const all = JSON.stringify(endpoint.recentCalls.list(clock.now()));
    for (const word of [secret, 'hunter2', 'X-Signature', 'abc.def']) expect(all).not.toContain(word);
    // However many calls there are, those that failed stay.
    for (let call = 0; call < 30; call += 1)
      await endpoint.api('manual').request({ path: `/people/${call}` });
    expect(endpoint.recentCalls.list(clock.now()).map(({ path }) => path)).toEqual(
      Array.from({ length: 25 }, (_, index) => `/people/${29 - index}`),
    );
    expect(endpoint.recentCalls.list(clock.now(), { onlyFailed: true })).toEqual([failed]);
    await served.close();
    await expect(endpoint.api('manual').request({ path: '/gone' })).rejects.toThrow();
    expect(endpoint.recentCalls.list(clock.now())[0]).toMatchObject({
      status: null,
      failure: expect.stringMatching(/^hubspot (cannot be reached|cut the connection)/),
    });
    expect(endpoint.recentCalls.list(clock.now() + 16 * 60_000)).toEqual([]);
    endpoint.recentCalls.clear();
    expect(endpoint.recentCalls.list(clock.now(), { onlyFailed: true })).toEqual([]);
  });
});
