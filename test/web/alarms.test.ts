import { createHmac } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { Hono } from 'hono';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { serve } from '../../simulators/serve.ts';
import { createLog } from '../../src/engine/log/log.ts';
import { Alarms } from '../../src/web/alarms.ts';
import { behaviour } from '../support/databases.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { noon } from './seed.ts';
import { apiToken, openWorld, type World } from './world.ts';

const secret = `whsec_${Buffer.from('a secret of thirty-two bytes....').toString('base64')}`;

/** An endpoint that accepts alarms, unless it is told otherwise. */
function pager() {
  const received: { headers: { [name: string]: string }; text: string; body: Record<string, never> }[] = [];
  const answers: number[] = [];
  const app = new Hono().post('/:any', async (c) => {
    const text = await c.req.text();
    const status = answers.shift() ?? 204;
    if (status < 300) received.push({ headers: c.req.header(), text, body: JSON.parse(text) });
    return c.body(null, status as 204);
  });
  return { app, received, answers };
}

describe('alarms', () => {
  let world: World;
  let clock: ManualClock;
  let alarms: Alarms;
  let isGone = false;
  const { app, received, answers } = pager();
  let server: Awaited<ReturnType<typeof serve>>;
  beforeAll(async () => {
    server = await serve(app);
  });
  afterAll(() => server.close());

  beforeEach(async () => {
    received.length = 0;
    answers.length = 0;
    isGone = false;
    clock = new ManualClock(noon);
    const to = {
      oncall: { url: `${server.url}/oncall`, secret },
      chat: { url: `${server.url}/chat`, format: 'slack' },
    };
    world = await openWorld(await behaviour[0].open(), {
      clock,
      config: { alarms: { to, behindMinutes: 10 } },
    });
    alarms = open();
  });
  afterEach(() => world.close());

  /** As another worker would have them. */
  const open = () =>
    new Alarms({
      database: world.database,
      clock,
      log: createLog({ level: 'warn', write: (line) => void world.logged.push(line) }),
      alarms: world.tributary.config.alarms,
      ask: async (path, headers) =>
        isGone
          ? Response.json({ detail: 'The database has not answered since noon.' }, { status: 503 })
          : world.app.request(path, { headers: { ...headers, authorization: `Bearer ${apiToken}` } }),
    });
  /** So many seconds pass, and it is looked every ten of them. */
  const pass = async (seconds: number, ...all: Alarms[]) => {
    for (let passed = 0; passed < seconds; passed += 10) {
      for (const one of [alarms, ...all]) await one.step();
      await clock.advance(10_000);
    }
  };
  const standard = () => received.filter(({ text }) => !text.startsWith('{"text"')).map(({ body }) => body);
  const pause = () =>
    world.app.request('/api/destination/pause', {
      method: 'POST',
      headers: { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ reason: 'asked for by "Ann Smith" <ann@example.com>' }),
    });
  const resume = () =>
    world.app.request('/api/destination/resume', {
      method: 'POST',
      headers: { authorization: `Bearer ${apiToken}` },
    });

  it('are not raised on a quiet day', async () => {
    await pass(120);
    expect(received).toEqual([]);
  });

  it('are raised within a minute, once for all workers, and cleared when it is over', async () => {
    await pause();
    const other = open();
    await pass(60, other);
    expect(standard()).toMatchObject([{ type: 'alarm.raised', data: { state: 'paused' } }]);
    await resume();
    await pass(120, other);
    expect(standard()).toMatchObject([
      { type: 'alarm.raised' },
      { type: 'alarm.cleared', data: { state: 'paused' } },
    ]);
  });

  it('are not raised for what is over at once', async () => {
    await pause();
    await alarms.step();
    await resume();
    await pass(120);
    expect(received).toEqual([]);
  });

  it('are signed as Standard Webhooks, and hold nothing personal', async () => {
    await pause();
    await pass(30);
    const [{ headers, text }] = received.filter(({ headers }) => 'webhook-signature' in headers) as [
      (typeof received)[number],
    ];
    const key = Buffer.from(secret.slice(6), 'base64');
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${text}`;
    const expected = createHmac('sha256', key).update(signed).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${expected}`);
    expect(received).toHaveLength(2);
    for (const { text } of received) {
      expect(text).not.toContain('ann@');
      expect(text).not.toContain('Ann Smith');
    }
    const chat = received.find(({ text }) => text.startsWith('{"text"'))!;
    expect(chat.body['text']).toMatch(/^Tributary: Deliveries to memory are paused/);
  });

  it('come again with the same ID until they are accepted', async () => {
    await pause();
    answers.push(500, 500, 500);
    await pass(60);
    expect(received).toHaveLength(2);
    expect(world.logged.join('\n')).not.toContain(server.url);
  });

  it('tell that the database is gone, and that it is back', async () => {
    await pass(20);
    isGone = true;
    await pass(40);
    isGone = false;
    await pass(20);
    expect(standard()).toMatchObject([
      { type: 'alarm.raised', data: { state: 'database_unavailable', next: 'tributary doctor' } },
      { type: 'alarm.cleared', data: { state: 'database_unavailable' } },
    ]);
  });

  it('tell that a customer has waited for longer than it may', async () => {
    await world.database.rows(sql`
      insert into deliveries (source_id, revision, state, lane, due_at, waiting_since)
      values ('late', 1, 'waiting', 1, now(), to_timestamp(${(noon - 700_000) / 1000}))`);
    await pass(60);
    expect(standard()).toMatchObject([{ data: { state: 'behind' } }]);
  });
});
