// Cases that recorded traffic of Intercom, Customer.io, HubSpot and Voucherify has shown, end to end where they are: the
// vendor simulated, a run or a webhook, and what Voucherify then holds. See README.md beside this file.
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { hubspot as hubspotConnector } from '../../connectors/hubspot.ts';
import { intercom as intercomConnector } from '../../connectors/intercom.ts';
import { voucherify as voucherifyConnector } from '../../connectors/voucherify/index.ts';
import { CustomerIoSimulator } from '../../simulators/customerio.ts';
import { createHubSpotSimulator, type HubSpotOptions } from '../../simulators/hubspot.ts';
import { createIntercomSimulator, type IntercomSimulator } from '../../simulators/intercom.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import type { VoucherifyOptions } from '../../simulators/voucherify.ts';
import { type ApiRequest, type Json, type JsonObject, TransientError } from '../../src/connector.ts';
import { Authenticator } from '../../src/engine/webhook/authenticity.ts';
import { runById } from '../../src/tables/runs.ts';
import { type Verification, verificationById } from '../../src/tables/verifications.ts';
import { createApp } from '../../src/web/app.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { FastClock } from '../support/fast-clock.ts';
import { openSyncWorld, type SyncWorld, until } from '../support/sync-world.ts';
import { requestOf, webhookOf } from '../support/webhook.ts';

let world: SyncWorld | undefined;

let database: TestDatabase | undefined;

const served: Served[] = [];

afterEach(async () => {
  await world?.close();
  await database?.close();
  for (const server of served.splice(0)) await server.close();
  world = undefined;
  database = undefined;
});

type Vendor = { app: Parameters<typeof serve>[0] };

type Settings = { [name: string]: unknown };

/** Tributary between one simulated vendor, as the source `vendor`, and a simulated Voucherify. */
async function open(clock: FastClock, vendor: Vendor, source: Settings, options: Settings = {}) {
  const server = await serve(vendor.app);
  served.push(server);
  database = await behaviour[0].open();
  world = await openSyncWorld(database, {
    clock,
    sources: { vendor: { baseUrl: server.url, ...source } },
    ...options,
  });
  await world.tributary.start();
  const web = createApp(world.tributary, {
    apiToken: 'a-token-for-the-tests',
    version: '0.0.0',
    dataDir: '/nowhere',
  });
  const { voucherify } = world;
  return {
    world,
    sync: (mode: 'incremental' | 'full' = 'full') => world!.sync(mode, 'vendor'),
    /** What Voucherify holds, by source ID. */
    customers: () =>
      Object.fromEntries([...voucherify.customers()].map((customer) => [customer.source_id, customer])),
    /** Sends a webhook, and waits until it has been taken in. */
    async push(request: { headers: Record<string, string>; body: string | Uint8Array }) {
      const { status } = await web.request('/webhooks/vendor', {
        method: 'POST',
        headers: request.headers,
        body: typeof request.body === 'string' ? request.body : new Uint8Array(request.body),
      });
      expect(status).toBe(200);
      await world!.rest();
    },
  };
}

