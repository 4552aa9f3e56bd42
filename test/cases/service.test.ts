// What the service is to those who ask it while something is wrong: the database, the clock, whoever guesses the token, or
// another worker. Each fault is a real one: of a server, a line, a lock, or a clock that is moved.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/db/database.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { type DatabaseLine, openLine } from '../support/database-line.ts';
import { databases, type OwnDatabase, type TestDatabase, timeless } from '../support/databases.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { findServer, onServer } from '../support/postgres.ts';
import { until } from '../support/sync-world.ts';
import { apiToken, openWorld, type World } from '../web/world.ts';

const onPostgres = databases.find(({ name }) => name === 'PostgreSQL');
const server = await findServer();
const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const shown = 'http://t';
const form = { host: 't', origin: shown, 'content-type': 'application/x-www-form-urlencoded' };
const logIn = (world: World, token = apiToken) =>
  world.app.request(`${shown}/login`, { method: 'POST', headers: form, body: `token=${token}` });
const cookieOf = (response: Response) => response.headers.get('set-cookie')?.split(';')[0] ?? '';
const noon = Date.parse('2026-06-01T12:00:00Z');

describe.skipIf(!onPostgres)('Where the database is at fault', () => {
  let database: OwnDatabase;
  let line: DatabaseLine;
  let clock: ManualClock;
  let world: World;

  beforeEach(async () => {
    database = await onPostgres!.openOwn();
    line = await openLine(database.where.url!);
    clock = new ManualClock(noon);
    const lined = timeless(await openDatabase({ url: line.url, directory: database.where.directory }));
    world = await openWorld(lined, { clock });
  });
  afterEach(async () => {
    await line.mend();
    await settle(world.close());
    await line.close();
    await database.close();
  });

  /**
   * Lets simulated time pass until it has happened: slowly, so that a database that does its best on a busy machine is not
   * taken for one that is silent.
   */
  async function settle<Result>(happening: Promise<Result>, stepMs = 100): Promise<Result> {
    let isOver = false;
    const over = happening.finally(() => {
      isOver = true;
    });
    const ended = over.catch(() => {});
    while (!isOver) {
      await clock.advance(stepMs);
      await Promise.race([ended, systemClock.sleep(line.isHeld ? 2 : 50)]);
    }
    return over;
  }

  async function ask(path: string, headers: object = { authorization: `Bearer ${apiToken}` }) {
    const begun = clock.now();
    const asked = Promise.resolve(
      world.app.request(path, { headers: headers as { [name: string]: string } }),
    );
    const response = await settle(asked);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json');
    return {
      status: response.status,
      text,
      body: isJson ? JSON.parse(text) : null,
      retryAfter: response.headers.get('retry-after'),
      seconds: (clock.now() - begun) / 1000,
    };
  }

  async function inTime(condition: () => Promise<boolean>): Promise<void> {
    for (let turn = 0; turn < 200; turn += 1) {
      if (await condition()) return;
      await clock.advance(500);
      await systemClock.sleep(10);
    }
    throw new Error('it did not come about');
  }

  const works = async () => (await ask('/api/status')).status === 200;
  const lines = (text: string) => world.logged.filter((one) => one.includes(text));

  it('faults 13: says within five seconds that the database does not answer, and what it knows by heart', async () => {
    await settle(world.tributary.start());
    expect((await ask('/api/status')).body.loops).toEqual([]);
    line.hold();
    const first = await ask('/api/status');
    expect(first.status).toBe(503);
    expect(first.seconds).toBeLessThan(5);
    expect(first.retryAfter).toBe('5');
    expect(first.body.type).toBe('urn:tributary:problem:database');
    expect(first.body.detail).toMatch(/The database has not answered since 2026-06-01T12:/);
    expect(first.body.detail).toContain('Last known figures, as of 2026-06-01T12:');
    for (const path of ['/api/runs', '/api/customers', '/api/dead-letters']) {
      const answer = await ask(path);
      expect([path, answer.status, answer.seconds < 5]).toEqual([path, 503, true]);
    }
    expect((await ask('/healthz', {})).status).toBe(200);
    const ready = await ask('/readyz', {});
    expect(ready.status).toBe(503);
    expect(ready.seconds).toBeLessThan(5);
    await line.mend();
    await inTime(works);
    expect(lines('the database does not answer')).toHaveLength(1);
    expect(lines('the database works again')).toHaveLength(1);
    expect(world.logged.filter((one) => one.includes('"level":"error"'))).toHaveLength(1);
  });

  it('faults 13: gives up a server that does not answer, so that everything waiting fails and is tried again', async () => {
    await settle(world.tributary.start());
    line.hold();
    const waiting = world.tributary.database.rows(sql`select 1`).then(
      () => 'answered',
      (error: Error) => error.name,
    );
    expect(await settle(waiting, 500)).toBe('DatabaseError');
    await line.mend();
    await inTime(works);
  });

  it('faults 13: says that the database is gone, names the loops that fail, and works again when it is back', async () => {
    await settle(world.tributary.start());
    line.cut();
    await inTime(async () => world.tributary.failingLoops.length > 2);
    const gone = await ask('/api/status');
    expect(gone.status).toBe(503);
    expect(gone.seconds).toBeLessThan(5);
    expect(gone.body.detail).toMatch(/nothing listens at its address|the connection was lost/);
    const [, named = ''] =
      /Failing loops, which are retried: (.+?)( and \d+ more)?\./.exec(gone.body.detail) ?? [];
    const failing = world.tributary.failingLoops.map(({ name }) => name);
    expect(failing).toEqual(expect.arrayContaining(named.split(', ')));
    expect(gone.body.detail).not.toContain('should not have happened');
    await line.mend();
    await inTime(works);
    await inTime(async () => (await ask('/api/status')).body.loops.length === 0);
    expect(world.logged.filter((one) => one.includes('"level":"error"')).length).toBeLessThan(3);
  });

  it('faults 13: asks for a scheduled run later where the database is gone at its moment', async () => {
    await settle(world.tributary.start());
    await inTime(async () => (await ask('/api/runs')).body.runs?.[0]?.state !== 'requested');
    line.cut();
    const fired = world.tributary.fire('crm', 'full', noon);
    await clock.advance(5_000);
    await line.mend();
    await settle(fired, 500);
    const [run] = await database.rows(sql`select mode from runs where slot is not null`);
    expect(run).toEqual({ mode: 'full' });
  });

  it('faults 13: shows the sentence on the page instead of a broken page', async () => {
    const cookie = cookieOf(await logIn(world));
    expect((await ask('/', { cookie })).status).toBe(200);
    line.hold();
    const page = await ask('/', { cookie });
    expect(page.status).toBe(503);
    expect(page.seconds).toBeLessThan(5);
    expect(page.text).toMatch(/id="fault">The database has not answered since 2026-/);
  });

  it('faults 13: says that something has locked a table', async () => {
    await settle(world.tributary.start());
    await onServer(database.where.url!, async (on) => {
      await on.begin(async (other) => {
        await other`lock table customers in access exclusive mode`;
        const locked = await ask('/api/status');
        expect(locked.status).toBe(503);
        expect(locked.seconds).toBeLessThan(5);
        expect(locked.body.detail).toContain('another session holds a lock that is needed');
        expect((await ask('/healthz', {})).status).toBe(200);
      });
    });
    await inTime(works);
  });

  it('faults 13: reports a read-only database, in the status too', async () => {
    await settle(world.tributary.start());
    const name = new URL(database.where.url!).pathname.slice(1);
    const readOnly = (yes: boolean) =>
      onServer(server!, async (on) => {
        await on.unsafe(`alter database ${name} set default_transaction_read_only = ${yes ? 'on' : 'off'}`);
        await on`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name} and pid <> pg_backend_pid()`;
      });
    await readOnly(true);
    await inTime(async () => (await ask('/readyz', {})).body.detail?.includes('read-only'));
    let { body } = await ask('/api/status');
    await inTime(async () => {
      const status = await ask('/api/status');
      body = status.body;
      return status.status === 200 && body.databaseFault?.kind === 'readOnly' && body.loops.length > 0;
    });
    expect(body.databaseFault.reason).toBe('it is read-only');
    expect(body.loops[0].lastError).toMatch(/^the database: /);
    const sync = await settle(
      Promise.resolve(
        world.app.request('/api/sources/crm/sync', {
          method: 'POST',
          headers: { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' },
          body: '{"mode":"incremental"}',
        }),
      ),
    );
    expect(sync.status).toBe(503);
    expect(await sync.json()).toMatchObject({ type: 'urn:tributary:problem:database' });
    await readOnly(false);
    await inTime(async () => (await ask('/api/status')).body.databaseFault === null);
    await inTime(async () => (await ask('/readyz', {})).status === 200);
  });

  it('faults 13: tells of a disk that is full', async () => {
    await settle(world.tributary.start());
    await database.rows(sql`
      create function full_disk() returns trigger language plpgsql as
      'begin raise exception ''could not extend file: No space left on device'' using errcode = ''disk_full''; end'`);
    await database.rows(sql`create trigger full_disk before insert on workers execute function full_disk()`);
    const ready = await ask('/readyz', {});
    expect(ready.status).toBe(503);
    expect(ready.body.detail).toContain('its disk is full');
    expect((await ask('/api/status')).body.databaseFault).toMatchObject({
      kind: 'readOnly',
      reason: 'its disk is full',
    });
    await database.rows(sql`drop trigger full_disk on workers`);
    await inTime(async () => (await ask('/api/status')).body.databaseFault === null);
  });
});

describe.each(databases)('Who may ask, on $name', ({ open }) => {
  let database: TestDatabase;
  let clock: ManualClock;
  let world: World;

  beforeEach(async () => {
    database = await open();
    clock = new ManualClock(noon);
    world = await openWorld(database, { clock });
  });
  afterEach(() => world.close());

  const asks = async (of: World, headers: { [name: string]: string }) =>
    of.app.request(`${shown}/api/status`, { headers });
  const logOut = async (of: World, cookie: string) =>
    of.app.request(`${shown}/logout`, { method: 'POST', headers: { ...form, cookie } });

  it('faults 15: ends the session at logout, for a copied cookie, other workers and after a restart', async () => {
    const other = await openWorld(await database.again(), { clock });
    try {
      const [copied, mine] = [cookieOf(await logIn(world)), cookieOf(await logIn(world))];
      for (const at of [world, other]) expect((await asks(at, { cookie: copied })).status).toBe(200);
      expect((await logOut(world, copied)).status).toBe(303);
      expect((await asks(world, { cookie: copied })).status).toBe(401);
      expect((await world.app.request(`${shown}/`, { headers: { cookie: copied } })).status).toBe(303);
      expect((await asks(world, { cookie: mine })).status).toBe(200);
      await clock.advance(6_000);
      await asks(other, { cookie: mine });
      await clock.advance(10);
      await until(async () => (await asks(other, { cookie: copied })).status === 401);
      const restarted = await openWorld({ ...database, close: async () => {} }, { clock });
      expect((await asks(restarted, { cookie: copied })).status).toBe(401);
      expect((await asks(restarted, { cookie: mine })).status).toBe(200);
      await restarted.close();
      await clock.advance(7 * 24 * 3600 * 1000);
      expect((await asks(world, { cookie: mine })).status).toBe(401);
    } finally {
      await other.close();
    }
  });

  it('faults 15: slows down guesses of the token, logs it once, and lets the right token through', async () => {
    const guess = async (turn: number) =>
      asks(world, { authorization: `Bearer a-wrong-token-number-${turn}` });
    const statuses: number[] = [];
    for (let turn = 0; turn < 300; turn += 1) statuses.push((await guess(turn)).status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(290);
    const put = await guess(300);
    expect(Number(put.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await asks(world, { authorization: `Bearer ${apiToken}` })).status).toBe(200);
    expect((await logIn(world)).status).toBe(303);
    const form = await logIn(world, 'a-wrong-token-again');
    expect(form.status).toBe(429);
    expect(await form.text()).toContain('Too many wrong tokens');
    expect((await world.app.request(`${shown}/login?key=guessed`)).status).toBe(429);
    const told = () => world.logged.filter((line) => line.includes('wrong API tokens'));
    expect(told()).toHaveLength(1);
    await clock.advance(61_000);
    expect((await asks(world, { authorization: `Bearer ${apiToken}` })).status).toBe(200);
    expect(told()).toHaveLength(2);
    expect(JSON.parse(told()[1]!)).toMatchObject({ level: 'info', wrong: 303 });
    expect((await guess(301)).status).toBe(401);
    expect(world.logged.join('')).not.toContain('a-wrong-token');
  });
});

describe.each(databases)('Two workers, on $name', ({ open }) => {
  it('say where their configurations differ, once, and when they agree again', async () => {
    const database = await open();
    const clock = new ManualClock(noon);
    const crm = { connector: 'people' };
    const one = await openWorld(database, { clock, sources: { crm, files: { connector: 'csv' } } });
    const handle = await database.again();
    const other = await openWorld(handle, {
      clock,
      sources: { crm: { ...crm, sourceId: 'email' }, files: { connector: 'csv' } },
      config: { onOrphaned: 'blank' },
    });
    const status = async () =>
      (
        await one.app.request('/api/status', { headers: { authorization: `Bearer ${apiToken}` } })
      ).json() as Promise<{ differingWorkers: { parts: string[]; note: string }[] }>;
    await one.tributary.start();
    await other.tributary.start();
    await until(async () => {
      await clock.advance(5_000);
      return (await status()).differingWorkers.length > 0;
    });
    const { differingWorkers } = await status();
    expect(differingWorkers).toMatchObject([{ parts: ['onOrphaned', 'sources.crm'] }]);
    expect(differingWorkers[0]!.note).toContain('with another configuration: onOrphaned, sources.crm differ');
    await clock.advance(60_000);
    const told = () => one.logged.filter((line) => line.includes('another configuration'));
    expect(told()).toHaveLength(1);
    await other.tributary.drain();
    await until(async () => {
      await clock.advance(5_000);
      return (await status()).differingWorkers.length === 0;
    });
    expect(told()).toHaveLength(1);
    await other.close();
    await one.close();
  });
});

describe.each(databases)('The clock of the database, on $name', ({ openOwn }) => {
  it('shows epoch milliseconds', async () => {
    const own = await openOwn();
    await own.release();
    const database = await openDatabase(own.where);
    expect(Math.abs((await database.time()) - systemClock.now())).toBeLessThan(60_000);
    await database.close();
    await own.close();
  });
});

describe.each(databases)('The calendar, on $name', ({ open }) => {
  let world: World;
  let clock: ManualClock;

  beforeEach(async () => {
    clock = new ManualClock(noon);
    world = await openWorld(await open(), {
      clock,
      sources: { crm: { connector: 'people', schedule: '*/10 * * * *', fullSchedule: '0 13 * * *' } },
    });
  });
  afterEach(() => world.close());

  const runs = () =>
    world.database.rows<{ mode: string; slot: string | null; state: string }>(sql`
      select mode, to_char(slot at time zone 'UTC', 'HH24:MI') as slot, state from runs where trigger <> 'start' order by id`);
  const at = (time: string) => Date.parse(`2026-06-01T${time}:00Z`);

  it('clock there and back: what was read too early is read again at its real time, and nothing waits for the wrong time', async () => {
    // A clock that is an hour ahead.
    await clock.advance(3_600_000);
    await world.tributary.fire('crm', 'incremental', at('13:00'));
    const back = new ManualClock(noon);
    const corrected = await openWorld(
      { ...world.database, close: async () => {} },
      { clock: back, sources: { crm: { connector: 'people' } } },
    );
    corrected.tributary.clockSetBack(noon);
    await corrected.tributary.fire('crm', 'incremental', at('12:00'));
    expect(await runs()).toEqual([{ mode: 'incremental', slot: null, state: 'requested' }]);
    await corrected.tributary.start();
    await until(async () => {
      await back.advance(1_000);
      return (await runs())[0]?.state === 'finished';
    });
    await corrected.tributary.drain();
    await back.advance(3_600_000);
    for (let worker = 0; worker < 2; worker += 1)
      await corrected.tributary.fire('crm', 'incremental', at('13:00'));
    expect((await runs()).map(({ slot }) => slot)).toEqual([null, '13:00']);
    await corrected.close();
  });

  it('fullSchedule: a full reading takes the slot of another run, and has it once', async () => {
    await world.tributary.request({
      source: 'crm',
      mode: 'incremental',
      trigger: 'coverage',
      lane: 'schedule',
      slot: at('13:00'),
    });
    for (let worker = 0; worker < 2; worker += 1) await world.tributary.fire('crm', 'full', at('13:00'));
    expect(await runs()).toEqual([
      { mode: 'incremental', slot: null, state: 'requested' },
      { mode: 'full', slot: '13:00', state: 'requested' },
    ]);
  });

  it('fullSchedule: is shown by the status', async () => {
    const answer = await world.app.request('/api/status', {
      headers: { authorization: `Bearer ${apiToken}` },
    });
    expect(((await answer.json()) as { sources: object[] }).sources).toMatchObject([
      { fullSchedule: '0 13 * * *' },
    ]);
  });
});

describe.skipIf(!onPostgres)('Two processes on one database', () => {
  it('faults 02: both survive a server that repeatedly ends all sessions, and their work continues', async () => {
    const database = await onPostgres!.openOwn();
    const folders: string[] = [];
    const children: ChildProcess[] = [];
    const start = async () => {
      const folder = mkdtempSync(join(tmpdir(), 'tributary-service-'));
      folders.push(folder);
      const destination = {
        connector: 'voucherify',
        appId: 'app',
        appToken: 'token-0123456789',
        baseUrl: 'http://127.0.0.1:9',
      };
      const config = { destination, sources: { files: { connector: 'csv' } }, metadataSchema: 'none' };
      writeFileSync(join(folder, 'tributary.config.json'), JSON.stringify(config));
      const { PATH, HOME } = process.env;
      const child = spawn(process.execPath, [main, 'start'], {
        cwd: folder,
        env: { PATH, HOME, PORT: '0', TRIBUTARY_API_TOKEN: apiToken, DATABASE_URL: database.where.url! },
        stdio: 'ignore',
      });
      children.push(child);
      const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
      const announced = join(folder, '.tributary', 'server.json');
      await until(async () => existsSync(announced));
      const status = async () => {
        const { url } = JSON.parse(readFileSync(announced, 'utf8')) as { url: string };
        return fetch(`${url}/api/status`, { headers: { authorization: `Bearer ${apiToken}` } }).then(
          (answer) => answer.status,
          () => 0,
        );
      };
      return { child, exited, status };
    };
    try {
      const running = [await start(), await start()];
      const name = new URL(database.where.url!).pathname.slice(1);
      await onServer(server!, async (on) => {
        for (let turn = 0; turn < 60; turn += 1) {
          await on`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`;
          await systemClock.sleep(100);
        }
      });
      for (const { child, status } of running) {
        await until(async () => (await status().catch(() => 0)) === 200);
        expect(child.exitCode).toBeNull();
      }
      const handle = await openDatabase(database.where);
      const pids = async () =>
        (await handle.rows<{ pid: number }>(sql`select pid from workers where ended_at is null`)).map(
          ({ pid }) => pid,
        );
      const both = running.map(({ child }) => child.pid!).sort();
      await until(async () => JSON.stringify((await pids()).sort()) === JSON.stringify(both));
      await handle.close();
      for (const { child, exited } of running) {
        child.kill('SIGTERM');
        expect(await exited).toBe(0);
      }
    } finally {
      for (const child of children) child.kill('SIGKILL');
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
      await database.close();
    }
  });
});
