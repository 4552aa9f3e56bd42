// Salesforce's connector against the simulated org: the kit, what merges and the Recycle Bin do, and what is pushed.
import { generateKeyPairSync } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import {
  type Context,
  type Json,
  type Page,
  type SourceRecord,
  TransientError,
  UnauthorizedError,
} from '#connector';
import { idOf } from '../../connectors/salesforce/id.ts';
import type { Settings } from '../../connectors/salesforce/settings.ts';
import { salesforce } from '../../connectors/salesforce.ts';
import { extraField } from '../../simulators/salesforce/org.ts';
import { createSalesforceSimulator, type SalesforceOptions } from '../../simulators/salesforce.ts';
import { outboundMessage } from '../../simulators/webhook.ts';
import { listPauses } from '../../src/tables/pauses.ts';
import { directApi } from '../support/direct-api.ts';
import { FastClock } from '../support/fast-clock.ts';
import { until } from '../support/sync-world.ts';
import { vendorWorlds } from '../support/vendor-world.ts';
import { heard, requestOf, webhookOf } from '../support/webhook.ts';
import { describeConnector, type OpenWorld } from './conformance.ts';

const start = Date.parse('2026-11-02T08:00:00.000Z');
const accessToken = '00D5g000004XyZ1!AQ4AQFakeTokenOfTheTests';
const organizationId = '00D5g000004XyZ1';
const baseUrl = 'https://acme.my.salesforce.com';
const clientCredentials = { clientId: '3MVG9client', clientSecret: 'secret-of-the-app-00' };
const usual = { baseUrl, clientCredentials };

class World {
  now = start;
  readonly simulator: ReturnType<typeof createSalesforceSimulator>;
  readonly settings: Settings;
  readonly stream: ReturnType<NonNullable<NonNullable<typeof salesforce.source>['streamsFor']>>[number];
  fault: ((path: string) => Response | undefined) | null = null;
  cursor: Json | null = null;
  properties: string[] = ['Email', 'LastName', 'Tier__c'];

  constructor(options: Partial<SalesforceOptions> = {}, settings: object = {}) {
    this.simulator = createSalesforceSimulator({
      now: () => this.now,
      accessToken,
      organizationId,
      faults: (path) => this.fault?.(path),
      ...options,
    });
    this.settings = salesforce.settings.parse({ ...usual, ...settings }) as Settings;
    this.stream = salesforce.source!.streamsFor!(this.settings).at(-1)!;
  }

  get org() {
    return this.simulator.org;
  }

  context(): Context<unknown> {
    const noFiles = () => {
      throw new Error('no file is read');
    };
    const description = salesforce.api!(this.settings);
    const headers = { ...description.headers, authorization: `Bearer ${accessToken}` };
    const api = directApi(this.simulator.app, { ...description, headers }, () => this.now);
    return { settings: this.settings, api, files: { stat: noFiles, open: noFiles }, now: this.now };
  }

  async page(cursor = this.cursor, until = this.now): Promise<Page> {
    const { properties } = this;
    const page = await this.stream.pull!(this.context(), { cursor, until, properties });
    this.cursor = JSON.parse(JSON.stringify(page.cursor));
    return page;
  }

  async toRest(between: () => void = () => {}): Promise<SourceRecord[]> {
    const records: SourceRecord[] = [];
    for (let pull = 0; pull < 200; pull += 1) {
      const page = await this.page();
      records.push(...page.records);
      if (page.done) return records;
      between();
    }
    throw new Error('pulling does not come to rest');
  }

  /** All read, and an hour passed, so that nothing of it is read again. */
  async settled(): Promise<void> {
    await this.toRest();
    this.now += 3_600_000;
    await this.toRest();
  }

  read(...recordIds: string[]) {
    return this.stream.read!.records(this.context(), { recordIds, properties: this.properties });
  }
}

const error = (status: number, errorCode: string, message = 'It was refused here') =>
  Response.json([{ message, errorCode }], { status });