describe('Intercom', () => {
  const accessToken = 'dG9rOnNlY3JldDBhMWIyYzNk';
  const clientSecret = 'a-client-secret-of-the-app';

  async function start(settings: Settings = {}) {
    const clock = new FastClock();
    const intercom = createIntercomSimulator({
      now: () => clock.now(),
      accessToken,
      quota: false,
      push: { url: 'https://sync.example.com/webhooks/vendor', clientSecret },
    });
    const source = { connector: 'intercom', accessToken, clientSecret, ...settings };
    const opened = await open(clock, intercom, source);
    return {
      ...opened,
      intercom,
      clock,
      tell: (topic: string, id: string) =>
        opened.push(
          intercom.push!.request(intercom.push!.notification(topic, pushed(intercom, id), clock.now())),
        ),
    };
  }

  const pushed = (intercom: IntercomSimulator, id: string) => intercom.pushed(id)!;

  it('intercom-lead-is-no-customer: a lead is filtered wherever it is read, until it is a user', async () => {
    const { intercom, sync, customers, tell, clock } = await start();
    const lea = intercom.create({ role: 'lead', name: 'Lea', email: 'lea@example.org' });
    intercom.create({ external_id: 'shop-42', name: 'Ona Falk', email: 'ona@example.org' });
    expect(await sync()).toMatchObject({ changed: 1, filtered: 1 });
    expect(Object.keys(customers())).toEqual(['shop-42']);
    // By search, by ID and by webhook.
    clock.skip(3_600_000);
    intercom.update(lea, { name: 'Lea L.' });
    expect(await sync('incremental')).toMatchObject({ changed: 0, filtered: 1 });
    await tell('contact.unsubscribed', lea);
    await tell('contact.lead.updated', lea);
    expect(Object.keys(customers())).toEqual(['shop-42']);
    clock.skip(60_000);
    intercom.convert(lea, 'shop-77');
    await tell('contact.lead.signed_up', lea);
    expect(customers()).toMatchObject({ 'shop-42': {}, 'shop-77': { name: 'Lea L.' } });
    expect(Object.keys(customers())).toHaveLength(2);
  });

  it('intercom-lead-is-no-customer: a lead merged into a user leaves one customer', async () => {
    const { intercom, sync, customers, clock } = await start();
    const lead = intercom.create({ role: 'lead', email: 'ona@example.org' });
    const user = intercom.create({ external_id: 'shop-42', email: 'ona@example.org' });
    await sync();
    clock.skip(3_600_000);
    intercom.merge(lead, user);
    await sync('incremental');
    await sync('full');
    expect(Object.keys(customers())).toEqual(['shop-42']);
  });

  it('intercom-lead-is-no-customer: with leads true the made-up ID of a lead is not a source ID either', async () => {
    const { intercom, sync, customers, tell, clock } = await start({ leads: true });
    const lea = intercom.create({ role: 'lead', name: 'Lea' });
    await sync();
    await tell('contact.lead.created', lea);
    expect(customers()).toEqual({});
    clock.skip(3_600_000);
    intercom.convert(lea, 'shop-77');
    await sync('incremental');
    expect(Object.keys(customers())).toEqual(['shop-77']);
  });

  it('intercom-lead-is-no-customer: with leads true and sourceId id a lead keeps its customer when it is a user', async () => {
    const { intercom, sync, customers, clock } = await start({ leads: true, sourceId: 'id' });
    const lea = intercom.create({ role: 'lead', name: 'Lea' });
    await sync();
    clock.skip(3_600_000);
    intercom.convert(lea, 'shop-77');
    await sync('incremental');
    expect(Object.keys(customers())).toEqual([lea]);
  });

  it('intercom-lead-is-no-customer: leads that were taken before are left out as soon as leads is false', async () => {
    const clock = new FastClock();
    const intercom = createIntercomSimulator({ now: () => clock.now(), accessToken, quota: false });
    intercom.create({ role: 'lead', name: 'Lea', email: 'lea@example.org' });
    const server = await serve(intercom.app);
    served.push(server);
    database = await behaviour[0].open();
    const openWith = async (leads: boolean) => {
      await world?.close();
      const settings = { connector: 'intercom', accessToken, baseUrl: server.url, sourceId: 'email', leads };
      world = await openSyncWorld(database!, { clock, sources: { vendor: settings } });
      await world.tributary.start();
    };
    const filtered = async () =>
      (await database!.rows<{ filtered: string | null }>(sql`select filtered from records`)).map(
        (record) => record.filtered,
      );
    await openWith(true);
    await world!.sync('full', 'vendor');
    expect(await filtered()).toEqual([null]);
    expect([...world!.voucherify.customers()]).toHaveLength(1);
    await openWith(false);
    await until(async () => (await filtered())[0] !== null);
    expect(await filtered()).toEqual(['it is a lead, and leads is false']);
  });

  it('intercom-lead-is-no-customer: the made-up ID that an older version took does not stick', async () => {
    const { intercom, sync, customers, clock } = await start();
    const lea = intercom.create({ role: 'lead', name: 'Lea' });
    await sync();
    const madeUp = intercom.get(lea)!['external_id'] as string;
    await database!.rows(sql`
      update records set source_id = ${madeUp}, filtered = null,
        body = (body - 'lead_id') || jsonb_build_object('external_id', ${madeUp}::text)`);
    clock.skip(3_600_000);
    intercom.convert(lea, 'shop-77');
    await sync('incremental');
    expect(Object.keys(customers())).toEqual(['shop-77']);
  });

  it('intercom-name-escaped: names are unescaped once, by pull and by webhook', async () => {
    const { intercom, sync, customers, tell, clock } = await start();
    const name = "Ona O'Neil & <Sons> &lt;";
    const id = intercom.create({ external_id: 'shop-42', name });
    await sync();
    expect(customers()['shop-42']).toMatchObject({ name });
    clock.skip(60_000);
    intercom.update(id, { name: `${name} "Ltd."` });
    await tell('contact.user.updated', id);
    expect(customers()['shop-42']).toMatchObject({ name: `${name} "Ltd."` });
  });

  it('intercom-name-escaped: custom attributes stay as they are', async () => {
    const { intercom, sync, customers } = await start({
      mapping: { 'metadata.motto': 'custom_attributes.motto' },
    });
    intercom.create({ external_id: 'shop-42', custom_attributes: { motto: 'R&amp;D' } });
    await sync();
    expect(customers()['shop-42']).toMatchObject({ metadata: { motto: 'R&amp;D' } });
  });

  it('intercom-seconds-become-1970: mapped times are of this century, from either way', async () => {
    const { intercom, sync, customers, tell, clock } = await start({
      mapping: {
        'metadata.signed_up': { from: 'signed_up_at', as: 'datetime' },
        'metadata.renewal': { from: 'custom_attributes.renewal', as: 'date' },
      },
    });
    const id = intercom.create({
      external_id: 'shop-42',
      signed_up_at: 1_767_225_600,
      custom_attributes: { renewal: 1_798_761_600 },
    });
    await sync();
    const metadata = { signed_up: '2026-01-01T00:00:00.000Z', renewal: '2027-01-01' };
    expect(customers()['shop-42']).toMatchObject({ metadata });
    clock.skip(60_000);
    intercom.update(id, { custom_attributes: { renewal: 1_798_761_600, other: 'x' } });
    await tell('contact.user.updated', id);
    expect(customers()['shop-42']).toMatchObject({ metadata });
  });

  it('intercom-seconds-become-1970: webhooks of one second count in their own order', async () => {
    const { intercom, customers, push, clock } = await start();
    const id = intercom.create({ external_id: 'shop-42', name: 'Ona' });
    clock.skip(3_600_000);
    const second = Math.floor(clock.now() / 1000) * 1000 - 1000;
    const states = [250, 907].map((milliseconds) => {
      intercom.update(id, { name: `Ona at .${milliseconds}` }, second + milliseconds);
      return intercom.push!.request(
        intercom.push!.notification('contact.user.updated', pushed(intercom, id), clock.now()),
      );
    });
    // The first comes again after a minute, as where it was not taken.
    await push(states[1]!);
    await push(states[0]!);
    expect(customers()['shop-42']).toMatchObject({ name: 'Ona at .907' });
  });

  it('intercom-seconds-become-1970: a custom attribute that was removed leaves', async () => {
    const { intercom, sync, customers, clock } = await start({
      mapping: { name: 'name', 'metadata.plan': 'custom_attributes.plan' },
    });
    const id = intercom.create({ external_id: 'shop-42', custom_attributes: { plan: 'gold' } });
    await sync();
    clock.skip(3_600_000);
    intercom.update(id, { custom_attributes: {} });
    await sync('incremental');
    expect(customers()['shop-42']!.metadata?.['plan'] ?? null).toBeNull();
  });

  it('intercom-seconds-become-1970: a webhook and the API agree, and the later state of one second wins', async () => {
    const { intercom, sync, customers, tell, clock } = await start({
      mapping: { name: 'name', 'metadata.signed_up_at': 'signed_up_at' },
    });
    const id = intercom.create({ external_id: 'shop-42', name: 'Ona', signed_up_at: 1_767_225_600 });
    await tell('contact.user.created', id);
    const { metadata } = customers()['shop-42']!;
    expect(metadata).toEqual({ signed_up_at: 1_767_225_600 });
    // Within the second that the webhook told of, to the millisecond: the API shows it to the second. That second is over.
    clock.skip(3_600_000);
    const second = Math.floor(clock.now() / 1000) * 1000 - 1000;
    intercom.update(id, { name: 'Ona at .907' }, second + 907);
    await tell('contact.user.updated', id);
    intercom.update(id, { name: 'Ona at .950' }, second + 950);
    expect(await sync()).toMatchObject({ changed: 1, superseded: 0 });
    expect(customers()['shop-42']).toMatchObject({ name: 'Ona at .950', metadata });
  });
});

