import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { type DriftRow, endDrifts, keepDrifts } from '../../src/tables/drifts.ts';
import { behaviour } from '../support/databases.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { deliverAll, empty, noon, takeIn } from './seed.ts';
import { apiToken, openWorld, type World } from './world.ts';

describe('A difference at the destination', () => {
  let database: Database;
  let world: World;

  beforeAll(async () => {
    database = await behaviour[0].open();
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    await empty(database);
    world = await openWorld(
      { ...database, close: async () => {} },
      { clock: new ManualClock(noon + 10_000) },
    );
    await takeIn(world, [{ id: 'a' }, { id: 'b' }]);
    await deliverAll(world);
    await endDrifts(database, ['a', 'b']);
    await keepDrifts(database, [drift('a', 'Anna'), drift('b', 'Ben')], noon);
    return () => world.close();
  });

  const drift = (sourceId: string, found: string): DriftRow => ({
    sourceId,
    kind: 'differs',
    fields: { name: { expected: sourceId, found } },
    by: 'verification 1',
  });
  const ask = async (path: string, body?: object, token = apiToken) => {
    const response = await world.app.request(path, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const acknowledge = (body: object) =>
    ask('/api/drifts/acknowledge', { reason: 'corrected by support', ...body });
  const listed = async (state: string) => {
    const { drifts } = (await ask(`/api/drifts?state=${state}`)).body;
    return (drifts as { sourceId: string; acknowledged: unknown }[]).map(({ sourceId, acknowledged }) => [
      sourceId,
      acknowledged,
    ]);
  };
  const known = { at: '2026-03-01T12:00:10.000Z', by: 'API token', reason: 'corrected by support' };

  it('that is acknowledged leaves the open ones, with who, when and why, and needs nobody', async () => {
    expect((await ask('/api/status')).body['problems']).toMatchObject([{ state: 'differs' }]);
    expect(await acknowledge({ sourceIds: ['a', 'nobody'] })).toEqual({
      status: 200,
      body: { customers: 1 },
    });
    expect(await listed('open')).toEqual([['b', null]]);
    expect(await listed('acknowledged')).toEqual([['a', known]]);
    await acknowledge({ all: true });
    const { body } = await ask('/api/status');
    expect(body).toMatchObject({ problems: [], drifts: [], acknowledgedDrifts: 2 });
    const { entries } = (await ask('/api/audit')).body as { entries: object[] };
    expect(entries[0]).toMatchObject({
      action: 'POST /api/drifts/acknowledge',
      by: 'API token',
      status: 200,
    });
  });

  it('stays acknowledged while it is the same, and is open again when it changes', async () => {
    await acknowledge({ kind: 'differs' });
    await keepDrifts(database, [drift('a', 'Anna'), drift('b', 'Bert')], noon + 60_000);
    expect(await listed('acknowledged')).toEqual([['a', known]]);
    expect(await listed('open')).toEqual([['b', null]]);
    await keepDrifts(database, [{ ...drift('a', ''), kind: 'deleted', fields: {} }], noon + 70_000);
    expect(await listed('acknowledged')).toEqual([]);
    await acknowledge({ sourceIds: ['b'] });
    await endDrifts(database, ['b']);
    await keepDrifts(database, [drift('b', 'Bert')], noon + 80_000);
    expect((await listed('open')).map(([sourceId]) => sourceId)).toEqual(['a', 'b']);
  });

  it('is acknowledged as it was seen: one that changed meanwhile stays open', async () => {
    const seen = new Date(noon).toISOString();
    await keepDrifts(database, [drift('a', 'Another')], noon + 5_000);
    expect((await acknowledge({ sourceIds: ['a', 'b'], foundUntil: seen })).body).toEqual({ customers: 1 });
    expect(await listed('open')).toEqual([['a', null]]);
  });

  it('can be reopened', async () => {
    await acknowledge({ all: true });
    expect((await ask('/api/drifts/reopen', { sourceIds: ['a'] })).body).toEqual({ customers: 1 });
    expect(await listed('open')).toEqual([['a', null]]);
  });

  it('is acknowledged only with a reason, of those that are chosen, and not by a viewer', async () => {
    for (const body of [
      { sourceIds: ['a'] },
      { all: true, reason: '' },
      { reason: 'x' },
      { all: true, kind: 'differs', reason: 'x' },
    ])
      expect((await ask('/api/drifts/acknowledge', body)).status).toBe(400);
    const { token } = (await ask('/api/tokens', { name: 'vera', role: 'viewer' })).body as { token: string };
    expect((await ask('/api/drifts/acknowledge', { all: true, reason: 'x' }, token)).status).toBe(403);
    expect(await listed('acknowledged')).toEqual([]);
  });

  it('is shown in a list of its own when it was acknowledged', async () => {
    await acknowledge({ sourceIds: ['a'] });
    const response = await world.app.request('/login', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
      body: `token=${apiToken}`,
    });
    const cookie = response.headers.get('set-cookie')!.split(';')[0]!;
    const open = async (path: string) => (await world.app.request(path, { headers: { cookie } })).text();
    const acknowledged = await open('/problems?show=drift&state=acknowledged');
    expect(acknowledged).toMatch(
      /Acknowledged by API token <time[^>]+>just now<\/time>: corrected by support/,
    );
    expect(acknowledged).toContain('data-post="/api/drifts/reopen"');
    const waiting = await open('/problems?show=drift');
    expect(waiting).toContain('data-api="/api/drifts/acknowledge"');
    expect(waiting).not.toContain('corrected by support');
  });
});
