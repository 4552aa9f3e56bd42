// Erasure, end to end: nothing of the person is left in any table, nothing under way brings them back, no source does, and
// the receipt waits until the destination has answered, over restarts.
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import type { Tributary } from '../../src/app/app.ts';
import { openDatabase } from '../../src/db/database.ts';
import { ingest } from '../../src/sync/intake/ingest.ts';
import { balances } from '../../src/tables/counts.ts';
import { keepDeadLetters } from '../../src/tables/dead-letters.ts';
import { type Erasure, erasureById } from '../../src/tables/erasures.ts';
import { keepHolds } from '../../src/tables/holds.ts';
import { setPins } from '../../src/tables/pins.ts';
import { runById } from '../../src/tables/runs.ts';
import { behaviour, type TestDatabase, timeless } from '../support/databases.ts';
import { openSyncWorld, type SyncWorld, type SyncWorldOptions, until } from '../support/sync-world.ts';

const secretKey = 'a-key-of-the-tests-that-is-long-enough';

const email = 'zdzislawa.unikat@example.org';

const name = 'Zdzisława Unikatowska';

/** Anything of the person: source ID and e-mail are one, so that both ways to be known are tried. */
const traces = [email, 'Zdzisława', 'Unikatowska'];

const person = { firstname: 'Zdzisława', lastname: 'Unikatowska', email: 'Zdzislawa.Unikat@Example.org' };

