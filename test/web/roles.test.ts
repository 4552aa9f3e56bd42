import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { behaviour } from '../support/databases.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { type Call, caller, expectProblem, type OpenApi } from './calls.ts';
import { deliverAll, noon, takeIn } from './seed.ts';
import { openWorld, type World } from './world.ts';

/** What no viewer may see of the people of this test. */
const personal = ['Wilhelmina', 'Oosterhuis', 'wilhelmina@', 'perhaps-gold', 'Barnaby', 'barnaby@'];

describe('a named token', () => {
  let world: World;
  let call: Call;
  let clock: ManualClock;
  let tokens: { [role: string]: string };

  beforeAll(async () => {
    clock = new ManualClock(noon);
    world = await openWorld(await behaviour[0].open(), { clock, secretKey: 'a-secret-key-for-the-test' });
    call = await caller(world);
    await takeIn(world, [
      {
        id: 'w-1',
        body: { name: 'Wilhelmina Oosterhuis', email: 'wilhelmina@example.com', plan: 'perhaps-gold' },
      },
      { id: 'b-2', body: { name: 'Barnaby', email: 'barnaby@example.com' } },
    ]);
    await deliverAll(world, { 'b-2': 'The e-mail address barnaby@example.com of "Barnaby" is taken.' });
    tokens = {};
    for (const role of ['viewer', 'operator', 'admin'])
      tokens[role] = (await call('POST', '/api/tokens', { json: { name: `the ${role}`, role } })).body.token;
  });
  afterAll(() => world.close());

  const as = (role: string, method: string, path: string, json?: unknown) =>
    call(method, path, { token: tokens[role]!, ...(json !== undefined && { json }) });
  const audit = async (query = '') => (await call('GET', `/api/audit${query}`)).body.entries;

  it('is shown once, and only a hash of it is kept', async () => {
    expect(tokens['viewer']).toMatch(/^trb_[\w-]{43}$/);
    const kept = await world.database.rows(sql`select * from api_tokens`);
    expect(JSON.stringify(kept)).not.toContain(tokens['viewer']!.slice(4));
    const listed = await call('GET', '/api/tokens');
    expect(listed.body.tokens.map(({ name }: { name: string }) => name)).toEqual([
      'the admin',
      'the operator',
      'the viewer',
    ]);
    expect(JSON.stringify(listed.body)).not.toContain('trb_');
    expect(world.logged.join('\n')).not.toContain('trb_');
  });

  it('has a name of its own', async () => {
    const twin = await call('POST', '/api/tokens', { json: { name: 'the viewer', role: 'admin' } });
    expectProblem(twin, 409);
    expectProblem(await call('POST', '/api/tokens', { json: { name: 'API token', role: 'viewer' } }), 409);
  });

  it('of a viewer is not raised by a request that asks for more, nor unmasked', async () => {
    for (const role of ['operator', 'admin']) {
      const headers = { 'tributary-role': role, 'tributary-mask': 'no' };
      const asked = (method: string, path: string) =>
        call(method, path, { token: tokens['viewer']!, headers });
      expectProblem(await asked('POST', '/api/destination/pause'), 403);
      expectProblem(await asked('GET', '/api/audit'), 403);
      expect(JSON.stringify((await asked('GET', '/api/customers/w-1')).body)).not.toContain('Wilhelmina');
    }
  });

  it('of a viewer reads lists to their end, though the place in them is the address of a person', async () => {
    await takeIn(
      world,
      ['x@example.com', 'y@example.com', 'z@example.com'].map((id) => ({ id })),
    );
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body } = await as('viewer', 'GET', `/api/customers?limit=1${cursor && `&cursor=${cursor}`}`);
      seen.push(body.customers[0].sourceId);
      if (body.nextCursor !== null)
        expect(Buffer.from(body.nextCursor, 'base64url').toString()).not.toContain('example.com');
      cursor = body.nextCursor;
    }
    expect(seen).toEqual(['b-2', 'w-1', '•••', '•••', '•••']);
    await world.database.rows(sql`delete from deliveries where source_id like '%@%'`);
    await world.database.rows(sql`delete from customers where source_id like '%@%'`);
  });

  it.each([
    ['viewer', 'GET', '/api/status', 200],
    ['viewer', 'POST', '/api/destination/pause', 403],
    ['viewer', 'GET', '/api/export', 403],
    ['viewer', 'GET', '/api/logs', 403],
    ['operator', 'GET', '/api/logs?level=warn', 200],
    ['viewer', 'GET', '/api/tokens', 403],
    ['operator', 'POST', '/api/destination/pause', 200],
    ['operator', 'POST', '/api/destination/resume', 200],
    ['operator', 'DELETE', '/api/customers/nobody', 403],
    ['operator', 'POST', '/api/sources/crm/withdraw', 403],
    ['operator', 'GET', '/api/audit', 403],
    ['admin', 'GET', '/api/audit', 200],
  ])('of a %s is answered at %s %s with %i', async (role, method, path, status) => {
    const answer = await as(role, method, path);
    if (status === 403) {
      expectProblem(answer, 403, { type: 'urn:tributary:problem:role' });
      expect(answer.body.detail).toMatch(
        new RegExp(`^The token the ${role} has the role ${role}\\. This requires the role `),
      );
    } else expect(answer.status).toBe(status);
  });

  it('of a viewer shows nothing personal, wherever it is asked', async () => {
    const document = (await (await world.app.request('/openapi.json')).json()) as OpenApi;
    const seen: string[] = [];
    for (const [path, operations] of Object.entries(document.paths)) {
      if (!('get' in operations) || path === '/api/export' || path === '/api/dead-letters/export') continue;
      const [one, two] = ['w-1', 'b-2'].map((id) =>
        path.replace('{sourceId}', id).replace('{source}', 'crm').replace('{id}', '1'),
      );
      for (const place of new Set([one!, two!])) {
        const body = async (token: string) =>
          (await world.app.request(place, { headers: { authorization: `Bearer ${token}` } })).text();
        const [forViewer, forOperator] = [await body(tokens['viewer']!), await body(tokens['operator']!)];
        for (const word of personal) expect(forViewer, `${place} shows ${word}`).not.toContain(word);
        if (personal.some((word) => forOperator.includes(word))) seen.push(place);
      }
    }
    // Else nothing would have been masked.
    expect(seen).toEqual(
      expect.arrayContaining(['/api/customers', '/api/customers/w-1', '/api/customers/w-1/explain']),
    );
    expect(seen.some((place) => place.startsWith('/api/dead-letters'))).toBe(true);
  });

  it('opens the page, which shows a viewer nothing personal and says who looks', async () => {
    const open = async (role: string) => {
      const cookie = await logIn(tokens[role]!);
      const pages = [
        '/',
        '/customers',
        '/customers?q=wilhelmina',
        '/customers/w-1?field=email',
        '/problems?show=letters',
      ];
      const read = async (path: string) => (await world.app.request(path, { headers: { cookie } })).text();
      return (await Promise.all(pages.map(read))).join('\n');
    };
    const [forViewer, forOperator] = [await open('viewer'), await open('operator')];
    expect(forViewer).toContain('the viewer <small>viewer</small>');
    expect(forViewer).toContain('data-role="viewer"');
    for (const word of personal) expect(forViewer).not.toContain(word);
    expect(forOperator).toContain('Wilhelmina');
  });

  it('leaves in the audit who did what, also what was refused, and not to whom once they are erased', async () => {
    await as('operator', 'PUT', '/api/customers/w-1/pins/phone', { value: null, note: 'wrong number' });
    await as('viewer', 'POST', '/api/sources/crm/sync', {});
    const [refused, pinned] = await audit('?limit=2');
    expect(refused).toMatchObject({
      by: 'the viewer',
      role: 'viewer',
      action: 'POST /api/sources/{source}/sync',
      targets: ['crm'],
      status: 403,
    });
    expect(pinned).toMatchObject({
      by: 'the operator',
      action: 'PUT /api/customers/{sourceId}/pins/{field}',
      targets: ['w-1', 'phone'],
      status: 200,
    });
    const erased = await as('admin', 'DELETE', '/api/customers/w-1');
    expect(erased.status).toBeLessThan(300);
    const all = await audit('?limit=200');
    expect(all[0]).toMatchObject({ action: 'DELETE /api/customers/{sourceId}', targets: [] });
    expect(JSON.stringify(all)).not.toContain('w-1');
  });

  it('leaves in the audit what a request named in its body, and none of its values', async () => {
    await call('POST', '/api/tokens', { json: { name: 'newcomer', role: 'viewer' } });
    const discard = { source: 'crm', text: 'Wilhelmina', reason: 'not needed' };
    await as('operator', 'POST', '/api/dead-letters/discard', discard);
    await as('operator', 'POST', '/api/sources/crm/sync', { mode: 'records', recordIds: ['w-1'] });
    expect((await audit('?limit=3')).map(({ targets }: { targets: string[] }) => targets)).toEqual([
      ['crm', 'records', 'w-1'],
      ['crm'],
      ['newcomer', 'viewer'],
    ]);
  });

  it('opens nothing any more once it is revoked or has expired, and its sessions end', async () => {
    const made = await call('POST', '/api/tokens', { json: { name: 'leaver', role: 'operator' } });
    const guest = await call('POST', '/api/tokens', { json: { name: 'guest', role: 'viewer', days: 1 } });
    const cookie = await logIn(made.body.token);
    const page = () => world.app.request('/', { headers: { cookie } });
    expect((await page()).status).toBe(200);
    expect((await call('DELETE', '/api/tokens/leaver')).status).toBe(200);
    expect((await page()).status).toBe(303);
    expectProblem(await call('GET', '/api/status', { token: made.body.token }), 401);
    expect((await call('GET', '/api/status', { token: guest.body.token })).status).toBe(200);
    // It was looked up a moment before, and is looked up anew only later.
    await clock.advance(86_400_000 - 1_000);
    expect((await call('GET', '/api/status', { token: guest.body.token })).status).toBe(200);
    await clock.advance(1_000);
    expectProblem(await call('GET', '/api/status', { token: guest.body.token }), 401);
    expectProblem(await call('DELETE', '/api/tokens/leaver'), 404);
  });

  it('that another worker made or revoked is known here within seconds', async () => {
    const other = await openSecond();
    const made = await other('POST', '/api/tokens', { json: { name: 'elsewhere', role: 'viewer' } });
    await clock.advance(1_000);
    expect((await call('GET', '/api/status', { token: made.body.token })).status).toBe(200);
    await other('DELETE', '/api/tokens/elsewhere');
    await clock.advance(5_000);
    expectProblem(await call('GET', '/api/status', { token: made.body.token }), 401);
  });

  it('that somebody guesses at is a line in the log and in the audit', async () => {
    for (let guess = 0; guess < 12; guess += 1)
      await world.app.request('/api/status', {
        headers: { authorization: `Bearer trb_${'x'.repeat(42)}${guess % 10}` },
      });
    await expect
      .poll(() => audit('?limit=200'))
      .toContainEqual(expect.objectContaining({ action: 'wrong tokens', status: 429 }));
    expect(world.logged.join('\n')).toContain('somebody may be guessing');
  });

  async function logIn(token: string): Promise<string> {
    const response = await world.app.request('http://tributary.example/login', {
      method: 'POST',
      headers: {
        host: 'tributary.example',
        origin: 'http://tributary.example',
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: `token=${encodeURIComponent(token)}`,
    });
    expect(response.status).toBe(303);
    return response.headers.get('set-cookie')!.split(';')[0]!;
  }

  /** A second web app on the same database, as another worker has one. */
  async function openSecond(): Promise<Call> {
    const { createApp } = await import('../../src/web/app.ts');
    const { apiToken } = await import('./world.ts');
    const app = createApp(world.tributary, { apiToken, version: '1.2.3', dataDir: world.dataDir });
    return caller({ ...world, app });
  }
});