describeConnector('salesforce', {
  connector: salesforce as never,
  stream: 'contacts',
  secrets: [accessToken, clientCredentials.clientSecret],
  wrongSettings: [
    { settings: { baseUrl }, says: /one of clientCredentials, jwt and oauth/ },
    { settings: { ...usual, oauth: clientCredentials }, says: /one of clientCredentials, jwt and oauth/ },
    {
      settings: { ...usual, baseUrl: `${baseUrl}/services/data/v60.0` },
      says: /My Domain URL.* without a path/,
    },
    { settings: { ...usual, baseUrl: 'acme' }, says: /baseUrl: must be the My Domain URL/ },
    {
      settings: { ...usual, baseUrl: 'https://acme.lightning.force.com' },
      says: /not that of the user interface/,
    },
    { settings: { ...usual, baseUrl: 'https://login.salesforce.com' }, says: /no client credentials flow/ },
    { settings: { ...usual, organizationId: 'acme' }, says: /organizationId: must be an organization ID/ },
    { settings: { ...usual, lateCommitSeconds: 60 }, says: /lateCommitSeconds/ },
  ],
  changeWhileReading: 'found',
  async open(): Promise<OpenWorld> {
    const world = new World({ batch: 100 });
    world.org.seed(130);
    const ruins = [
      () => error(401, 'INVALID_SESSION_ID'),
      () => error(403, 'API_DISABLED_FOR_ORG'),
      () => error(403, 'REQUEST_LIMIT_EXCEEDED'),
      () => error(400, 'MALFORMED_QUERY'),
      () => error(400, 'INVALID_FIELD'),
      () => error(404, 'NOT_FOUND'),
      () => error(503, 'SERVER_UNAVAILABLE'),
      () =>
        new Response('<html>Down for maintenance</html>', {
          status: 503,
          headers: { 'content-type': 'text/html' },
        }),
      () => new Response('<html>Denied</html>', { status: 403, headers: { 'content-type': 'text/html' } }),
      () => Response.json({ totalSize: 130, done: true, records: [] }),
    ];
    return {
      settings: world.settings,
      context: () => world.context(),
      advance: (milliseconds) => {
        world.now += milliseconds;
      },
      ids: () => world.org.ids(),
      create: async () => world.org.create(),
      change: async (id, value) => world.org.change(id, { LastName: value }),
      remove: async (id) => world.org.remove(id),
      property: 'LastName',
      unknownId: idOf('003000000000001')!,
      ruin: async () => {
        world.fault = ruins.shift() ?? null;
        return world.fault !== null;
      },
    };
  },
});

const names = (records: readonly SourceRecord[]) =>
  Object.fromEntries(records.map(({ recordId, body }) => [recordId, body['LastName']]));

describe('a field that the user may not see', () => {
  test('is left out of what is read, and the rest is read', async () => {
    const world = new World();
    world.org.hidden.add('Contact.Tier__c');
    const id = world.org.create({ LastName: 'Nowak', Tier__c: 'gold', Email: null });
    const [record] = await world.toRest();
    // Empty is null; what is hidden says nothing.
    expect(record).toMatchObject({ recordId: id, body: { Id: id, LastName: 'Nowak', Email: null } });
    expect(Object.keys(record!.body)).not.toContain('Tier__c');
    expect((await world.read(id)).records).toEqual([record]);
  });

  test('may be hidden between two pages: the reading goes on without it', async () => {
    const world = new World({ batch: 200 });
    world.org.seed(300);
    const records = await world.toRest(() => world.org.hidden.add('Contact.Tier__c'));
    expect(new Set(records.map(({ recordId }) => recordId)).size).toBe(300);
    expect(records).toHaveLength(300);
    expect(records.filter(({ body }) => 'Tier__c' in body)).toHaveLength(200);
  });

  test('of an object that is hidden itself is a matter of permission', async () => {
    const world = new World();
    world.org.hidden.add('Contact');
    await expect(world.page()).rejects.toThrow(/grant read access to the object/);
    await expect(world.page()).rejects.toBeInstanceOf(UnauthorizedError);
  });

  test('is not what an empty description says of all fields', async () => {
    const world = new World();
    world.org.create();
    world.fault = (path) =>
      path.endsWith('/describe') ? Response.json({ name: 'Contact', fields: [] }) : undefined;
    await expect(world.page()).rejects.toMatchObject({ foreign: true });
  });
});

describe('more fields than fit into a query', () => {
  const extraFields = 260;
  const wide = () => {
    const world = new World({ extraFields, batch: 200 });
    world.properties = ['LastName', ...Array.from({ length: extraFields }, (_, at) => extraField(at))];
    return world;
  };

  test('are read by ID, all of one state', async () => {
    const world = wide();
    const [first] = world.org.seed(250);
    world.org.change(first!, { [extraField(259)]: 'the last one' });
    const records = await world.toRest();
    expect(new Set(records.map(({ recordId }) => recordId)).size).toBe(250);
    expect(records.find(({ recordId }) => recordId === first)!.body[extraField(259)]).toBe('the last one');
    expect(Object.keys(records[0]!.body)).toHaveLength(extraFields + 2);
    expect(world.simulator.state.asked.filter((asked) => asked.length > 12_000)).toEqual([]);
    world.now += 1_000;
    world.org.remove(first!);
    expect((await world.toRest()).find(({ recordId }) => recordId === first)).toMatchObject({
      deleted: true,
    });
  });

  test('lose no record that is not given by ID although it lives', async () => {
    const world = wide();
    world.org.seed(3);
    world.fault = (path) => (path.includes('/composite/') ? Response.json([null, null, null]) : undefined);
    await expect(world.page()).rejects.toBeInstanceOf(TransientError);
  });
});

