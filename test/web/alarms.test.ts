import { createHmac } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { Hono } from 'hono';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { serve } from '../../simulators/serve.ts';
import { createLog } from '../../src/engine/log/log.ts';
import { keepDeadLetters } from '../../src/tables/dead-letters.ts';
import { keepDrifts } from '../../src/tables/drifts.ts';
import { pause as pauseIn } from '../../src/tables/pauses.ts';
import { Alarms } from '../../src/web/alarms.ts';
import { behaviour } from '../support/databases.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { noon } from './seed.ts';
import { apiToken, openWorld, type World } from './world.ts';

const secret = `whsec_${Buffer.from('a secret of thirty-two bytes....').toString('base64')}`;

interface Told {
  type: string;
  data: { state: string; subject: string | null; sentence: string };
}

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

  it('tell 30 faults apart within a minute each, each once, and that each is over', async () => {
    const names = Array.from({ length: 22 }, (_, index) => `s${index + 1}`);
    const sources = Object.fromEntries(names.map((name) => [name, { connector: 'people' }]));
    const to = { oncall: { url: `${server.url}/oncall` } };
    const many = await openWorld(
      { ...world.database, close: async () => {} },
      { clock, sources, config: { alarms: { to, behindMinutes: 10 } } },
    );
    const { tributary, database } = many;
    const watch = new Alarms({
      ...{ database, clock, alarms: tributary.config.alarms },
      log: createLog({ level: 'warn', write: () => {} }),
      ask: async (path, headers) =>
        many.app.request(path, { headers: { ...headers, authorization: `Bearer ${apiToken}` } }),
    });
    const stand = {
      circuit: { ...tributary.delivering.circuit },
      loops: [] as object[],
      schema: null as object | null,
    };
    const bulk = tributary.delivering.bulk;
    Object.defineProperties(tributary, {
      delivering: { get: () => ({ bulk, circuit: stand.circuit }) },
      failingLoops: { get: () => stand.loops },
      schemaWait: { get: () => stand.schema },
    });
    const failing = (name: string) => ({ name, since: noon, failures: 5, error: 'x' });
    const letters = (name: string) =>
      keepDeadLetters(
        database,
        [
          {
            kind: 'record',
            source: name,
            stream: 'people',
            ref: name,
            code: 'odd',
            message: 'odd',
            detail: {},
          },
        ],
        noon,
      );
    const failed = (name: string) =>
      database.rows(sql`
        insert into runs (source, mode, trigger, lane, request, state, requested_at, due_at, started_at, ended_at, error)
        values (${name}, 'full', 'manual', 1, '{}', 'failed', now(), now(), now(), now(), ${`${name} answered 503`})`);
    type Fault = readonly [state: string, subject: string | null, cause: string, stage: () => unknown];
    const faults: Fault[] = [
      ...names
        .slice(0, 6)
        .map(
          (name): Fault => [
            'paused',
            name,
            `${name} is paused: by a test of ${name}.`,
            () => pauseIn(database, name, { cause: 'person', reason: `by a test of ${name}` }, noon),
          ],
        ),
      ...names
        .slice(6, 12)
        .map(
          (name): Fault => [
            'credentials_refused',
            name,
            `The credentials of ${name} are refused: 401 of ${name}`,
            () => pauseIn(database, name, { cause: 'unauthorized', reason: `401 of ${name}` }, noon),
          ],
        ),
      ...names
        .slice(12, 17)
        .map(
          (name): Fault => [
            'source_failing',
            name,
            `${name} cannot be read: ${name} answered 503.`,
            () => failed(name),
          ],
        ),
      ...names
        .slice(17, 22)
        .map((name): Fault => ['dead_letters', name, `1 dead letter of ${name} waits`, () => letters(name)]),
      [
        'credentials_refused',
        'destination',
        'The credentials of memory are refused: 401.',
        () => pauseIn(database, 'destination', { cause: 'unauthorized', reason: '401' }, noon),
      ],
      [
        'destination_failing',
        null,
        'memory is failing, so nothing is sent: it answers 503.',
        () => Object.assign(stand.circuit, { state: 'open', reason: 'it answers 503' }),
      ],
      [
        'impaired',
        'deliver',
        'Parts of this process fail repeatedly: deliver.',
        () => stand.loops.push(failing('deliver')),
      ],
      [
        'impaired',
        'hydrate s1',
        'Parts of this process fail repeatedly: hydrate s1.',
        () => stand.loops.push(failing('hydrate s1')),
      ],
      [
        'schema_unknown',
        null,
        'The schema cannot be read.',
        () => {
          stand.schema = { sentence: 'The schema cannot be read.' };
        },
      ],
      [
        'differs',
        null,
        '1 customer at memory differs',
        () =>
          keepDrifts(database, [{ sourceId: 'a', kind: 'differs', fields: {}, by: 'verification 1' }], noon),
      ],
      [
        'held',
        null,
        '1 customer is held until you decide',
        () =>
          database.rows(sql`
        insert into deliveries (source_id, revision, state, lane, due_at, waiting_since) values ('held', 1, 'held', 1, null, now())`),
      ],
      [
        'behind',
        null,
        'A customer has waited for delivery',
        () =>
          database.rows(sql`
        insert into deliveries (source_id, revision, state, lane, due_at, waiting_since)
        values ('late', 1, 'waiting', 1, now(), to_timestamp(${(noon - 700_000) / 1000}))`),
      ],
    ];
    expect(faults).toHaveLength(30);
    const seconds = async (count: number) => {
      for (let passed = 0; passed < count; passed += 10) {
        await watch.step();
        await clock.advance(10_000);
      }
    };
    const told = () =>
      (standard() as unknown as Told[]).map(({ type, data: { state, subject, sentence } }) => ({
        type,
        state,
        subject,
        sentence,
      }));
    await seconds(30);
    expect(told()).toEqual([]);
    for (let first = 0; first < faults.length; first += 6) {
      const staged = faults.slice(first, first + 6);
      for (const [, , , stage] of staged) await stage();
      const before = told().length;
      await seconds(60);
      // Those that were staged, and no other: what is open already is not told again.
      expect(told().slice(before)).toHaveLength(staged.length);
      for (const [state, subject, cause] of staged)
        expect(told()).toContainEqual({
          type: 'alarm.raised',
          state,
          subject,
          sentence: expect.stringContaining(cause),
        });
    }
    for (const table of ['pauses', 'runs', 'dead_letters', 'drifts', 'deliveries'])
      await database.rows(sql`delete from ${sql.identifier(table)}`);
    Object.assign(stand, { loops: [], schema: null, circuit: { ...stand.circuit, state: 'closed' } });
    await seconds(90);
    const cleared = told().filter(({ type }) => type === 'alarm.cleared');
    expect(cleared.map(({ state, subject }) => `${state} ${subject}`).sort()).toEqual(
      faults.map(([state, subject]) => `${state} ${subject}`).sort(),
    );
    expect(told()).toHaveLength(60);
    await many.close();
  });
});
