// The Dynamics 365 connector against the simulated environment: the kit, change tracking, merges, and what is pushed.
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type Context,
  type Json,
  type Page,
  type SourceRecord,
  TransientError,
  UnauthorizedError,
} from '#connector';
import type { Settings } from '../../connectors/dynamics/settings.ts';
import { dynamics } from '../../connectors/dynamics.ts';
import { executionContext, type Push } from '../../simulators/dynamics/push.ts';
import { createDynamicsSimulator, type DynamicsOptions } from '../../simulators/dynamics.ts';
import { serve } from '../../simulators/serve.ts';
import { directApi } from '../support/direct-api.ts';
import { FastClock } from '../support/fast-clock.ts';
import { VendorWorld } from '../support/vendor-world.ts';
import { heard, requestOf, webhookOf } from '../support/webhook.ts';
import { describeConnector, type OpenWorld } from './conformance.ts';

const start = Date.parse('2026-11-02T08:00:00.000Z');
const dayMs = 86_400_000;
const accessToken = 'eyJ0eXAi.fake-token-of-the-tests';
const organizationId = '11111111-aaaa-4bbb-8ccc-222222222222';
const baseUrl = 'https://acme.crm4.dynamics.com';
const app = { clientId: '0aa0bb0c-client', clientSecret: 'secret-of-the-app-00' };
const usual = { baseUrl, tenantId: 'acme', app };
const stream = dynamics.source!.streams[0]!;

class World {
  now = start;
  readonly simulator: ReturnType<typeof createDynamicsSimulator>;
  readonly settings: Settings;
  fault: ((path: string) => Response | undefined) | null = null;
  cursor: Json | null = null;
  properties = ['emailaddress1', 'lastname', 'new_tier'];
  maxRecords: number | undefined;

  constructor(options: Partial<DynamicsOptions> = {}, settings: object = {}) {
    this.simulator = createDynamicsSimulator({
      now: () => this.now,
      accessToken,
      organizationId,
      faults: (path) => this.fault?.(path),
      ...options,
    });
    this.settings = dynamics.settings.parse({ ...usual, ...settings }) as Settings;
  }

  get rows() {
    return this.simulator.environment;
  }

  get asked() {
    return this.simulator.state.asked;
  }

  context(): Context<unknown> {
    const noFiles = () => {
      throw new Error('no file is read');
    };
    const description = dynamics.api!(this.settings);
    const headers = { ...description.headers, authorization: `Bearer ${accessToken}` };
    const api = directApi(this.simulator.app, { ...description, headers }, () => this.now);
    return { settings: this.settings, api, files: { stat: noFiles, open: noFiles }, now: this.now };
  }

  async page(given: { cursor?: Json | null; until?: number; resumes?: boolean } = {}): Promise<Page> {
    const { properties, maxRecords } = this;
    const page = await stream.pull!(this.context(), {
      cursor: this.cursor,
      until: this.now,
      properties,
      ...(maxRecords && { maxRecords }),
      ...given,
    });
    this.cursor = JSON.parse(JSON.stringify(page.cursor));
    return page;
  }

  async pages(between: (page: Page) => void = () => {}): Promise<Page[]> {
    const pages: Page[] = [];
    for (let pull = 0; pull < 200; pull += 1) {
      pages.push(await this.page());
      if (pages.at(-1)!.done) return pages;
      between(pages.at(-1)!);
    }
    throw new Error('pulling does not come to rest');
  }

  async toRest(between: (page: Page) => void = () => {}): Promise<SourceRecord[]> {
    return (await this.pages(between)).flatMap(({ records }) => records);
  }

  /** All read, and changes by a delta link from now on. */
  async settled(): Promise<void> {
    await this.toRest();
    this.now += 3_600_000;
    await this.toRest();
  }

  read(...recordIds: string[]) {
    return stream.read!.records(this.context(), { recordIds, properties: this.properties });
  }
}

const error = (status: number, code: string, message = 'It was refused here') =>
  Response.json({ error: { code, message } }, { status });
const html = (status: number) =>
  new Response('<html>Down for maintenance</html>', { status, headers: { 'content-type': 'text/html' } });
const names = (records: readonly SourceRecord[]) =>
  Object.fromEntries(records.map(({ recordId, body }) => [recordId, body['lastname']]));

