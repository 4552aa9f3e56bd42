// Close's connector against the simulated organization: the kit, addresses of leads, the event log, and what it pushes.
import { describe, expect, test } from 'vitest';
import type { Json } from '#connector';
import { close } from '../../connectors/close.ts';
import { type CloseOptions, createCloseSimulator } from '../../simulators/close.ts';
import { Authenticator } from '../../src/engine/webhook/authenticity.ts';
import { FastClock } from '../support/fast-clock.ts';
import { vendorWorlds } from '../support/vendor-world.ts';
import { heard, requestOf, webhookOf } from '../support/webhook.ts';
import { Account, ids, start } from './account.ts';
import { describeConnector } from './conformance.ts';

const apiKey = 'api_abc.def';
const signatureKey = '00112233445566778899aabbccddeeff';
const authorization = `Basic ${Buffer.from(`${apiKey}:`).toString('base64')}`;
const tombstones = close.source!.streams[0]!.tombstones!;

function open(options: Partial<CloseOptions> = {}, settings: object = {}) {
  return new Account(close, { apiKey, ...settings }, { authorization }, (hooks) =>
    createCloseSimulator({ apiKey, signatureKey, ...hooks, ...options }),
  );
}

describeConnector('close', {
  connector: close,
  stream: 'contacts',
  secrets: [apiKey],
  wrongSettings: [
    { settings: {}, says: /apiKey/ },
    { settings: { apiKey: 'two words' }, says: /apiKey: must be the token alone/ },
    { settings: { apiKey, organizationId: 'acme' }, says: /organizationId: must be the ID/ },
  ],
  changeWhileReading: 'found',
  async open() {
    const account = open();
    const { simulator } = account;
    simulator.seed(430);
    const json = (status: number, body: Json = { error: 'It was refused here' }) => {
      return () => Response.json(body, { status });
    };
    const ruins = [
      json(401),
      json(403),
      json(404),
      json(400),
      json(429),
      json(503),
      json(200, { data: [] }),
      json(200, { data: [{ id: 'lead_1', name: 'x' }], cursor: null }),
      () => new Response('<html>Log in</html>', { headers: { 'content-type': 'text/html' } }),
    ];
    return account.world(ruins, {
      ids: () => simulator.ids(),
      create: async () => simulator.create().id,
      change: async (id, value) => simulator.change(id, { name: value }),
      remove: async (id) => simulator.remove(id),
      property: 'name',
      unknownId: 'cont_unknown',
    });
  },
});