describe('what Intercom pushes', () => {
  const webhook = webhookOf(intercomConnector, { accessToken: 'dG9rOnNlY3JldDBhMWIyYzNk' });
  const received = { method: 'POST', headers: {}, query: {}, receivedAt: 1_772_359_205_000 };
  const changesOf = (topic: string, item: JsonObject) =>
    webhook.changes(
      {
        type: 'notification_event',
        app_id: 'ws1',
        id: 'notif_1',
        topic,
        data: { type: 'notification_event_data', item },
        created_at: 1_772_359_200,
      },
      received,
    );
  const touch = { kind: 'touch', stream: 'contacts', recordId: '66aa02', changedAt: 1_772_359_200_000 };

  it('passes-to-keep: what was archived or deleted is a touch that is gone', () => {
    const archived = { id: '66aa02', external_id: null, type: 'contact', archived: true };
    expect(changesOf('contact.archived', archived)).toEqual([{ ...touch, gone: 'deleted' }]);
    const deleted = { id: '66aa02', type: 'contact', deleted: true };
    expect(changesOf('contact.deleted', deleted)).toEqual([{ ...touch, gone: 'deleted' }]);
  });

  it('passes-to-keep: an unsubscription tells of the contact in part, so that it is a touch', () => {
    const contact = {
      type: 'contact',
      id: '66aa02',
      external_id: 'shop-42',
      role: 'user',
      email: 'ona@example.org',
      phone: null,
      unsubscribed_from_emails: true,
      updated_at: '2026-03-01T10:00:00.670+00:00',
    };
    const item = { type: 'contact_unsubscribe', created_at: 1_772_359_200, contact };
    expect(changesOf('contact.unsubscribed', item)).toEqual([touch]);
  });
});

