import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { keepDeadLetters } from '../../src/tables/dead-letters.ts';
import { pause } from '../../src/tables/pauses.ts';
import { behaviour } from '../support/databases.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { deliverAll, empty, noon, takeIn } from './seed.ts';
import { apiToken, openWorld, type World } from './world.ts';

describe('the page', () => {
  let database: Database;
  let world: World;
  let cookie: string;

  beforeAll(async () => {
    database = await behaviour[0].open();
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    await empty(database);
    world = await openWorld(
      { ...database, close: async () => {} },
      { clock: new ManualClock(noon + 10_000) },
    );
    const response = await world.app.request('/login', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
      body: `token=${apiToken}`,
    });
    cookie = response.headers.get('set-cookie')!.split(';')[0]!;
    return () => world.close();
  });

  const open = async (path = '/') => (await world.app.request(path, { headers: { cookie } })).text();
  const textOf = (page: string) => page.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');

  it('says what is to be done where there is nothing yet', async () => {
    const text = textOf(await open());
    expect(text).toContain('There are no customers yet. They appear after the first sync.');
    expect(text).toContain('Nothing has run yet.');
    expect(textOf(await open('/problems'))).toContain('No problems Every record became part of a customer');
  });

  it('says that no source is configured', async () => {
    const bare = await openWorld({ ...database, close: async () => {} }, { sources: {} });
    const response = await bare.app.request('/login', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
      body: `token=${apiToken}`,
    });
    const page = await bare.app.request('/', {
      headers: { cookie: response.headers.get('set-cookie')!.split(';')[0]! },
    });
    expect(textOf(await page.text())).toContain('No source is configured yet.');
    await bare.close();
  });

  it('shows what is delivered, what waits and what is dead', async () => {
    await takeIn(world, [{ id: 'a' }, { id: 'b' }]);
    await deliverAll(world, { b: 'No such plan' });
    expect(textOf(await open())).toContain('1 dead letter waits until something changes.');
    await takeIn(world, [{ id: 'c' }], noon + 8_000);
    const text = textOf(await open());
    // The worst first: what waits goes on by itself.
    expect(text).toMatch(
      /1 dead letter waits until something changes\..* See why or run tributary problems dead-letters/,
    );
    expect(text).toContain('3 customers');
    expect(text).toMatch(/1 delivered.* 1 waiting.* 1 dead/);
  });

  it('says the same headline as the API, and never "in step" before a verification', async () => {
    const headline = async () => {
      const response = await world.app.request('/api/status', { headers: { cookie } });
      return ((await response.json()) as { headline: { state: string; sentence: string } }).headline;
    };
    await takeIn(world, [{ id: 'a' }]);
    expect(await headline()).toEqual({
      state: 'behind',
      sentence: '1 customer waits for delivery to memory, the oldest for 10 s.',
      next: 'tributary status',
    });
    await deliverAll(world);
    expect(await headline()).toEqual({
      state: 'unverified',
      sentence: 'Everything is delivered to memory; not verified yet.',
      next: 'tributary verify',
    });
    expect(textOf(await open())).toContain((await headline()).sentence);
    await database.rows(sql`
      insert into drifts (source_id, kind, fields, "by", found_at)
      values ('a', 'differs', '{"email": {}}', 'verification 1', now())`);
    expect((await headline()).sentence).toBe('1 customer at memory differs from what it acknowledged.');
    await database.rows(sql`delete from drifts`);
    await world.tributary.request({ source: 'crm', mode: 'full', trigger: 'manual', lane: 'manual' });
    expect((await headline()).sentence).toBe('crm is being read; nothing waits for delivery.');
    await database.rows(sql`update runs set error = 'It answered 503'`);
    expect((await headline()).sentence).toBe('crm cannot be read: It answered 503.');
  });

  it('draws a pause and offers to resume', async () => {
    await pause(database, 'crm', { cause: 'unauthorized', reason: 'crm refuses the token' }, noon);
    await pause(database, 'destination', { cause: 'person', reason: 'a migration' }, noon);
    const page = await open();
    expect(textOf(page)).toContain('The credentials of crm are refused: crm refuses the token.');
    expect(textOf(page)).toContain('a migration');
    expect(page).toContain('data-post="/api/sources/crm/resume"');
    expect(page).toContain('data-post="/api/destination/resume"');
    expect(page).not.toContain('data-post="/api/sources/crm/sync"');
  });

  it('shows counts of a run that balance', async () => {
    await world.tributary.request({ source: 'crm', mode: 'full', trigger: 'manual', lane: 'backfill' });
    await database.rows(
      sql`update runs set state = 'finished', started_at = now(), ended_at = now(), received = 1500, changed = 1000, unchanged = 300, superseded = 100, filtered = 60, rejected = 40, customers = 900`,
    );
    const text = textOf(await open());
    expect(text).toContain('1,500 1,000 300 100 60 40 900 finished');
    expect(await open()).toContain(
      'aria-label="Run 1: 1,000 changed, 300 unchanged, 100 superseded, 60 filtered, 40 rejected"',
    );
  });

  it('escapes every name and word that others chose', async () => {
    const hostile = `"><script>alert('x')</script><img src=x onerror=alert(1)>`;
    await takeIn(world, [{ id: hostile, body: { name: hostile, email: 'a@example.com', plan: hostile } }]);
    await deliverAll(world, { [hostile]: hostile });
    await keepDeadLetters(
      database,
      [
        {
          kind: 'record',
          source: 'crm',
          stream: hostile,
          ref: hostile,
          code: hostile,
          message: hostile,
          detail: { raw: hostile },
        },
      ],
      noon,
    );
    await pause(database, 'crm', { cause: 'person', reason: hostile }, noon);
    await world.tributary.request({ source: hostile, mode: 'full', trigger: 'manual', lane: 'manual' });
    for (const page of [
      await open(),
      await open('/customers'),
      await open(`/customers/${encodeURIComponent(hostile)}`),
      await open(`/customers/${encodeURIComponent(hostile)}?field=name`),
      await open(`/customers?q=${encodeURIComponent(`${hostile}?`)}`),
      await open('/problems?show=letters'),
      await open('/runs'),
      await open('/runs/1'),
      await open('/sources/crm'),
    ]) {
      expect(page).toContain('&lt;script&gt;alert');
      expect(page).not.toContain('<script>alert');
      expect(page).not.toContain('<img');
      expect(page.match(/<script/g)).toHaveLength(1);
      // Attributes are closed by nobody but us.
      expect(page).not.toContain(`="${hostile.slice(0, 4)}`);
    }
  });

  it('has no script or style of its own in it', async () => {
    const page = await open();
    expect(page).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:/);
    for (const [, url] of page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) {
      const response = await world.app.request(url!);
      expect(response.status).toBe(200);
      expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      const again = await world.app.request(url!.split('?')[0]!, {
        headers: { 'if-none-match': response.headers.get('etag')! },
      });
      expect(again.status).toBe(304);
      expect(again.headers.get('cache-control')).toBe('no-cache');
    }
  });

  it('finds a customer by source ID or e-mail, and names those to choose from otherwise', async () => {
    await takeIn(world, [
      { id: 'a/1', body: { name: 'Anna Kowalska', email: 'anna@example.com' } },
      { id: 'a/2', body: { name: 'Anna Nowak' } },
    ]);
    await deliverAll(world);
    const found = async (query: string) =>
      (
        await world.app.request(`/customers?q=${encodeURIComponent(query)}`, { headers: { cookie } })
      ).headers.get('location');
    expect(await found('a/1')).toBe('/customers/a%2F1');
    expect(await found('Anna@example.com')).toBe('/customers/a%2F1');
    const one = textOf(await open('/customers/a%2F1'));
    expect(one).toContain('Anna Kowalska');
    expect(one).toMatch(/email anna@example.com crm old@example.com/);
    expect(one).toMatch(/Revision 1 wanted · revision 1 acknowledged 5 s ago/);
    expect(textOf(await open('/customers/a%2F1?field=email'))).toContain('Why email is so');
    expect(textOf(await open('/customers?q=anna'))).toMatch(/Anna Kowalska.*Anna Nowak/);
    expect(textOf(await open('/customers?q=name:Anna+Nowak'))).toContain('a/2');
    expect(textOf(await open('/customers?q=nobody'))).toContain(
      "No customer's source ID, e-mail, phone or name begins with nobody",
    );
  });

  it('searches the first 20,000 customers at once, and all of them when asked to', async () => {
    await database.rows(sql`
      insert into customers (source_id, revision, fields, created_at, updated_at)
      select 's' || lpad(number::text, 6, '0'), 1,
             jsonb_build_object('name', case when number in (5, 20005) then 'Anna Nowak' else 'Jan Kowal' end), now(), now()
      from generate_series(1, 20010) as number`);
    await database.rows(sql`
      insert into deliveries (source_id, revision, acknowledged, state, lane, delivered_at)
      select source_id, 1, 1, 'delivered', 3, now() from customers`);
    const few = textOf(await open('/customers?q=nowak'));
    expect(few).toContain('20,000 of 20,010 customers were searched. Search all');
    expect(few).toContain('s000005');
    expect(few).not.toContain('s020005');
    const all = textOf(await open('/customers?q=nowak&all=true'));
    expect(all).toMatch(/s000005.*s020005/);
    expect(all).not.toContain('were searched');
    expect(textOf(await open('/customers?q=nobody'))).toContain('Nobody was found so far');
    // Whoever fills a page needs no more.
    expect(textOf(await open('/customers?q=jan'))).not.toContain('were searched');
  });

  it('labels every button and input', async () => {
    await takeIn(world, [{ id: 'a' }]);
    const page = await open();
    for (const [, id] of page.matchAll(/<input id="([^"]+)"/g)) expect(page).toContain(`<label for="${id}"`);
    for (const [, label] of page.matchAll(/<button[^>]*>(.*?)<\/button>/gs))
      expect(label!.trim()).not.toBe('');
    for (const [, attributes] of page.matchAll(/<(?:progress|meter)([^>]*)>/g))
      expect(attributes).toContain('aria-label="');
    expect(page).toContain('<html lang="en">');
  });
});