describe('a contact', () => {
  test('has the first address of its lead, and comes again when only that is edited', async () => {
    const account = open();
    const { simulator } = account;
    const lead = simulator.createLead({ addresses: [{ city: 'Bonn' }, { city: 'Ulm' }] });
    simulator.create({ 'custom.cf_tier': 'gold' }, lead);
    simulator.create({}, lead);
    simulator.create();
    const records = await account.toRest();
    expect(records.map(({ body }) => (body['lead'] as { address: Json }).address)).toEqual([
      { city: 'Bonn' },
      { city: 'Bonn' },
      null,
    ]);
    account.now += 600_000;
    await account.toRest();
    simulator.changeLead(lead.id, { addresses: [{ city: 'Kiel' }] });
    const again = await account.toRest();
    expect(again.map(({ body }) => (body['lead'] as { address: Json }).address)).toEqual([
      { city: 'Kiel' },
      { city: 'Kiel' },
    ]);
    expect(again[0]!.body['custom.cf_tier']).toBe('gold');
    expect(again[0]!.changedAt).toBe(account.now);
  });

  test.each([
    ['exact', {}, 60_000],
    ['exact to the minute', { minuteFilters: true }, 20_000],
  ])('is read where 450 leads have one time, and filters are %s', async (_filters, options, slowMs) => {
    const account = open(options);
    const { simulator } = account;
    const early = new Date(start - 86_400_000).toISOString().replace('Z', '000+00:00');
    for (let i = 0; i < 450; i += 1)
      simulator.create({}, simulator.createLead({ date_created: early, date_updated: early }));
    simulator.seed(300);
    let turn = 0;
    // Within a cursor's life while it is needed, and long after it otherwise.
    const seen = await account.toRest(() => {
      turn += 1;
      account.now += turn < 4 ? 20_000 : slowMs;
    });
    expect(new Set(ids(seen))).toEqual(new Set(simulator.ids()));
  });

  test('is not lost when the cursor within one time has expired', async () => {
    const account = open();
    for (let i = 0; i < 450; i += 1) account.simulator.create();
    let waits = [40_000, 40_000];
    const seen = await account.toRest(() => {
      account.now += waits.shift() ?? 1_000;
    });
    waits = [];
    expect(new Set(ids(seen))).toEqual(new Set(account.simulator.ids()));
  });

  test('that was deleted is not overlooked because the list of events was cut off', async () => {
    const account = open();
    const event = { object_type: 'contact', action: 'deleted', date_updated: '2026-11-02T07:00:00.000000' };
    const data = Array.from({ length: 50 }, (_, at) => ({ ...event, object_id: `cont_${at}` }));
    const pull = () => account.page(account.stream.tombstones!.pull);
    account.fault = () => Response.json({ data });
    await expect(pull()).rejects.toMatchObject({ name: 'TransientError', foreign: true });
    account.fault = () => Response.json({ data: data.slice(1) });
    expect((await pull()).records).toHaveLength(49);
  });

  test('is neither read nor missing with the key of another organization', async () => {
    const account = open({}, { organizationId: 'orga_2' });
    account.simulator.seed(3);
    expect(await account.refusal()).toMatchObject({ name: 'UnauthorizedError' });
    await expect(account.read('cont_unknown')).rejects.toMatchObject({ name: 'UnauthorizedError' });
  });

  test('is never treated as deleted by a 404 that is not from Close, or while it moves to another lead', async () => {
    const account = open();
    const { id } = account.simulator.create();
    for (const answer of [
      Response.json({ message: 'no route' }, { status: 404 }),
      new Response('<html>', { status: 404, headers: { 'content-type': 'text/html' } }),
    ]) {
      account.fault = () => answer.clone();
      await expect(account.read(id)).rejects.toMatchObject({ name: 'TransientError' });
    }
    account.fault = (path) => {
      if (path.startsWith('/lead/')) account.simulator.contacts.get(id)!.lead_id = 'lead_other';
      return undefined;
    };
    await expect(account.read(id)).rejects.toMatchObject({ name: 'TransientError' });
  });
});

describe('the event log', () => {
  test('is read five minutes late, so that a deletion that appears out of order is not lost', async () => {
    const account = open();
    account.simulator.seed(4);
    const [first, second] = account.simulator.ids() as [string, string];
    account.cursor = null;
    await account.toRest(undefined, tombstones.pull);
    account.now += 600_000;
    account.simulator.remove(first);
    expect(ids(await account.toRest(undefined, tombstones.pull))).toEqual([]);
    // It shows up after the other, with an earlier time.
    account.now += 60_000;
    account.simulator.remove(second, account.now - 120_000);
    account.now += 400_000;
    expect(ids(await account.toRest(undefined, tombstones.pull)).sort()).toEqual([first, second].sort());
    account.now += 600_000;
    await account.toRest(undefined, tombstones.pull);
    expect(ids(await account.toRest(undefined, tombstones.pull))).toEqual([]);
  });
});

describe('a refusal for too many calls', () => {
  test('waits as long as Close says, for searches only', async () => {
    const account = open({ searches: 1 });
    const { id } = account.simulator.create();
    await account.page();
    account.now += 2_500;
    expect(await account.refusal()).toMatchObject({ retryAfterMs: 5_500 });
    expect((await account.read(id)).records).toHaveLength(1);
    const { readQuotas } = close.api!(account.settings);
    const headers = { ratelimit: 'limit=16, remaining=0, reset=5' };
    expect(readQuotas!({ status: 200, headers, json: {} }, { path: '/', bucket: 'search' }, start)).toEqual([
      { quota: 'search-8-seconds', remaining: 0, exhaustedUntil: start + 5_000 },
    ]);
  });
});

describe('the check', () => {
  test('tells of a key of another organization', async () => {
    const allowed = async (organizationId: string) =>
      (await open({}, { organizationId }).check()).map((permission) => permission.allowed);
    expect(await allowed('orga_1')).toEqual([true, true, true]);
    expect(await allowed('orga_2')).toEqual([true, true, false]);
  });
});