describe('for a forecast', () => {
  test('one call counts all records, or those that changed', async () => {
    const world = new World();
    const [id, gone] = world.org.seed(30);
    const count = (cursor: Json | null) =>
      world.stream.count!(world.context(), { cursor, until: world.now, properties: [] });
    expect(await count(null)).toBe(30);
    await world.settled();
    expect(await count(world.cursor)).toBe(0);
    world.org.change(id!, {});
    world.org.remove(gone!);
    const { calls } = world.simulator.state;
    expect(await count(world.cursor)).toBe(2);
    expect(world.simulator.state.calls - calls).toBe(1);
  });
});

describe('changes', () => {
  test('of one second come in any order and over several pages, and none is lost', async () => {
    const world = new World({ batch: 200 });
    const ids = world.org.seed(450);
    await world.settled();
    world.now += 1_000;
    for (const id of ids) world.org.change(id, { LastName: 'New' });
    const records = await world.toRest();
    expect(new Set(records.map(({ recordId }) => recordId))).toEqual(new Set(ids));
  });

  test('are not believed to be none where the answer counts some, or is cut short without saying so', async () => {
    const world = new World();
    const ids = world.org.seed(3);
    await world.settled();
    for (const id of ids) world.org.change(id, { LastName: 'New' });
    const row = {
      attributes: {},
      Id: ids[0],
      SystemModstamp: '2026-11-02T09:00:00.000+0000',
      IsDeleted: false,
    };
    for (const answer of [
      { totalSize: 3, done: true, records: [] },
      { totalSize: 3, done: true, records: [row] },
      { totalSize: 3, done: false, records: [] },
      { totalSize: 1, done: true, records: [{ ...row, Id: 'no ID' }] },
      { totalSize: 1, done: true, records: [{ ...row, SystemModstamp: null }] },
      { done: true, records: [] },
    ]) {
      world.fault = (path) => (path.endsWith('/queryAll') ? Response.json(answer) : undefined);
      await expect(world.page(), JSON.stringify(answer)).rejects.toMatchObject({ foreign: true });
    }
    world.fault = null;
    expect(names(await world.toRest())).toEqual(Object.fromEntries(ids.map((id) => [id, 'New'])));
  });

  test('that are committed late are found by the reader that trails', async () => {
    const world = new World();
    const [late, next] = world.org.seed(2);
    await world.settled();
    const trail = world.cursor;
    expect(world.stream.settleLagSeconds).toBe(600);
    world.org.change(next!, { LastName: 'In time' });
    expect(names(await world.toRest())).toEqual({ [next!]: 'In time' });
    world.now += 60_000;
    world.org.change(late!, { LastName: 'Late' }, 360_000);
    expect(await world.toRest()).toEqual([]);
    world.now += 600_000;
    const page = await world.page(trail, world.now - world.stream.settleLagSeconds! * 1000);
    expect(names(page.records)).toEqual({ [late!]: 'Late', [next!]: 'In time' });
  });

  test('that are newer are nothing to the reader that trails', async () => {
    const world = new World();
    const [id] = world.org.seed(2);
    await world.settled();
    world.org.change(id!, { LastName: 'New' });
    expect((await world.page(world.cursor, world.now - 600_000)).records).toEqual([]);
  });
});

