// What a probe found out is kept, read by every worker, and obeyed by the difference and the sender.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pause } from '../../src/tables/pauses.ts';
import { createApp } from '../../src/web/app.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { openSyncWorld, type SyncWorld, type SyncWorldOptions } from '../support/sync-world.ts';

const apiToken = 'a-token-for-the-tests';

describe.each(behaviour)('a probe on $name', ({ open }) => {
  let database: TestDatabase;
  let world: SyncWorld;

  beforeEach(async () => {
    database = await open();
  });
  afterEach(async () => {
    await world.close();
    await database.close();
  });

  async function start(options: SyncWorldOptions = {}) {
    world = await openSyncWorld(database, {
      ...options,
      destination: { metadataWrites: undefined, ...options.destination },
    });
    await world.tributary.start({ calendar: false });
  }

  async function ask(method: 'GET' | 'POST', json?: object) {
    const app = createApp(world.tributary, { apiToken, version: '1', dataDir: '/nowhere' });
    const response = await app.request('/api/probe', {
      method,
      headers: { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' },
      ...(json && { body: JSON.stringify(json) }),
    });
    return { status: response.status, body: (await response.json()) as never as Record<string, unknown> };
  }

  /** Single calls for one customer's change of its stage. */
  async function callsOfOneChange(id: string, stage: string) {
    const count = () =>
      [...world.voucherify.requests].reduce(
        (all, [route, times]) => (route.includes('/v1/customers') ? all + times : all),
        0,
      );
    const before = count();
    world.hubspot.update(id, { lifecyclestage: stage });
    world.clock.skip(120_000);
    await world.sync();
    return count() - before;
  }

  it('makes writes smaller where they merge: others keep their keys, and no customer is read first', async () => {
    await start();
    const id = world.hubspot.create({ firstname: 'Ann', lifecyclestage: 'lead', loyalty_points: '7' });
    await world.sync('full');
    expect((await ask('GET')).body).toMatchObject({
      probedAt: null,
      // What the first single write has shown; bulk is not known yet.
      answers: [{ question: 'metadataWrites', answer: 'merge' }],
      effect: { partialWrites: 'replace', bulk: true },
    });
    // A customer who goes by itself is read no more; in bulk it would be.
    expect(await callsOfOneChange(id, 'customer')).toBe(1);

    const { status, body } = await ask('POST', { consent: true });
    expect({ status, notDeleted: body['notDeleted'] }).toEqual({ status: 200, notDeleted: [] });
    expect(body).toMatchObject({ effect: { partialWrites: 'merge', bulk: true }, contradictions: [] });
    expect([...world.voucherify.customers()].map((customer) => customer.source_id)).toEqual([id]);
    expect(await callsOfOneChange(id, 'lead')).toBe(1);
    expect(world.voucherify.bySourceId(id)?.metadata).toEqual({ lifecycle_stage: 'lead', loyalty_points: 7 });

    const other = await world.again(await database.again());
    expect(other.destinationAccount).toBe(body['account']);
    expect(other.sending.settings).toMatchObject({ metadataWrites: 'merge' });
  });

  it('stays safe where writes replace, and turns bulk off where it is refused', async () => {
    await start({ voucherify: { metadataWrites: 'replace', bulkRecordCap: 1, nullWrites: 'ignore' } });
    const { body } = await ask('POST', { consent: true });
    expect(body).toMatchObject({ effect: { partialWrites: 'replace', bulk: false } });
    expect(world.tributary.sending.settings).toMatchObject({ clearWith: '' });
    world.hubspot.seed(60, 3);
    await world.sync('full');
    const bulk = [...world.voucherify.requests].filter(([route]) => route.includes('bulk/async 202'));
    expect(bulk).toEqual([]);
    expect([...world.voucherify.customers()]).toHaveLength(60);
  });

  it('follows the settings, and says where they contradict', async () => {
    await start({ voucherify: { metadataWrites: 'replace' }, destination: { metadataWrites: 'merge' } });
    const { body } = await ask('POST', { consent: true });
    expect(body).toMatchObject({
      effect: { partialWrites: 'merge' },
      contradictions: [expect.stringContaining('metadataWrites is "merge"')],
    });
  });

  it('is carried out on consent only, and not while the destination is paused', async () => {
    await start();
    for (const json of [{}, { consent: false }]) expect((await ask('POST', json)).status).toBe(400);
    await pause(database, 'destination', { cause: 'person', reason: 'moving' }, world.clock.now());
    expect(await ask('POST', { consent: true })).toMatchObject({ status: 409 });
    expect([...world.voucherify.requests].filter(([route]) => route.startsWith('POST'))).toEqual([]);
  });
});