describe('a webhook', () => {
  const { simulator } = open();
  const hear = (event: object, settings: object = {}) =>
    heard(close, { apiKey, signatureKey, ...settings }, requestOf(simulator.pushed(event)), start);

  test('is known by its signature, as computed independently: the key is hex', () => {
    const request = (body: string) => ({
      headers: {
        'close-sig-timestamp': '1700000000',
        'close-sig-hash': '0d4c95f429938d97db0bcb52563393b6d37f218ebc30f8651ab308b38c2397c3',
      },
      body,
    });
    const keys = webhookOf(close, { apiKey, signatureKey: ['aa', signatureKey] });
    const judge = (body: string) => new Authenticator(keys).judge(requestOf(request(body)), start);
    expect(judge('{"subscription_id":"whsub_1"}').authentic).toBe(true);
    expect(judge('{"subscription_id":"whsub_2"}').authentic).toBe(false);
    expect(heard(close, { apiKey }, requestOf(simulator.pushed({})), start).verdict.authentic).toBe(false);
  });

  test('touches the contact at the time of its state, not of the event, and tells of a deletion', () => {
    const data = { id: 'cont_1', date_updated: '2026-11-02T08:00:00.000000+00:00' };
    const touch = { kind: 'touch', stream: 'contacts', recordId: 'cont_1', changedAt: start };
    const event = simulator.eventOf('updated', 'contact', 'cont_1', data);
    expect(hear(event).changes).toEqual([touch]);
    const deleted = simulator.eventOf('deleted', 'contact', 'cont_1', {});
    expect(hear(deleted).changes).toEqual([{ ...touch, changedAt: start + 3, gone: 'deleted' }]);
    // Consolidated: the same ID, with more in it.
    const later = { ...event, date_updated: '2026-11-02T08:00:09.000000' };
    expect(hear(later).keys).not.toEqual(hear(event).keys);
  });

  test('about a lead touches all its contacts, also those that are named in its previous state only', () => {
    const merged = simulator.eventOf('merged', 'lead', 'lead_1', { contact_ids: ['cont_1', 'cont_2'] });
    expect(hear(merged).changes).toMatchObject([{ recordId: 'cont_1' }, { recordId: 'cont_2' }]);
    const deleted = simulator.eventOf('deleted', 'lead', 'lead_1', {});
    expect(hear({ ...deleted, previous_data: { contact_ids: ['cont_1'] } }).changes).toMatchObject([
      { recordId: 'cont_1', gone: 'deleted' },
    ]);
  });

  test('of another organization, of a task, or without an ID changes nothing', () => {
    const event = simulator.eventOf('updated', 'contact', 'cont_1', {});
    expect(hear(event, { organizationId: 'orga_2' }).changes).toMatchObject([{ kind: 'ignored' }]);
    expect(hear({ ...event, object_type: 'task' }).changes).toMatchObject([{ kind: 'ignored' }]);
    expect(() => hear({ ...event, object_id: null })).toThrow(/names no contact/);
  });
});

describe('up to Voucherify', () => {
  const openVendor = vendorWorlds();

  test('contacts come, move between leads, change with them, and go', async () => {
    const clock = new FastClock();
    const simulator = createCloseSimulator({
      now: () => clock.now(),
      apiKey,
      signatureKey,
      indexLagMs: 5_000,
      searches: 16,
    });
    const [bonn, ulm] = ['Bonn', 'Ulm'].map((city) => simulator.createLead({ addresses: [{ city }] }));
    const [one, two, three] = [bonn!, bonn!, ulm!].map((lead) => simulator.create({}, lead).id);
    clock.skip(10_000);
    const world = await openVendor(clock, simulator.app, { connector: 'close', apiKey, signatureKey });
    await world.sync();
    expect(world.customers()[one!]).toMatchObject({ address: { city: 'Bonn' } });
    clock.skip(60_000);
    simulator.mergeLeads(bonn!.id, ulm!.id);
    const contact_ids = [one, two, three];
    await world.push(simulator.pushed(simulator.eventOf('merged', 'lead', ulm!.id, { contact_ids })));
    expect(world.customers()[one!]).toMatchObject({ address: { city: 'Ulm' } });
    clock.skip(60_000);
    simulator.remove(one!);
    await world.push(simulator.pushed(simulator.eventOf('deleted', 'contact', one!, {})));
    simulator.remove(two!);
    clock.skip(900_000);
    await world.sync('incremental');
    expect(await world.standing()).toEqual([three]);
    expect(simulator.state.refused).toBe(0);
    expect(await world.deadLetters()).toBe(0);
  });
});
