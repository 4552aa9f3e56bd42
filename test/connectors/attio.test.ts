// Attio's connector against the simulated workspace: the kit, people who say no time of change, merges, and what it pushes.
import { sql } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import type { Json } from '#connector';
import { attio } from '../../connectors/attio.ts';
import { type AttioOptions, createAttioSimulator, objectId, workspaceId } from '../../simulators/attio.ts';
import { Authenticator } from '../../src/engine/webhook/authenticity.ts';
import { FastClock } from '../support/fast-clock.ts';
import { vendorWorlds } from '../support/vendor-world.ts';
import { heard, requestOf, webhookOf } from '../support/webhook.ts';
import { Account, ids, start } from './account.ts';
import { describeConnector } from './conformance.ts';

const accessToken = '0123456789abcdef';
const webhookSecret = 'c0ffee00c0ffee00';
const stranger = '00000000-0000-4000-8000-000000000000';

function open(options: Partial<AttioOptions> = {}, settings: object = {}) {
  const headers = { authorization: `Bearer ${accessToken}` };
  return new Account(attio, { accessToken, ...settings }, headers, (hooks) =>
    createAttioSimulator({ accessToken, webhookSecret, ...hooks, ...options }),
  );
}

describeConnector('attio', {
  connector: attio,
  stream: 'people',
  secrets: [accessToken],
  wrongSettings: [
    { settings: {}, says: /accessToken/ },
    { settings: { accessToken, objectId: 'people' }, says: /objectId/ },
    { settings: { accessToken, createdBy: ['robot'] }, says: /createdBy/ },
  ],
  changeWhileReading: 'found',
  async open() {
    const account = open();
    const { simulator } = account;
    simulator.seed(620);
    const json = (status: number, code: string) => () =>
      Response.json({ status_code: status, type: 'x', code, message: 'It was refused here' }, { status });
    const ruins = [
      json(401, 'unauthorized'),
      json(403, 'forbidden'),
      json(400, 'filter_error'),
      json(429, 'rate_limit_exceeded'),
      json(503, 'unavailable'),
      () => Response.json({ data: {} }),
      () => new Response('<html>Log in</html>', { headers: { 'content-type': 'text/html' } }),
    ];
    return account.world(ruins, {
      ids: () => simulator.ids(),
      create: async () => simulator.create().id.record_id,
      change: async (id, value) => simulator.set(id, 'job_title', { value }),
      remove: async (id) => void simulator.remove(id),
      property: 'job_title',
      unknownId: stranger,
    });
  },
});