describe('Customer.io', () => {
  const appKey = 'app-secret-0123456789';
  const reportingSecret = 'test-secret-0123456789';

  async function start(settings: Settings = {}) {
    const clock = new FastClock();
    const customerio = new CustomerIoSimulator({
      now: () => clock.now(),
      appKey,
      reportingSecret,
      quota: false,
    });
    const source = { connector: 'customerio', appKey, webhookSecret: reportingSecret, ...settings };
    const opened = await open(clock, customerio, source);
    return {
      ...opened,
      customerio,
      clock,
      async read(cioId: string) {
        const asked = await opened.world.tributary.request({
          source: 'vendor',
          mode: 'records',
          trigger: 'manual',
          lane: 'manual',
          request: { recordIds: [cioId] },
        });
        await opened.world.rest();
        return runById(database!, asked!.id);
      },
      /** An event names the person, who is then read. */
      async name(cioId: string) {
        customerio.subscribe(cioId, true);
        await customerio.deliver(async (request) => {
          await opened.push(request);
          return 200;
        });
      },
    };
  }

  const mapping = { name: 'first_name', email: 'email', 'address.city': 'city' };

  it('customerio-removed-attribute: an e-mail address that was taken out leaves', async () => {
    const { customerio, customers, read, clock } = await start({ mapping });
    const mo = customerio.identify({ id: 'shop-9', first_name: 'Mo', city: 'Lund' });
    clock.skip(12_000);
    customerio.set(mo, { email: 'mo@example.org' });
    expect(await read(mo)).toMatchObject({ changed: 1 });
    expect(customers()['shop-9']).toMatchObject({ name: 'Mo', email: 'mo@example.org' });
    clock.skip(60_000);
    // The newest of the times that are left is older than the one at the last read.
    customerio.set(mo, { email: null });
    expect(await read(mo)).toMatchObject({ changed: 1, superseded: 0 });
    expect(customers()['shop-9']!.email ?? null).toBeNull();
    expect(customers()['shop-9']).toMatchObject({ name: 'Mo', address: { city: 'Lund' } });
    expect(await read(mo)).toMatchObject({ unchanged: 1 });
  });

  it('intercom-seconds-become-1970: Customer.io’s seconds as text are of this century too', async () => {
    const { customerio, customers, read } = await start({
      mapping: {
        'metadata.since': { from: 'created_at', as: 'datetime' },
        'metadata.born': { from: 'born', as: 'date' },
      },
    });
    const mo = customerio.identify({ id: 'shop-9', created_at: 1_767_225_600, born: 86_400 });
    await read(mo);
    expect(customers()['shop-9']).toMatchObject({
      metadata: { since: '2026-01-01T00:00:00.000Z', born: '1970-01-02' },
    });
  });

  it('customerio-removed-attribute: an event that names the person without it takes it out', async () => {
    const { customerio, customers, name, clock } = await start({ mapping });
    const mo = customerio.identify({ id: 'shop-9', first_name: 'Mo', email: 'mo@example.org' });
    await name(mo);
    expect(customers()['shop-9']).toMatchObject({ name: 'Mo', email: 'mo@example.org' });
    clock.skip(60_000);
    customerio.set(mo, { email: null });
    await name(mo);
    expect(customers()['shop-9']!.email ?? null).toBeNull();
    expect(customers()['shop-9']).toMatchObject({ name: 'Mo' });
  });

  it('customerio-removed-attribute: an anonymous profile is no customer, and is one when it is identified', async () => {
    const { customerio, customers, name, clock } = await start();
    const somebody = customerio.identify({ city: 'Lund' });
    await name(somebody);
    expect(customers()).toEqual({});
    clock.skip(60_000);
    customerio.set(somebody, { id: 'shop-9', email: 'mo@example.org' });
    await name(somebody);
    expect(Object.keys(customers())).toEqual(['shop-9']);
  });
});

