import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { pause, resume } from '../../src/tables/pauses.ts';
import { serveApp } from '../../src/web/server.ts';
import { behaviour } from '../support/databases.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { empty, noon, takeIn } from './seed.ts';
import { apiToken, openWorld, type World } from './world.ts';

describe('a page that is looked at', () => {
  let database: Database;
  let world: World;
  let clock: ManualClock;
  /** Statements that the database was asked for, and those that it has not answered yet. */
  let statements = 0;
  let waiting = 0;

  beforeAll(async () => {
    database = await behaviour[0].open();
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    await empty(database);
    clock = new ManualClock(noon + 10_000);
    const counted: Database = {
      ...database,
      rows: (statement) => {
        statements += 1;
        waiting += 1;
        return database.rows<never>(statement).finally(() => {
          waiting -= 1;
        });
      },
      close: async () => {},
    };
    world = await openWorld(counted, { clock });
    return () => world.close();
  });

  const logIn = async (token = apiToken, { app } = world) => {
    const response = await app.request('/login', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
      body: `token=${token}`,
    });
    return response.headers.get('set-cookie')!.split(';')[0]!;
  };
  const makeToken = async (name: string, role: string) => {
    const response = await world.app.request('/api/tokens', {
      method: 'POST',
      headers: { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name, role }),
    });
    return ((await response.json()) as { token: string }).token;
  };

  /** Opens a stream; `events` holds what it has sent so far. */
  const look = async (cookie: string, path = '/') => {
    const response = await world.app.request(path, { headers: { cookie, accept: 'text/event-stream' } });
    const events: { event: string; data: string | null }[] = [];
    const stream = { response, events, isEnded: false, leave: async () => {} };
    if (response.status !== 200) return stream;
    const reader = response.body!.getReader();
    const decoder = new TextDecoder();
    let text = '';
    void (async () => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        text += decoder.decode(value, { stream: true });
        const blocks = text.split('\n\n');
        text = blocks.pop()!;
        for (const block of blocks) {
          const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
          if (event) events.push({ event, data: JSON.parse(data!) as string | null });
        }
      }
      stream.isEnded = true;
    })();
    stream.leave = () => reader.cancel();
    return stream;
  };
  const pagesOf = ({ events }: { events: { event: string; data: string | null }[] }) =>
    events.filter(({ event }) => event === 'page').map(({ data }) => data!);
  /** So much time passes, and whatever begins in a second ends in it. */
  const pass = async (milliseconds: number) => {
    for (let left = milliseconds; left > 0; left -= 1_000) {
      await clock.advance(Math.min(left, 1_000));
      while (waiting > 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await clock.advance(0);
  };
  /** Statements while so much time passes. */
  const cost = async (milliseconds: number) => {
    const before = statements;
    await pass(milliseconds);
    return statements - before;
  };

  it('is sent when it was opened and when it changed, not while it stays the same', async () => {
    const stream = await look(await logIn());
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    await pass(2_000);
    expect(pagesOf(stream)).toHaveLength(1);
    await pass(120_000);
    expect(pagesOf(stream)).toHaveLength(1);
    await takeIn(world, [{ id: 'a' }]);
    // Nobody told of it: it is looked for, though not each second.
    await pass(15_000);
    expect(pagesOf(stream).at(-1)).toContain('1 waiting');
    await stream.leave();
  });

  it('is sent a second after a change that this server knows of', async () => {
    const cookie = await logIn();
    const stream = await look(cookie);
    await pass(60_000);
    const post = (path: string, body: object) =>
      world.app.request(path, {
        method: 'POST',
        headers: { cookie, 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
        body: JSON.stringify(body),
      });
    await post('/api/sources/crm/pause', { reason: 'a test of a person' });
    await pass(1_000);
    expect(pagesOf(stream).at(-1)).toContain('a test of a person');
    // However much happens, once a second.
    const before = pagesOf(stream).length;
    for (let turn = 0; turn < 20; turn += 1) {
      await (turn % 2
        ? pause(database, 'crm', { cause: 'person', reason: `turn ${turn}` }, noon)
        : resume(database, 'crm'));
      world.tributary.wake();
      await pass(100);
    }
    expect(pagesOf(stream).length - before).toBeLessThanOrEqual(3);
    await stream.leave();
  });

  it('costs the database nothing when nobody looks at it any more', async () => {
    const stream = await look(await logIn());
    expect(await cost(60_000)).toBeGreaterThan(20);
    await stream.leave();
    await pass(1_000);
    world.tributary.wake();
    expect(await cost(600_000)).toBe(0);
  });

  it('is read once for all who see the same, and little while nothing changes', async () => {
    const [one, other] = [await logIn(), await logIn()];
    const first = await look(one);
    await pass(60_000);
    const alone = await cost(120_000);
    // It was read more than once a second when the browser asked for it.
    expect(alone).toBeLessThan(300);
    const second = await look(other);
    await pass(60_000);
    expect(await cost(120_000)).toBeLessThanOrEqual(alone + 2);
    expect(pagesOf(second)).toHaveLength(1);
    await Promise.all([first.leave(), second.leave()]);
  });

  it('is masked for viewers, and names nobody who looks', async () => {
    await takeIn(world, [{ id: 'a', body: { name: 'Anna Kowalska', email: 'anna@example.com' } }]);
    const [vera, olga] = [await makeToken('vera', 'viewer'), await makeToken('olga', 'operator')];
    const masked = await look(await logIn(vera), '/customers/a');
    const open = await look(await logIn(olga), '/customers/a');
    await pass(2_000);
    expect(pagesOf(masked)[0]).toContain('•••');
    expect(pagesOf(masked)[0]).not.toMatch(/Anna|anna@/);
    expect(pagesOf(open)[0]).toContain('Anna Kowalska');
    for (const [page] of [pagesOf(masked), pagesOf(open)]) expect(page).not.toMatch(/vera|olga/);
    const refused = await look(await logIn(vera), '/audit');
    await pass(2_000);
    expect(pagesOf(refused)[0]).toContain('has the role viewer');
    expect(refused.events.at(-1)).toEqual({ event: 'end', data: 'still' });
    await Promise.all([masked.leave(), open.leave()]);
  });

  it('ends with the session, and with its token', async () => {
    const token = await makeToken('otto', 'operator');
    const [mine, copied] = [await logIn(), await logIn(token)];
    const [first, second] = [await look(mine), await look(copied, '/runs')];
    await world.app.request('/logout', {
      method: 'POST',
      headers: { cookie: mine, 'sec-fetch-site': 'same-origin' },
    });
    await pass(1_000);
    expect(first.events.at(-1)).toEqual({ event: 'end', data: 'login' });
    await vi.waitFor(() => expect([first.isEnded, second.isEnded]).toEqual([true, false]));
    const revoked = await world.app.request('/api/tokens/otto', {
      method: 'DELETE',
      headers: { authorization: `Bearer ${apiToken}` },
    });
    expect(revoked.status).toBe(200);
    await vi.waitFor(async () => {
      await pass(1_000);
      expect(second.isEnded).toBe(true);
    });
    expect((await look(mine)).response.status).toBe(401);
  });

  it('is streamed to four windows of a session, to others on request only', async () => {
    const cookie = await logIn();
    const streams = [];
    for (let window = 0; window < 4; window += 1) streams.push(await look(cookie));
    const fifth = await look(cookie);
    expect(fifth.response.status).toBe(429);
    const elsewhere = await look(await logIn());
    expect(elsewhere.response.status).toBe(200);
    await streams[0]!.leave();
    const sixth = await look(cookie);
    expect(sixth.response.status).toBe(200);
    await Promise.all([...streams.slice(1), elsewhere, sixth].map((stream) => stream.leave()));
  });

  it('says something every 15 seconds, and what is wrong when it cannot be read', async () => {
    const stream = await look(await logIn(), '/runs');
    await pass(61_000);
    expect(stream.events.filter(({ event }) => event === 'beat').length).toBeGreaterThanOrEqual(2);
    const { rows } = world.tributary.database;
    world.tributary.database.rows = () => new Promise(() => {});
    world.tributary.wake();
    await clock.advance(7_000);
    expect(stream.events.at(-1)).toMatchObject({
      event: 'trouble',
      data: /^The database has not answered since/,
    });
    world.tributary.database.rows = rows;
    await stream.leave();
  });

  it('ends at once when the server stops', async () => {
    const served = await serveApp(world.app, { host: '127.0.0.1', port: 0 });
    const response = await fetch(served.url, {
      headers: { cookie: await logIn(), accept: 'text/event-stream' },
    });
    const text = response.text();
    const begun = performance.now();
    await served.close();
    expect(await text).toMatch(/^retry: 3000\n\nevent: hello\n[\s\S]*event: end\ndata: "stop"\n\n$/);
    expect(performance.now() - begun).toBeLessThan(600);
  });
});