describeConnector('dynamics', {
  connector: dynamics as never,
  stream: 'contacts',
  secrets: [accessToken, app.clientSecret],
  wrongSettings: [
    { settings: { baseUrl, tenantId: 'acme' }, says: /either app/ },
    { settings: { ...usual, oauth: app }, says: /either app/ },
    { settings: { ...usual, baseUrl: `${baseUrl}?x=1` }, says: /baseUrl: .* without a path/ },
    { settings: { ...usual, baseUrl: 'acme' }, says: /baseUrl: must be the URL of the environment/ },
    { settings: { ...usual, baseUrl: `${baseUrl}/main.aspx` }, says: /environment, .* without a path/ },
    { settings: { ...usual, tenantId: 'a/b' }, says: /tenantId: must be the ID or a domain/ },
    { settings: { ...usual, organizationId: 'acme' }, says: /organizationId: must be the ID/ },
  ],
  changeWhileReading: 'found',
  async open(): Promise<OpenWorld> {
    const world = new World();
    world.rows.seed(2_030);
    const ruins = [
      () => new Response(null, { status: 401 }),
      () => error(403, '0x80040220'),
      () => error(429, '0x80072322'),
      () => error(400, '0x80060888'),
      () => error(404, '0x8006088a'),
      () => error(503, '0x80040216'),
      () => html(503),
      () => html(403),
      () => Response.json({ value: [] }),
    ];
    return {
      settings: world.settings,
      context: () => world.context(),
      advance: (milliseconds) => {
        world.now += milliseconds;
      },
      ids: () => world.rows.ids(),
      create: async () => world.rows.create(),
      change: async (id, value) => world.rows.change(id, { lastname: value }),
      remove: async (id) => world.rows.remove(id),
      property: 'lastname',
      unknownId: 'abcdef00-0000-4000-8000-ffffffffffff',
      ruin: async () => {
        world.fault = ruins.shift() ?? null;
        return world.fault !== null;
      },
    };
  },
});

describe('the URL of the environment', () => {
  test.each(['https://acme.crm4.dynamics.com/', 'https://Acme.api.crm4.dynamics.com/'])(
    'may be %s',
    (written) => {
      expect(dynamics.settings.parse({ ...usual, baseUrl: written })).toMatchObject({ baseUrl });
    },
  );
});