describe('HubSpot', () => {
  const accessToken = 'pat-test-11111111';

  async function start(settings: Settings = {}, options: HubSpotOptions = {}) {
    const clock = new FastClock();
    const hubspot = createHubSpotSimulator({
      now: () => clock.now(),
      accessToken,
      quotas: false,
      ...options,
    });
    const opened = await open(clock, hubspot, { connector: 'hubspot', accessToken, ...settings });
    return { ...opened, hubspot, clock };
  }

  it('hubspot-search-429-names-no-policy: a refused search costs a second, and counts against the quota of search', async () => {
    const { api, settings } = hubspotConnector;
    const { errorFor } = api!(settings.parse({ accessToken }));
    const answer = {
      status: 429,
      headers: { 'x-hubspot-ratelimit-daily': '250000', 'x-hubspot-ratelimit-daily-remaining': '249000' },
      json: {
        status: 'error',
        message: 'You have reached your secondly limit.',
        category: 'RATE_LIMITS',
        correlationId: '00000000-0000-4000-8000-000000000000',
      },
    };
    const request = { method: 'POST' as const, path: '/crm/v3/objects/contacts/search', bucket: 'search' };
    expect(errorFor!(answer, request, 0)).toMatchObject({
      name: 'TransientError',
      retryAfterMs: 1000,
      quota: 'search',
    });
  });

  it('hubspot-search-429-names-no-policy: changes are read all the same where search is refused', async () => {
    const { hubspot, sync, customers, clock } = await start(
      { searchPerSecond: 5 },
      { quotas: { search: { requests: 1, seconds: 1 }, burst: false, daily: false } },
    );
    const id = hubspot.create({ firstname: 'Ona' });
    await sync();
    clock.skip(3_600_000);
    hubspot.update(id, { firstname: 'Una' });
    await sync('incremental');
    expect(customers()[id]).toMatchObject({ name: 'Una' });
  });

  it('passes-to-keep: what is cleared by an empty text leaves, and texts keep their digits and signs', async () => {
    const { hubspot, sync, customers, clock } = await start({
      mapping: {
        email: 'email',
        'metadata.erp_id': 'erp_id',
        'metadata.vip': { from: 'vip', as: 'boolean' },
        'metadata.tags': { from: 'tags', as: 'list' },
      },
    });
    const id = hubspot.create({
      email: 'ona@example.org',
      erp_id: '9007199254740993123',
      vip: 'false',
      tags: 'gold;early',
    });
    await sync();
    expect(customers()[id]).toMatchObject({
      email: 'ona@example.org',
      metadata: { erp_id: '9007199254740993123', vip: false, tags: ['gold', 'early'] },
    });
    clock.skip(3_600_000);
    hubspot.update(id, { email: '', tags: '' });
    await sync('incremental');
    expect(customers()[id]).toMatchObject({ metadata: { tags: null, vip: false } });
    expect(customers()[id]!.email ?? null).toBeNull();
  });

  it('passes-to-keep: a contact without the identifier is filtered, and a merge leaves one customer', async () => {
    const { hubspot, sync, customers, clock } = await start({ sourceId: 'email' });
    const first = hubspot.create({ email: 'ona@example.org', firstname: 'Ona' });
    const second = hubspot.create({ email: 'ona.falk@example.org', firstname: 'Ona' });
    hubspot.create({ firstname: 'Nobody' });
    expect(await sync()).toMatchObject({ changed: 2, filtered: 1 });
    clock.skip(3_600_000);
    const survivor = hubspot.merge(first, second);
    expect(hubspot.get(survivor)!.properties['hs_additional_emails']).toBe('ona.falk@example.org');
    await sync('incremental');
    hubspot.update(survivor, { firstname: 'Una' });
    clock.skip(3_600_000);
    await sync('incremental');
    expect(customers()['ona@example.org']).toMatchObject({ name: 'Una' });
  });

  it('passes-to-keep: the vectors of HubSpot’s own clients are authentic', () => {
    const body = "{'example_field':'example_value'}";
    const secret = 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy';
    const vectors = [
      [1_693_657_560_000, 'K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y='],
      [1_700_000_300_000, 'RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw='],
    ] as const;
    const authenticator = new Authenticator(
      webhookOf(hubspotConnector, { accessToken, clientSecret: secret }),
    );
    for (const [time, signature] of vectors) {
      const request = requestOf({
        url: 'https://www.example.com/webhook_uri',
        headers: { 'X-HubSpot-Signature-v3': signature, 'X-HubSpot-Request-Timestamp': String(time) },
        body,
      });
      expect(authenticator.judge(request, time)).toEqual({ authentic: true });
      expect(authenticator.judge({ ...request, url: `${request.url}/` }, time).authentic).toBe(false);
    }
  });

  it('passes-to-keep: a batch read of which one is missing gives the others, and says who is missing', async () => {
    const read = hubspotConnector.source!.streams[0]!.read!;
    const properties = { hs_object_id: '501', lastmodifieddate: '2026-02-01T00:00:00.000Z' };
    const json = {
      status: 'COMPLETE',
      results: [{ id: '501', properties, updatedAt: '2026-02-01T00:00:00.000Z', archived: false }],
      numErrors: 1,
      errors: [
        {
          status: 'error',
          category: 'OBJECT_NOT_FOUND',
          message:
            'Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid.',
          context: { ids: ['777'] },
        },
      ],
      startedAt: '2026-03-01T00:00:00.000Z',
      completedAt: '2026-03-01T00:00:00.050Z',
    };
    const context = {
      settings: hubspotConnector.settings.parse({ accessToken }),
      api: { request: async () => ({ status: 207, headers: {}, json }) },
      files: {} as never,
      now: 0,
    };
    const found = await read.records(context, { recordIds: ['501', '777'], properties: [] });
    expect(found).toMatchObject({ records: [{ recordId: '501' }], missing: ['777'] });
  });
});

