import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { noCounts } from '../../src/tables/counts.ts';
import { keepDeadLetters } from '../../src/tables/dead-letters.ts';
import { hold } from '../../src/tables/deliveries.ts';
import { keepHolds } from '../../src/tables/holds.ts';
import { claimRun, countPage } from '../../src/tables/runs.ts';
import { databases } from '../support/databases.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { type Call, caller, expectProblem } from './calls.ts';
import { deliverAll, empty, noon, takeIn } from './seed.ts';
import { openWorld, type World } from './world.ts';

const lease = '11111111-1111-4111-8111-111111111111';

describe.each(databases)('the API on $name', ({ open }) => {
  let world: World;
  let call: Call;
  let clock: ManualClock;

  let database: Database;

  beforeAll(async () => {
    database = await open();
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    await empty(database);
    clock = new ManualClock(noon + 10_000);
    world = await openWorld({ ...database, close: async () => {} }, { clock, maxImportBytes: 10_000 });
    call = await caller(world);
  });
  afterEach(() => world.close());

  const claimed = () =>
    world.database.transaction((tx) =>
      claimRun(tx, {
        lease,
        now: clock.now(),
        leaseMs: 30_000,
        host: world.tributary.host,
        sources: ['crm', 'files'],
      }),
    );
  const countOne = (id: number, received: number) =>
    countPage(
      world.database,
      { id, lease },
      {
        counts: { ...noCounts, received, changed: received },
        pages: 1,
        expected: 10,
        step: 'reading all people',
        now: clock.now(),
        leaseMs: 30_000,
      },
    );

  describe('health', () => {
    it('reports without a token that it is alive and ready', async () => {
      expect((await call('GET', '/healthz', { token: null })).body).toEqual({ status: 'live' });
      expect((await call('GET', '/readyz', { token: null })).body).toEqual({ status: 'ready' });
    });
  });

  describe('the status', () => {
    it('counts customers by what became of them, and says how long the oldest change has waited', async () => {
      await takeIn(world, [{ id: 'a' }, { id: 'b' }]);
      await deliverAll(world, { b: 'No such plan' });
      await takeIn(world, [{ id: 'c' }], noon + 8_000);
      const { body } = await call('GET', '/api/status');
      expect(body.customers).toEqual({ total: 3, delivered: 1, waiting: 1, held: 0, dead: 1 });
      expect(body.freshness).toEqual({
        oldestWaitingAt: '2026-03-01T12:00:08.000Z',
        lastDay: [],
        oldestWaitSeconds: 2,
        lastDeliveredAt: '2026-03-01T12:00:05.000Z',
      });
      expect(body.backlog).toContainEqual({
        lane: 'schedule',
        waiting: 1,
        due: 1,
        oldestAt: '2026-03-01T12:00:08.000Z',
        oldestWaitSeconds: 2,
      });
      expect(body.backlog.map(({ lane }: { lane: string }) => lane)).toEqual([
        'webhook',
        'manual',
        'schedule',
        'backfill',
      ]);
      expect(body.deadLetters).toEqual({
        open: 1,
        groups: [{ kind: 'delivery', source: 'destination', code: 'invalid_customer', open: 1 }],
      });
      expect(body.version).toBe('1.2.3');
      expect(body.destination.budget).toEqual([
        expect.objectContaining({ quota: 'calls', limit: 1600, seconds: 60, used: 0 }),
      ]);
    });

    it('shows each source with its records, its current run and its speed', async () => {
      await takeIn(world, [{ id: 'a' }]);
      await call('POST', '/api/sources/crm/sync', { json: { mode: 'full' } });
      const run = await claimed();
      await countOne(run!.id, 4);
      await call('GET', '/api/status');
      await clock.advance(2_000);
      await countOne(run!.id, 6);
      const { body } = await call('GET', '/api/sources');
      const crm = body.sources.find(({ name }: { name: string }) => name === 'crm');
      expect(crm).toMatchObject({
        connector: 'people',
        records: 1,
        imports: false,
        readsById: true,
        lastRun: null,
        schedule: null,
      });
      expect(crm.going).toEqual([
        expect.objectContaining({ id: run!.id, working: true, received: 10, expected: 10, ratePerSecond: 3 }),
      ]);
      expect(body.sources.find(({ name }: { name: string }) => name === 'files')).toMatchObject({
        imports: true,
        readsById: false,
        budget: [],
        calls: null,
      });
    });
  });

  describe('a sync', () => {
    it('is asked for once, and the second time names the run that is going', async () => {
      const first = await call('POST', '/api/sources/crm/sync', { json: { mode: 'full' } });
      expect(first.status).toBe(202);
      expect(first.headers.get('location')).toBe(`/api/runs/${first.body.id}`);
      expect(first.body).toMatchObject({
        source: 'crm',
        mode: 'full',
        lane: 'backfill',
        trigger: 'manual',
        state: 'requested',
      });
      const second = await call('POST', '/api/sources/crm/sync', { json: { mode: 'full' } });
      expectProblem(second, 409, { type: 'urn:tributary:problem:still-going', runId: first.body.id });
      expect(second.body.detail).toContain(`run ${first.body.id}`);
    });

    it('goes before schedules, unless the source has never been read whole', async () => {
      expect((await call('POST', '/api/sources/crm/sync', { json: { mode: 'incremental' } })).body.lane).toBe(
        'backfill',
      );
      await world.database.rows(sql`delete from runs`);
      await world.database.rows(
        sql`insert into checkpoints (source, stream, reader, cursor, updated_at) values ('crm', 'people', 'lead', '1', now())`,
      );
      expect((await call('POST', '/api/sources/crm/sync', { json: { mode: 'incremental' } })).body.lane).toBe(
        'manual',
      );
    });

    it('of records by ID keeps each ID once', async () => {
      const { body } = await call('POST', '/api/sources/crm/sync', {
        json: { mode: 'records', recordIds: ['7', '8', '7'] },
      });
      expect(body).toMatchObject({ mode: 'records', lane: 'manual', request: { recordIds: ['7', '8'] } });
    });

    it.each([
      [{ mode: 'partial' }, { path: 'mode', found: '"partial"' }],
      [{}, { path: 'mode', found: 'nothing' }],
      [{ mode: 'records' }, { path: 'recordIds', found: 'nothing' }],
      [
        { mode: 'full', recordIds: ['1'] },
        { path: 'recordIds', found: '["1"]' },
      ],
      [
        { mode: 'full', fast: true },
        { path: 'fast', found: 'an unknown key' },
      ],
      [{ mode: 'records', recordIds: ['a\u0000'] }, { path: 'recordIds[0]' }],
      [[], { path: '(the whole)', found: '[]' }],
    ])('refuses %j and says where the fault is', async (json, fault) => {
      const answer = await call('POST', '/api/sources/crm/sync', { json });
      expectProblem(answer, 400, { type: 'urn:tributary:problem:bad-input' });
      expect(answer.body.faults).toEqual([expect.objectContaining(fault)]);
    });

    it('refuses a query where it takes none: nothing in it would have an effect', async () => {
      for (const [method, path] of [
        ['POST', '/api/verify?sample=10'],
        ['GET', '/api/status?source=crm'],
      ] as const)
        expectProblem(await call(method, path), 400, { type: 'urn:tributary:problem:bad-input' });
      expect((await call('GET', '/healthz?from=a-balancer')).status).toBe(200);
    });

    it('refuses a body that is not JSON, of another type, or too large', async () => {
      const headers = { 'content-type': 'application/json' };
      expectProblem(await call('POST', '/api/sources/crm/sync', { body: '{"mode":', headers }), 400, {
        type: 'urn:tributary:problem:bad-json',
      });
      expectProblem(
        await call('POST', '/api/sources/crm/sync', {
          body: 'mode=full',
          headers: { 'content-type': 'text/plain' },
        }),
        415,
      );
      const tooLarge = await call('POST', '/api/sources/crm/sync', { json: { mode: 'x'.repeat(1_100_000) } });
      expectProblem(tooLarge, 413);
      // The rest of it is not read, so the next request needs another connection.
      expect(tooLarge.headers.get('connection')).toBe('close');
    });

    it('refuses records by ID where the connector cannot read them', async () => {
      const answer = await call('POST', '/api/sources/files/sync', {
        json: { mode: 'records', recordIds: ['1'] },
      });
      expectProblem(answer, 400, {
        faults: [
          {
            path: 'mode',
            found: '"records"',
            allowed: 'incremental or full: csv cannot read single records',
          },
        ],
      });
    });

    it('names the sources there are when asked for another', async () => {
      const answer = await call('POST', '/api/sources/nosuch/sync', { json: { mode: 'full' } });
      expectProblem(answer, 404, { detail: 'No source is called nosuch. There are crm, files.' });
    });
  });

  describe('a pause', () => {
    it('refuses syncs with its reason and the way out, until the source is resumed', async () => {
      const paused = await call('POST', '/api/sources/crm/pause', {
        json: { reason: 'the CRM is being moved' },
      });
      expect(paused.body).toEqual({
        name: 'crm',
        paused: {
          cause: 'person',
          reason: 'the CRM is being moved',
          pausedAt: '2026-03-01T12:00:10.000Z',
          trialAt: null,
        },
      });
      const refused = await call('POST', '/api/sources/crm/sync', { json: { mode: 'full' } });
      expectProblem(refused, 409, { type: 'urn:tributary:problem:paused' });
      expect(refused.body.detail).toBe(
        'crm is paused: the CRM is being moved. Resume it first: on its page, with "tributary sources resume crm" or POST /api/sources/crm/resume.',
      );
      expect((await call('GET', '/api/sources')).body.sources[0].paused.reason).toBe(
        'the CRM is being moved',
      );
      expect((await call('POST', '/api/sources/crm/resume')).body).toEqual({ name: 'crm', paused: null });
      expect((await call('POST', '/api/sources/crm/sync', { json: { mode: 'full' } })).status).toBe(202);
    });

    it('needs no reason and no body, and resuming twice is no fault', async () => {
      expect((await call('POST', '/api/destination/pause')).body.paused.reason).toBe('no reason was given');
      expect((await call('GET', '/api/status')).body.destination.paused.cause).toBe('person');
      expect((await call('POST', '/api/destination/resume')).status).toBe(200);
      expect((await call('POST', '/api/destination/resume')).body).toEqual({
        name: 'destination',
        paused: null,
      });
    });

    it('refuses an invalid reason', async () => {
      expectProblem(await call('POST', '/api/sources/crm/pause', { json: { reason: 7 } }), 400);
      expectProblem(await call('POST', '/api/sources/nosuch/pause', { json: {} }), 404);
      expectProblem(await call('POST', '/api/sources/nosuch/resume'), 404);
    });
  });

  describe('an import', () => {
    const upload = (query: string, body: string | ReadableStream, headers = { 'content-type': 'text/csv' }) =>
      call('POST', `/api/sources/files/imports${query}`, { body, headers });

    it('keeps the file for ourselves alone and asks for the run that reads it', async () => {
      const text = 'Source_id;Name\n1;Anna\n';
      const { status, body, headers } = await upload(
        `?name=${encodeURIComponent('people of March.csv')}&delimiter=;`,
        text,
      );
      expect(status).toBe(202);
      expect(headers.get('location')).toBe(`/api/runs/${body.id}`);
      expect(body).toMatchObject({ source: 'files', mode: 'import', lane: 'backfill', trigger: 'manual' });
      expect(body.request).toMatchObject({ host: world.tributary.host, settings: { delimiter: ';' } });
      expect(body.request.path).toBe('people of March.csv');
      expect(JSON.stringify(body)).not.toContain(world.dataDir);
      const [folder] = await readdir(join(world.dataDir, 'imports'));
      const path = join(world.dataDir, 'imports', folder!, 'people of March.csv');
      expect(await readFile(path, 'utf8')).toBe(text);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    });

    it.each([
      ['../../etc/passwd', 'passwd'],
      ['C:\\files\\a.csv', 'a.csv'],
      ['..', 'import.csv'],
      ['.hidden\r\nname', 'hidden__name'],
    ])('keeps a file called %j as %j', async (name, kept) => {
      const { body } = await upload(`?name=${encodeURIComponent(name)}`, 'Source_id\n1\n');
      // Its name alone: where it lies on the server is nobody's concern.
      expect(body.request.path).toBe(kept);
    });

    it('takes a tab by its name', async () => {
      expect((await upload('?delimiter=tab', 'Source_id\tName\n')).body.request.settings).toEqual({
        delimiter: '\t',
      });
    });

    it.each(['application/vnd.ms-excel', 'Text/Comma-Separated-Values; charset=utf-8'])(
      'takes a file that is called %s',
      async (type) => {
        const { status } = await upload('', 'Source_id\n1\n', { 'content-type': type });
        expect(status).toBe(202);
      },
    );

    it('leaves nothing behind of a file that is too large, whether or not it said so', async () => {
      const large = () => new Blob(['x'.repeat(20_000)]).stream();
      expectProblem(
        await upload('', 'x'.repeat(20_000), {
          'content-type': 'text/csv',
          'content-length': '20000',
        } as never),
        413,
      );
      expectProblem(await upload('', large()), 413, { type: 'urn:tributary:problem:too-large' });
      expect(await readdir(join(world.dataDir, 'imports'))).toEqual([]);
      expect((await call('GET', '/api/runs')).body.runs).toEqual([]);
    });

    it('refuses what is empty, of another type, or separated by something odd', async () => {
      expectProblem(await upload('', ''), 400);
      expectProblem(await upload('', '{}', { 'content-type': 'application/json' }), 415);
      const answer = await upload('?delimiter=ab', 'a|b');
      expectProblem(answer, 400);
      expect(answer.body.faults[0]).toMatchObject({ path: 'delimiter', found: '"ab"' });
      expectProblem(await upload('?speed=9', 'a'), 400);
    });

    it('is refused by sources that are no files, and while the source is paused', async () => {
      const headers = { 'content-type': 'text/csv' };
      expectProblem(await call('POST', '/api/sources/crm/imports', { body: 'a', headers }), 409, {
        type: 'urn:tributary:problem:no-files',
      });
      await call('POST', '/api/sources/files/pause');
      expectProblem(await upload('', 'Source_id\n'), 409, { type: 'urn:tributary:problem:paused' });
    });
  });

  describe('runs', () => {
    it('are paged through, the newest first, without gap or repeat', async () => {
      for (let id = 1; id <= 5; id += 1)
        await call('POST', '/api/sources/crm/sync', { json: { mode: 'records', recordIds: [String(id)] } });
      const ids: number[] = [];
      for (let next = ''; ; ) {
        const { body } = await call('GET', `/api/runs?limit=2${next}`);
        ids.push(...body.runs.map((run: { id: number }) => run.id));
        if (body.nextCursor === null) break;
        next = `&cursor=${body.nextCursor}`;
      }
      expect(ids).toEqual([...ids].sort((a, b) => b - a));
      expect(new Set(ids).size).toBe(5);
    });

    it('are found by source and state', async () => {
      const { body: run } = await call('POST', '/api/sources/crm/sync', { json: { mode: 'full' } });
      await call('POST', `/api/runs/${run.id}/cancel`);
      await call('POST', '/api/sources/files/sync', { json: { mode: 'full' } });
      const modes = async (query: string) =>
        (await call('GET', `/api/runs${query}`)).body.runs.map(
          (one: { source: string; state: string }) => `${one.source} ${one.state}`,
        );
      expect(await modes('?source=crm')).toEqual(['crm cancelled']);
      expect(await modes('?state=requested')).toEqual(['files requested']);
      expectProblem(await call('GET', '/api/runs?source=nosuch'), 400);
    });

    it.each(['limit=0', 'limit=201', 'limit=x', 'state=asleep', 'before=-1', 'page=2'])(
      'refuse %s',
      async (query) => {
        expectProblem(await call('GET', `/api/runs?${query}`), 400);
      },
    );

    it('are cancelled at once if nobody works on them, and only once', async () => {
      const { body: run } = await call('POST', '/api/sources/crm/sync', { json: { mode: 'full' } });
      expect((await call('POST', `/api/runs/${run.id}/cancel`)).body).toMatchObject({
        state: 'cancelled',
        endedAt: '2026-03-01T12:00:10.000Z',
      });
      expectProblem(await call('POST', `/api/runs/${run.id}/cancel`), 409, {
        detail: `Run ${run.id} has already ended: cancelled.`,
      });
    });

    it('that are not there are not found', async () => {
      expectProblem(await call('GET', '/api/runs/99'), 404);
      expectProblem(await call('POST', '/api/runs/99/cancel'), 404);
      expectProblem(await call('GET', '/api/runs/x'), 400);
      expectProblem(await call('GET', '/api/runs/99999999999999999999'), 400);
    });
  });

  describe('customers', () => {
    it('are paged through in the order of their source IDs', async () => {
      await takeIn(
        world,
        ['e', 'b', 'a', 'd', 'c'].map((id) => ({ id })),
      );
      const first = await call('GET', '/api/customers?limit=2');
      expect(first.body.customers.map(({ sourceId }: { sourceId: string }) => sourceId)).toEqual(['a', 'b']);
      const rest = await call('GET', `/api/customers?limit=3&cursor=${first.body.nextCursor}`);
      expect(rest.body.customers.map(({ sourceId }: { sourceId: string }) => sourceId)).toEqual([
        'c',
        'd',
        'e',
      ]);
      expect(rest.body.nextCursor).toBeNull();
    });

    it.each([
      ['ANNA@', ['1']],
      ['kowal', ['1']],
      ['2', ['2']],
      ['_', []],
      ['%', ['3']],
      ['owalska', []],
    ])('are found by what begins with %j', async (search, found) => {
      await takeIn(world, [
        { id: '1', body: { name: 'Anna Kowalska', email: 'anna@example.com' } },
        { id: '2', body: { name: 'Bob' } },
        { id: '3', body: { name: '% off' } },
      ]);
      const { body } = await call('GET', `/api/customers?search=${encodeURIComponent(search)}`);
      expect(body.customers.map(({ sourceId }: { sourceId: string }) => sourceId)).toEqual(found);
    });

    it('are listed by the state of their delivery, page by page, and searched within it', async () => {
      await takeIn(
        world,
        ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id, body: { name: id < 'c' ? 'Anna' : 'Bob' } })),
      );
      await deliverAll(world, { b: 'No such plan', d: 'No such plan', e: 'No such plan' });
      await takeIn(
        world,
        ['f', 'g'].map((id) => ({ id })),
        noon + 8_000,
      );
      const pages = async (query: string) => {
        const found: string[] = [];
        for (let cursor: string | null = ''; cursor !== null; ) {
          const { body } = await call('GET', `/api/customers?${query}${cursor && `&cursor=${cursor}`}`);
          found.push(body.customers.map(({ sourceId }: { sourceId: string }) => sourceId).join(''));
          cursor = body.nextCursor;
        }
        return found;
      };
      expect(await pages('state=dead&limit=2')).toEqual(['bd', 'e']);
      expect(await pages('state=delivered')).toEqual(['ac']);
      expect(await pages('state=waiting&limit=1')).toEqual(['f', 'g']);
      expect(await pages('state=held')).toEqual(['']);
      expect(await pages('state=dead&search=anna')).toEqual(['b']);
      expect(await pages('state=dead&search=bob&limit=1')).toEqual(['d', 'e']);
    });

    it('that are held are all listed, even if a hold is open whose delivery is not held', async () => {
      await takeIn(
        world,
        ['a', 'b', 'c', 'd'].map((id) => ({ id })),
      );
      await world.database.rows(sql`truncate holds`);
      const losses = ['a', 'b', 'c', 'd'].map((sourceId) => ({ sourceId, change: 'name', from: 'x' }));
      await keepHolds(world.database, losses, { source: 'crm', runId: null, now: noon });
      await hold(world.database, ['c', 'd']);
      const first = (await call('GET', '/api/customers?state=held&limit=1')).body;
      expect(first).toMatchObject({ customers: [{ sourceId: 'c', state: 'held' }] });
      const { body } = await call('GET', `/api/customers?state=held&limit=1&cursor=${first.nextCursor}`);
      expect(body).toMatchObject({ customers: [{ sourceId: 'd' }], nextCursor: null });
      await world.database.rows(sql`truncate holds`);
    });

    it('show their fields, the backlog, what was acknowledged, and their records', async () => {
      const id = 'shop/42 ü?#';
      await takeIn(world, [{ id, body: { name: 'Anna', email: 'anna@example.com' } }]);
      await deliverAll(world);
      const { status, body } = await call('GET', `/api/customers/${encodeURIComponent(id)}`);
      expect(status).toBe(200);
      expect(body).toMatchObject({
        sourceId: id,
        revision: 1,
        fields: { name: 'Anna', email: 'anna@example.com' },
        delivery: {
          state: 'delivered',
          revision: 1,
          acknowledged: 1,
          lane: 'schedule',
          deliveredAt: '2026-03-01T12:00:05.000Z',
        },
        acknowledged: { revision: 1, fields: { email: 'old@example.com' }, at: '2026-03-01T12:00:05.000Z' },
        records: [
          {
            source: 'crm',
            stream: 'people',
            recordId: id,
            deleted: false,
            body: { id, name: 'Anna', email: 'anna@example.com' },
          },
        ],
      });
    });

    it('that are not there are not found, however odd their source ID', async () => {
      expectProblem(await call('GET', '/api/customers/nobody'), 404);
      expectProblem(await call('GET', '/api/customers/%00'), 400);
      expectProblem(await call('GET', '/api/customers?search=%00'), 400);
    });
  });

  describe('dead letters', () => {
    const letters = async (query = '') => (await call('GET', `/api/dead-letters${query}`)).body.deadLetters;

    beforeEach(async () => {
      await takeIn(world, [{ id: 'a' }, { id: 'b' }]);
      await deliverAll(world, { b: 'No such plan' });
      await takeIn(world, [{ id: 'r1', body: { email: 'r1@example.com' } }]);
      const kept = { kind: 'record', source: 'crm', stream: 'people' } as const;
      const detail = (id: string, changedAt: number) => ({
        changedAt,
        body: { id, email: 'kept@example.com' },
      });
      await keepDeadLetters(
        world.database,
        [
          {
            ...kept,
            ref: 'r1',
            code: 'bad_value',
            message: 'older than what is known',
            detail: detail('r1', noon - 999_999),
          },
          { ...kept, ref: 'r2', code: 'bad_value', message: 'email: is none', detail: detail('r2', noon) },
          {
            ...kept,
            ref: 'r3',
            code: 'source_id',
            message: 'id is a list',
            detail: { changedAt: noon, body: { id: ['x'] } },
          },
          {
            kind: 'record',
            source: 'files',
            stream: 'rows',
            ref: 'row 7 of a.csv',
            code: 'bad_row',
            message: 'too few columns',
            detail: { raw: '1,2' },
          },
          {
            kind: 'record',
            source: 'gone',
            stream: 'people',
            ref: 'g',
            code: 'bad_value',
            message: 'x',
            detail: detail('g', noon),
          },
        ],
        noon,
      );
    });

    it('are found by kind, source and code, and paged through', async () => {
      expect(await letters()).toHaveLength(6);
      expect(await letters('?kind=delivery')).toEqual([
        expect.objectContaining({ source: 'destination', ref: 'b', message: 'No such plan', times: 1 }),
      ]);
      expect((await letters('?source=crm&code=bad_value')).map(({ ref }: { ref: string }) => ref)).toEqual([
        'r2',
        'r1',
      ]);
      const { body } = await call('GET', '/api/dead-letters?limit=4');
      expect(await letters(`?cursor=${body.nextCursor}`)).toHaveLength(2);
      expectProblem(await call('GET', '/api/dead-letters?kind=parcel'), 400);
    });

    it('are all retried: each is put back, or the reason is given', async () => {
      const { body } = await call('POST', '/api/dead-letters/retry', { json: {} });
      expect(body.deliveries).toEqual({ due: 1, waiting: 0 });
      expect(body.records).toEqual({
        received: 3,
        changed: 1,
        unchanged: 0,
        superseded: 1,
        filtered: 0,
        rejected: 1,
        customers: 1,
      });
      expect(
        body.cannot
          .map(({ letters, reason }: { letters: number; reason: string }) => `${letters} ${reason}`)
          .sort(),
      ).toEqual([
        '1 no source is called gone in the configuration any more',
        '1 this row never became a record: correct it in the file and import that again',
      ]);
      expect(
        (await letters()).map(({ ref, times }: { ref: string; times: number }) => `${ref} ${times}`),
      ).toEqual(['g 1', 'row 7 of a.csv 1', 'r3 2', 'b 1']);
      expect((await call('GET', '/api/customers/r2')).body.fields).toEqual({ email: 'kept@example.com' });
      expect((await call('GET', '/api/customers/r1')).body.fields).toEqual({ email: 'r1@example.com' });
      expect((await call('GET', '/api/customers/b')).body.delivery).toMatchObject({
        state: 'waiting',
        lane: 'manual',
        attempts: 0,
      });
    });

    it('are retried by ID, and a delivery that already waits is distinguished', async () => {
      const [{ id }] = await letters('?kind=delivery');
      const retry = async () =>
        (await call('POST', '/api/dead-letters/retry', { json: { ids: [id] } })).body.deliveries;
      expect(await retry()).toEqual({ due: 1, waiting: 0 });
      expect(await retry()).toEqual({ due: 0, waiting: 1 });
    });

    it('in their thousands go behind what people wait for', async () => {
      const many = Array.from({ length: 1100 }, (_, index) => `m${index}`);
      await keepDeadLetters(
        world.database,
        many.map((ref) => ({
          kind: 'record',
          source: 'crm',
          stream: 'people',
          ref,
          code: 'bad_value',
          message: 'x',
          detail: { changedAt: noon, body: { id: ref } },
        })),
        noon,
      );
      const { body } = await call('POST', '/api/dead-letters/retry', {
        json: { kind: 'record', source: 'crm', code: 'bad_value' },
      });
      expect(body.records).toMatchObject({ received: 1102, changed: 1101, superseded: 1, customers: 1101 });
      expect((await call('GET', '/api/customers/m1099')).body.delivery.lane).toBe('backfill');
      expect(await letters('?source=crm&code=bad_value')).toEqual([]);
    });

    it.each([
      { ids: [1], kind: 'record' },
      { ids: [] },
      { ids: ['1'] },
      { kind: 'parcel' },
      { everything: true },
    ])('are not tried again on %j', async (json) => {
      expectProblem(await call('POST', '/api/dead-letters/retry', { json }), 400);
    });
  });
});