describe('deletes and merges', () => {
  test('a contact in the bin is deleted, and stands again when it is undeleted', async () => {
    const world = new World();
    const [id] = world.org.seed(3);
    await world.settled();
    world.org.remove(id!);
    expect(await world.toRest()).toMatchObject([{ recordId: id, deleted: true, changedAt: world.now }]);
    world.now += 1_000;
    world.org.undelete(id!);
    expect(await world.toRest()).toMatchObject([{ recordId: id, body: { Id: id }, unmerged: true }]);
  });

  test('a merged contact is deleted, and the one it was merged into says so', async () => {
    const world = new World();
    const [winner, loser, other] = world.org.seed(4);
    await world.settled();
    world.org.merge(winner!, loser!, other!);
    const records = await world.toRest();
    expect(records.filter(({ deleted }) => deleted)).toHaveLength(2);
    const master = records.find(({ recordId }) => recordId === winner)!;
    expect(master.merged!.toSorted()).toEqual([loser, other].toSorted());
  });

  test('a chain of merges is followed, also where the master is on another page or was read before', async () => {
    const world = new World();
    const [first, second, third] = world.org.seed(3);
    await world.settled();
    world.org.merge(second!, first!);
    world.now += 5_000;
    world.org.merge(third!, second!);
    const request = { cursor: world.cursor, until: world.now, properties: ['LastName'], maxRecords: 1 };
    const page = await world.stream.pull!(world.context(), request);
    const links = (records: readonly SourceRecord[]) =>
      records.flatMap(({ recordId, merged = [] }) => merged.map((from) => [from, recordId]));
    expect(page.records[0]).toMatchObject({ recordId: first, deleted: true });
    expect(links(page.records)).toEqual([
      [second, third],
      [first, second],
    ]);
    const { records, missing } = await world.read(first!);
    expect(links(records).toSorted()).toEqual(links(page.records).toSorted());
    expect(missing).toEqual([]);
    expect(records.filter(({ deleted }) => !deleted).map(({ recordId }) => recordId)).toEqual([third]);
  });

  test('a master that points back at its loser ends the chain', async () => {
    const world = new World();
    const [one, other] = world.org.seed(2);
    world.org.change(one!, { IsDeleted: true, MasterRecordId: other });
    world.org.change(other!, { IsDeleted: true, MasterRecordId: one });
    expect((await world.read(one!)).records.map(({ recordId }) => recordId).toSorted()).toEqual(
      [one, other].toSorted(),
    );
  });

  test('gone for good is only what neither way of asking has', async () => {
    const world = new World();
    const [living, binned, purged, unshared] = world.org.seed(4);
    world.org.remove(binned!);
    world.org.purge(purged!);
    const { records, missing } = await world.read(living!, binned!, purged!);
    expect(missing).toEqual([purged]);
    expect(records.map(({ recordId, deleted }) => [recordId, deleted])).toEqual([
      [living, undefined],
      [binned, true],
    ]);
    // An answer that shows nothing by ID is not believed of what a query has.
    world.fault = (path) => (path.includes('/composite/') ? Response.json([null]) : undefined);
    await expect(world.read(living!)).rejects.toBeInstanceOf(TransientError);
    world.fault = (path) => (path.includes('/composite/') ? Response.json([]) : undefined);
    await expect(world.read(living!)).rejects.toMatchObject({ foreign: true });
    world.fault = null;
    world.org.unshared.add(unshared!);
    expect((await world.read(unshared!)).missing).toEqual([unshared]);
  });

  test('an answer that is cut short does not make the rest missing', async () => {
    const world = new World({ batch: 200 });
    const ids = world.org.seed(400);
    for (const id of ids) world.org.remove(id);
    const { records, missing } = await world.read(...ids);
    expect(missing).toEqual([]);
    expect(records).toHaveLength(400);
  });
});

describe('IDs', () => {
  test('of 15 characters are those of 18', async () => {
    const world = new World();
    const [id] = world.org.seed(1);
    const { idOf: toLong } = world.stream.read!;
    expect(toLong!(id!.slice(0, 15))).toBe(id);
    expect(toLong!('no ID at all')).toBe('no ID at all');
    // As Salesforce's own REST examples have it.
    expect(idOf('001D000000IqhSL')).toBe('001D000000IqhSLIAZ');
    expect(idOf('001D000000IqhSLIAA')).toBeUndefined();
    const { records } = await world.read(id!.slice(0, 15));
    expect(records.map(({ recordId }) => recordId)).toEqual([id]);
  });

  test('of another object are not sent', async () => {
    const world = new World();
    expect(await world.read(idOf('001D000000IqhSL')!)).toEqual({
      records: [],
      missing: ['001D000000IqhSLIAZ'],
    });
    expect(world.simulator.state.asked).toEqual([]);
  });
});

