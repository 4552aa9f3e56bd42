// What the pages do beyond showing: who may open them, forms that are answered by a page, and what a viewer never sees.
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sections } from '../../src/web/pages/sections.ts';
import { behaviour } from '../support/databases.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { type Call, caller } from './calls.ts';
import { deliverAll, noon, takeIn } from './seed.ts';
import { apiToken, openWorld, type World } from './world.ts';

/** What no viewer may see of the people of this test. */
const personal = ['Wilhelmina', 'Oosterhuis', 'wilhelmina@', 'perhaps-gold', 'Barnaby', 'barnaby@'];

describe('the pages', () => {
  let world: World;
  let call: Call;
  const cookies: { [role: string]: string } = {};

  beforeAll(async () => {
    world = await openWorld(await behaviour[0].open(), {
      clock: new ManualClock(noon),
      secretKey: 'a-secret-key-for-the-test',
    });
    call = await caller(world);
    const body = { name: 'Wilhelmina Oosterhuis', email: 'wilhelmina@example.com', plan: 'perhaps-gold' };
    await takeIn(world, [
      { id: 'w-1', body },
      { id: 'b-2', body: { name: 'Barnaby', email: 'barnaby@example.com' } },
      { id: 'c-3', body: { name: 'Barnaby', email: 'barnaby@ is none' } },
    ]);
    await deliverAll(world, { 'b-2': 'The e-mail address barnaby@example.com of "Barnaby" is taken.' });
    await world.tributary.request({ source: 'crm', mode: 'full', trigger: 'manual', lane: 'manual' });
    for (const role of ['viewer', 'operator', 'admin']) {
      const { body: made } = await call('POST', '/api/tokens', { json: { name: `the ${role}`, role } });
      cookies[role] = await logIn(made.token);
    }
  });
  afterAll(() => world.close());

  async function logIn(token: string): Promise<string> {
    const response = await post('/login', { token });
    expect(response.status).toBe(303);
    return response.headers.get('set-cookie')!.split(';')[0]!;
  }

  async function post(
    path: string,
    form: { [field: string]: string },
    headers: { [name: string]: string } = {},
  ) {
    return world.app.request(path, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'same-origin', ...headers },
      body: new URLSearchParams(form),
    });
  }
  const get = (role: string, path: string) =>
    world.app.request(path, { headers: { cookie: cookies[role]! } });
  const read = (path: string, accept: string) =>
    world.app.request(path, { headers: { cookie: cookies['viewer']!, accept } });

  it('say at the login where a token is found', async () => {
    const login = await (await world.app.request('/login')).text();
    expect(textOf(login)).toContain('the file api-token in the data folder holds it');
  });

  it('are answered before everything was counted after a start, and say that it is being counted', async () => {
    const fresh = await openWorld(await behaviour[0].open(), { firstLookMs: 1 });
    const entered = await fresh.app.request('/login', {
      method: 'POST',
      headers: { 'sec-fetch-site': 'same-origin' },
      body: new URLSearchParams({ token: apiToken }),
    });
    const [cookie = ''] = entered.headers.get('set-cookie')!.split(';');
    const look = async (path: string) => {
      const answer = await fresh.app.request(path, { headers: { cookie } });
      return { status: answer.status, text: await answer.text() };
    };
    const first = await look('/sources');
    expect(first.status).toBe(200);
    expect(first.text).toContain('<div id="counting">');
    // It stands in the frame of all pages, in its section, and follows by itself.
    expect(first.text).toContain('href="/sources" aria-current="page"');
    expect(first.text).toContain('data-every="1"');
    await vi.waitFor(async () => expect((await look('/sources')).text).toContain('Source crm'), {
      timeout: 30_000,
      interval: 200,
    });
    expect((await look('/')).text).not.toContain('id="counting"');
    await fresh.close();
  });

  it('answer a browser with a page, and a program with a problem, where nothing has the address', async () => {
    const page = await read('/verifications', 'text/html,application/xhtml+xml,*/*;q=0.8');
    expect(page.status).toBe(404);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    const text = await page.text();
    expect(textOf(text)).toContain('No page has this address.');
    // It is in no section: none is marked, and none is named above it.
    expect(text).not.toContain('aria-current="page"');
    expect(text).toContain('<nav class="crumbs" aria-label="Where you are"><b>Nothing is here</b></nav>');
    const problem = await read('/verifications', 'application/json');
    expect(await problem.json()).toMatchObject({
      status: 404,
      detail: expect.stringContaining('/openapi.json'),
    });
    expect((await read('/api/nothing', 'text/html')).headers.get('content-type')).toContain('json');
  });

  const textOf = (page: string) => page.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');

  const below = [
    '/sources/crm',
    '/runs/1',
    '/runs/1?records=true',
    '/customers?q=wilh',
    '/customers?q=barnaby',
    '/customers?state=dead',
    '/customers?state=delivered',
    '/customers/w-1',
    '/customers/w-1?field=email',
    '/customers/b-2',
    '/problems?show=letters',
    '/problems?show=quarantine',
    '/problems?show=holds',
    '/problems?show=drift',
    '/problems?show=letters&text=taken',
    '/mapping?source=crm',
    '/spend?range=7d',
  ];

  it('show a viewer nothing personal, wherever they look', async () => {
    const seen: string[] = [];
    for (const path of [...sections.flat().map((one) => one.path), ...below]) {
      const forViewer = await (await get('viewer', path)).text();
      // What was sought for stands in its field.
      const rest = forViewer.replace(/value="(wilh|barnaby)"/, '');
      for (const word of personal) expect(rest, `${path} shows ${word}`).not.toContain(word);
      const forAdmin = await (await get('admin', path)).text();
      if (personal.some((word) => forAdmin.includes(word))) seen.push(path);
    }
    // Else nothing would have been masked.
    expect(seen).toEqual(
      expect.arrayContaining([
        '/customers',
        '/customers/w-1',
        '/customers/b-2',
        '/problems',
        '/problems?show=quarantine',
      ]),
    );
  });

  it('of admins are neither linked nor opened for others', async () => {
    for (const role of ['viewer', 'operator']) {
      expect(await (await get(role, '/')).text()).not.toContain('href="/audit"');
      for (const path of ['/audit', '/access']) {
        const refused = await get(role, path);
        expect(refused.status).toBe(403);
        expect(textOf(await refused.text())).toContain('This page requires the role admin.');
      }
    }
    expect((await get('admin', '/audit')).status).toBe(200);
  });

  it('make a token that is shown once, for an admin who asks from the page itself', async () => {
    const form = { name: 'anna', role: 'viewer', days: '7' };
    expect((await post('/access', form, { cookie: cookies['operator']! })).status).toBe(403);
    const foreign = { cookie: cookies['admin']!, 'sec-fetch-site': 'cross-site' };
    expect((await post('/access', form, foreign)).status).toBe(403);
    expect((await post('/access', form)).headers.get('location')).toMatch(/^\/login/);
    const made = await (await post('/access', form, { cookie: cookies['admin']! })).text();
    const [token] = /trb_[\w-]{43}/.exec(made)!;
    expect((await call('GET', '/api/status', { token })).status).toBe(200);
    expect(await (await get('admin', '/access')).text()).not.toContain('trb_');
    const again = textOf(await (await post('/access', form, { cookie: cookies['admin']! })).text());
    expect(again).toContain('There is a token called anna.');
    const bad = textOf(
      await (await post('/access', { ...form, name: '<b>' }, { cookie: cookies['admin']! })).text(),
    );
    expect(bad).toContain('The token cannot be made: name:');
    expect(textOf(await (await get('admin', '/audit?by=the+admin')).text())).toMatch(
      /POST \/api\/tokens anna, viewer the admin/,
    );
  });

  it('show the receipt of an erasure, which names nobody', async () => {
    await takeIn(world, [{ id: 'gone-9', body: { name: 'Zacharias' } }]);
    expect((await call('DELETE', '/api/customers/gone-9', { json: {} })).status).toBe(202);
    const page = textOf(await (await get('admin', '/audit/erasures')).text());
    expect(page).toMatch(/customer erased 1 row/);
    expect(page).not.toMatch(/gone-9|Zacharias/);
    expect((await get('operator', '/audit/erasures')).status).toBe(403);
    expect((await get('admin', '/customers/gone-9')).status).toBe(404);
  });

  it('preview a mapping that is pasted, and say what is wrong with one', async () => {
    const preview = async (mapping: string, role = 'operator') =>
      post('/mapping', { source: 'crm', mapping }, { cookie: cookies[role]! });
    expect((await preview('{}', 'viewer')).status).toBe(403);
    const shown = textOf(await (await preview('{ "name": "name" }')).text());
    expect(shown).toContain('What it would do');
    expect(shown).toMatch(/email 0 0 0 2/);
    expect(textOf(await (await preview('{ "name": ')).text())).toContain('The mapping is not a JSON object');
    expect(textOf(await (await preview('{ "nmae": "name" }')).text())).toContain('mapping.crm');
    // Nothing of it is in force.
    expect(textOf(await (await get('operator', '/mapping')).text())).toContain('metadata.plan');
  });

  it('say what an address means that leads nowhere, with its status', async () => {
    const said = async (path: string) => {
      const answer = await get('admin', path);
      return `${answer.status} ${textOf(await answer.text())}`;
    };
    expect(await said('/runs/77')).toMatch(/^404 .*There is no run 77\./);
    expect(await said('/runs/x')).toMatch(/^404 .*There is no run x\./);
    expect(await said('/runs?state=lost')).toMatch(/^400 .*state/);
    expect(await said('/runs?source=crn')).toMatch(/^400 .*Did you mean crm\?/);
    expect(await said('/customers/nobody')).toMatch(/^404 .*No customer has the source ID nobody\./);
    expect(await said('/sources/nowhere')).toMatch(/^404 .*No source is called nowhere\./);
    expect(await said('/inbox/5')).toMatch(/^404 .*The inbox has no request 5\./);
    expect(await said('/verification/5')).toMatch(/^404 .*There is no verification 5\./);
  });

  it('lead from every number of the funnel to its customers', async () => {
    const root = await logIn(apiToken);
    await world.database.rows(sql`
      insert into read_counts (source, received, changed, unchanged, superseded, filtered, rejected)
      values ('crm', 15, 5, 4, 3, 2, 1)`);
    const page = await (await world.app.request('/', { headers: { cookie: root } })).text();
    expect(textOf(page)).toContain(
      '15 received = 5 changed + 4 unchanged + 3 superseded + 2 filtered + 1 rejected',
    );
    expect(page).toContain('<a href="/problems?show=letters">1 rejected</a>');
    for (const [state, count] of [
      ['delivered', 2],
      ['dead', 1],
      ['waiting', 0],
      ['held', 0],
    ] as const) {
      expect(page).toContain(`href="/customers?state=${state}"`);
      const list = await (await get('admin', `/customers?state=${state}`)).text();
      expect(list.match(/<tr class="link"/g)?.length ?? 0).toBe(count);
    }
  });

  it('page through a list by its keys, forth and back', async () => {
    const first = await (await get('admin', '/customers?limit=2')).text();
    const [, next] = /href="([^"]+)" rel="next"/.exec(first)!;
    expect(next).toMatch(/^\/customers\?cursor=[\w-]+$/);
    const second = await (await get('admin', `${next!.replaceAll('&amp;', '&')}&limit=2`)).text();
    expect(textOf(second)).toContain('Wilhelmina Oosterhuis');
    expect(second).not.toContain('rel="next"');
    expect(textOf(second)).toContain('Back to the beginning');
  });
});
