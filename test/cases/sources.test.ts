// Strange answers of sources, end to end: what a vendor, or whoever stands before it, answers at its worst, and what
// becomes of the run, of its records and of the customers. Time is simulated.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type Connector,
  type Context,
  defineConnector,
  type Json,
  type Page,
  type PullRequest,
  RejectedError,
  type SourceRecord,
} from '../../src/connector.ts';
import type { Run } from '../../src/contract/run.ts';
import { tooLargeCode } from '../../src/engine/http/endpoint.ts';
import { listPauses, pause } from '../../src/tables/pauses.ts';
import { cancelRun, runById } from '../../src/tables/runs.ts';
import { touch } from '../../src/tables/touches.ts';
import { createApp } from '../../src/web/app.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import {
  differences,
  openSyncWorld,
  type SyncWorld,
  type SyncWorldOptions,
  until,
} from '../support/sync-world.ts';

type Give = (request: PullRequest, context: Context<unknown>) => Page | Promise<Page>;

/** A vendor whose pages the test gives. */
function given(give: Give): Connector {
  return defineConnector({
    name: 'given',
    settings: z.strictObject({}),
    source: {
      sourceId: 'id',
      mapping: { name: 'name' },
      streams: [{ name: 'people', pull: async (context, request) => give(request, context) }],
    },
  });
}

const person = (id: string, more: { [name: string]: Json } = {}): SourceRecord => ({
  recordId: id,
  changedAt: 1_700_000_000_000,
  body: { id, name: `Name ${id}`, ...more },
});

const page = (text: string, status: number, headers: { [name: string]: string } = {}) =>
  new Response(`<html>${text}</html>`, { status, headers: { 'content-type': 'text/html', ...headers } });

const refused = () =>
  Response.json({ status: 'error', category: 'INVALID_AUTHENTICATION', message: 'no' }, { status: 401 });

/** The list shows nobody; reads by ID are answered by `reads`, all else by the vendor. */
function emptyThen(reads: () => Response): (request: Request) => Response | undefined {
  return ({ url }) => {
    if (url.includes('/batch/read')) return reads();
    return url.includes('/contacts?') ? Response.json({ results: [] }) : undefined;
  };
}

/** The list shows one contact only. */
function oneThen(reads: () => Response): (request: Request, id: string) => Response | undefined {
  return (request, id) => {
    if (request.url.includes('archived=true') || !request.url.includes('/contacts?'))
      return emptyThen(reads)(request);
    return Response.json({ results: [{ id, properties: {}, updatedAt: '2026-01-01T00:00:00Z' }] });
  };
}