describe('leads and person accounts', () => {
  test('have the fields of contacts under their own names, so that one mapping serves all', async () => {
    const properties = [
      'Email',
      'MailingCity',
      'MobileOrPhone',
      'MailingCountryCodeOrName',
      'Tier__c',
      'Birthdate',
    ];
    const leads = new World({ codes: true }, { objects: ['leads'] });
    leads.org.create(
      { Email: 'l@example.com', City: 'Łódź', Phone: '42', Country: 'Poland', CountryCode: 'PL' },
      'Lead',
    );
    const accounts = new World({ personAccounts: true }, { objects: ['personAccounts'] });
    const values = {
      PersonEmail: 'a@example.com',
      PersonMailingCity: 'Lyon',
      Phone: '1',
      PersonMobilePhone: '2',
    };
    const person = {
      ...values,
      PersonMailingCountry: 'France',
      Tier__pc: 'gold',
      PersonBirthdate: '1990-01-02',
    };
    accounts.org.create({ ...person, IsPersonAccount: true }, 'Account');
    accounts.org.create({ Name: 'A business' }, 'Account');
    Object.assign(leads, { properties });
    Object.assign(accounts, { properties });
    const bodies = async (world: World) => (await world.toRest()).map(({ body: { Id: _, ...body } }) => body);
    expect(await bodies(leads)).toEqual([
      { Email: 'l@example.com', MailingCity: 'Łódź', MobileOrPhone: '42', MailingCountryCodeOrName: 'PL' },
    ]);
    expect(await bodies(accounts)).toEqual([
      {
        IsPersonAccount: true,
        Email: 'a@example.com',
        MailingCity: 'Lyon',
        MobileOrPhone: '2',
        MailingCountryCodeOrName: 'France',
        Tier__c: 'gold',
        Birthdate: '1990-01-02',
      },
    ]);
    const known = (await accounts.stream.properties!(accounts.context())).map(({ name }) => name);
    expect(known).toEqual(
      expect.arrayContaining(['PersonEmail', 'Email', 'Tier__pc', 'Tier__c', 'MobileOrPhone']),
    );
  });

  test('each person once: the contact of a person account is left out where accounts are read', () => {
    const both = new World({}, { objects: ['contacts', 'personAccounts'] });
    const [contacts, accounts] = salesforce.source!.streamsFor!(both.settings);
    expect(contacts!.leftOut!(both.settings, { IsPersonAccount: true })).toMatch(
      /contact of a person account/,
    );
    expect(contacts!.leftOut!(both.settings, { IsPersonAccount: false })).toBeNull();
    expect(accounts!.leftOut!(both.settings, { IsPersonAccount: false })).toMatch(/business account/);
    const alone = new World();
    expect(alone.stream.leftOut!(alone.settings, { IsPersonAccount: true })).toBeNull();
  });

  test('in an org without person accounts say so', async () => {
    const world = new World({}, { objects: ['personAccounts'] });
    await expect(world.page()).rejects.toThrow('This org has no person accounts');
  });
});

describe('the calls of the org', () => {
  const readings = (usage: string, reserve = 0.2) => {
    const world = new World({}, { reserve });
    const response = { status: 200, headers: { 'sforce-limit-info': usage }, json: [] };
    return salesforce.api!(world.settings).readQuotas!(response, { path: '/' }, start);
  };

  test('are counted by its answers, and a fifth is left to others', () => {
    expect(readings('api-usage=896/15000')).toEqual([{ quota: 'daily', limit: 15_000, remaining: 14_104 }]);
    expect(readings('api-usage=12000/15000')).toMatchObject([{ exhaustedUntil: start + 900_000 }]);
    expect(readings('api-usage=12000/15000', 0)[0]).not.toHaveProperty('exhaustedUntil');
    expect(readings('api-usage=25/5000, per-app-api-usage=17/250(appName=x)')).toMatchObject([
      { limit: 5_000 },
    ]);
    expect(readings('per-app-api-usage=17/250(appName=x)')).toEqual([]);
  });

  test('are refused with 403 when they are spent, which is no matter of permission', async () => {
    const world = new World({ callsPerDay: 2 });
    world.org.seed(1);
    await world.page();
    await expect(world.page()).rejects.toMatchObject({ quota: 'daily', retryAfterMs: 900_000 });
    world.fault = () =>
      error(403, 'REQUEST_LIMIT_EXCEEDED', 'ConcurrentRequests (Concurrent API Requests) Limit exceeded.');
    await expect(world.page()).rejects.toMatchObject({
      name: 'TransientError',
      quota: undefined,
      retryAfterMs: 60_000,
    });
    world.fault = () => error(403, 'API_DISABLED_FOR_ORG');
    await expect(world.page()).rejects.toBeInstanceOf(UnauthorizedError);
  });
});

