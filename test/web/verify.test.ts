// Verifications over HTTP: held against the OpenAPI document.
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { behaviour } from '../support/databases.ts';
import { until } from '../support/sync-world.ts';
import { type Call, caller, expectProblem } from './calls.ts';
import { apiToken, openWorld, type World } from './world.ts';

describe.each(behaviour)('verifications on $name', ({ open }) => {
  let world: World;
  let call: Call;

  beforeEach(async () => {
    world = await openWorld(await open());
    call = await caller(world);
    world.truth.people = Array.from({ length: 12 }, (_, index) => ({
      id: `${index}`,
      changedAt: 1_000,
      body: { name: `N${index}`, email: `e${index}@example.org`, plan: 'gold' },
    }));
    await world.tributary.start();
    await call('POST', '/api/sources/crm/sync', { json: { mode: 'full' } });
    await until(() => world.tributary.isAtRest());
  });

  afterEach(() => world.close());

  it('takes a request without a body for one of all customers, and can show it afterwards', async () => {
    const { body } = await call('POST', '/api/verify');
    expect(body).toMatchObject({
      request: { sample: null, heal: false, sources: null, contents: 'sample' },
      report: { mode: 'full' },
    });
    expect((await call('GET', '/api/verifications')).body.verifications).toEqual([body]);
  });

  it('answers a small one with its report, and shows it in the list and by its ID', async () => {
    world.truth.taken.set('3', {
      source_id: '3',
      name: 'Other',
      email: 'e3@example.org',
      'metadata.plan': 'gold',
    });
    world.truth.taken.delete('4');
    const { status, body } = await call('POST', '/api/verify', { json: { sample: 100 } });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      state: 'finished',
      request: { sample: 100, heal: false, by: 'person' },
      report: {
        matching: 10,
        differing: {
          count: 1,
          examples: [{ sourceId: '3', fields: { name: { expected: 'N3', found: 'Other' } } }],
        },
        missing: { count: 1, examples: [{ sourceId: '4' }] },
        summary: '1 customer differs (name 1); 1 customer is missing',
      },
    });
    // Without a secret key there is none to sign with.
    expect(body.signed).toBeNull();
    expect((await call('GET', '/.well-known/tributary-receipt-keys.json')).body).toEqual({ keys: [] });
    expect((await call('GET', '/api/verifications')).body).toEqual({
      verifications: [body],
      nextCursor: null,
    });
    expect((await call('GET', `/api/verifications/${body.id}`)).body).toEqual(body);
    expect((await call('GET', '/api/verifications/chain')).body).toEqual({
      holds: true,
      length: 1,
      head: body.hash,
      broken: null,
    });
    expectProblem(await call('GET', '/api/verifications/99'), 404, {
      detail: 'There is no verification 99.',
    });
  });

  it('compares the vendors of sources too, and lists every record that differs page by page', async () => {
    for (const person of world.truth.people.slice(0, 3)) person.body = { ...person.body, plan: 'silver' };
    world.truth.people[3]!.changedAt = 2_000;
    world.truth.people[3]!.body = { name: 'Changed' };
    expect((await call('GET', '/api/verifications/forecast?source=crm')).body).toEqual({
      streams: [{ source: 'crm', stream: 'people', by: 'pages', records: 12, calls: null }],
    });
    const { status, body } = await call('POST', '/api/verify', { json: { sample: 1, sources: ['crm'] } });
    expect(status).toBe(200);
    expect(body.request).toMatchObject({ sources: ['crm'], contents: 'sample' });
    expect(body.report.summary).toMatch(/^4 records differ from the vendor; /);
    expect(body.report.streams).toMatchObject([
      {
        source: 'crm',
        state: 'proven',
        listed: { count: 12, matched: 8, found: 4 },
        notListed: { count: 0 },
        findings: [
          { kind: 'stale', count: 1, examples: [{ recordId: '3' }] },
          { kind: 'content', count: 3, examples: [{ recordId: '0', properties: ['plan'] }, {}, {}] },
        ],
      },
    ]);
    const path = `/api/verifications/${body.id}/findings`;
    const first = (await call('GET', `${path}?limit=3`)).body;
    expect(first.findings).toMatchObject([
      {
        source: 'crm',
        stream: 'people',
        recordId: '0',
        sourceId: '0',
        kind: 'content',
        properties: ['plan'],
      },
      { recordId: '1' },
      { recordId: '2' },
    ]);
    const second = (await call('GET', `${path}?limit=3&cursor=${first.nextCursor}`)).body;
    expect(second).toMatchObject({ findings: [{ recordId: '3', kind: 'stale' }], nextCursor: null });
    expect((await call('GET', `${path}?kind=stale`)).body.findings).toHaveLength(1);
    expectProblem(await call('POST', '/api/verify', { json: { sources: ['crn'] } }), 400, {
      detail: expect.stringContaining('Did you mean crm?'),
    });
  });

  it('is cancelled once', async () => {
    await world.tributary.drain();
    const { body } = await call('POST', '/api/verify', { json: { sources: 'all' } });
    expect(body.request.sources).toEqual(['crm', 'files']);
    const path = `/api/verifications/${body.id}/cancel`;
    expect((await call('POST', path)).body).toMatchObject({ state: 'failed', error: 'It was cancelled.' });
    expectProblem(await call('POST', path), 409, {
      detail: `Verification ${body.id} has already ended: failed.`,
    });
  });

  it('says where to look for one that takes longer, and refuses another meanwhile', async () => {
    // Nobody works: it stays where it is.
    await world.tributary.drain();
    const { status, headers, body } = await call('POST', '/api/verify', { json: {} });
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`/api/verifications/${body.id}`);
    expect(body).toMatchObject({ state: 'requested', request: { sample: null } });
    expectProblem(await call('POST', '/api/verify', { json: { sample: 5 } }), 409, {
      detail: `Verification ${body.id} is running: see /api/verifications/${body.id}, and retry when it has ended.`,
    });
  });

  it('says why one failed', async () => {
    const { body } = await call('POST', '/api/verify', { json: { full: true } });
    expect(body).toMatchObject({
      state: 'failed',
      error: 'This destination cannot be read back as a whole: verify a sample of it.',
      hash: null,
    });
  });

  it('heals, and never twice', async () => {
    world.truth.taken.delete('4');
    const { body } = await call('POST', '/api/verify', { json: { sample: 100, heal: true } });
    expect(body.report.healed).toBe(1);
    await until(() => world.truth.taken.has('4'));
    await until(() => world.tributary.isAtRest());
    expect(world.truth.taken.get('4')).toMatchObject({ name: 'N4', email: 'e4@example.org' });
    expect(
      (await call('POST', '/api/verify', { json: { sample: 100, heal: true } })).body.report,
    ).toMatchObject({
      healed: 0,
      matching: 12,
    });
    expect(await world.database.rows(sql`select 1 from drifts`)).toEqual([]);
  });

  it('refuses what cannot be meant', async () => {
    for (const json of [
      { sample: 0 },
      { sample: 10_001 },
      { sample: 5, full: true },
      { full: false },
      { all: true },
    ])
      expect((await call('POST', '/api/verify', { json })).status).toBe(400);
  });

  it('is shown on the page', async () => {
    const login = await world.app.request('/login', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
      body: `token=${apiToken}`,
    });
    const cookie = login.headers.get('set-cookie')!.split(';')[0]!;
    const page = async (path = '/') => {
      const html = await (await world.app.request(path, { headers: { cookie } })).text();
      return html.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');
    };
    expect(await page()).toContain('The destination has not been read back yet.');
    await call('POST', '/api/verify', { json: { sample: 100 } });
    expect(await page()).toMatch(/matches 12 customers: all match #1 · .* · 0 calls/);
    world.truth.people[5]!.body = { name: 'N5', email: 'e5@example.org', plan: '<b>silver</b>' };
    await call('POST', '/api/verify', { json: { sample: 100, sources: 'all' } });
    const shown = await page('/verification/2');
    expect(shown).toMatch(/crm people differs 12 records, 11 match, 1 differ; 0 calls \(full pages\)/);
    expect(shown).toMatch(/1 of the same time with other contents .* Record Customer What differs 5 5 plan/);
    expect(shown).toMatch(/files .* not proven .* Its first reading has not ended yet/);
    expect(await page('/verification')).toMatch(/#2 a sample of 100, 2 sources · by a person differs/);
    expect(await page()).toContain('1 record differed from its vendor at the last verification.');
  });
});