describe('a hostile HubSpot', () => {
  const settings = hubspotConnector.settings.parse({ accessToken: 'pat-test-11111111' });
  const stream = hubspotConnector.source!.streams[0]!;
  const row = (id: string, properties: JsonObject = {}) => ({
    id,
    properties: { ...properties, lastmodifieddate: '2026-02-01T00:00:00.000Z' },
    updatedAt: '2026-02-01T00:00:00.000Z',
    archived: false,
  });
  /** A context in which every call has the next of these answers; one that is not due is refused, as the engine does. */
  const answering = (...answers: (JsonObject | undefined)[]) => ({
    settings,
    api: {
      request: async ({ isAnswer }: ApiRequest) => {
        const json = answers.shift();
        if (isAnswer && !isAnswer(json))
          throw new TransientError('this is not the answer', { foreign: true });
        return { status: 200, headers: {}, json };
      },
    },
    files: {} as never,
    now: Date.parse('2026-03-01T00:00:00Z'),
  });

  it('the answer to somebody else’s batch read deletes nobody, and returns nobody', async () => {
    const context = answering({ status: 'COMPLETE', results: [row('900')] });
    const found = await stream.read!.records(context, { recordIds: ['501', '777'], properties: [] });
    expect(found).toEqual({ records: [], missing: [] });
  });

  it('a survivor is taken for the contacts that it names, and for no others', async () => {
    const survivor = row('900', { hs_merged_object_ids: '501' });
    const context = answering({ status: 'COMPLETE', results: [survivor] });
    const found = await stream.read!.records(context, { recordIds: ['501', '777'], properties: [] });
    expect(found).toMatchObject({ records: [{ recordId: '900' }], missing: ['501'] });
  });

  it('a page that has properties for only some of its contacts is refused, because the others would be lost', async () => {
    const properties = Array.from({ length: 700 }, (_, index) => `a_property_with_a_long_name_${index}`);
    const request = { cursor: null, until: 0, properties };
    const listed = { results: [row('1'), row('2')] };
    const part = answering(listed, { status: 'COMPLETE', results: [row('1')] });
    await expect(stream.pull!(part, request)).rejects.toThrow(TransientError);
    const missing = [{ category: 'OBJECT_NOT_FOUND', context: { ids: ['2'] } }];
    const whole = answering(listed, { status: 'COMPLETE', results: [row('1')], errors: missing });
    expect((await stream.pull!(whole, request)).records).toMatchObject([{ recordId: '1' }]);
  });

  it.each([
    ['half a body or HTML', undefined],
    ['another object', { well: 'but no contacts' }],
  ])('%s is not mistaken for a page or a contact', async (_, json) => {
    const request = { cursor: null, until: 0, properties: [] };
    await expect(stream.pull!(answering(json), request)).rejects.toThrow(TransientError);
    const read = stream.read!.records(answering(json), { recordIds: ['501'], properties: [] });
    await expect(read).rejects.toThrow(TransientError);
  });

  it('an empty page in the middle of the list, or a repeated page, loses nobody', async () => {
    const next = (after: string) => ({ next: { after } });
    const answers = [
      { results: [row('1')], paging: next('1') },
      { results: [], paging: next('1a') },
      { results: [row('1'), row('2')], paging: next('2') },
      { results: [row('3')] },
    ];
    const context = answering(...answers);
    const ids: string[] = [];
    let cursor: Json | null = null;
    for (let done = false; !done; ) {
      const page = await stream.pull!(context, { cursor, until: context.now, properties: [] });
      ids.push(...page.records.map(({ recordId }) => recordId));
      ({ cursor, done } = page);
    }
    expect(new Set(ids)).toEqual(new Set(['1', '2', '3']));
  });
});