describe('a delta link', () => {
  test('gives changed and deleted contacts, and changes that move no clock', async () => {
    const world = new World();
    const [first, second, third] = world.rows.seed(4);
    await world.settled();
    world.now += 60_000;
    world.rows.change(first!, { lastname: 'New' });
    world.rows.changeSilently(second!, { new_tier: 'gold' });
    world.rows.remove(third!);
    const records = await world.toRest();
    expect(records).toMatchObject([
      { recordId: first, body: { lastname: 'New' }, changedAt: world.now },
      { recordId: second, body: { new_tier: 'gold' } },
      { recordId: third, deleted: true, changedAt: world.now },
    ]);
    expect(await world.toRest()).toEqual([]);
    expect(world.asked.at(-1)).toContain('$deltatoken=');
  });

  test('leaves out what changed while the first reading took place: that is read by time', async () => {
    const world = new World();
    world.maxRecords = 10;
    const ids = world.rows.seed(25);
    let turn = 0;
    const seen = await world.toRest(() => {
      world.now += 1_000;
      world.rows.change(ids[0]!, { lastname: `Changed ${turn}` });
      turn += 1;
    });
    expect(names(seen)[ids[0]!]).toBe('Nowak 1');
    expect(names(await world.toRest())[ids[0]!]).toBe('Changed 1');
    expect(world.asked.filter((asked) => asked.includes('modifiedon ge'))).toHaveLength(3);
    // From then on by the link alone.
    await world.toRest();
    expect(world.asked.filter((asked) => asked.includes('modifiedon ge'))).toHaveLength(3);
  });

  test('that has ended leads to a full reading, after which what it does not give is asked for', async () => {
    const world = new World();
    world.maxRecords = 10;
    world.rows.seed(25);
    await world.settled();
    world.simulator.state.expireAll = true;
    const [empty, ...pages] = await world.pages(() => {
      world.simulator.state.expireAll = false;
    });
    expect(empty).toMatchObject({ records: [], done: false });
    expect(pages.map(({ records, whole }) => [records.length, whole])).toEqual([
      [10, { begins: true }],
      [10, { begins: false }],
      [5, { begins: false }],
      [0, { begins: false }],
    ]);
    expect((await world.pages()).every(({ whole }) => whole === undefined)).toBe(true);
  });

  test('that is older than the environment keeps changes is not asked for: old servers give all and no deletions', async () => {
    const world = new World({ trackingDays: 'silent' });
    world.rows.seed(3);
    await world.settled();
    world.now += 7 * dayMs;
    world.simulator.state.asked.length = 0;
    const pages = await world.pages();
    expect(pages.map(({ whole }) => whole?.begins)).toEqual([undefined, true, false]);
    expect(world.asked.filter((asked) => asked.includes('$deltatoken'))).toEqual([]);
  });

  test('keeps its columns: with another mapping everything is read again', async () => {
    const world = new World();
    world.rows.seed(3);
    await world.settled();
    world.properties = [...world.properties, 'description'];
    expect(await world.toRest()).toHaveLength(3);
    expect(world.asked.at(-1)).toContain('description');
  });

  test('is not believed where it leads to another host, or where the answer has none', async () => {
    const world = new World();
    world.rows.seed(3);
    const answer = (link: object) => () =>
      Response.json({ '@odata.context': `${baseUrl}/api/data/v9.2/$metadata#contacts`, value: [], ...link });
    const lists = (fault: () => Response) => (path: string) =>
      path.includes('/contacts') ? fault() : undefined;
    for (const link of [
      `https://evil.example.com/api/data/v9.2/contacts?$skiptoken=1`,
      `https://other.api.crm4.dynamics.com/api/data/v9.2/contacts?$skiptoken=1`,
      `http://acme.api.crm4.dynamics.com/api/data/v9.2/contacts?$skiptoken=1`,
      `https://acme.api.crm4.dynamics.com/api/data/v9.2/accounts?$skiptoken=1`,
      'no link',
    ]) {
      world.fault = lists(answer({ '@odata.nextLink': link }));
      await expect(world.page(), link).rejects.toMatchObject({ foreign: true });
    }
    world.fault = null;
    await world.settled();
    for (const body of [
      {},
      { value: [] },
      { value: {}, '@odata.deltaLink': `${baseUrl}/api/data/v9.2/contacts?$deltatoken=1` },
    ]) {
      world.fault = lists(() => Response.json(body));
      await expect(world.page(), JSON.stringify(body)).rejects.toMatchObject({ foreign: true });
    }
  });

  test('is called at the host of the settings, whatever host its link names', async () => {
    const world = new World();
    world.maxRecords = 5;
    world.rows.seed(12);
    await world.page();
    expect(JSON.stringify(world.cursor)).not.toContain('.api.');
    expect(await world.toRest()).toHaveLength(7);
  });

  test('that is interrupted while everything is read again begins that reading again', async () => {
    const world = new World();
    world.maxRecords = 10;
    world.rows.seed(25);
    await world.settled();
    world.now += 8 * dayMs;
    await world.page();
    await world.page();
    expect((await world.page({ resumes: true })).whole).toEqual({ begins: true });
  });
});

describe('without change tracking', () => {
  for (const [how, options, settings] of [
    ['which the list shows by a missing link', { tracked: false }, {}],
    ['which the table refuses', { tracked: 'refused' }, {}],
    ['which the settings turn off', {}, { changeTracking: false }],
  ] as const)
    test(`${how}, changes are read by time`, async () => {
      const world = new World(options, settings);
      world.maxRecords = 10;
      const [first] = world.rows.seed(25);
      expect(await world.toRest()).toHaveLength(25);
      world.now += 3_600_000;
      await world.toRest();
      world.rows.change(first!, { lastname: 'New' });
      expect(names(await world.toRest())).toEqual({ [first!]: 'New' });
    });

  test('all changes of one second are found, over several pages', async () => {
    const world = new World({}, { changeTracking: false });
    world.maxRecords = 10;
    const ids = world.rows.seed(45);
    await world.settled();
    world.now += 1_000;
    for (const id of ids) world.rows.change(id, { lastname: 'New' });
    expect(new Set((await world.toRest()).map(({ recordId }) => recordId))).toEqual(new Set(ids));
  });

  test('what is committed late is found by the reader that trails, with change tracking as well', async () => {
    for (const changeTracking of [false, true]) {
      const world = new World({}, { changeTracking });
      const [late] = world.rows.seed(2);
      await world.toRest();
      const trail = world.cursor;
      world.now += 3_600_000;
      world.rows.change(late!, { lastname: 'Late' }, 200_000);
      const page = await world.page({ cursor: trail, until: world.now - 100_000 });
      expect(names(page.records)[late!]).toBe('Late');
    }
  });
});