describe.each(behaviour)('erasure on $name', ({ name: databaseKind, open, openOwn }) => {
  let world: SyncWorld;
  let database: TestDatabase;
  let recordId: string;
  let log: string[];
  const folders: string[] = [];

  /** 30 people and the one who will be erased, all delivered. */
  async function start(options: SyncWorldOptions = {}, on = open()): Promise<SyncWorld> {
    database = await on;
    log = [];
    world = await openSyncWorld(database, {
      secretKey,
      log: (line) => log.push(line),
      source: { sourceId: 'email' },
      sources: { files: { connector: 'csv' } },
      ...options,
    });
    recordId = world.hubspot.create(person);
    world.hubspot.seed(30, 7);
    await world.tributary.start();
    await world.sync();
    return world;
  }

  afterEach(async () => {
    await world?.close();
    await database?.close();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  const receipt = async (id: string) => (await erasureById(database, id))!;
  const answersOf = ({ answers }: Erasure) =>
    Object.fromEntries(Object.entries(answers).map(([store, { answer }]) => [store, answer]));

  async function complete(id: string): Promise<Erasure> {
    await until(async () => (await receipt(id)).endedAt !== null);
    return receipt(id);
  }

  async function erase(sourceId = email, options: { permanent?: boolean } = {}): Promise<Erasure> {
    return complete((await world.tributary.erase({ sourceId, ...options })).id);
  }

  /** Every table whose rows hold one of the texts anywhere. */
  async function tablesHolding(texts: readonly string[]): Promise<string[]> {
    const tables = await database.rows<{ name: string }>(
      sql`select table_name as name from information_schema.tables where table_schema = 'public' order by 1`,
    );
    expect(tables.length).toBeGreaterThan(15);
    const found: string[] = [];
    for (const { name } of tables) {
      const rows = await database.rows<{ row: string }>(
        sql`select ${sql.identifier(name)}::text as row from ${sql.identifier(name)}`,
      );
      for (const { row } of rows)
        if (texts.some((text) => row.toLowerCase().includes(text.toLowerCase())))
          found.push(`${name}: ${row}`);
    }
    return found;
  }

  async function importFile(text: string): Promise<{ path: string; run: number }> {
    const folder = mkdtempSync(join(tmpdir(), 'tributary-erasure-'));
    folders.push(folder);
    const path = join(folder, 'imports', randomUUID(), 'people.csv');
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
    const run = await world.tributary.request({
      source: 'files',
      mode: 'import',
      trigger: 'manual',
      lane: 'backfill',
      request: { path, host: world.tributary.host },
    });
    await world.rest();
    expect(await runById(database, run!.id)).toMatchObject({ state: 'finished', error: null });
    return { path, run: run!.id };
  }

  const take = (
    record: { recordId: string; body: Record<string, string>; merged?: string[] },
    by: Tributary = world.tributary,
  ) =>
    by.database.transaction((tx) => {
      const source = by.rules.source('hubspot')!;
      const [stream] = source.streams;
      const now = world.clock.now();
      const intake = { source, stream: stream!.name, lane: 'webhook' as const, runId: null, now };
      return ingest(tx, by.rules, intake, { records: [{ changedAt: now, ...record }] });
    });

  it('leaves nothing of the person in any table, and says of each store what it did', async () => {
    await start();
    world.hubspot.update(recordId, { city: 'Kraków' });
    await world.sync();
    const now = world.clock.now();
    await setPins(database, [{ sourceId: email, field: 'name', value: name, note: 'she asked' }], now);
    const loss = { sourceId: email, change: 'name', from: name };
    await keepHolds(database, [loss], { source: 'hubspot', runId: null, now });
    const stream = world.tributary.rules.source('hubspot')!.streams[0]!.name;
    const other = [...world.hubspot.contacts()].find((contact) => contact.id !== recordId)!;
    await keepDeadLetters(
      database,
      [
        { kind: 'delivery', source: 'destination', ref: email, code: 'x', message: `${name} is wrong` },
        { kind: 'record', source: 'hubspot', stream, ref: recordId, code: 'x', message: 'bad' },
        // Never stored: known by what it holds.
        {
          kind: 'record',
          source: 'hubspot',
          stream,
          ref: '999',
          code: 'x',
          message: 'bad',
          detail: { changedAt: 1, body: person },
        },
        {
          kind: 'record',
          source: 'files',
          stream: 'rows',
          ref: 'row 2',
          code: 'bad_row',
          message: 'bad',
          detail: { raw: `x;${name};${email};7` },
        },
        // Of another person, and of one whose address only begins alike.
        {
          kind: 'record',
          source: 'hubspot',
          stream,
          ref: '998',
          code: 'x',
          message: 'bad',
          detail: { changedAt: 1, body: { email: `x${email}` } },
        },
      ],
      now,
    );
    const asked = await world.tributary.request({
      source: 'hubspot',
      mode: 'records',
      trigger: 'manual',
      lane: 'manual',
      request: { recordIds: [recordId, other.id] },
    });
    await world.rest();
    await database.rows(
      sql`update runs set report = ${JSON.stringify({ samples: [email, name] })}::jsonb where id = ${asked!.id}::bigint`,
    );
    const { path } = await importFile(`Source_id,Email,Name\n4711,${email.toUpperCase()},${name}\n`);
    const { path: others } = await importFile(`Source_id,Email,Name\n4712,x${email},Somebody\n`);
    expect((await tablesHolding(traces)).length).toBeGreaterThan(8);
    expect(world.voucherify.bySourceId(email)).toBeDefined();
    log.length = 0;
    const before = world.voucherify.count - 2;

    const first = await world.tributary.erase({ sourceId: email });
    expect(first.answers['destination']).toMatchObject({ answer: 'waiting' });
    const ended = await complete(first.id);
    // The imported file made a customer of another source ID and the same address: somebody else, as far as we know.
    await erase('4711');

    const left = (await tablesHolding(traces)).filter((row) => !row.includes(`x${email}`));
    expect(left).toEqual([]);
    expect(ended).toMatchObject({ sourceId: null, permanent: false, dueAt: null });
    expect(answersOf(ended)).toEqual({
      customer: 'erased',
      records: 'erased',
      history: 'erased',
      pins: 'erased',
      holds: 'erased',
      deadLetters: 'erased',
      acknowledgement: 'erased',
      delivery: 'erased',
      bulkActions: 'nothing',
      runs: 'erased',
      inbox: 'nothing',
      facts: 'nothing',
      [`imports on ${world.tributary.host}`]: 'erased',
      destination: 'erased',
      suppression: 'kept',
    });
    expect(ended.answers['records']).toMatchObject({ rows: 1 });
    expect(ended.answers['deadLetters']).toMatchObject({ rows: 4 });
    expect((await runById(database, asked!.id))?.request.recordIds).toEqual([other.id]);
    expect([existsSync(path), existsSync(others)]).toEqual([false, true]);
    expect(world.voucherify.bySourceId(email)).toBeUndefined();
    expect(world.voucherify.count).toBe(before);
    expect(
      log.filter((line) => traces.some((trace) => line.toLowerCase().includes(trace.toLowerCase()))),
    ).toEqual([]);
    expect(log.some((line) => line.includes(encodeURIComponent(email)))).toBe(false);
    expect(log.some((line) => line.includes(first.id))).toBe(true);
  });

  it('is not undone by a full reading, a file or a webhook: what speaks of the person is counted as filtered', async () => {
    await start();
    await erase();
    const full = await world.sync('full');
    expect(full).toMatchObject({ state: 'finished', received: 31, filtered: 1, customers: 0 });
    expect(balances(full)).toBe(true);

    const { run } = await importFile(
      `Source_id,Email,Name\n1,${email},${name}\n2,anna@example.com,Anna\n"${email}",,${name}\n3,${email},x,y,z\n`,
    );
    expect(await runById(database, run)).toMatchObject({
      state: 'finished',
      changed: 1,
      filtered: 3,
      rejected: 0,
    });

    // The same record with another address, another record with the same one, and the deletion of the first.
    expect(await take({ recordId, body: { email: 'new@example.org', firstname: 'Z' } })).toMatchObject({
      filtered: 1,
      changed: 0,
    });
    expect(await take({ recordId: '4711', body: { email: ` ${email.toUpperCase()} ` } })).toMatchObject({
      filtered: 1,
      changed: 0,
    });
    expect(await take({ recordId: '4712', body: { email: 'new@example.org' } })).toMatchObject({
      filtered: 0,
      changed: 1,
    });
    await world.rest();
    world.hubspot.update(recordId, { city: 'Łódź' });
    expect(await world.sync()).toMatchObject({ filtered: 1, customers: 0 });
    expect(await tablesHolding(traces)).toEqual([]);
    expect(world.voucherify.bySourceId(email)).toBeUndefined();
    expect([...world.voucherify.customers()].some((customer) => customer.email === email)).toBe(false);
  });

  it('does not stop somebody known already who shares the address', async () => {
    await start();
    const shared = await take({ recordId: '4711', body: { email: 'shared@example.org', firstname: 'A' } });
    expect(shared.changed).toBe(1);
    await database.rows(sql`update records set source_id = 'another' where record_id = '4711'`);
    await erase('shared@example.org');
    // No record was of it then: its address is known from the source ID alone.
    expect(
      await take({ recordId: '4711', body: { email: 'shared@example.org', firstname: 'B' } }),
    ).toMatchObject({ changed: 1 });
  });

  it('follows a merge into a new record, whose other one was a customer', async () => {
    await start({ config: { onOrphaned: 'delete' } });
    await take({ recordId: '4711', body: { email: 'twin@example.org', firstname: 'T' } });
    await world.rest();
    await erase();
    const merged = { email: 'twin@example.org', firstname: 'T', phone: '+48 600 000 000' };
    const taken = await take({ recordId: '4712', body: merged, merged: [recordId, '4711'] });
    expect(taken).toMatchObject({ filtered: 1, changed: 0 });
    await world.rest();
    expect(world.voucherify.bySourceId('twin@example.org')).toBeUndefined();
    // A later word of them that tells of no merge, and one of a record into which the new one was merged.
    for (const id of ['4711', '4712'])
      expect(await take({ recordId: id, body: { ...merged, email: 'new@example.org' } })).toMatchObject({
        filtered: 1,
      });
    expect(await take({ recordId: '4713', body: merged, merged: ['4712'] })).toMatchObject({ filtered: 1 });
    expect(await tablesHolding([...traces, '4712', '4713', '+48 600'])).toEqual([]);
  });

  it('follows a merge into a record that was a customer before', async () => {
    await start({ config: { onOrphaned: 'delete' } });
    await take({ recordId: '4711', body: { email: 'twin@example.org', firstname: 'T' } });
    await world.rest();
    await erase();
    await take({ recordId: '4711', body: { email: 'twin@example.org', firstname: 'T' }, merged: [recordId] });
    await world.rest();
    expect(world.voucherify.bySourceId('twin@example.org')).toBeUndefined();
    expect(await take({ recordId: '4714', body: { email: 'other@example.org' } })).toMatchObject({
      changed: 1,
    });
  });

  it('recognises by its record and address whoever was erased before any record was read', async () => {
    await start();
    await erase('stranger@example.org');
    await take({ recordId: '4711', body: { email: 'stranger@example.org' } });
    expect(await take({ recordId: '4711', body: { email: 'new@example.org' } })).toMatchObject({
      filtered: 1,
    });
    expect(
      await take({ recordId: '4712', body: { email: 'new@example.org' }, merged: ['4711'] }),
    ).toMatchObject({ filtered: 1 });
  });

  it('lets whoever was recognised by a merge come back with the person', async () => {
    await start();
    await erase();
    const body = { email: 'twin@example.org', firstname: 'T' };
    await take({ recordId: '4711', body, merged: [recordId] });
    await take({ recordId: '4712', body, merged: ['4711'] });
    expect(await world.tributary.lift(email)).toBe(6);
    expect(await take({ recordId: '4712', body, merged: ['4711'] })).toMatchObject({ changed: 1 });
  });

  it('tells the destination only when a bulk action that carries the customer has ended', async () => {
    await start({ voucherify: { bulkProcessing: { waitMs: 60_000, recordMs: 1 } } });
    const before = world.voucherify.requests.get('POST /v1/customers/bulk/async 202') ?? 0;
    const others = world.voucherify.count - 1;
    expect(before).toBeGreaterThan(0); // the backfill went by one: the next one does too
    for (const contact of [...world.hubspot.contacts()]) world.hubspot.update(contact.id, { city: 'Gdynia' });
    const run = await world.tributary.request({
      source: 'hubspot',
      mode: 'incremental',
      trigger: 'manual',
      lane: 'schedule',
    });
    await until(async () => (await database.rows(sql`select 1 from batches`)).length > 0);
    const { id } = await world.tributary.erase({ sourceId: email });
    expect(answersOf(await receipt(id))).toMatchObject({ bulkActions: 'waiting', destination: 'waiting' });
    const items = await database.rows<{ items: { sourceId: string; acknowledges: object }[] }>(
      sql`select items from batch_items`,
    );
    const item = items.flatMap((row) => row.items).find((one) => one.sourceId === email);
    expect(item?.acknowledges).toEqual({});
    expect(await tablesHolding(['Unikatowska'])).toEqual([]);
    const ended = await complete(id);
    expect(answersOf(ended)).toMatchObject({ bulkActions: 'erased', destination: 'erased' });
    await world.rest();
    expect(run).not.toBeNull();
    expect(world.voucherify.bySourceId(email)).toBeUndefined();
    // The bulk action did write the customer: it was the telling after it that erased.
    expect(world.voucherify.deleted().find((customer) => customer.email === email)?.address?.['city']).toBe(
      'Gdynia',
    );
    expect(world.voucherify.count).toBe(others);
    expect(await tablesHolding(traces)).toEqual([]);
  });

  it.each(['accepted', 'lost'] as const)(
    'waits for a single write under way, whose answer is %s',
    async (end) => {
      let arrived = false;
      let letGo = () => {};
      const gate = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      await start({
        destination: { bulk: false },
        voucherify: {
          faults: async (request, route) => {
            if (route !== 'POST /v1/customers') return undefined;
            if (!(await request.clone().text()).includes('Sopot')) return undefined;
            arrived = true;
            await gate;
            return end === 'lost' ? 'apply-then-drop' : undefined;
          },
        },
      });
      world.hubspot.update(recordId, { city: 'Sopot' });
      await world.tributary.request({
        source: 'hubspot',
        mode: 'incremental',
        trigger: 'manual',
        lane: 'schedule',
      });
      await until(() => arrived);
      const { id } = await world.tributary.erase({ sourceId: email });
      expect(answersOf(await receipt(id))).toMatchObject({
        customer: 'erased',
        delivery: 'waiting',
        destination: 'waiting',
      });
      await until(
        async () => (await receipt(id)).answers['destination']?.note?.includes('pending deliveries') === true,
      );
      expect(world.voucherify.requests.get('DELETE /v1/customers/:customerId 204')).toBeUndefined();
      letGo();
      if (end === 'lost') {
        // The vendor may be at it still: it is told, and once more when that cannot be any longer.
        await until(
          async () => (await receipt(id)).answers['destination']?.note?.includes('once more') === true,
        );
        expect((await receipt(id)).endedAt).toBeNull();
        world.clock.skip(240_000);
      }
      expect(answersOf(await complete(id))).toMatchObject({ delivery: 'erased', destination: 'erased' });
      const told = (status: number) =>
        world.voucherify.requests.get(`DELETE /v1/customers/:customerId ${status}`) ?? 0;
      expect([told(204), told(404)]).toEqual([1, end === 'lost' ? 1 : 0]);
      expect(world.voucherify.bySourceId(email)).toBeUndefined();
      expect(await tablesHolding(traces)).toEqual([]);
    },
  );

  it('keeps the receipt open while the destination is down, and completes it when it is back', async () => {
    let down = true;
    await start({
      voucherify: {
        faults: (request) =>
          down && request.method === 'DELETE' ? new Response('', { status: 503 }) : undefined,
      },
    });
    const { id } = await world.tributary.erase({ sourceId: email });
    await until(async () => ((await receipt(id)).attempts ?? 0) >= 3);
    const open = await receipt(id);
    expect(open).toMatchObject({ sourceId: email, endedAt: null });
    expect(open.answers['destination']).toMatchObject({
      answer: 'waiting',
      note: expect.stringContaining('HTTP 503'),
    });
    // Only the receipt knows whom the destination still has to be told of.
    expect((await tablesHolding(traces)).every((row) => row.startsWith('erasures:'))).toBe(true);
    expect(world.voucherify.bySourceId(email)).toBeDefined();
    down = false;
    world.clock.skip(900_000);
    await complete(id);
    expect(world.voucherify.bySourceId(email)).toBeUndefined();
    expect(await tablesHolding(traces)).toEqual([]);
    expect(log.some((line) => line.toLowerCase().includes(email) && line.includes('erasure'))).toBe(false);
  });

  it('pauses the destination where it refuses our credentials, and continues when it is resumed', async () => {
    let refusing = false;
    await start({
      voucherify: {
        faults: () =>
          refusing
            ? Response.json({ code: 401, key: 'unauthorized', message: 'Unauthorized' }, { status: 401 })
            : undefined,
      },
    });
    refusing = true;
    const { id } = await world.tributary.erase({ sourceId: email });
    await until(async () => (await receipt(id)).answers['destination']?.note === 'the destination is paused');
    refusing = false;
    await database.rows(sql`delete from pauses`);
    await complete(id);
    expect(world.voucherify.bySourceId(email)).toBeUndefined();
  });

  it('does not pause the destination if its reads are answered, and is retried', async () => {
    let refusing = true;
    await start({
      voucherify: {
        faults: (request) =>
          refusing && request.method === 'DELETE'
            ? Response.json({ code: 403, key: 'forbidden', message: 'Forbidden' }, { status: 403 })
            : undefined,
      },
    });
    const { id } = await world.tributary.erase({ sourceId: email });
    await until(async () =>
      ((await receipt(id)).answers['destination']?.note ?? '').includes('refuses the credentials'),
    );
    expect(await database.rows(sql`select 1 from pauses`)).toEqual([]);
    refusing = false;
    await complete(id);
    expect(world.voucherify.bySourceId(email)).toBeUndefined();
  });

  it('tells the destination after a worker was killed before it had answered', async () => {
    const own = await openOwn();
    let arrived = 0;
    let hang = true;
    const options: SyncWorldOptions = {
      voucherify: {
        faults: async (request) => {
          if (request.method !== 'DELETE') return undefined;
          arrived += 1;
          if (hang) await new Promise(() => {});
          return undefined;
        },
      },
    };
    await start(options, Promise.resolve(own));
    const { voucherify, raw } = world;
    await world.tributary.drain();
    await own.release();
    const orders = JSON.stringify({ where: own.where, config: raw, secretKey, sourceId: email });
    const worker = fork(new URL('erasure-worker.ts', import.meta.url), [orders], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: [],
    });
    const id = await new Promise<string>((resolve, reject) => {
      worker.once('message', (message: { id: string }) => resolve(message.id));
      worker.once('exit', (code) => reject(new Error(`the worker ended with ${code}`)));
    });
    await until(() => arrived > 0);
    const dead = new Promise((resolve) => worker.once('exit', resolve));
    worker.kill('SIGKILL');
    await dead;
    expect(voucherify.bySourceId(email)).toBeDefined();
    hang = false;
    const reopened = timeless(await openDatabase(own.where));
    const next = await world.again(reopened);
    await until(async () => (await erasureById(reopened, id))?.endedAt != null);
    expect(voucherify.bySourceId(email)).toBeUndefined();
    await next.drain();
    await reopened.close();
  });

  it('is one receipt while it is open, and a second, complete one afterwards', async () => {
    let down = true;
    await start({
      voucherify: {
        faults: (request) =>
          down && request.method !== 'POST' && request.method !== 'GET'
            ? new Response('', { status: 503 })
            : undefined,
      },
    });
    const first = await world.tributary.erase({ sourceId: email });
    await until(async () => (await receipt(first.id)).attempts > 0);
    const again = await world.tributary.erase({ sourceId: email, permanent: true });
    expect(again).toMatchObject({ id: first.id, permanent: true });
    expect(again.answers['customer']).toMatchObject({ answer: 'erased', rows: 1 });
    // For good goes by POST; a soft attempt that was under way still fails.
    const ended = await complete(first.id);
    down = false;
    expect(ended.answers['destination']?.note).toContain('permanently');
    // Softly deleted ones are kept aside by Voucherify; this one is not.
    expect(world.voucherify.deleted()).toEqual([]);
    const second = await erase();
    expect(second.id).not.toBe(first.id);
    expect(second.subject).toBe(first.subject);
    expect(answersOf(second)).toMatchObject({
      customer: 'nothing',
      records: 'nothing',
      destination: 'erased',
    });
  });

  it('stays permanent where it is requested again without that while it is open', async () => {
    let down = false;
    await start({
      voucherify: {
        faults: (request) =>
          down && request.method !== 'GET' ? new Response('', { status: 503 }) : undefined,
      },
    });
    down = true;
    const first = await world.tributary.erase({ sourceId: email, permanent: true });
    await until(async () => (await receipt(first.id)).attempts > 0);
    expect(await world.tributary.erase({ sourceId: email })).toMatchObject({ id: first.id, permanent: true });
    down = false;
    expect((await complete(first.id)).answers['destination']?.note).toContain('permanently');
  });

  it('erases an unknown person, and lets no source bring them back', async () => {
    await start();
    world.voucherify.upsert({ source_id: 'stranger@example.org', email: 'stranger@example.org' });
    const ended = await erase('stranger@example.org', { permanent: true });
    expect(answersOf(ended)).toMatchObject({
      customer: 'nothing',
      records: 'nothing',
      destination: 'erased',
    });
    expect(world.voucherify.bySourceId('stranger@example.org')).toBeUndefined();
    expect(await take({ recordId: '4711', body: { email: 'stranger@example.org' } })).toMatchObject({
      filtered: 1,
    });
  });

  it('lets the person come back when that is lifted, and nobody else', async () => {
    await start();
    const other = [...world.hubspot.contacts()]
      .find((contact) => contact.id !== recordId)!
      .properties['email']!.toLowerCase();
    await erase();
    await erase(other);
    expect(await world.tributary.lift('nobody@example.org')).toBe(0);
    expect(await world.tributary.lift(email)).toBe(3); // the source ID, the address and the record
    await world.sync('full');
    expect(world.voucherify.bySourceId(email)).toMatchObject({ name });
    expect(world.voucherify.bySourceId(other)).toBeUndefined();
    expect(await world.tributary.lift(email)).toBe(0);
  });

  it('lifts nothing while the erasure is open', async () => {
    await start({
      voucherify: {
        faults: (request) => (request.method === 'DELETE' ? new Response('', { status: 503 }) : undefined),
      },
    });
    await world.tributary.erase({ sourceId: email });
    expect(await world.tributary.lift(email)).toBeNull();
    expect(await take({ recordId, body: { email } })).toMatchObject({ filtered: 1 });
  });

  it('refuses to erase without a key, and to read with another one, since nobody would be recognised', async () => {
    await start();
    await erase();
    const receipts = () => database.rows(sql`select id from erasures`);
    const before = await receipts();
    const { Tributary: Wired } = await import('../../src/app/app.ts');
    const { config, clock, log: quiet } = world.tributary;
    for (const key of [null, 'another-key-of-the-tests-that-is-long']) {
      const other = new Wired({ config, database, clock, log: quiet, secretKey: key });
      await other.learnSchema();
      await expect(other.erase({ sourceId: 'anna@example.com' })).rejects.toThrow(/TRIBUTARY_SECRET_KEY/);
      await expect(take({ recordId: '4711', body: { email: 'new@example.org' } }, other)).rejects.toThrow(
        /TRIBUTARY_SECRET_KEY/,
      );
      await other.drain();
    }
    expect(await receipts()).toEqual(before);
  });

  it('is remembered under a new key as long as the old one is configured too', async () => {
    await start();
    await erase();
    const { Tributary: Wired } = await import('../../src/app/app.ts');
    const { config, clock, log: quiet } = world.tributary;
    const newKey = 'a-new-key-of-the-tests-that-is-long-enough';
    const other = new Wired({
      config,
      database,
      clock,
      log: quiet,
      secretKey: newKey,
      oldSecretKeys: [secretKey],
    });
    await other.learnSchema();
    expect(await take({ recordId: '4711', body: { email } }, other)).toMatchObject({ filtered: 1 });
    await other.erase({ sourceId: 'another@example.org' });
    expect(await take({ recordId: '4712', body: { email: 'another@example.org' } })).toMatchObject({
      filtered: 1,
    });
    await other.drain();
  });

  it('is not undone by pages of other workers that are taken in at the same moment', async () => {
    await start();
    const workers = [world.tributary];
    if (databaseKind === 'PostgreSQL') workers.push(await world.again(await database.again()));
    const other = workers.at(-1)!;
    for (let round = 0; round < 15; round += 1) {
      const sourceId = `person-${round}@example.org`;
      const body = { email: sourceId, firstname: 'Round' };
      await Promise.all([
        ...Array.from({ length: 6 }, (_, index) =>
          take({ recordId: `${round}-${index % 2}`, body }, index % 2 ? other : world.tributary),
        ),
        world.tributary.erase({ sourceId }),
        ...Array.from({ length: 6 }, (_, index) =>
          take({ recordId: `${round}-${index % 3}`, body }, index % 2 ? other : world.tributary),
        ),
      ]);
    }
    await until(
      async () => (await database.rows(sql`select 1 from erasures where ended_at is null`)).length === 0,
    );
    expect(await tablesHolding(['person-'])).toEqual([]);
    expect(
      [...world.voucherify.customers()].filter((customer) => customer.source_id?.startsWith('person-')),
    ).toEqual([]);
  });
});