describe('Voucherify', () => {
  async function start(voucherify: Partial<VoucherifyOptions> = {}) {
    database = await behaviour[0].open();
    world = await openSyncWorld(database, {
      voucherify: {
        metadataSchema: {
          properties: { lifecycle_stage: { type: 'string' }, loyalty_points: { type: 'number' } },
        } as never,
        ...voucherify,
      },
    });
    world.hubspot.seed(5, 7, world.clock.now() - 3_600_000);
    await world.tributary.start();
    await world.sync('full');
    return world;
  }

  async function verify(): Promise<Verification> {
    const asked = await world!.tributary.verify({ sample: null, heal: false, by: 'person' });
    if (!asked || 'going' in asked) throw new Error('a verification is going');
    const { id } = asked.verification;
    await until(async () => (await verificationById(database!, id))?.state !== 'requested');
    return (await verificationById(database!, id))!;
  }

  /** How many files of people lie at the vendor. */
  async function exportsThere(): Promise<number> {
    const response = await world!.voucherify.app.request('http://voucherify/v1/exports', {
      headers: { 'x-app-id': 'app-id', 'x-app-token': 'app-token-00000000' },
    });
    return ((await response.json()) as { total: number }).total;
  }

  it.each(['labels', 'names'] as const)(
    'voucherify-export-has-labels: a file with %s is read',
    async (exportHeaders) => {
      await start({ exportHeaders });
      expect((await verify()).report).toMatchObject({
        source: 'export',
        compared: 5,
        matching: 5,
        differing: { count: 0 },
      });
      expect(await exportsThere()).toBe(0);
    },
  );

  it('voucherify-export-has-labels: a file that cannot be read is deleted all the same', async () => {
    await start({
      faults: (request) =>
        request.method === 'GET' && request.url.includes('token=') ? new Response('<html>') : undefined,
    });
    expect((await verify()).report).toMatchObject({ source: 'list', compared: 5 });
    expect(await exportsThere()).toBe(0);
  });

  it('voucherify-export-has-labels: a file that could not be deleted is deleted later', async () => {
    let refusals = 1;
    await start({
      faults: (request) =>
        request.method === 'DELETE' && refusals-- > 0 ? new Response('gateway', { status: 502 }) : undefined,
    });
    await verify();
    expect(await exportsThere()).toBe(1);
    await until(async () => (await exportsThere()) === 0);
  });

  it('voucherify-export-has-labels: an export is deleted though the answer with its ID was lost', async () => {
    let losses = 1;
    await start({
      faults: (_request, route) =>
        route === 'POST /v1/exports' && losses-- > 0 ? 'apply-then-drop' : undefined,
    });
    expect((await verify()).report).toMatchObject({ source: 'export', compared: 5 });
    expect(world!.voucherify.requests.get('POST /v1/exports 200')).toBe(1);
    expect(await exportsThere()).toBe(0);
  });

  it('voucherify-export-has-labels: the export of a verification that fails is deleted', async () => {
    await start({
      exportMs: 0,
      faults: (request, route) => {
        const isRead = route === 'GET /v1/exports/:id' || route === 'GET /v1/customers';
        return isRead && request.method === 'GET' && !request.url.endsWith('/v1/exports')
          ? Response.json({ code: 400, key: 'invalid', message: 'No' }, { status: 400 })
          : undefined;
      },
    });
    expect(await verify()).toMatchObject({ state: 'failed' });
    await until(async () => (await exportsThere()) === 0);
  });

  it('a short page of the list that says there is more is not the last', async () => {
    const { page } = voucherifyConnector.destination!.readBack!.list;
    const customers = Array.from({ length: 40 }, (_, index) => ({
      id: `cust_${index}`,
      source_id: `shop-${index}`,
      created_at: new Date(Date.UTC(2026, 0, 1, 0, index)).toISOString(),
    }));
    const answer = (has_more?: boolean) => ({
      settings: voucherifyConnector.settings.parse({ appId: 'app-id', appToken: 'app-token-00000000' }),
      api: {
        request: async () => ({
          status: 200,
          headers: {},
          json: { customers, ...(has_more !== undefined && { has_more }) },
        }),
      },
      files: {} as never,
      now: 0,
    });
    expect((await page(answer(true), null)).done).toBe(false);
    expect((await page(answer(false), null)).done).toBe(true);
    expect((await page(answer(), null)).done).toBe(true);
  });

  it('passes-to-keep: the published vectors of its signatures are authentic', () => {
    const vectors = [
      ['{\n  "a": 1\n}', 'a17d2ac229d1ebbb5f10e839c7985c4818e5986eab297f7e5979196d4d7d3ed2'],
      ['{\n  "a\\"b": 1\n}', 'f7cf97814a03146abedb9793f56e1dec34f618f82d10395310d053f749483ffb'],
      ['  message  ', '53ff92957e1427ce23ad5bda9d0c5f2f4ff384d0806b83eeacb510c842d3a358'],
    ] as const;
    const settings = { appId: 'app-id', appToken: 'app-token-00000000', webhookSecret: 'secretKey' };
    const webhook = voucherifyConnector.destination!.webhook!(voucherifyConnector.settings.parse(settings));
    const authenticator = new Authenticator(webhook);
    for (const [body, signature] of vectors) {
      const judged = (headers: { [name: string]: string }) =>
        authenticator.judge(requestOf({ headers, body }), 0).authentic;
      expect(judged({ 'x-voucherify-signature': signature })).toBe(true);
      expect(judged({ 'x-voucherify-signature': signature.replace(/^./, '0') })).toBe(
        signature.startsWith('0'),
      );
    }
  });
});