describe('a value', () => {
  test('that column-level security hides is not cleared', async () => {
    const world = new World();
    const id = world.rows.create({ new_tier: 'gold', emailaddress1: null });
    world.rows.secured.add('new_tier');
    const [record] = await world.toRest();
    expect(record!.body).toMatchObject({ contactid: id, emailaddress1: null });
    expect(record!.body).not.toHaveProperty('new_tier');
  });

  test('of a phone is the mobile one, or the business one', async () => {
    const world = new World();
    world.properties = ['mobilephone_or_telephone1', '_parentcustomerid_value'];
    world.rows.create({ mobilephone: '1', telephone1: '2', _parentcustomerid_value: organizationId });
    world.rows.create({ telephone1: '2' });
    world.rows.create();
    const records = await world.toRest();
    expect(records.map(({ body }) => body['mobilephone_or_telephone1'])).toEqual(['1', '2', null]);
    expect(records[0]!.body['_parentcustomerid_value']).toBe(organizationId);
    world.rows.secured.add('mobilephone');
    expect((await world.read(records[1]!.recordId)).records[0]!.body['mobilephone_or_telephone1']).toBe('2');
    expect((await world.read(records[2]!.recordId)).records[0]!.body).not.toHaveProperty(
      'mobilephone_or_telephone1',
    );
  });

  test('of a column that does not exist is left out, and the rest is read', async () => {
    const world = new World();
    world.properties = ['lastname', 'no_such_column'];
    world.rows.seed(1);
    expect(Object.values(names(await world.toRest()))).toEqual(['Nowak 1']);
    expect(world.asked.at(-1)).not.toContain('no_such_column');
  });

  test('of a deactivated contact is read, unless the settings leave it out', () => {
    const leftOut = (settings: object, statecode: number) =>
      stream.leftOut!(dynamics.settings.parse({ ...usual, ...settings }), { statecode });
    expect(leftOut({}, 1)).toBeNull();
    expect(leftOut({ activeOnly: true }, 0)).toBeNull();
    expect(leftOut({ activeOnly: true }, 1)).toBe('It is inactive.');
  });
});

describe('merges', () => {
  const links = (records: readonly SourceRecord[]) =>
    records.flatMap(({ recordId, merged = [] }) => merged.map((from) => [from, recordId]));

  test('a merged contact, which stays as an inactive row, is deleted, and the one that took it over says so', async () => {
    const world = new World();
    const [target, subordinate] = world.rows.seed(3);
    await world.settled();
    world.now += 1_000;
    world.rows.merge(target!, subordinate!);
    const records = await world.toRest();
    expect(records).toHaveLength(2);
    expect(records.find(({ recordId }) => recordId === subordinate)).toMatchObject({ deleted: true });
    expect(records.find(({ recordId }) => recordId === target)).toMatchObject({ merged: [subordinate] });
  });

  test('a chain is followed, also over pages and by ID', async () => {
    const world = new World();
    const [first, second, third] = world.rows.seed(3);
    await world.settled();
    world.rows.merge(second!, first!);
    world.rows.merge(third!, second!);
    const expected = [
      [first, second],
      [second, third],
    ];
    world.maxRecords = 1;
    expect(links((await world.page()).records).toSorted()).toEqual(expected);
    const { records, missing } = await world.read(first!);
    expect(links(records).toSorted()).toEqual(expected);
    expect(missing).toEqual([]);
    expect(records.filter(({ deleted }) => !deleted).map(({ recordId }) => recordId)).toEqual([third]);
  });

  test('two contacts that name each other end the chain', async () => {
    const world = new World();
    const [one, other] = world.rows.seed(2);
    world.rows.change(one!, { merged: true, _masterid_value: other });
    world.rows.change(other!, { merged: true, _masterid_value: one });
    expect((await world.read(one!)).records).toHaveLength(2);
  });
});