describe('signing in', () => {
  const privateKey = '-----BEGIN PRIVATE KEY-----\\nAA==\\n-----END PRIVATE KEY-----';
  const jwt = { clientId: '3MVG9client', user: 'sync@acme.example', privateKey };
  const authOf = (given: object) =>
    salesforce.api!(salesforce.settings.parse(given)).auth as never as Record<string, unknown>;

  test('is at the My Domain, and an assertion is for the login host, of a sandbox for the test host', () => {
    expect(authOf(usual)).toMatchObject({
      tokenUrl: `${baseUrl}/services/oauth2/token`,
      grant: { kind: 'client_credentials' },
      lifeSeconds: null,
      baseUrl: { field: 'instance_url', hosts: ['salesforce.com'] },
    });
    expect(authOf({ baseUrl, jwt })).toMatchObject({
      grant: { audience: 'https://login.salesforce.com', privateKey: privateKey.replaceAll('\\n', '\n') },
    });
    expect(authOf({ baseUrl: 'https://acme--dev.sandbox.my.salesforce.com', jwt })).toMatchObject({
      grant: { audience: 'https://test.salesforce.com' },
    });
  });

  test('with a refresh token counts it as good for once, unless the app does not rotate', () => {
    expect(authOf({ baseUrl, oauth: clientCredentials })).toMatchObject({
      grant: { singleUse: { graceSeconds: 0 } },
    });
    expect(authOf({ baseUrl, oauth: { ...clientCredentials, rotating: false } })['grant']).not.toHaveProperty(
      'singleUse',
    );
  });

  test('tells one org from another by the ID in its path', () => {
    const { tenantOf } = authOf(usual) as { tenantOf(answer: object): string | undefined };
    expect(tenantOf({ id: `https://login.salesforce.com/id/${organizationId}EAK/0055g00000ABCDEAA4` })).toBe(
      idOf(organizationId),
    );
    expect(tenantOf({})).toBeUndefined();
  });
});

describe('the check', () => {
  test('says whose org it is, and whether sharing hides records', async () => {
    const world = new World({ viewsAll: false }, { organizationId: '00D5g000004XyZ2' });
    expect(await salesforce.check!(world.context())).toMatchObject([
      { what: 'list contacts', allowed: true },
      { what: 'see all records', allowed: null, note: expect.stringContaining('"View All" on Contact') },
      {
        what: 'read the org of organizationId',
        allowed: false,
        note: `The credentials are of the organization ${idOf(organizationId)}, not of organizationId.`,
      },
    ]);
    const well = new World({}, { organizationId });
    expect((await salesforce.check!(well.context())).map(({ allowed }) => allowed)).toEqual([
      true,
      true,
      true,
    ]);
  });
});

describe('an outbound message', () => {
  const webhookToken = 'a-secret-in-the-address';
  const settings = { ...usual, organizationId, webhookToken };
  const [ada, lead, account] = ['0035g00000AAAAA', '00Q5g00000AAAAA', '0015g00000AAAAA'];
  const send = (
    fields: readonly { [name: string]: string }[],
    given: object = {},
    from = idOf(organizationId)!,
  ) => {
    const notifications = fields.map((one, at) => ({ id: `04l5g000000000${at}`, fields: one }));
    const { url, headers, body } = outboundMessage(notifications, {
      organizationId: from,
      token: webhookToken,
    });
    return heard(salesforce, { ...settings, ...given }, requestOf({ url, headers, body }), start);
  };

  test('touches each contact that it names, by IDs of 18 characters and whole seconds', () => {
    const SystemModstamp = '2026-11-02T07:59:58.000Z';
    const { verdict, keys, changes } = send([{ Id: ada!, SystemModstamp }, { Id: idOf(ada)! }]);
    expect(verdict).toEqual({ authentic: true });
    expect(keys).toEqual(['04l5g0000000000', '04l5g0000000001']);
    const touch = { kind: 'touch', stream: 'contacts', recordId: idOf(ada) };
    expect(changes).toEqual([
      { ...touch, changedAt: Date.parse(SystemModstamp) },
      { ...touch, changedAt: start },
    ]);
    const { reply, retryHorizonSeconds } = webhookOf(salesforce, settings);
    expect(reply?.body).toContain('<Ack>true</Ack>');
    expect(retryHorizonSeconds).toBeGreaterThan(24 * 3600);
  });

  test('may hold a hundred notifications, one of a record that is gone', () => {
    const many = Array.from({ length: 99 }, () => ({ Id: ada! }));
    const { changes } = send([...many, {}]);
    expect(changes).toHaveLength(100);
    expect(changes.at(-1)).toMatchObject({
      kind: 'ignored',
      reason: expect.stringContaining('deleted before'),
    });
  });

  test('of another org, at another address or about another object changes nothing', () => {
    expect(send([{ Id: ada! }], {}, '00D5g000004XyZ2EAK').verdict.authentic).toBe(false);
    expect(send([{ Id: ada! }], {}, organizationId).verdict.authentic).toBe(true);
    expect(send([{ Id: ada! }], { webhookToken: 'another' }).verdict.authentic).toBe(false);
    expect(webhookOf(salesforce, usual).missing).toMatch(/webhookToken/);
    expect(send([{ Id: lead! }, { Id: account! }, { Id: 'no ID' }]).changes.map(({ kind }) => kind)).toEqual([
      'ignored',
      'ignored',
      'ignored',
    ]);
    expect(send([{ Id: lead! }], { objects: ['contacts', 'leads'] }).changes).toMatchObject([
      { stream: 'leads' },
    ]);
    expect(send([{ Id: account! }], { objects: ['personAccounts'] }).changes).toMatchObject([
      { stream: 'personAccounts' },
    ]);
  });
});