describe('a person', () => {
  test('has the first value of each attribute by its type, and null where the list is empty', async () => {
    const account = open();
    const { simulator } = account;
    const [named, mailed] = [simulator.create(), simulator.create()].map(({ id }) => id.record_id);
    simulator.set(named!, 'primary_location', { locality: 'Bonn', line_2: null, latitude: '50.73' });
    simulator.set(named!, 'tier', { option: { title: 'Gold' } });
    const records = new Map((await account.toRest()).map((record) => [record.recordId, record.body]));
    expect(records.get(named!)).toMatchObject({
      name: 'Person1',
      email_addresses: 'p1@example.com',
      primary_location: { locality: 'Bonn', line_2: null },
      tier: 'Gold',
      values: { email_addresses: [{}, { email_address: 'other1@example.com' }] },
    });
    expect(records.get(mailed!)).toMatchObject({ name: null, primary_location: null, tier: null });
  });

  test('who stays is read though others are deleted while 1,200 of one time are paged', async () => {
    const account = open();
    const { simulator } = account;
    for (let i = 0; i < 1_200; i += 1) simulator.create(start - 5_000);
    simulator.seed(300);
    const seen = await account.toRest(() => {
      account.now += 1_000;
      for (const id of simulator.ids().slice(0, 20)) simulator.remove(id);
    });
    const known = new Set(ids(seen));
    expect(simulator.ids().filter((id) => !known.has(id))).toEqual([]);
    expect(simulator.state.queries).toBeLessThan(8);
  });

  test('whose page repeats ends the reading with an error', async () => {
    const account = open();
    const row = account.simulator.create();
    account.fault = () => Response.json({ data: Array.from({ length: 500 }, () => row) });
    await expect(account.toRest()).rejects.toMatchObject({ foreign: true });
  });

  test('is left out if its creator is not in createdBy', () => {
    const body = (type: string): { [name: string]: Json } => ({
      values: { created_by: [{ referenced_actor_type: type }] },
    });
    const leftOut = (type: string, settings: object) => {
      const account = open({}, settings);
      return account.stream.leftOut!(account.settings, body(type)) !== null;
    };
    expect(leftOut('system', { createdBy: ['workspace-member'] })).toBe(true);
    expect(leftOut('workspace-member', { createdBy: ['workspace-member'] })).toBe(false);
    expect(leftOut('system', {})).toBe(false);
  });

  test('is neither read nor missing with the key of another workspace', async () => {
    const account = open({}, { workspaceId: stranger });
    account.simulator.seed(3);
    expect(await account.refusal()).toMatchObject({ name: 'UnauthorizedError' });
    await expect(account.read(stranger)).rejects.toMatchObject({ name: 'UnauthorizedError' });
    const same = open({}, { workspaceId: workspaceId.toUpperCase() });
    same.simulator.seed(3);
    expect(await same.toRest()).toHaveLength(3);
  });

  test('is not treated as deleted while a merge goes on, or by the 404 of something else', async () => {
    const account = open();
    const { simulator } = account;
    const [one, other] = [simulator.create(), simulator.create()].map(({ id }) => id.record_id);
    const merged = simulator.merge(one!, other!);
    await expect(account.read(merged)).rejects.toMatchObject({ name: 'TransientError', foreign: false });
    account.now += 20_000;
    expect(await account.read(merged, one!, other!)).toMatchObject({
      records: [{ recordId: merged }],
      missing: [one, other],
    });
    const both = await account.read(`${merged}+${one}`, `${merged}+${other}`, `${other}+${one}`);
    expect(both.records).toMatchObject([{ recordId: merged, merged: [one, other] }]);
    expect(both.missing).toEqual([`${merged}+${one}`, `${merged}+${other}`, `${other}+${one}`]);
    account.fault = (path) =>
      path.endsWith('/query') ? undefined : Response.json({ message: 'no route' }, { status: 404 });
    await expect(account.read(one!)).rejects.toMatchObject({ name: 'TransientError', foreign: true });
  });
});

describe('the check', () => {
  test('prints the objectId, and tells of another one', async () => {
    expect((await open().check())[1]).toMatchObject({
      allowed: true,
      note: expect.stringContaining(objectId),
    });
    expect((await open({}, { objectId: stranger }).check())[1]).toMatchObject({ allowed: false });
  });
});