describe('a contact that is not given', () => {
  test('is gone only where the vendor says that it does not exist', async () => {
    const world = new World();
    const [living, removed, hidden] = world.rows.seed(3);
    world.rows.remove(removed!);
    const { records, missing } = await world.read(living!, removed!, 'no ID');
    expect(missing.toSorted()).toEqual([removed, 'no ID'].toSorted());
    expect(records.map(({ recordId }) => recordId)).toEqual([living]);
    world.rows.hidden.add(hidden!);
    await expect(world.read(hidden!)).rejects.toMatchObject({ status: 403, code: '0x80040220' });
    const alone = (answer: () => Response) => {
      world.fault = (path) => (path.includes('/contacts(') ? answer() : undefined);
      return expect(world.read(removed!)).rejects;
    };
    await alone(() => error(404, '0x8006088a')).toMatchObject({ status: 404 });
    await alone(() => html(404)).toMatchObject({ foreign: true });
    await alone(() =>
      Response.json({ contactid: living, modifiedon: '2026-11-02T08:00:00Z' }),
    ).toBeInstanceOf(TransientError);
  });

  test('is found by its ID in any letter case, with braces', () => {
    const { idOf } = stream.read!;
    expect(idOf!('{ABCDEF00-0000-4000-8000-000000000001}')).toBe('abcdef00-0000-4000-8000-000000000001');
    expect(idOf!('no ID')).toBe('no ID');
  });
});

describe('limits and refusals', () => {
  test('each of the three limits is a wait, as long as the answer says', async () => {
    const world = new World({ callsPerWindow: 2 });
    world.rows.seed(1);
    await world.page();
    await expect(world.page()).rejects.toMatchObject({ quota: 'window', retryAfterMs: 30_000 });
    await expect(world.page()).rejects.toMatchObject({ retryAfterMs: 60_000 });
    for (const code of ['0x80072321', '0x80072326']) {
      world.fault = () => error(429, code);
      await expect(world.page()).rejects.toMatchObject({ quota: 'window', retryAfterMs: 60_000 });
    }
    const { quotas } = dynamics.api!(world.settings);
    expect(quotas).toMatchObject([{ requests: 6_000, seconds: 300, all: true }]);
  });

  test('a missing privilege is a matter of permission', async () => {
    const world = new World();
    world.fault = () => error(403, '0x80040220');
    await expect(world.page()).rejects.toBeInstanceOf(UnauthorizedError);
  });
});

