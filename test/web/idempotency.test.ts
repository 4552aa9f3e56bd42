// Requests that are repeated with the same Idempotency-Key: carried out once, whatever became of the first connection or process.
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { forgetOld } from '../../src/sync/housekeeping.ts';
import { databases } from '../support/databases.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { type Answer, type Call, caller, expectProblem } from './calls.ts';
import { empty, noon, takeIn } from './seed.ts';
import { openWorld, type World } from './world.ts';

const key = '6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e';

describe.each(databases)('a request with an idempotency key on $name', ({ open }) => {
  let database: Database;
  let world: World;
  let call: Call;
  let clock: ManualClock;

  beforeAll(async () => {
    database = await open();
    clock = new ManualClock(noon);
    world = await openWorld(database, { clock, maxImportBytes: 10_000 });
    call = await caller(world);
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    await empty(database);
    await database.rows(sql`truncate idempotency_keys`);
  });

  const send = (
    method: string,
    path: string,
    { json, body, type, key: sent = key, token }: Sent = {},
  ): Promise<Answer> =>
    call(method, path, {
      json,
      ...(body !== undefined && { body }),
      headers: { 'idempotency-key': sent, ...(type !== undefined && { 'content-type': type }) },
      ...(token !== undefined && { token }),
    });
  const sync = (options: Sent = {}) =>
    send('POST', '/api/sources/crm/sync', { json: { mode: 'full' }, ...options });
  const runs = async () => (await call('GET', '/api/runs')).body.runs;
  const told = ({ status, body, headers }: Answer) => ({
    status,
    body,
    location: headers.get('location'),
    isReplayed: headers.get('idempotent-replayed') === 'true',
  });

  it('is carried out once, and answered alike each time', async () => {
    const first = told(await sync());
    expect(first).toMatchObject({ status: 202, isReplayed: false });
    await database.rows(sql`update runs set state = 'cancelled', ended_at = now()`);
    expect(told(await sync())).toEqual({ ...first, isReplayed: true });
    // In quotes it is the same key.
    expect(told(await sync({ key: `"${key}"` }))).toEqual({ ...first, isReplayed: true });
    expect(await runs()).toHaveLength(1);
    expect(told(await sync({ key: 'another' }))).toMatchObject({ status: 202, isReplayed: false });
    expect(await runs()).toHaveLength(2);
  });

  it('is carried out each time without a key', async () => {
    const pause = () => call('POST', '/api/sources/crm/pause', { json: { reason: 'a' } });
    for (const _ of [1, 2]) expect((await pause()).headers.get('idempotent-replayed')).toBeNull();
    expect(await database.rows(sql`select * from idempotency_keys`)).toEqual([]);
  });

  it('is refused where the key was sent with another request, whether body, route or query differs', async () => {
    await sync();
    for (const other of [
      await sync({ json: { mode: 'incremental' } }),
      await send('POST', '/api/sources/files/sync', { json: { mode: 'full' } }),
      await send('POST', '/api/sources/crm/sync?x=1', { json: { mode: 'full' } }),
      await send('DELETE', '/api/customers/a'),
    ])
      expectProblem(other, 422, { type: 'urn:tributary:problem:key-reused' });
    expect(await runs()).toHaveLength(1);
  });

  it('has keys of its own for each token, and asks for the role before it answers again', async () => {
    const [ann, bob] = await Promise.all(
      ['ann', 'bob'].map(async (name) => {
        await database.rows(sql`delete from api_tokens where name = ${name}`);
        return (await call('POST', '/api/tokens', { json: { name, role: 'operator' } })).body.token;
      }),
    );
    const pause = (token: string, headers = {}) =>
      call('POST', '/api/sources/crm/pause', {
        json: {},
        token,
        headers: { 'idempotency-key': key, ...headers },
      });
    expect(told(await pause(ann))).toMatchObject({ status: 200, isReplayed: false });
    expect(told(await pause(bob))).toMatchObject({ status: 200, isReplayed: false });
    expect(told(await pause(bob))).toMatchObject({ status: 200, isReplayed: true });
    expectProblem(await pause(bob, { 'tributary-role': 'viewer' }), 403);
    expectProblem(await pause(bob, { 'tributary-mask': 'yes' }), 422);
  });

  it('twice at once is carried out once: the other one is told to repeat it', async () => {
    const answers = await Promise.all([sync(), sync()]);
    const isFirst = (answer: Answer) => answer.status === 202 && !told(answer).isReplayed;
    const done = answers.find(isFirst)!;
    // Where the first was quicker than the second, it is answered again.
    const other = answers.find((answer) => !isFirst(answer))!;
    if (other.status === 409) {
      expectProblem(other, 409, { type: 'urn:tributary:problem:key-in-use' });
      expect(other.headers.get('retry-after')).toBe('2');
    } else expect(told(other)).toMatchObject({ status: 202, isReplayed: true });
    expect(told(await sync())).toMatchObject({ status: 202, body: done.body, isReplayed: true });
    expect(await runs()).toHaveLength(1);
  });

  it('of a process that died is under way until its lease ends, and can then be repeated', async () => {
    await sync();
    await empty(database);
    // As the process left it that died before it had an answer.
    await database.rows(sql`update idempotency_keys set status = null, answer = null`);
    expectProblem(await sync(), 409, { type: 'urn:tributary:problem:key-in-use' });
    expect(await runs()).toEqual([]);
    await clock.advance(30_000);
    expectProblem(await sync({ json: { mode: 'incremental' } }), 422);
    expect(told(await sync())).toMatchObject({ status: 202, isReplayed: false });
    expect(told(await sync())).toMatchObject({ status: 202, isReplayed: true });
    expect(await runs()).toHaveLength(1);
  });

  it('that takes longer than a lease is not begun by anybody else', async () => {
    const begun = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const { request } = world.tributary;
    world.tributary.request = async (run) => {
      begun.resolve();
      await held.promise;
      return request.call(world.tributary, run);
    };
    const leased = async () =>
      (await database.rows<{ until: number }>(sql`select lease_until as until from idempotency_keys`))[0]!
        .until;
    try {
      const first = sync();
      await begun.promise;
      for (let asked = 0; asked < 6; asked += 1) {
        await clock.advance(10_000);
        await vi.waitFor(async () => expect(await leased()).toBe(clock.now() + 30_000));
      }
      expectProblem(await sync(), 409, { type: 'urn:tributary:problem:key-in-use' });
      held.resolve();
      expect((await first).status).toBe(202);
    } finally {
      held.resolve();
      world.tributary.request = request;
    }
    expect(told(await sync())).toMatchObject({ status: 202, isReplayed: true });
    expect(await runs()).toHaveLength(1);
  });

  it('that failed (5xx), or had a fault, is tried again with the same key', async () => {
    const { request } = world.tributary;
    world.tributary.request = () => Promise.reject(new Error('broken'));
    expectProblem(await sync(), 500);
    world.tributary.request = request;
    expect(told(await sync())).toMatchObject({ status: 202, isReplayed: false });
    expectProblem(await sync({ key: 'b', json: { mode: 'ful' } }), 400);
    expect(told(await sync({ key: 'b', json: { mode: 'records', recordIds: ['1'] } }))).toMatchObject({
      status: 202,
      isReplayed: false,
    });
  });

  it('that was refused is refused alike: nothing is begun by a repetition', async () => {
    await call('POST', '/api/sources/crm/pause', { json: {} });
    const refused = await sync();
    expectProblem(refused, 409, { type: 'urn:tributary:problem:paused' });
    await call('POST', '/api/sources/crm/resume');
    const again = await sync();
    expectProblem(again, 409, { type: 'urn:tributary:problem:paused' });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
  });

  it('that came while the same was being done is carried out later, with the same key', async () => {
    const first = await sync({ key: 'a' });
    expectProblem(await sync({ key: 'b' }), 409, { type: 'urn:tributary:problem:still-going' });
    await call('POST', `/api/runs/${first.body.id}/cancel`);
    expect(told(await sync({ key: 'b' }))).toMatchObject({ status: 202, isReplayed: false });
  });

  it('of an import is recognised by its file, which is not kept a second time', async () => {
    const upload = (body: string) =>
      send('POST', '/api/sources/files/imports?name=a.csv', { body, type: 'text/csv' });
    const first = told(await upload('Source_id\n1\n'));
    expect(first).toMatchObject({ status: 202, isReplayed: false });
    expect(told(await upload('Source_id\n1\n'))).toEqual({ ...first, isReplayed: true });
    expectProblem(await upload('Source_id\n2\n'), 422, { type: 'urn:tributary:problem:key-reused' });
    expect(await runs()).toHaveLength(1);
  });

  it('is known for 24 hours, and then forgotten', async () => {
    await sync();
    const kept = () => database.rows(sql`select * from idempotency_keys`);
    await clock.advance(86_399_000);
    await forgetOld({ ...world.tributary, request: async () => {} });
    expect(await kept()).toHaveLength(1);
    await clock.advance(1_000);
    await forgetOld({ ...world.tributary, request: async () => {} });
    expect(await kept()).toEqual([]);
    await sync();
    await database.rows(sql`update runs set state = 'cancelled', ended_at = now()`);
    await clock.advance(86_400_000);
    expect(told(await sync())).toMatchObject({ status: 202, isReplayed: false });
  });

  it('keeps neither the key nor anything of the request or the answer that could be read', async () => {
    await takeIn(world, [{ id: 'anna-951' }]);
    const made = await send('POST', '/api/tokens', { json: { name: 'keyed', role: 'viewer' } });
    await send('PUT', '/api/customers/anna-951/pins/email', {
      key: 'another-key-of-anna',
      json: { value: 'anna@example.com' },
    });
    const rows = await database.rows<{ id: string; request: string; answer: Uint8Array }>(
      sql`select * from idempotency_keys`,
    );
    expect(rows).toHaveLength(2);
    for (const { id, request, answer } of rows)
      expect(`${id} ${request} ${Buffer.from(answer).toString('latin1')}`).not.toMatch(/anna|trb_|6f1c9a52/i);
    const again = await send('POST', '/api/tokens', { json: { name: 'keyed', role: 'viewer' } });
    expect(again.body.token).toBe(made.body.token);
    await call('DELETE', '/api/tokens/keyed');
  });

  it('is in the audit once', async () => {
    const count = async () =>
      (await call('GET', '/api/audit')).body.entries.filter(({ action }: { action: string }) =>
        action.endsWith('/sync'),
      ).length;
    const before = await count();
    await sync();
    await sync();
    expect(await count()).toBe(before + 1);
  });

  it.each([
    ['', /1 to 255/],
    ['x'.repeat(256), /1 to 255/],
    ['schlüssel', /printable ASCII/],
  ])('is refused with the key %j', async (bad, sentence) => {
    const answer = await sync({ key: Buffer.from(bad, 'utf8').toString('latin1') });
    expectProblem(answer, 400);
    expect(answer.body.detail).toMatch(sentence);
  });
});

interface Sent {
  json?: unknown;
  body?: string;
  type?: string;
  key?: string;
  token?: string;
}
