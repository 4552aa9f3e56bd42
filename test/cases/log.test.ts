// How many lines the log has while something is wrong, at the level that is the default: one for each change, and of what
// repeats a handful a minute with how often it was. Time is simulated.
import { connect } from 'node:net';
import { PgDialect } from 'drizzle-orm/pg-core';
import { afterEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../simulators/voucherify.ts';
import { TransientError } from '../../src/connector.ts';
import { type Database, DatabaseError } from '../../src/db/database.ts';
import type { Clock } from '../../src/engine/clock.ts';
import { type Served, serveApp } from '../../src/web/server.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { FastClock } from '../support/fast-clock.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { openPushWorld, type PushWorld } from '../support/push-world.ts';
import { openSyncWorld, type SyncWorld, type SyncWorldOptions, until } from '../support/sync-world.ts';
import { openWorld, type World } from '../web/world.ts';

const [{ open }] = behaviour;
const minuteMs = 60_000;
/** What a reader of the log can follow. */
const handful = 6;
const apiToken = { authorization: 'Bearer a-token-for-the-tests' };

interface Line {
  /** Simulated, epoch milliseconds. */
  at: number;
  text: string;
  level: string;
  msg: string;
  times?: number;
}

/** The lines that are written at the level info, by simulated time. */
class Lines {
  readonly #clock: Clock;
  readonly all: Line[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add = (text: string): void => {
    const line = JSON.parse(text) as Omit<Line, 'at' | 'text'>;
    if (line.level !== 'debug' && line.level !== 'trace')
      this.all.push({ ...line, at: this.#clock.now(), text });
  };

  /** The most in any minute. */
  get maxPerMinute(): number {
    return Math.max(
      0,
      ...this.all.map(
        ({ at }) => this.all.filter((other) => other.at >= at && other.at < at + minuteMs).length,
      ),
    );
  }

  with(words: string): Line[] {
    return this.all.filter(({ text }) => text.includes(words));
  }

  /** How often something was said: a line stands for as many as it counts. */
  times(words: string): number {
    return this.with(words).reduce((sum, { times = 1 }) => sum + times, 0);
  }
}

describe('the log', () => {
  let database: TestDatabase;
  let closing: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const close of closing.reverse()) await close();
    closing = [];
  });

  /** `factor`: of a clock that runs by itself. */
  async function begin(factor: number): Promise<{ clock: FastClock; lines: Lines }> {
    return beginAt(new FastClock(factor));
  }

  async function beginAt<Kind extends Clock>(clock: Kind): Promise<{ clock: Kind; lines: Lines }> {
    database = await open();
    closing.push(() => database.close());
    return { clock, lines: new Lines(clock) };
  }

  async function syncing(factor: number, options: SyncWorldOptions, people: number) {
    const { clock, lines } = await begin(factor);
    const world: SyncWorld = await openSyncWorld(database, {
      clock,
      log: lines.add,
      ...options,
      hubspot: { indexLagMs: 0, ...options.hubspot },
    });
    closing.push(() => world.close());
    world.hubspot.seed(people, 7);
    return { clock, lines, world };
  }

  async function pushing(factor: number, options: Parameters<typeof openPushWorld>[1] = {}) {
    const { clock, lines } = await begin(factor);
    const world: PushWorld = await openPushWorld(database, { clock, onLine: lines.add, ...options });
    closing.push(() => world.close());
    await world.tributary.start();
    return { clock, lines, world };
  }

  async function serving(factor: number, on?: (database: Database) => Database) {
    return servingAt(new FastClock(factor), on);
  }

  async function servingAt<Kind extends Clock>(
    kind: Kind,
    on: (database: Database) => Database = (same) => same,
  ) {
    const { clock, lines } = await beginAt(kind);
    const world: World = await openWorld(
      { ...on(database), close: async () => {} },
      { clock, onLine: lines.add, sources: { crm: { connector: 'people' }, files: { connector: 'csv' } } },
    );
    closing.push(() => world.close());
    return { clock, lines, world };
  }

  /** Waits for so much simulated time, and does something in each minute of it. */
  async function pass(clock: FastClock, minutes: number, each: () => Promise<unknown> = async () => {}) {
    const from = clock.now();
    for (let minute = 1; minute <= minutes; minute += 1) {
      await until(() => clock.now() >= from + minute * minuteMs);
      await each();
    }
  }

  const wanted = (world: SyncWorld) =>
    world.tributary.request({ source: 'hubspot', mode: 'incremental', trigger: 'manual', lane: 'schedule' });
  const singles = { bulk: false };
  const failing = (status: number, isDown: () => boolean) => ({
    faults: (_request: Request, route: string): Fault =>
      isDown() && route.startsWith('POST') ? Response.json({ message: 'No' }, { status }) : undefined,
  });

  it('22-many-warnings: 400 customers that wait for a quota are a handful of lines a minute, figures in fields', async () => {
    const quota = { requests: 30, seconds: 60, reserve: 0 };
    const { clock, lines, world } = await syncing(
      40,
      { destination: { ...singles, quota }, config: { metadataSchema: 'none' } },
      400,
    );
    await world.tributary.start({ calendar: false });
    await wanted(world);
    await pass(clock, 3);
    expect(lines.maxPerMinute).toBeLessThanOrEqual(handful);
    const [wait] = lines.with('the quota allows no call');
    expect(JSON.parse(wait!.text)).toMatchObject({
      level: 'warn',
      quota: expect.any(String),
      seconds: expect.any(Number),
    });
    expect(new Set(lines.with('the quota allows no call').map(({ msg }) => msg)).size).toBe(1);
  });

  it('22-many-warnings: 429s for five minutes are a handful of lines a minute', async () => {
    let down = true;
    const { clock, lines, world } = await syncing(
      60,
      { destination: singles, voucherify: failing(429, () => down) },
      200,
    );
    await world.tributary.start({ calendar: false });
    await wanted(world);
    await pass(clock, 5);
    expect(lines.maxPerMinute).toBeLessThanOrEqual(handful);
    down = false;
    await world.rest();
    expect(lines.maxPerMinute).toBeLessThanOrEqual(handful);
  });

  it.each([
    { how: singles, minutes: 30 },
    { how: {}, minutes: 10 },
  ])(
    'a destination that is down for half an hour is at most about a line a minute (%j)',
    async ({ how, minutes }) => {
      let down = true;
      const { clock, lines, world } = await syncing(
        200,
        { destination: how, voucherify: failing(503, () => down) },
        200,
      );
      await world.tributary.start({ calendar: false });
      await wanted(world);
      await pass(clock, minutes);
      expect(lines.maxPerMinute).toBeLessThanOrEqual(handful);
      expect(lines.all.length).toBeLessThanOrEqual(2 * handful + minutes / 2);
      expect(lines.with('fails repeatedly').length).toBeGreaterThanOrEqual(1);
      expect(lines.with('"stack"')).toEqual([]);
      down = false;
      await world.rest();
      expect(lines.with('answers again')).toHaveLength(1);
    },
  );

  it('a source that fails on its schedule for a quarter of an hour is at most about a line a minute', async () => {
    let down = false;
    const { clock, lines, world } = await syncing(
      200,
      {
        hubspot: {
          faults: async () =>
            (down ? Response.json({ message: 'Down' }, { status: 503 }) : undefined) as never,
        },
      },
      5,
    );
    await world.tributary.start({ calendar: false });
    await wanted(world);
    await world.rest();
    down = true;
    const before = lines.all.length;
    const scheduled = {
      source: 'hubspot',
      mode: 'incremental',
      trigger: 'schedule',
      lane: 'schedule',
    } as const;
    await pass(clock, 15, () => world.tributary.request({ ...scheduled, slot: clock.now() }));
    expect(lines.maxPerMinute).toBeLessThanOrEqual(handful);
    expect(lines.all.length - before).toBeLessThanOrEqual(2 * handful + 15);
    expect(lines.with('"stack"')).toEqual([]);
  });

  it('faults 11: thin webhooks whose records cannot be read for half an hour are a handful of lines', async () => {
    const { clock, lines, world } = await pushing(200);
    world.truth.beforeRead = async () => {
      throw new TransientError('pusher answered with 503', { status: 503 });
    };
    for (let n = 0; n < 20; n += 1)
      await world.push({ type: 'touched', id: `p${n}`, at: clock.now(), eventId: `e${n}` });
    await pass(clock, 30);
    expect(lines.maxPerMinute).toBeLessThanOrEqual(handful);
    expect(lines.all.length).toBeLessThanOrEqual(40);
  });

  it('faults 06: 10,000 forged requests and 10,000 to no source are counted, a line of each a minute', async () => {
    const { clock, lines, world } = await pushing(1);
    const flood = async (path: (n: number) => string, status: number) => {
      for (let n = 0; n < 10_000; n += 100) {
        const answers = Array.from({ length: 100 }, (_, more) =>
          world.push(`{"n":${n + more}}`, { 'x-signature': `forged ${n + more}` }, path(n + more)),
        );
        for (const answer of await Promise.all(answers)) expect(answer.status).toBe(status);
      }
    };
    await flood(() => '/webhooks/pusher', 401);
    const forged = lines.with('a webhook was refused').length;
    expect(forged).toBeLessThanOrEqual(2);
    await flood(
      (n) => `/webhooks/nobody-${String.fromCharCode(97 + (n % 26), 97 + (n % 25))}${n}%1b%5b31m%0a`,
      404,
    );
    expect(lines.with('a webhook named an unknown source').length).toBeLessThanOrEqual(2);
    clock.skip(minuteMs);
    await world.push('{}', { 'x-signature': 'one more' });
    await world.push('{}', {}, '/webhooks/nobody');
    expect(lines.times('a webhook was refused')).toBeGreaterThanOrEqual(10_000);
    expect(lines.times('a webhook named an unknown source')).toBeGreaterThanOrEqual(10_000);
    expect(lines.all.length).toBeLessThanOrEqual(2 * handful);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there
    expect(lines.all.map(({ text }) => text.trimEnd()).join('')).not.toMatch(/[\u0000-\u001f]|\\u00|\\n/);
  });

  it('faults 06: 3,000 bodies that are cut off are counted', async () => {
    // The process looks idle while connections are on their way to it, so that a clock which runs by itself would pass minutes,
    // the more the slower the machine is, and each has its line.
    const { clock, lines, world } = await servingAt(new ManualClock(Date.UTC(2026, 2, 2)));
    const answers: Promise<unknown>[] = [];
    const app = {
      fetch(...request: Parameters<typeof world.app.fetch>) {
        const answer = Promise.resolve(world.app.fetch(...request));
        answers.push(answer);
        return answer;
      },
    };
    const log = world.tributary.log;
    const served: Served = await serveApp(app as typeof world.app, { host: '127.0.0.1', port: 0, log });
    closing.push(() => served.close());
    const port = Number(new URL(served.url).port);
    const cut = (path: string) =>
      new Promise<void>((resolve) => {
        const head = `POST ${path} HTTP/1.1\r\nhost: x\r\nsec-fetch-site: same-origin\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 5000\r\n\r\ntoken=`;
        const socket = connect(port, '127.0.0.1', () => socket.write(head, () => socket.destroy()));
        socket.on('error', () => {}).on('close', () => resolve());
      });
    for (let n = 0; n < 3_000; n += 50) await Promise.all(Array.from({ length: 50 }, () => cut('/login')));
    await until(() => answers.length === 3_000);
    await Promise.allSettled(answers);
    expect(lines.all).toHaveLength(1);
    await clock.advance(minuteMs);
    expect(lines.all).toHaveLength(2);
    expect(lines.times('a connection ended before its request was complete')).toBe(3_000);
    expect(lines.with('"level":"error"')).toEqual([]);
  });

  it('faults 13: a database that is away for a minute is one line when it goes, few while it is away, and one when it is back', async () => {
    let down = false;
    const gone = () => new DatabaseError('write CONNECTION_CLOSED db.internal:5432', 'CONNECTION_CLOSED');
    const breakable = (on: Database): Database => ({
      ...on,
      rows: (statement) => (down ? Promise.reject(gone()) : on.rows(statement)),
      prepared: (statement) => (down ? Promise.reject(gone()) : on.prepared(statement)),
      transaction: (work) => (down ? Promise.reject(gone()) : on.transaction(work)),
      endStalled: () => (down ? Promise.reject(gone()) : on.endStalled()),
      ping: () => (down ? Promise.reject(gone()) : on.ping()),
    });
    const { clock, lines, world } = await serving(60, breakable);
    await world.tributary.start();
    const before = lines.all.length;
    down = true;
    const end = clock.now() + minuteMs;
    await until(async () => {
      await Promise.all(
        ['/readyz', '/api/status'].map((path) => world.app.request(path, { headers: apiToken })),
      );
      return clock.now() >= end;
    });
    expect(lines.all.length - before).toBeLessThanOrEqual(2 * handful);
    expect(lines.maxPerMinute).toBeLessThanOrEqual(2 * handful);
    down = false;
    await until(() => lines.with('the database works again').length > 0);
    expect(lines.with('the database works again')).toHaveLength(1);
    expect(lines.with('the database does not answer')).toHaveLength(1);
    expect(lines.with('"stack"')).toEqual([]);
  });

  it('a loop that fails for ten minutes is one line, with the error', async () => {
    const dialect = new PgDialect();
    const broken = (on: Database): Database => ({
      ...on,
      transaction: (work) =>
        on.transaction((tx) =>
          work({
            rows: (statement) =>
              dialect.sqlToQuery(statement).sql.includes('erasures')
                ? Promise.reject(new DatabaseError('relation "erasures" does not exist', '42P01'))
                : tx.rows(statement),
          }),
        ),
      rows: (statement) =>
        dialect.sqlToQuery(statement).sql.includes('erasures')
          ? Promise.reject(new DatabaseError('relation "erasures" does not exist', '42P01'))
          : on.rows(statement),
    });
    const { clock, lines, world } = await serving(100, broken);
    await world.tributary.start();
    await pass(clock, 10);
    expect(lines.with('a step failed')).toHaveLength(1);
    expect(lines.maxPerMinute).toBeLessThanOrEqual(handful);
    expect(lines.all.length).toBeLessThanOrEqual(handful);
    expect(JSON.parse(lines.with('a step failed')[0]!.text)).toMatchObject({
      loop: 'erase',
      err: { code: '42P01', stack: expect.any(String) },
    });
  });

  it('1,000 rows of a file that are refused, and 1,000 customers that the destination refuses, are a handful of lines', async () => {
    const { lines, world } = await serving(60);
    await world.tributary.start();
    const upload = async (rows: string[]) => {
      const body = ['id,name,email', ...rows].join('\n');
      const headers = { ...apiToken, 'content-type': 'text/csv' };
      const answer = await world.app.request('/api/sources/files/imports?sourceId=id', {
        method: 'POST',
        body,
        headers,
      });
      expect(answer.status).toBe(202);
      const { id } = (await answer.json()) as { id: number };
      await until(async () => {
        const run = await (await world.app.request(`/api/runs/${id}`, { headers: apiToken })).json();
        return ['finished', 'failed'].includes((run as { state: string }).state);
      });
    };
    await upload(
      Array.from({ length: 2_000 }, (_, n) => (n % 2 ? `,P${n},p${n}@example.test` : `${n},P${n},`)),
    );
    expect(lines.all.length).toBeLessThanOrEqual(handful);
    for (let n = 0; n < 1_000; n += 1) world.truth.refused.set(`r${n}`, `no r${n}@example.test here`);
    await upload(Array.from({ length: 1_000 }, (_, n) => `r${n},R${n},`));
    const isPaused = () => until(() => lines.with('destination paused').length > 0);
    await isPaused().catch(isPaused);
    expect(lines.all.length).toBeLessThanOrEqual(2 * handful);
    expect(lines.with('example.test')).toEqual([]);
  });

  it('faults 03: 1,000 poisonous items of webhooks are a handful of lines', async () => {
    const { lines, world } = await pushing(60);
    for (let n = 0; n < 1_000; n += 50)
      await Promise.all(
        Array.from({ length: 50 }, (_, more) =>
          more % 2
            ? world.push({ type: 'odd', id: `p${n + more}\u0000\u001b[31m`, at: 1, eventId: `e${n + more}` })
            : world.push(`not JSON ${n + more}`),
        ),
      );
    await world.rest();
    expect(lines.all.length).toBeLessThanOrEqual(2 * handful);
  });
});