describe('the check', () => {
  test('says whether changes are tracked, and whose environment it is', async () => {
    const checked = async (world: World) =>
      (await dynamics.check!(world.context())).map(({ allowed }) => allowed);
    expect(await checked(new World({}, { organizationId: organizationId.toUpperCase() }))).toEqual([
      true,
      true,
      true,
    ]);
    expect(await checked(new World({ tracked: false }))).toEqual([true, null]);
    expect(await checked(new World({ tracked: 'refused' }))).toEqual([true, null]);
    expect(await checked(new World({}, { organizationId: organizationId.replace('1', '2') }))).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('a webhook', () => {
  const id = 'abcdef00-0000-4000-8000-000000000001';
  const other = 'abcdef00-0000-4000-8000-000000000002';
  const url = 'https://sync.example.com/webhooks/source?code=key-of-webhooks';
  const given = { ...usual, organizationId, webhookKey: 'key-of-webhooks' };
  const hear = (push: Partial<Push>, settings: object = {}, at = url) => {
    const { headers, body } = executionContext({ message: 'Update', id, at: start - 4_247, ...push });
    return heard(dynamics, { ...given, ...settings }, requestOf({ url: at, headers, body }), start);
  };

  test('touches the contact, by the time in its target and never by that of the operation', () => {
    const { verdict, changes, keys } = hear({ id: id.toUpperCase() });
    expect(verdict).toEqual({ authentic: true });
    expect(changes).toEqual([{ kind: 'touch', stream: 'contacts', recordId: id, changedAt: start - 5_000 }]);
    expect(keys[0]).toContain('Update');
  });

  test('of more than 256 kB, of a deletion and of a merge touches it too', () => {
    expect(hear({ exceeded: true }).changes).toMatchObject([{ recordId: id, changedAt: start }]);
    expect(hear({ message: 'Delete' }).changes).toMatchObject([{ recordId: id, gone: 'deleted' }]);
    expect(hear({ message: 'Merge', subordinate: other }).changes).toMatchObject([
      { recordId: id },
      { recordId: other },
    ]);
  });

  test('with another key, of another organization, table or vendor changes nothing', () => {
    expect(hear({}, { webhookKey: 'another' }).verdict.authentic).toBe(false);
    expect(hear({}, {}, url.replace('?code=key-of-webhooks', '')).verdict.authentic).toBe(false);
    expect(hear({ organizationId: other }).verdict.authentic).toBe(false);
    expect(hear({ organizationId: organizationId.toUpperCase() }).verdict.authentic).toBe(true);
    expect(hear({ entity: 'account' }).changes).toMatchObject([{ kind: 'ignored' }]);
    const strange = requestOf({ url, body: { hello: 1, OrganizationId: organizationId } });
    expect(() => heard(dynamics, given, strange, start)).toThrow(/not an execution context/);
  });

  test('may be known by a header of its own; without either nobody is let in', () => {
    const header = { webhookKey: undefined, webhookHeader: { name: 'X-Tributary', value: 'a-secret' } };
    const { headers, body } = executionContext({ message: 'Update', id, at: start });
    const hearWith = (more: { [name: string]: string }) =>
      heard(dynamics, { ...given, ...header }, requestOf({ headers: { ...headers, ...more }, body }), start);
    expect(hearWith({ 'x-tributary': 'a-secret' }).verdict.authentic).toBe(true);
    expect(hearWith({}).verdict.authentic).toBe(false);
    expect(webhookOf(dynamics, usual).missing).toMatch(/webhookKey or webhookHeader/);
  });
});

describe('up to Voucherify', () => {
  let world: VendorWorld | null = null;
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    await world?.close();
    for (const close of closing.splice(0)) await close();
  });

  test('contacts come, change, are merged and go, and deletions that a dead link hides are found', async () => {
    const clock = new FastClock();
    let failures = 0;
    const simulator = createDynamicsSimulator({
      now: () => clock.now(),
      organizationId,
      faults(path) {
        if (failures === 0 || !path.includes('/contacts(')) return undefined;
        failures -= 1;
        return error(503, '0x80040216');
      },
      oauth: { ...app, clientCredentials: true },
    });
    const { environment } = simulator;
    const login = await serve(simulator.app);
    closing.push(() => login.close());
    const ids = environment.seed(8) as [string, string, string, string, string, string];
    world = await VendorWorld.open(clock, simulator.app, {
      connector: 'dynamics',
      tenantId: 'acme',
      app,
      loginUrl: login.url,
      organizationId,
      webhookKey: 'key-of-webhooks',
    });
    await world.sync();
    expect(world.ids).toEqual(ids.toSorted());
    const [first, second, third, fourth, fifth] = ids;

    clock.skip(10_000);
    environment.change(first, { firstname: 'Anna', lastname: 'Kowalska' });
    const { headers, body } = executionContext({ message: 'Update', id: first, at: clock.now() });
    await world.push({ path: '?code=key-of-webhooks', headers, body });
    expect(world.customers()[first]).toMatchObject({ name: 'Anna Kowalska' });

    clock.skip(10_000);
    environment.merge(second, third);
    environment.remove(fourth);
    await world.sync('incremental');
    const merged = await world.database.rows(
      sql`select record_id, merged_into from records where merged_into is not null`,
    );
    expect(merged).toEqual([{ recordId: third, mergedInto: second }]);
    expect(await world.standing()).not.toContain(fourth);

    // Nobody tells of this deletion any more.
    clock.skip(10_000);
    environment.remove(fifth);
    environment.tombstones.clear();
    clock.skip(8 * dayMs);
    // The first look for it fails, and the run goes on later.
    failures = 1;
    await world.sync('incremental');
    expect(failures).toBe(0);
    expect(await world.standing()).not.toContain(fifth);
    expect(await world.standing()).toContain(first);
    expect(await world.deadLetters()).toBe(0);

    // A role that reaches nobody any more deletes nobody.
    for (const id of environment.ids()) environment.hidden.add(id);
    clock.skip(8 * dayMs);
    await world.sync('incremental');
    await world.sync('full');
    expect(await world.standing()).toContain(first);
  });
});