describe('answers of sources', () => {
  let world: SyncWorld;
  let database: TestDatabase;

  async function start(options: SyncWorldOptions = {}, people = 5): Promise<SyncWorld> {
    database = await behaviour[0].open();
    // With its secret HubSpot may name contacts by webhook, which are then read by ID.
    const source = { clientSecret: 'hubspot-client-secret', ...options.source };
    world = await openSyncWorld(database, { ...options, source });
    world.hubspot.seed(people, 7);
    await world.tributary.start();
    return world;
  }

  afterEach(async () => {
    await world?.close();
    await database?.close();
  });

  const ask = async (source = 'hubspot', more: object = {}) =>
    (await world.tributary.request({
      source,
      mode: 'incremental',
      trigger: 'manual',
      lane: 'manual',
      ...more,
    })) as Run;
  const runOf = async (run: Run) => (await runById(database, run.id))!;
  const ended = async (run: Run) => {
    await until(async () => (await runOf(run)).state !== 'requested');
    return runOf(run);
  };
  const letters = () =>
    database.rows<{ kind: string; ref: string; message: string }>(
      sql`select kind, ref, message from dead_letters where settled_at is null order by ref`,
    );
  const waits = (run: Run) => until(async () => (await runOf(run)).error !== null);
  /** The loops look again each simulated second. */
  const pass = async (milliseconds: number) => {
    world.clock.skip(milliseconds);
    const from = world.clock.now();
    await until(() => world.clock.now() - from > 3_000);
  };

  // ── Poison ──────────────────────────────────────────────────────────────────────────────────────────────────────

  it.each([
    ['a property name with NUL', () => person('p17', { 'pl\u0000an': 'gold' }), false],
    ['a property name with a lone surrogate', () => person('p17', { 'pl\ud800an': 'gold' }), false],
    ['a body 6,000 levels deep', () => person('p17', { deep: deep(6_000) }), true],
  ])('faults 03: %s costs at most its own record', async (_what, poison, isLost) => {
    const records = Array.from({ length: 300 }, (_, index) =>
      index === 17 ? poison() : person(`p${index}`),
    );
    await start({
      connectors: [given(() => ({ records, cursor: 1, done: true }))],
      sources: { crm: { connector: 'given', extraProperties: ['plan'] } },
    });
    const run = await ended(await ask('crm'));
    expect(run).toMatchObject({ state: 'finished', received: 300, rejected: isLost ? 1 : 0 });
    await world.rest();
    expect(world.voucherify.count).toBe(isLost ? 299 : 300);
    const dead = await letters();
    expect(dead).toHaveLength(isLost ? 1 : 0);
    if (isLost) expect(dead[0]).toMatchObject({ kind: 'record', ref: 'p17' });
  });

  it('faults 03: two property names that differ by NUL only are reported, and the record is kept apart', async () => {
    const records = [person('a'), person('b', { plan: 'gold', 'pl\u0000an': 'silver' })];
    await start({
      connectors: [given(() => ({ records, cursor: 1, done: true }))],
      sources: { crm: { connector: 'given' } },
    });
    expect(await ended(await ask('crm'))).toMatchObject({ state: 'finished', received: 2, rejected: 1 });
    expect(await letters()).toMatchObject([{ ref: 'b' }]);
  });

  it('faults 03: what every record of a page fails at makes nobody a dead letter', async () => {
    const records = Array.from({ length: 200 }, (_, index) => person(`p${index}`, { deep: deep(6_000) }));
    await start({
      connectors: [given(() => ({ records, cursor: 1, done: true }))],
      sources: { crm: { connector: 'given' } },
    });
    const run = await ask('crm');
    await waits(run);
    expect((await letters()).length).toBeLessThanOrEqual(20);
    expect((await runOf(run)).attempts).toBeGreaterThan(0);
  });

  it('faults 03: one ID that the vendor refuses costs itself only, read by ID too', async () => {
    await start({}, 12);
    const [bad] = [...world.hubspot.contacts()].map(({ id }) => id);
    world.hubspot.faults = async (request) => {
      if (!request.url.includes('batch/read') || !(await request.clone().text()).includes(`"${bad}"`))
        return undefined;
      return Response.json({ status: 'error', category: 'VALIDATION_ERROR', message: 'no' }, { status: 400 });
    };
    const recordIds = [...world.hubspot.contacts()].map(({ id }) => id);
    const run = await ended(await ask('hubspot', { mode: 'records', request: { recordIds } }));
    expect(run).toMatchObject({ state: 'finished', received: 12, rejected: 1 });
    expect(await letters()).toMatchObject([{ kind: 'record', ref: bad }]);
    await world.rest();
    expect(world.voucherify.count).toBe(11);
  });

  it('faults 03: what the vendor says of everybody in its own words makes nobody a dead letter, and all come when it is over', async () => {
    await start({}, 12);
    await ended(await ask());
    await world.rest();
    const ids = [...world.hubspot.contacts()].map(({ id }) => id);
    // One that was given just before the others are refused says nothing of them.
    const [first] = ids;
    world.hubspot.update(first!, { firstname: 'Before' });
    await name([first!]);
    await until(() => world.voucherify.bySourceId(first!)?.name?.startsWith('Before') === true);
    for (const id of ids) world.hubspot.update(id, { firstname: 'After' });
    let isRetired = true;
    world.hubspot.faults = (request) =>
      isRetired && request.url.includes('batch/read')
        ? Response.json(
            { status: 'error', category: 'OBJECT_NOT_FOUND', message: 'no such version' },
            { status: 404 },
          )
        : undefined;
    await name(ids);
    for (let seconds = 0; seconds < 30; seconds += 5) await pass(5_000);
    for (let minutes = 0; minutes < 60; minutes += 10) await pass(600_000);
    expect(await letters()).toEqual([]);
    isRetired = false;
    await pass(300_000);
    await until(() => ids.every((id) => world.voucherify.bySourceId(id)?.name?.startsWith('After')));
    expect(await letters()).toEqual([]);
  });

  // ── Answers that are too large ──────────────────────────────────────────────────────────────────────────────────

  it('faults 05: smaller pages are asked for where a page is more than the process can hold', async () => {
    const asked: (number | undefined)[] = [];
    await start({
      connectors: [
        given(({ cursor, maxRecords }) => {
          asked.push(maxRecords);
          if ((maxRecords ?? 100) > 25) throw new RejectedError('too much', { code: tooLargeCode });
          const from = typeof cursor === 'number' ? cursor : 0;
          const records = Array.from({ length: 25 }, (_, index) => person(`p${from + index}`));
          return { records, cursor: from + 25, done: from === 75 };
        }),
      ],
      sources: { crm: { connector: 'given' } },
    });
    expect(await ended(await ask('crm'))).toMatchObject({ state: 'finished', received: 100 });
    expect(asked).toEqual([undefined, 50, 25, 25, 25, 25]);
  });

  it('faults 05: a page that is too large however small it is fails the run, and says so', async () => {
    const tooLarge = () => {
      throw new RejectedError('given sent more than this process can hold', { code: tooLargeCode });
    };
    await start({ connectors: [given(tooLarge)], sources: { crm: { connector: 'given' } } });
    const run = await ended(await ask('crm'));
    expect(run).toMatchObject({ state: 'failed', error: 'given sent more than this process can hold' });
  });

  it("faults 05: a worker's heap survives what it refuses, and what it takes", async () => {
    const child = ['--max-semi-space-size=4', '--max-old-space-size=192', 'test/cases/heap-child.ts'];
    const { stdout } = await promisify(execFile)(process.execPath, child);
    expect(JSON.parse(stdout)).toEqual({ refused: 2, taken: 4 });
  });

  // ── Waits ───────────────────────────────────────────────────────────────────────────────────────────────────────

  it('faults 08: a wait of decades is an hour at most, and a person does not wait for it', async () => {
    await start();
    world.hubspot.faults = () =>
      Response.json({ message: 'down' }, { status: 503, headers: { 'retry-after': '999999999' } });
    const run = await ask();
    await waits(run);
    const waiting = await runOf(run);
    expect(waiting.dueAt - world.clock.now()).toBeLessThanOrEqual(3_700_000);
    expect(waiting).toMatchObject({ state: 'requested', attempts: 0 });
    expect(waiting.error).toMatch(/^waiting: hubspot has failed since \d{4}-/);
    world.hubspot.faults = undefined;
    expect(await ask()).toMatchObject({ id: run.id, error: null });
    expect(await ended(run)).toMatchObject({ state: 'finished' });
    await world.rest();
    expect(differences(world)).toEqual([]);
  });

  it.each(['0', 'Sun, 06 Nov 1994 08:49:37 GMT', '-5', 'soon'])(
    'faults 08: Retry-After %j for five seconds is neither a busy loop nor the end of the run',
    async (said) => {
      await start();
      const until5 = world.clock.now() + 5_000;
      let tries = 0;
      world.hubspot.faults = () => {
        if (world.clock.now() > until5) return undefined;
        tries += 1;
        return Response.json({ message: 'down' }, { status: 503, headers: { 'retry-after': said } });
      };
      expect(await ended(await ask())).toMatchObject({ state: 'finished' });
      expect(tries).toBeLessThanOrEqual(7);
    },
  );

  // ── Answers that are not the vendor's, and credentials ──────────────────────────────────────────────────────────

  it.each([
    ['a firewall with 403', () => page('blocked', 403)],
    ['a gateway with 404', () => page('no such app', 404)],
    ['a gateway with 404 in JSON', () => Response.json({ message: 'no Route matched' }, { status: 404 })],
    ['a gateway with 403 in JSON', () => Response.json({ message: 'Forbidden' }, { status: 403 })],
    ['a gateway with 401', () => page('who are you?', 401)],
    ['a redirect', () => new Response(null, { status: 302, headers: { location: 'https://login.test/' } })],
    ['200 with a page', () => page('maintenance', 200)],
    ['200 without a body', () => new Response(null, { status: 200 })],
    ["200 with a gateway's JSON", () => Response.json({ message: 'ok' })],
    ['200 with an empty object', () => Response.json({})],
    ['200 with a list that is null', () => Response.json({ results: null, paging: null })],
  ])('faults 09: %s for a while pauses nothing and costs nobody', async (_what, answer) => {
    await start();
    world.hubspot.faults = answer;
    const run = await ask();
    await waits(run);
    await pass(8_000);
    expect(await listPauses(database)).toEqual(new Map());
    world.hubspot.faults = undefined;
    world.clock.skip(300_000);
    expect(await ended(run)).toMatchObject({ state: 'finished', received: 5, attempts: 0 });
    await world.rest();
    expect(await letters()).toEqual([]);
    expect(differences(world)).toEqual([]);
  });

  it.each([
    ['a first page that is empty', () => Response.json({ results: [] })],
    ['a first page that is empty, and reads that answer {}', emptyThen(() => Response.json({}))],
    ['a first page that is empty, and reads of nobody', emptyThen(() => Response.json({ results: [] }))],
    ['one record of five, and reads of nobody', oneThen(() => Response.json({ results: [] }))],
    ['one record of five, and reads that answer {}', oneThen(() => Response.json({}))],
  ])('faults 09: a full reading with %s deletes nobody', async (_what, answer) => {
    await start({ config: { onOrphaned: 'delete' } });
    expect(await ended(await ask())).toMatchObject({ state: 'finished', received: 5 });
    await world.rest();
    const [first] = world.hubspot.contacts();
    world.hubspot.faults = (request) => answer(request, String(first!.id));
    const run = await ask('hubspot', { mode: 'full' });
    await pass(120_000);
    world.hubspot.faults = undefined;
    world.clock.skip(300_000);
    expect(await ended(run)).toMatchObject({ state: 'finished' });
    await world.rest();
    expect(world.voucherify.count).toBe(5);
    const [deleted] = await database.rows(sql`select 1 from records where deleted_at is not null`);
    expect(deleted).toBeUndefined();
  });

  it('faults 09: one refusal of the credentials pauses nothing', async () => {
    await start();
    let refusals = 1;
    world.hubspot.faults = () => (refusals-- > 0 ? refused() : undefined);
    expect(await ended(await ask())).toMatchObject({ state: 'finished' });
    expect(await listPauses(database)).toEqual(new Map());
  });

  it('faults 09: refused credentials are tried again by a trial, and work resumes without a person', async () => {
    const lines: string[] = [];
    await start({ log: (line) => lines.push(line) });
    let calls = 0;
    world.hubspot.faults = () => {
      calls += 1;
      return refused();
    };
    const run = await ask();
    await until(async () => (await listPauses(database)).size > 0);
    const asked = calls;
    expect(asked).toBeLessThanOrEqual(4);
    expect((await listPauses(database)).get('hubspot')).toMatchObject({ cause: 'unauthorized', trials: 0 });
    await pass(61_000);
    await until(async () => (await listPauses(database)).get('hubspot')?.trials === 1);
    await until(async () => !(await runOf(run)).working);
    expect(calls - asked).toBeLessThanOrEqual(2);
    world.hubspot.faults = undefined;
    await pass(300_000);
    expect(await ended(run)).toMatchObject({ state: 'finished', attempts: 0 });
    expect(await listPauses(database)).toEqual(new Map());
    expect(lines.filter((line) => line.includes('source paused'))).toHaveLength(1);
    await world.rest();
    expect(differences(world)).toEqual([]);
  });

  it('faults 09: a person who asks for a sync has the credentials tried at once', async () => {
    await start();
    world.hubspot.faults = refused;
    const run = await ask();
    await until(async () => (await listPauses(database)).size > 0);
    world.hubspot.faults = undefined;
    const app = createApp(world.tributary, { apiToken: 'a-token-for-tests', version: '0', dataDir: '/no' });
    const answer = await app.request('/api/sources/hubspot/sync', {
      method: 'POST',
      headers: { authorization: 'Bearer a-token-for-tests', 'content-type': 'application/json' },
      body: JSON.stringify({ mode: 'incremental' }),
    });
    expect([answer.status, ((await answer.json()) as Run).id]).toEqual([202, run.id]);
    expect(await ended(run)).toMatchObject({ state: 'finished' });
  });

  // ── Outages ─────────────────────────────────────────────────────────────────────────────────────────────────────

  it('faults 11: what webhooks named waits for a vendor that is down, uses up no attempt, and all of it comes', async () => {
    await start({}, 20);
    await world.sync();
    const ids = [...world.hubspot.contacts()].map(({ id }) => id);
    for (const id of ids) world.hubspot.update(id, { city: 'Łódź' });
    let calls = 0;
    world.hubspot.faults = () => {
      calls += 1;
      return Response.json({ message: 'down' }, { status: 503 });
    };
    await name(ids);
    await until(() => calls >= 5);
    for (let minute = 0; minute < 19; minute += 1) await pass(60_000);
    expect(await letters()).toEqual([]);
    // A call or two each five minutes, and not one for each record.
    expect(calls).toBeLessThan(40);
    world.hubspot.faults = undefined;
    world.clock.skip(300_000);
    await until(() => differences(world).length === 0);
    expect(await letters()).toEqual([]);
  });

  it('faults 11: a run waits for a vendor that is down for hours, says so, and comes to its end', async () => {
    await start();
    world.hubspot.faults = () => Response.json({ message: 'down' }, { status: 502 });
    const run = await ask();
    for (let hour = 0; hour < 6; hour += 1) {
      await pass(3_600_000);
      expect(await runOf(run)).toMatchObject({ state: 'requested', attempts: 0 });
    }
    expect((await runOf(run)).error).toMatch(/^waiting: hubspot has failed since .*502/);
    world.hubspot.faults = undefined;
    world.clock.skip(300_000);
    expect(await ended(run)).toMatchObject({ state: 'finished', received: 5 });
  });

  it('faults 11: a record that a firewall refuses by itself holds up no other, and is reported in the end', async () => {
    await start({}, 20);
    await world.sync();
    const ids = [...world.hubspot.contacts()].map(({ id }) => id);
    const bad = ids[3]!;
    for (const id of ids) world.hubspot.update(id, { city: 'Łódź' });
    world.hubspot.faults = async (request) =>
      (await request.clone().text()).includes(`"${bad}"`) ? page('blocked', 403) : undefined;
    await name(ids);
    const pending = () => differences(world) as { id: string }[];
    for (let tries = 0; tries < 40 && pending().length > 1; tries += 1) await pass(60_000);
    expect(pending().map(({ id }) => id)).toEqual([bad]);
    expect(await listPauses(database)).toEqual(new Map());
  });

  it('faults 11: a page that the vendor fails at while it answers others fails the run in the end', async () => {
    await start({}, 3);
    let failed = 0;
    world.hubspot.faults = (request) => {
      if (request.url.includes('batch/read')) return undefined;
      failed += 1;
      return Response.json({ message: 'internal' }, { status: 500 });
    };
    const run = await ask();
    const [id] = [...world.hubspot.contacts()].map((contact) => contact.id);
    for (let tries = 0; tries < 60 && (await runOf(run)).state === 'requested'; tries += 1) {
      await name([id!]);
      await pass(300_000);
    }
    expect(await runOf(run)).toMatchObject({ state: 'failed' });
    expect((await runOf(run)).error).toContain('given up after 12 attempts');
    expect(failed).toBeLessThan(80);
  });

  // ── Endless pages ───────────────────────────────────────────────────────────────────────────────────────────────

  it.each([
    ['the same cursor', (_calls: number) => 'again'],
    ['cursors that go round', (calls: number) => `c${calls % 3}`],
    ['ever new cursors to the same records', (calls: number) => calls],
  ])('faults 14: pages with %s forever are a failed run that says so', async (_what, cursorOf) => {
    let calls = 0;
    await start({
      connectors: [
        given(() => {
          calls += 1;
          return { records: [person('a'), person('b')], cursor: cursorOf(calls), done: false };
        }),
      ],
      sources: { crm: { connector: 'given' } },
    });
    const run = await ended(await ask('crm'));
    expect(run.state).toBe('failed');
    expect(run.error).toContain('the people of given never end');
    expect(calls).toBeLessThan(20);
    await world.rest();
    expect(world.voucherify.count).toBe(2);
    const trial = await ended(await ask('crm', { request: { dryRun: true } }));
    expect(trial).toMatchObject({ state: 'failed', error: expect.stringContaining('never end') });
  });

  // ── A run always ends ───────────────────────────────────────────────────────────────────────────────────────────

  it('pull 07: a run whose error contains invalid characters ends, says so, and the next one runs', async () => {
    let fails = true;
    await start({
      connectors: [
        given(() => {
          if (fails) throw new Error('byte 0x00 \u0000 and \ud800 met');
          return { records: [person('a')], cursor: 1, done: true };
        }),
      ],
      sources: { crm: { connector: 'given' } },
    });
    const run = await ask('crm');
    await waits(run);
    await cancelRun(database, run.id, world.clock.now());
    expect(await ended(run)).toMatchObject({ state: 'cancelled' });
    fails = false;
    expect(await ended(await ask('crm'))).toMatchObject({ state: 'finished', received: 1 });
  });

  it.each(['a vendor that hangs', 'a backoff', 'a pause', 'a wait for a quota'])(
    'pull 07: a run can be cancelled in %s',
    async (what) => {
      await start(
        what === 'a wait for a quota'
          ? { source: { quota: { requests: 1, seconds: 86_400 } }, hubspot: { quotas: false } }
          : {},
        250,
      );
      let asked = 0;
      world.hubspot.faults = async () => {
        asked += 1;
        if (what === 'a vendor that hangs') await new Promise((resolve) => setTimeout(resolve, 1_500));
        if (what === 'a backoff') return Response.json({}, { status: 503 });
        return what === 'a pause' ? refused() : undefined;
      };
      const run = await ask();
      await until(() => asked > 0);
      if (what === 'a backoff' || what === 'a wait for a quota') await waits(run);
      if (what === 'a pause') await until(async () => (await listPauses(database)).size > 0);
      const from = world.clock.now();
      await cancelRun(database, run.id, from);
      expect(await ended(run)).toMatchObject({ state: 'cancelled' });
      // Not when the call has come to its end, which takes 30 seconds here.
      expect(world.clock.now() - from).toBeLessThan(25_000);
    },
  );

  it('pull 07: a run whose failure cannot be recorded is in the log, and is taken up again', async () => {
    let gone = false;
    let pulls = 0;
    const lines: string[] = [];
    database = await behaviour[0].open();
    const orGone = <Result>(ask: () => Promise<Result>): Promise<Result> =>
      gone ? Promise.reject(new Error('the database is gone')) : ask();
    const failing: TestDatabase = {
      ...database,
      rows: (statement) => orGone(() => database.rows(statement)),
      transaction: (work) => orGone(() => database.transaction(work)),
    };
    world = await openSyncWorld(failing, {
      connectors: [
        given(() => {
          pulls += 1;
          if (pulls > 1) return { records: [person('a')], cursor: 1, done: true };
          gone = true;
          throw new Error('the vendor said 42');
        }),
      ],
      sources: { crm: { connector: 'given' } },
      log: (line) => void lines.push(line),
    });
    await world.tributary.start();
    const run = await ask('crm');
    await until(() => lines.some((line) => line.includes('could not be recorded')));
    gone = false;
    expect(lines.join('')).toContain('the vendor said 42');
    expect((await runOf(run)).working).toBe(true);
    world.clock.skip(31_000);
    expect(await ended(run)).toMatchObject({ state: 'finished', received: 1 });
  });

  it('pull 07: a run of a source that never answers, and does not listen either, can be cancelled', async () => {
    await start({
      connectors: [given(() => new Promise<Page>(() => {}))],
      sources: { crm: { connector: 'given' } },
    });
    const run = await ask('crm');
    await until(async () => (await runOf(run)).working);
    await cancelRun(database, run.id, world.clock.now());
    expect(await ended(run)).toMatchObject({ state: 'cancelled' });
  });

  it('pull 07: a cancelled run ends even if its worker never reports it', async () => {
    await start({
      connectors: [given(() => ({ records: [], cursor: 1, done: true }))],
      sources: { crm: { connector: 'given' } },
    });
    await pause(database, 'crm', { cause: 'person', reason: 'a test' }, world.clock.now());
    const run = await ask('crm');
    const held = world.clock.now() + 30_000;
    await database.rows(sql`
      update runs set lease = ${randomUUID()}::uuid, leased_until = to_timestamp(${held}::float8 / 1000) where id = ${run.id}`);
    expect(await cancelRun(database, run.id, world.clock.now())).toMatchObject({ state: 'requested' });
    world.clock.skip(31_000);
    expect(await ended(run)).toMatchObject({ state: 'cancelled' });
  });

  /** A webhook says that these contacts may have changed. */
  async function name(ids: readonly string[]): Promise<void> {
    const changedAt = world.clock.now();
    const touched = ids.map((recordId) => ({ stream: 'contacts', recordId, changedAt, gone: null }));
    await touch(database, 'hubspot', touched, changedAt);
  }
});

function deep(levels: number): Json {
  let value: Json = 'bottom';
  for (let level = 0; level < levels; level += 1) value = { in: value };
  return value;
}