describe('a webhook', () => {
  const { simulator } = open();
  const hear = (events: object[], settings: object = {}) =>
    heard(
      attio,
      { accessToken, webhookSecret, objectId, workspaceId, ...settings },
      requestOf(simulator.pushed(...events)),
      start,
    );
  const touch = { kind: 'touch', stream: 'people', recordId: 'a', changedAt: start };

  test('is known by its signature, as computed independently: the key is text', () => {
    const signature = 'e8aff231be2c290358050f1899ed805bf062318b3224d7021d3db0732db6cee8';
    const request = { headers: { 'attio-signature': signature }, body: '{"webhook_id":"w","events":[]}' };
    const judge = (secret: string) =>
      new Authenticator(webhookOf(attio, { accessToken, objectId, webhookSecret: secret })).judge(
        requestOf(request),
        start,
      ).authentic;
    expect(judge('test-secret')).toBe(true);
    expect(judge('test-secret-2')).toBe(false);
    expect(webhookOf(attio, { accessToken, webhookSecret }).missing).toMatch(/objectId/);
  });

  test('touches people, tells of a deletion, and may be empty', () => {
    const created = simulator.event('record.created', 'a');
    const updated = simulator.event('record.updated', 'a', { attribute_id: 'x' });
    expect(hear([created, updated]).changes).toEqual([touch, touch]);
    expect(hear([simulator.event('record.deleted', 'a')]).changes).toEqual([{ ...touch, gone: 'deleted' }]);
    expect(hear([]).changes).toEqual([]);
  });

  test('of a merge says that the new person speaks for each of the old ones', () => {
    const events = ['b', 'c'].map((duplicate_record_id) =>
      simulator.event('record.merged', 'a', { duplicate_record_id }),
    );
    expect(hear(events).changes).toEqual([
      { ...touch, recordId: 'a+b', gone: 'deleted' },
      { ...touch, recordId: 'a+c', gone: 'deleted' },
    ]);
  });

  test('of a company, a note or another workspace changes nothing', () => {
    const ignored = [{ kind: 'ignored' }];
    expect(hear([simulator.event('record.updated', 'a', {}, stranger)]).changes).toMatchObject(ignored);
    expect(
      hear([{ event_type: 'note.created', id: { note_id: 'n', workspace_id: workspaceId } }]).changes,
    ).toMatchObject(ignored);
    expect(hear([simulator.event('record.updated', 'a')], { workspaceId: stranger }).changes).toMatchObject(
      ignored,
    );
    const nobody = { event_type: 'record.updated', id: { workspace_id: workspaceId, object_id: objectId } };
    expect(() => hear([nobody])).toThrow(/names no person/);
  });
});

describe('up to Voucherify', () => {
  const openVendor = vendorWorlds();

  test('people come, lose values, are merged into a third, and go', async () => {
    const clock = new FastClock();
    const simulator = createAttioSimulator({
      now: () => clock.now(),
      accessToken,
      webhookSecret,
      perSecond: 5,
    });
    simulator.seed(4);
    const [one, two, three, four] = simulator.ids() as [string, string, string, string];
    simulator.set(one, 'description', { value: 'A good customer' });
    const world = await openVendor(clock, simulator.app, {
      connector: 'attio',
      accessToken,
      webhookSecret,
      objectId,
      quota: { requests: 5, seconds: 1 },
    });
    await world.sync();
    expect(world.customers()[one]).toMatchObject({ name: 'Person1', description: 'A good customer' });
    clock.skip(60_000);
    simulator.set(one, 'description', null);
    await world.push(simulator.pushed(simulator.event('record.updated', one)));
    expect(world.customers()[one]?.description ?? null).toBeNull();
    const merged = simulator.merge(two, three);
    const events = [two, three].map((duplicate_record_id) =>
      simulator.event('record.merged', merged, { duplicate_record_id }),
    );
    await world.push(simulator.pushed(...events));
    // Nothing is cleared while the new person cannot be read.
    expect(world.customers()[two]).toMatchObject({ email: 'p2@example.com' });
    const taken = () =>
      world!.database.rows<{ recordId: string }>(
        sql`select record_id from records where merged_into = ${merged} order by record_id`,
      );
    for (let turn = 0; turn < 20 && (await taken()).length < 2; turn += 1) {
      clock.skip(60_000);
      await world.push(simulator.pushed(simulator.event('record.updated', one)));
    }
    expect((await taken()).map(({ recordId }) => recordId)).toEqual([two, three].sort());
    simulator.remove(four);
    simulator.set(merged, 'description', { value: 'Two in one' });
    clock.skip(600_000);
    await world.sync('full');
    // One of the two customers keeps its source ID, and follows the new person.
    expect([two, three].map((id) => world!.customers()[id]?.description)).toContain('Two in one');
    expect(await world.standing()).not.toContain(four);
    expect(await world.deadLetters()).toBe(0);
    expect(simulator.state.refused).toBe(0);
  });
});