describe('a change event of a relay', () => {
  const given = { ...usual, webhookToken: 'secret', webhookBody: 'change-events' };
  const ids = ['0035g00000AAAAA', '0035g00000BBBBB'].map((id) => idOf(id)!);
  const url = 'https://sync.example.com/webhooks/source/secret';
  /** As recorded: what was cleared is absent from the body, and the number has 19 digits. */
  const event = (changeType: string, recordIds: string[], wrap = (payload: object): object => payload) => {
    const header = `{"entityName":"Contact","recordIds":${JSON.stringify(recordIds)},"changeType":"${changeType}","changedFields":["MailingAddress.City"],"commitTimestamp":${start + 753},"commitNumber":1234567890123456789}`;
    const payload = { MailingAddress: { Street: '1 Main St' }, ChangeEventHeader: 0 };
    const body = JSON.stringify(wrap(payload)).replace(
      '"ChangeEventHeader":0',
      `"ChangeEventHeader":${header}`,
    );
    return heard(salesforce, given, requestOf({ url, body }), start).changes;
  };

  test('touches every record that it names, however it is wrapped', () => {
    const touches = ids.map((recordId) => ({
      kind: 'touch',
      stream: 'contacts',
      recordId,
      changedAt: start,
    }));
    for (const wrap of [
      (payload: object) => payload,
      (payload: object) => ({ schema: 'x', payload, event: { replayId: 1 } }),
      (payload: object) => ({ 'detail-type': 'ContactChangeEvent', detail: { payload, replayId: 'AA' } }),
    ])
      expect(event('UPDATE', ids, wrap)).toEqual(touches);
    expect(event('GAP_UPDATE', ids)).toEqual(touches);
    expect(event('UNDELETE', ids)).toEqual(touches);
  });

  test('of a deletion says so, which a merge is as well; one without records is left to the schedule', () => {
    expect(event('DELETE', [ids[0]!])).toMatchObject([{ recordId: ids[0], gone: 'deleted' }]);
    expect(event('GAP_OVERFLOW', ['000000000000000AAA'])).toMatchObject([{ kind: 'ignored' }]);
    expect(event('UPDATE', ['003*'])).toMatchObject([{ kind: 'ignored' }]);
    expect(() => event('UPDATE', [])).toThrow(/not a change event/);
  });
});

