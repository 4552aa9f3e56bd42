import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkConfig } from '../../src/config.ts';
import type { Json } from '../../src/connector.ts';
import type { Database } from '../../src/db/database.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { noteCoverage } from '../../src/tables/coverage.ts';
import { keepDeadLetters, listDeadLetters } from '../../src/tables/dead-letters.ts';
import { keepDrifts } from '../../src/tables/drifts.ts';
import { touch } from '../../src/tables/touches.ts';
import { behaviour } from '../support/databases.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { type Call, caller as callerOf, expectProblem } from './calls.ts';
import { caller, type Pushed, pusher, pushSources, secret, signatureOf, signed } from './pushers.ts';
import { empty, noon } from './seed.ts';
import { apiToken, openWorld, type World } from './world.ts';

const odd = { event: 'e-odd', id: 'o1', kind: 'odd', name: 'Odd' };

const anna = { event: 'e-1', id: 'a1', name: 'Anna', email: 'anna@example.com' };

const noise = { event: 'e-noise', kind: 'noise' };

describe.each(behaviour)('what a person sees of webhooks on $name', ({ open }) => {
  let database: Database;
  let world: World;
  let call: Call;
  let clock: ManualClock;
  let pushed: Pushed;

  const enter = async (options: object = {}) => {
    world = await openWorld(
      { ...database, close: async () => {} },
      { clock, sources: pushSources, connectors: [pusher(pushed), caller(pushed)], ...options },
    );
    call = await callerOf(world);
  };

  beforeAll(async () => {
    database = await open();
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    await empty(database);
    await database.rows(sql`truncate inbox, item_keys, touches, coverage, drifts restart identity`);
    clock = new ManualClock(noon);
    pushed = { knowsOdd: false, refusesReads: false };
    await enter();
  });
  afterEach(() => world.close());

  const push = async (events: Json[]) => {
    const response = await world.app.request('/webhooks/shop', signed(events));
    expect(response.status).toBe(200);
  };
  const openAll = async () => {
    while ((await world.tributary.opener.step(new AbortController().signal)).again);
  };
  const customers = async () =>
    (await call('GET', '/api/customers')).body.customers.map((one: { sourceId: string }) => one.sourceId);
  const ids = async (query: string) =>
    (await call('GET', `/api/inbox${query}`)).body.requests.map(({ id }: { id: number }) => id);

  describe('the inbox', () => {
    it('lists what was kept with what became of it, and shows one whole without its credentials', async () => {
      await push([anna, noise, odd]);
      expect((await call('GET', '/api/inbox')).body.requests).toMatchObject([
        { id: 1, source: 'shop', state: 'waiting', counts: null, receivedAt: '2026-03-01T12:00:00.000Z' },
      ]);
      await openAll();
      const { body } = await call('GET', '/api/inbox/1');
      const message = 'An odd event cannot be read yet.';
      expect(body.faults).toEqual([{ item: 3, code: 'odd', message }]);
      expect((await call('GET', '/api/inbox')).body.requests).toMatchObject([{ error: message }]);
      expect(body).toMatchObject({
        state: 'opened',
        method: 'POST',
        counts: { items: 3, taken: 1, ignored: 1, unreadable: 1, received: 1, changed: 1 },
      });
      expect(body.body).toEqual({
        encoding: 'utf8',
        content: JSON.stringify({ tenant: '7', events: [anna, noise, odd] }),
      });
      expect(body.bytes).toBe(body.body.content.length);
      const withToken = JSON.stringify({ tenant: '7', events: [noise] });
      await world.app.request('/webhooks/shop?a=b', {
        method: 'POST',
        headers: { 'x-token': secret },
        body: withToken,
      });
      const masked = (await call('GET', '/api/inbox/2')).body;
      expect(masked).toMatchObject({ headers: { 'x-token': '[hidden]' }, query: { a: 'b' } });
      expect(JSON.stringify(masked)).not.toContain(secret);
    });

    it('shows a body that is not UTF-8 as base64', async () => {
      const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x41]);
      await world.tributary.inbox.keep({
        source: 'shop',
        receivedAt: noon,
        method: 'POST',
        query: {},
        headers: {},
        body: bytes,
      });
      expect((await call('GET', '/api/inbox/1')).body).toMatchObject({
        bytes: 4,
        body: { encoding: 'base64', content: bytes.toString('base64') },
      });
    });

    it('is narrowed by source, state, faults and time, and paged through', async () => {
      await push([anna]);
      await clock.advance(60_000);
      await push([odd]);
      await world.app.request(`/webhooks/calls/${secret}`, { method: 'POST', body: 'no JSON' });
      await openAll();
      await push([noise]);
      expect(await ids('')).toEqual([4, 3, 2, 1]);
      expect(await ids('?source=calls')).toEqual([3]);
      expect(await ids('?state=waiting')).toEqual([4]);
      expect(await ids('?state=dead')).toEqual([3]);
      expect(await ids('?rejected=true')).toEqual([3, 2]);
      expect(await ids('?rejected=false')).toEqual([4, 3, 2, 1]);
      expect(await ids('?since=2026-03-01T12:00:30Z')).toEqual([4, 3, 2]);
      expect(await ids('?until=2026-03-01T13:00:30%2B01:00')).toEqual([1]);
      const { body } = await call('GET', '/api/inbox?limit=3');
      expect(body.nextCursor).toBe('2');
      expect(await ids(`?limit=3&cursor=${body.nextCursor}`)).toEqual([1]);
      expectProblem(await call('GET', '/api/inbox?state=lost'), 400);
      expectProblem(await call('GET', '/api/inbox?since=yesterday'), 400);
    });

    it('opens one request again, and on a dry run takes that back', async () => {
      await push([anna, odd]);
      await openAll();
      pushed.knowsOdd = true;
      const would = await call('POST', '/api/inbox/1/replay', { json: { dryRun: true } });
      expect(would.body).toMatchObject({ id: 1, result: 'opened', error: null });
      expect(would.body.counts).toMatchObject({
        items: 2,
        taken: 2,
        changed: 1,
        unchanged: 1,
        unreadable: 0,
      });
      expect(await customers()).toEqual(['a1']);
      expect((await call('GET', '/api/inbox/1')).body.counts.unreadable).toBe(1);
      expect(await listDeadLetters(database, {}, { limit: 9 })).toHaveLength(1);

      const done = await call('POST', '/api/inbox/1/replay');
      expect(done.body).toEqual(would.body);
      expect(await customers()).toEqual(['a1', 'o1']);
      expect((await call('GET', '/api/inbox/1')).body.counts.unreadable).toBe(0);
      expect(await listDeadLetters(database, {}, { limit: 9 })).toEqual([]);
    });

    it('opens again what fits, and counts what became of it', async () => {
      await push([anna]);
      await push([odd]);
      await push([{ ...odd, event: 'e-odd-2', id: 'o2' }]);
      await world.app.request(`/webhooks/calls/${secret}`, { method: 'POST', body: 'no JSON' });
      await openAll();
      const rejected = await call('POST', '/api/inbox/replay', { json: { rejected: true, dryRun: true } });
      expect(rejected.body).toMatchObject({
        dryRun: true,
        requests: 3,
        opened: 0,
        rejected: 2,
        dead: 1,
        failed: 0,
        counts: { items: 2, unreadable: 2 },
        cannot: [],
        nextCursor: null,
      });
      expect(rejected.body.results.map(({ id }: { id: number }) => id).toSorted()).toEqual([2, 3, 4]);
      pushed.knowsOdd = true;
      const shop = await call('POST', '/api/inbox/replay', { json: { source: 'shop', rejected: true } });
      expect(shop.body).toMatchObject({ requests: 2, opened: 2, counts: { changed: 2 } });
      expect(await customers()).toEqual(['a1', 'o1', 'o2']);
      const all = await call('POST', '/api/inbox/replay', { json: { all: true } });
      expect(all.body).toMatchObject({
        requests: 4,
        opened: 3,
        dead: 1,
        counts: { unchanged: 3, changed: 0 },
      });
      // What has faults is told of before the rest.
      expect(all.body.results[0]).toMatchObject({ id: 4, result: 'dead' });
    });

    it('says which requests cannot be opened again, and why', async () => {
      await push([anna]);
      await push([{ ...anna, event: 'e-2' }]);
      await openAll();
      await database.rows(sql`update inbox set body = ''::bytea where id = 1`);
      await database.rows(sql`update inbox set source = 'gone' where id = 2`);
      expectProblem(await call('POST', '/api/inbox/1/replay'), 409, {
        detail: 'Request 1 cannot be opened again: its body is no longer stored.',
      });
      expectProblem(await call('POST', '/api/inbox/2/replay'), 409, {
        detail: 'Request 2 cannot be opened again: gone no longer accepts webhooks.',
      });
      expectProblem(await call('POST', '/api/inbox/3/replay'), 404);
      expectProblem(await call('GET', '/api/inbox/3'), 404);
      const { body } = await call('POST', '/api/inbox/replay', { json: { ids: [1, 2, 3, 3] } });
      expect(body.requests).toBe(0);
      expect(body.cannot).toEqual([
        { reason: 'their source no longer accepts webhooks', requests: 1, ids: [2] },
        expect.objectContaining({ requests: 2, ids: [1, 3] }),
      ]);
    });

    it.each([
      [{}, 'all'],
      [{ dryRun: true }, 'all'],
      [{ rejected: false }, 'all'],
      [{ all: true, source: 'shop' }, 'all'],
      [{ ids: [1], rejected: true }, 'ids'],
      [{ all: true, faulty: true }, 'faulty'],
      [{ ids: [] }, 'ids'],
      [{ state: 'lost' }, 'state'],
    ])('is not opened again by %j', async (json, path) => {
      const answer = await call('POST', '/api/inbox/replay', { json });
      expectProblem(answer, 400, { type: 'urn:tributary:problem:bad-input' });
      expect(answer.body.faults).toEqual([expect.objectContaining({ path })]);
    });

    it('is opened again call by call where more fits than one call takes', async () => {
      await database.rows(sql`
        insert into inbox (source, received_at, method, query, headers, body, due_at)
        select 'shop', to_timestamp(${noon / 1000}), 'POST', '{}', '{}',
               convert_to('{"tenant":"7","events":[{"event":"n' || number || '","kind":"noise"}]}', 'UTF8'), to_timestamp(${noon / 1000})
        from generate_series(1, 1050) as number`);
      const first = await call('POST', '/api/inbox/replay', { json: { source: 'shop' } });
      expect(first.body).toMatchObject({
        requests: 1000,
        opened: 1000,
        nextCursor: '1000',
        counts: { ignored: 1000 },
      });
      expect(first.body.results).toHaveLength(50);
      const rest = await call('POST', '/api/inbox/replay', { json: { source: 'shop', cursor: '1000' } });
      expect(rest.body).toMatchObject({ requests: 50, nextCursor: null });
    });
  });

  describe('dead letters', () => {
    it('about the inbox open their request again, once however many they are', async () => {
      await push([odd, { ...odd, event: 'e-odd-2', id: 'o2' }]);
      await openAll();
      const still = await call('POST', '/api/dead-letters/retry', { json: { kind: 'inbox' } });
      expect(still.body).toMatchObject({ requests: { replayed: 1, rejected: 1 }, cannot: [] });
      expect(await listDeadLetters(database, {}, { limit: 9 })).toHaveLength(2);
      pushed.knowsOdd = true;
      const [letter] = await listDeadLetters(database, {}, { limit: 1 });
      const done = await call('POST', '/api/dead-letters/retry', { json: { ids: [letter!.id] } });
      expect(done.body).toMatchObject({ requests: { replayed: 1, rejected: 0 } });
      expect(await customers()).toEqual(['o1', 'o2']);
      expect(await listDeadLetters(database, {}, { limit: 9 })).toEqual([]);
    });

    it('about records that could not be read have them read again', async () => {
      const letter = {
        kind: 'record',
        source: 'calls',
        stream: 'people',
        code: 'unread',
        message: 'x',
      } as const;
      await keepDeadLetters(
        database,
        [
          { ...letter, ref: 'r1', detail: { touchedAt: noon } },
          { ...letter, ref: 'r2', detail: {} },
          { ...letter, source: 'shop', ref: 'r3', detail: { touchedAt: noon } },
          { ...letter, kind: 'inbox', ref: '9', detail: { request: 9 } },
        ],
        noon,
      );
      const { body } = await call('POST', '/api/dead-letters/retry', { json: {} });
      expect(body).toMatchObject({ touched: 1, requests: { replayed: 0 } });
      expect(body.cannot.map(({ reason }: { reason: string }) => reason).toSorted()).toEqual(
        [
          'this row never became a record: correct it in the file and import that again',
          'shop cannot read single records any more',
          'the body of the request is kept no more',
        ].toSorted(),
      );
      expect((await call('GET', '/api/status')).body.sources).toContainEqual(
        expect.objectContaining({ name: 'calls', webhook: expect.objectContaining({ toRead: 1 }) }),
      );
      // For those who wait until all is read: but nobody waits for what is paused.
      const toRead = async () => (await call('GET', '/api/deliveries')).body.toRead;
      expect(await toRead()).toBe(1);
      await call('POST', '/api/sources/calls/pause');
      expect(await toRead()).toBe(0);
    });
  });

  describe('the webhook of a source', () => {
    it('is described in words, with the address and headers to set and without any secret', async () => {
      await world.close();
      await enter({ config: { publicUrl: 'https://sync.example.com/in/' } });
      await push([anna]);
      await world.app.request('/webhooks/shop', { method: 'POST', body: '{}' });
      const { body } = await call('GET', '/api/sources/shop/webhook');
      expect(body).toMatchObject({
        connector: 'pusher',
        url: 'https://sync.example.com/in/webhooks/shop',
        isPublic: true,
        configured: true,
        missing: null,
        authentication: [
          'header X-Signature: hex HMAC-SHA1 of the body, key = the secret of your settings',
          'header X-Token: the secret of your settings',
        ],
        checks: ['The field tenant of the body must be 7.'],
        headers: [
          { name: 'Content-Type', value: 'application/json' },
          { name: 'X-Tenant', value: '7' },
        ],
        recipe: { where: 'Flow → Webhook', method: 'POST', headers: [{ name: 'X-Tenant', value: '7' }] },
        notes: ['Choose "all events".'],
        limits: { maxBodyBytes: 1_048_576, requestsPerSecond: 1000, keepDays: 14, retryHorizonSeconds: 3600 },
        waiting: 1,
        refusals: [{ status: 401, count: 1, lastAt: '2026-03-01T12:00:00.000Z' }],
      });
      expect(body.handshake).toHaveLength(2);
      expect(body.refusals[0].reason).toMatch(/the header X-Signature is missing/);
      const calls = (await call('GET', '/api/sources/calls/webhook')).body;
      expect(calls.headers).toEqual([]);
      expect(calls.url).toBe('https://sync.example.com/in/webhooks/calls/{secret}');
      expect(JSON.stringify([body, calls])).not.toContain(secret);
    });

    it('says what is missing, and that a source takes none', async () => {
      const { body } = await call('GET', '/api/sources/mute/webhook');
      expect(body).toMatchObject({
        configured: false,
        missing: 'Set "secret" to the one on the page of the app.',
        authentication: [],
        url: 'http://localhost/webhooks/mute',
        isPublic: false,
      });
      expectProblem(await call('GET', '/api/sources/crm/webhook'), 404, {
        detail: 'crm accepts no webhooks: people pushes nothing.',
      });
      expectProblem(await call('GET', '/api/sources/destination/webhook'), 404, {
        detail: 'destination accepts no webhooks: memory pushes nothing.',
      });
      expectProblem(await call('POST', '/api/sources/nosuch/webhook/test'), 404);
    });

    it('is tried with its sample, the whole way in', async () => {
      await world.close();
      await enter({ clock: systemClock, config: { publicUrl: 'https://sync.example.com/in' } });
      await world.tributary.start();
      const { body } = await call('POST', '/api/sources/shop/webhook/test');
      expect(body).toMatchObject({
        sent: true,
        reason: null,
        url: 'https://sync.example.com/in/webhooks/shop',
        status: 200,
        answer: '{}',
        request: { id: 1, state: 'opened', counts: { items: 1, ignored: 1, unreadable: 0 } },
      });
      expect(JSON.stringify(body)).not.toContain(secret);
      expect(JSON.stringify(body)).not.toContain(signatureOf(''));
      // The second time it is a repeat, and its own request is told of.
      expect((await call('POST', '/api/sources/shop/webhook/test')).body.request).toMatchObject({
        id: 2,
        counts: { items: 1, duplicates: 1 },
      });
    });

    it('is not tried where it is not configured or has no sample', async () => {
      expect((await call('POST', '/api/sources/mute/webhook/test')).body).toMatchObject({
        sent: false,
        reason: 'Set "secret" to the one on the page of the app.',
        request: null,
      });
      expect((await call('POST', '/api/sources/calls/webhook/test')).body).toMatchObject({
        sent: false,
        reason: "caller has no sample: send one from the vendor's website.",
      });
      expect(await ids('')).toEqual([]);
    });
  });

  describe('the status', () => {
    it('says of each source how its webhooks stand, and how much has drifted', async () => {
      await push([anna]);
      await clock.advance(5_000);
      await touch(
        database,
        'calls',
        [{ stream: 'people', recordId: 'r1', changedAt: noon, gone: null }],
        clock.now(),
      );
      const now = clock.now();
      await noteCoverage(
        database,
        { source: 'calls', channel: 'webhook', now },
        Array.from({ length: 3 }, () => now - 150),
      );
      await noteCoverage(database, { source: 'calls', channel: 'poll', now }, [now - 60_000]);
      const drift = { fields: {}, by: 'webhook' };
      await keepDrifts(
        database,
        [
          { ...drift, sourceId: 'a', kind: 'differs' },
          { ...drift, sourceId: 'b', kind: 'differs' },
          { ...drift, sourceId: 'c', kind: 'deleted' },
        ],
        now,
      );
      const { body } = await call('GET', '/api/status');
      const of = (name: string) => body.sources.find((one: { name: string }) => one.name === name);
      expect(of('crm')).toMatchObject({ pulls: true, webhook: null });
      expect(of('shop')).toMatchObject({
        pulls: false,
        webhook: {
          configured: true,
          waiting: 1,
          oldestWaitingAt: '2026-03-01T12:00:00.000Z',
          dead: 0,
          coverage: null,
        },
      });
      expect(of('calls')).toMatchObject({ pulls: true, webhook: { toRead: 1 } });
      expect(of('calls').webhook.coverage).toMatchObject({
        share: 0.75,
        webhook: { changes: 3 },
        poll: { changes: 1 },
      });
      expect(of('calls').webhook.coverage.webhook.p99Seconds).toBeLessThanOrEqual(0.2);
      expect(body.destination.webhook).toBeNull();
      expect(body.drifts).toEqual([
        { kind: 'deleted', count: 1 },
        { kind: 'differs', count: 2 },
      ]);
      const first = await call('GET', '/api/drifts?limit=2');
      expect(first.body).toMatchObject({ drifts: [{ sourceId: 'a' }, { sourceId: 'b' }] });
      const rest = await call('GET', `/api/drifts?limit=2&cursor=${first.body.nextCursor}`);
      expect(rest.body).toMatchObject({ drifts: [{ sourceId: 'c', kind: 'deleted' }], nextCursor: null });
    });

    it('forgets refusals after a day', async () => {
      await world.app.request('/webhooks/shop', { method: 'POST', body: '{}' });
      const refusals = async () =>
        (await call('GET', '/api/sources/shop/webhook')).body.refusals.map(
          ({ count }: { count: number }) => count,
        );
      expect(await refusals()).toEqual([1]);
      await clock.advance(86_400_001);
      expect(await refusals()).toEqual([]);
    });
  });

  describe('a source that only pushes', () => {
    it.each(['incremental', 'full', 'records'])('is not synced in the mode %s', async (mode) => {
      const json = mode === 'records' ? { mode, recordIds: ['1'] } : { mode };
      const answer = await call('POST', '/api/sources/shop/sync', { json });
      expectProblem(answer, 400, { type: 'urn:tributary:problem:bad-input' });
      expect(answer.body.faults).toMatchObject([{ path: 'mode' }]);
    });

    it('has no schedule', () => {
      const raw = {
        destination: { connector: 'memory' },
        sources: { shop: { connector: 'pusher', schedule: '*/5 * * * *' } },
      };
      expect(() => checkConfig('a test', raw, {}, [pusher(pushed)])).toThrow(
        /sources\.shop\.schedule.*pusher only sends webhooks, so there is nothing to pull/s,
      );
    });

    it('offers no sync on the page, which shows how its webhooks stand and what has faults', async () => {
      await push([odd]);
      await openAll();
      await world.app.request('/webhooks/shop', { method: 'POST', body: '{}' });
      const login = await world.app.request('/login', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
        body: `token=${apiToken}`,
      });
      const cookie = login.headers.get('set-cookie')!.split(';')[0]!;
      const read = async (path: string) => (await world.app.request(path, { headers: { cookie } })).text();
      const page = `${await read('/')} ${await read('/inbox')}`;
      expect(page).not.toContain('data-post="/api/sources/shop/sync"');
      expect(page).not.toContain('data-post="/api/sources/shop/pause"');
      expect(page).toContain('data-post="/api/sources/crm/sync"');
      expect(page).toContain('data-post="/api/inbox/1/replay"');
      const text = page.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');
      expect(text).toContain('pusher · only pushes');
      expect(text).toContain('Set &quot;secret&quot; to the one on the page of the app.');
      expect(text).toMatch(/1 request refused , the last just now : .* the header X-Signature is missing/);
      expect(text).toContain('An odd event cannot be read yet.');
    });
  });
});
