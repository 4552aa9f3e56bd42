// Values that were left out and that a person lets be, over HTTP and on the page.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/connector.ts';
import type { Database } from '../../src/db/database.ts';
import { remapRecords } from '../../src/tables/records.ts';
import { databases } from '../support/databases.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { type Call, caller, expectProblem } from './calls.ts';
import { empty, noon, takeIn } from './seed.ts';
import { apiToken, openWorld, type World } from './world.ts';

describe.each(databases)('a value that was left out, on $name', ({ open }) => {
  let database: Database;
  let world: World;
  let call: Call;
  let clock: ManualClock;

  beforeAll(async () => {
    database = await open();
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    await empty(database);
    clock = new ManualClock(noon + 10_000);
    world = await openWorld({ ...database, close: async () => {} }, { clock });
    call = await caller(world);
    await says('a', { email: 'no address', name: ['A'] });
    await says('b', { email: 'nor this' });
    return () => world.close();
  });

  let version = 0;
  const says = (id: string, body: JsonObject) => {
    version += 1;
    return takeIn(world, [{ id, changedAt: noon + version, body }], noon + version);
  };
  const ask = async (path: string, json: object) => {
    const { status, body } = await call('POST', `/api/quarantine/${path}`, { json });
    expect(status, JSON.stringify(body)).toBe(200);
    return body;
  };
  const acknowledge = (which: object) => ask('acknowledge', { reason: 'a test of the CRM', ...which });
  const listed = async (state = 'open') => {
    const { values } = (await call('GET', `/api/quarantine?state=${state}`)).body;
    return (values as { recordId: string; field: string }[]).map((one) => `${one.recordId} ${one.field}`);
  };
  const status = async () => {
    const { quarantined, acknowledgedValues } = (await call('GET', '/api/status')).body;
    return { quarantined, acknowledgedValues };
  };

  it('leaves the open ones when it is acknowledged, with who, when and why, and is counted apart', async () => {
    expect(await listed()).toEqual(['a email', 'a name', 'b email']);
    const one = { source: 'crm', stream: 'people', recordIds: ['a', 'nobody'], field: 'email' };
    expect(await acknowledge(one)).toEqual({ values: 1 });
    expect(await acknowledge(one)).toEqual({ values: 0 });
    expect(await listed()).toEqual(['a name', 'b email']);
    const { values } = (await call('GET', '/api/quarantine?state=acknowledged')).body;
    expect(values).toMatchObject([
      {
        recordId: 'a',
        field: 'email',
        value: 'no address',
        acknowledged: { at: '2026-03-01T12:00:10.000Z', by: 'API token', reason: 'a test of the CRM' },
      },
    ]);
    expect(await status()).toEqual({ quarantined: 2, acknowledgedValues: 1 });
    const { entries } = (await call('GET', '/api/audit')).body;
    expect(entries[0]).toMatchObject({ action: 'POST /api/quarantine/acknowledge', by: 'API token' });
  });

  it('is acknowledged with all of its source and field, or with all, and reopened likewise', async () => {
    expect(await acknowledge({ source: 'crm', field: 'email' })).toEqual({ values: 2 });
    expect(await listed()).toEqual(['a name']);
    expect(await acknowledge({ all: true })).toEqual({ values: 1 });
    expect(await listed('acknowledged')).toEqual(['a email', 'a name', 'b email']);
    expect(await ask('reopen', { field: 'name' })).toEqual({ values: 1 });
    expect(await ask('reopen', { source: 'crm', recordIds: ['b'] })).toEqual({ values: 1 });
    expect(await listed()).toEqual(['a name', 'b email']);
    expect(await ask('reopen', { all: true })).toEqual({ values: 1 });
  });

  it('stays acknowledged while it is the same, and is open again when it changes', async () => {
    await acknowledge({ all: true });
    await says('a', { email: 'no address', name: ['A'], plan: 'gold' });
    expect(await listed()).toEqual([]);
    await says('a', { email: 'no address', name: ['B'], plan: 'gold' });
    expect(await listed()).toEqual(['a name']);
    await says('b', { email: 'b@example.com' });
    await says('b', { email: 'nor this' });
    expect(await listed()).toEqual(['a name', 'b email']);
    expect(await listed('acknowledged')).toEqual(['a email']);
    await says('a', { email: 'a@example.com', name: 'B' });
    expect(await listed('acknowledged')).toEqual([]);
  });

  it('is open again when a long value changes where it is cut', async () => {
    const long = 'x'.repeat(5_000);
    await says('a', { email: long });
    await acknowledge({ all: true });
    await says('a', { email: long, plan: 'gold' });
    expect(await listed()).toEqual([]);
    await says('a', { email: `${long}y` });
    expect(await listed()).toEqual(['a email']);
  });

  it('is open again when another mapping gives another reason', async () => {
    await acknowledge({ all: true });
    const row = { stream: 'people', recordId: 'a', sourceId: 'a', filtered: null, good: null };
    const kept = world.tributary.rules
      .source('crm')!
      .contribute({ email: 'no address', name: ['A'] })
      .faults.map(({ value: _, ...fault }) => fault);
    await remapRecords(database, 'crm', [{ ...row, faults: kept }]);
    expect(await listed()).toEqual([]);
    const others = kept.map((one) => (one.field === 'email' ? { ...one, reason: 'Another.' } : one));
    await remapRecords(database, 'crm', [{ ...row, faults: others }]);
    expect(await listed()).toEqual(['a email']);
    await remapRecords(database, 'crm', [{ ...row, faults: null }]);
    expect(await listed('acknowledged')).toEqual(['b email']);
  });

  it('is acknowledged as it was seen: one that came meanwhile stays open', async () => {
    const receivedUntil = new Date(noon + version).toISOString();
    await says('a', { email: 'another' });
    expect(await acknowledge({ field: 'email', receivedUntil })).toEqual({ values: 1 });
    expect(await listed()).toEqual(['a email', 'a name']);
  });

  it('is acknowledged only with a reason, of those that are named, and not by a viewer', async () => {
    for (const json of [
      { all: true },
      { all: true, reason: ' '.repeat(501) },
      { reason: 'x' },
      { all: true, field: 'email', reason: 'x' },
      { recordIds: ['a'], field: 'email', reason: 'x' },
      { source: 'crn', reason: 'x' },
      { field: 'emial', reason: 'x' },
    ])
      expectProblem(await call('POST', '/api/quarantine/acknowledge', { json }), 400);
    const { token } = (await call('POST', '/api/tokens', { json: { name: 'vera', role: 'viewer' } })).body;
    const json = { all: true, reason: 'x' };
    expectProblem(await call('POST', '/api/quarantine/acknowledge', { json, token }), 403);
    expect(await listed('acknowledged')).toEqual([]);
    await call('DELETE', '/api/tokens/vera');
  });

  it('is shown by source and field, and in a list of its own when it was acknowledged', async () => {
    await acknowledge({ source: 'crm', recordIds: ['a'], field: 'email' });
    const response = await world.app.request('/login', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
      body: `token=${apiToken}`,
    });
    const cookie = response.headers.get('set-cookie')!.split(';')[0]!;
    const page = async (query: string) =>
      (await world.app.request(`/problems?show=quarantine${query}`, { headers: { cookie } })).text();
    const acknowledged = await page('&state=acknowledged');
    expect(acknowledged).toMatch(/Acknowledged by API token <time[^>]+>just now<\/time>: a test of the CRM/);
    expect(acknowledged).toContain('data-post="/api/quarantine/reopen"');
    const waiting = await page('');
    expect(waiting).toContain('1 value of <code>email</code>');
    expect(waiting).toContain('data-api="/api/quarantine/acknowledge"');
    expect(waiting).toContain('data-as-of="receivedUntil"');
    expect(waiting).not.toContain('a test of the CRM');
    expect(await page('&field=name')).not.toContain('of <code>email</code>');
  });
});