describe('up to Voucherify', () => {
  const openVendor = vendorWorlds();

  const openWorld = async (options: Partial<SalesforceOptions>, source: object) => {
    const clock = new FastClock();
    const simulator = createSalesforceSimulator({ now: () => clock.now(), organizationId, ...options });
    simulator.org.seed(6);
    const world = await openVendor(clock, simulator.app, { connector: 'salesforce', ...source });
    return { clock, simulator, org: simulator.org, world };
  };

  test('contacts come, change, are merged, go and come back by themselves again', async () => {
    const webhookToken = 'a-secret-in-the-address';
    const { clock, org, simulator, world } = await openWorld(
      { oauth: { ...clientCredentials, clientCredentials: true } },
      { clientCredentials, webhookToken, organizationId },
    );
    const ids = org.ids();
    const [first, second, third, fourth] = ids as [string, string, string, string];
    await world.sync();
    expect(world.ids).toEqual(ids.toSorted());
    const name = (id: string) => world.customers()[id]!.name;
    const message = (id: string) =>
      outboundMessage([{ id: '04l5g00000000001', fields: { Id: id.slice(0, 15) } }], {
        organizationId,
        token: webhookToken,
      });
    clock.skip(10_000);
    org.change(first, { FirstName: 'Anna', LastName: 'Nowak' });
    await world.push({ ...message(first), path: `/${webhookToken}` });
    expect(name(first)).toBe('Anna Nowak');

    clock.skip(10_000);
    org.merge(second, third);
    org.remove(fourth);
    await world.sync('incremental');
    const merged = () =>
      world.database.rows<{ recordId: string; mergedInto: string }>(
        sql`select record_id, merged_into from records where merged_into is not null`,
      );
    expect(await merged()).toEqual([{ recordId: third, mergedInto: second }]);
    expect(await world.standing()).not.toContain(third);
    expect(await world.standing()).not.toContain(fourth);

    clock.skip(10_000);
    org.undelete(third);
    org.change(third, { LastName: 'Once more' });
    await world.sync('incremental');
    expect(await merged()).toEqual([]);
    expect(await world.standing()).toContain(third);
    expect(name(third)).toContain('Once more');
    // The customer of the other one is as it was.
    expect(name(second)).not.toContain('Once more');

    // A session ends without notice: nobody has to sign in.
    simulator.oauth!.expireAll();
    org.change(first, { LastName: 'Kowalska' });
    await world.sync('incremental');
    expect(name(first)).toBe('Anna Kowalska');
    expect((await world.read(second.slice(0, 15)))?.rejected).toBe(0);
    expect(await world.deadLetters()).toBe(0);
  });

  test('a full reading finds who was purged, and believes no empty answer', async () => {
    const { org, world } = await openWorld(
      { oauth: { ...clientCredentials, clientCredentials: true } },
      { clientCredentials },
    );
    const [first, second] = org.ids();
    await world.sync();
    org.purge(first!);
    await world.sync('full');
    expect(await world.standing()).not.toContain(first);
    expect(await world.standing()).toContain(second);
    for (const id of org.ids()) org.unshared.add(id);
    await world.sync('full');
    expect(await world.standing()).toHaveLength(5);
  });

  test('contacts, leads and person accounts are customers of one source, each person once', async () => {
    const webhookToken = 'a-secret-in-the-address';
    const { clock, org, world } = await openWorld(
      { oauth: { ...clientCredentials, clientCredentials: true }, personAccounts: true },
      { clientCredentials, webhookToken, objects: ['contacts', 'leads', 'personAccounts'] },
    );
    const lead = org.create({ LastName: 'Lead', Email: 'lead@example.com' }, 'Lead');
    const person = { LastName: 'Private', PersonEmail: 'private@example.com', IsPersonAccount: true };
    const account = org.create(person, 'Account');
    org.create({ Name: 'A business' }, 'Account');
    const twin = org.create({ LastName: 'Private', Email: 'private@example.com', IsPersonAccount: true });
    await world.sync();
    const contacts = org.ids().filter((id) => id !== twin);
    expect(world.ids).toEqual([...contacts, lead, account].toSorted());
    expect(world.customers()[account]).toMatchObject({ email: 'private@example.com' });
    clock.skip(10_000);
    org.change(lead, { LastName: 'Nowak' });
    const notifications = [{ id: '04l5g00000000001', fields: { Id: lead } }];
    const message = outboundMessage(notifications, { organizationId, token: webhookToken });
    await world.push({ ...message, path: `/${webhookToken}` });
    expect(world.customers()[lead]).toMatchObject({ name: 'Nowak', email: 'lead@example.com' });
  });

  test('a signed assertion signs in, and no password or secret is needed', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const audience = 'https://login.salesforce.com';
    const subject = 'sync@acme.example';
    const jwt = { publicKey: String(publicKey.export({ type: 'spki', format: 'pem' })), audience, subject };
    const { org, world } = await openWorld(
      { oauth: { ...clientCredentials, jwt } },
      {
        jwt: { clientId: clientCredentials.clientId, user: subject, privateKey: pem.replaceAll('\n', '\\n') },
      },
    );
    await world.sync();
    expect(world.ids).toEqual(org.ids().toSorted());
  });

  test('a refresh token that rotates is used once, and a grant that was taken back asks for a sign-in', async () => {
    const refreshToken = 'first-refresh-token';
    const { simulator, org, world } = await openWorld(
      { oauth: { ...clientCredentials, refreshToken, rotates: true } },
      { oauth: { ...clientCredentials, refreshToken } },
    );
    await world.sync();
    simulator.oauth!.expireAll();
    org.create({ LastName: 'Later' });
    await world.sync('incremental');
    expect(world.ids).toHaveLength(7);
    expect(simulator.oauth!.state).toMatchObject({ issued: 2, reused: 0 });
    // One refusal that is taken back, for which a server restarts or a copy of its data is late, asks nobody for anything.
    simulator.oauth!.expireAll();
    simulator.oauth!.state.answer = () => {
      simulator.oauth!.state.answer = null;
      return Response.json({ error: 'invalid_grant', error_description: 'expired' }, { status: 400 });
    };
    org.create({ LastName: 'Last' });
    await world.sync('incremental');
    expect(world.ids).toHaveLength(8);
    expect(await listPauses(world.database)).toEqual(new Map());
    simulator.oauth!.revoke();
    await world.world.tributary.request({
      source: 'vendor',
      mode: 'incremental',
      trigger: 'manual',
      lane: 'manual',
    });
    await until(async () => (await listPauses(world.database)).has('vendor'));
    const { reason, trialAt } = (await listPauses(world.database)).get('vendor')!;
    expect(reason).toMatch(/invalid_grant.*Sign in again: tributary sources connect vendor/);
    expect(trialAt).toBeNull();
  });
});
