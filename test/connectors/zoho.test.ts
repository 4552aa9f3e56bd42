// The Zoho CRM connector against the simulated organization: the kit, its deletions and merges, credits, and notifications.
import { afterEach, describe, expect, test } from 'vitest';
import {
  type Context,
  type Json,
  type Page,
  type SourceRecord,
  TransientError,
  UnauthorizedError,
} from '#connector';
import type { Settings } from '../../connectors/zoho/settings.ts';
import { zoho } from '../../connectors/zoho.ts';
import { serve } from '../../simulators/serve.ts';
import { createZohoSimulator, notification, type ZohoOptions } from '../../simulators/zoho.ts';
import { listPauses } from '../../src/tables/pauses.ts';
import { directApi } from '../support/direct-api.ts';
import { FastClock } from '../support/fast-clock.ts';
import { until } from '../support/sync-world.ts';
import { VendorWorld } from '../support/vendor-world.ts';
import { heard, requestOf, webhookOf } from '../support/webhook.ts';
import { describeConnector, type OpenWorld } from './conformance.ts';

const start = Date.parse('2026-11-02T08:00:00.000Z');
const dayMs = 86_400_000;
const accessToken = '1000.fake-token-of-the-tests.00';
const oauth = {
  clientId: '1000.CLIENT',
  clientSecret: 'secret-of-the-app-00',
  refreshToken: '1000.refresh.00',
};
const stream = zoho.source!.streams[0]!;

class World {
  now = start;
  readonly simulator: ReturnType<typeof createZohoSimulator>;
  readonly settings: Settings;
  fault: ((path: string, query: string) => Response | undefined) | null = null;
  cursor: Json | null = null;
  properties = ['Email', 'Last_Name', 'Tier'];
  maxRecords: number | undefined;

  constructor(options: Partial<ZohoOptions> = {}, settings: object = {}) {
    this.simulator = createZohoSimulator({
      now: () => this.now,
      accessToken,
      credits: 1_000_000,
      faults: (path, query) => this.fault?.(path, query),
      ...options,
    });
    this.settings = zoho.settings.parse({ oauth, ...settings }) as Settings;
  }

  context(): Context<unknown> {
    const noFiles = () => {
      throw new Error('no file is read');
    };
    const description = zoho.api!(this.settings);
    const headers = { ...description.headers, authorization: `Zoho-oauthtoken ${accessToken}` };
    const api = directApi(this.simulator.app, { ...description, headers }, () => this.now);
    return { settings: this.settings, api, files: { stat: noFiles, open: noFiles }, now: this.now };
  }

  async page(cursor = this.cursor, until = this.now, pull = stream.pull!): Promise<Page> {
    const { properties, maxRecords } = this;
    const page = await pull(this.context(), { cursor, until, properties, ...(maxRecords && { maxRecords }) });
    this.cursor = JSON.parse(JSON.stringify(page.cursor));
    return page;
  }

  async toRest(between: () => void = () => {}, pull = stream.pull!): Promise<SourceRecord[]> {
    const records: SourceRecord[] = [];
    for (let turn = 0; turn < 200; turn += 1) {
      const page = await this.page(this.cursor, this.now, pull);
      records.push(...page.records);
      if (page.done) return records;
      between();
    }
    throw new Error('pulling does not come to rest');
  }

  async settled(): Promise<void> {
    await this.toRest();
    this.now += 3_600_000;
    await this.toRest();
  }

  read(...recordIds: string[]) {
    return stream.read!.records(this.context(), { recordIds, properties: this.properties });
  }
}

const error = (status: number, code: string) =>
  Response.json({ code, details: {}, message: 'It was refused here', status: 'error' }, { status });
const html = (status: number) =>
  new Response('<html>Down for maintenance</html>', { status, headers: { 'content-type': 'text/html' } });
const names = (records: readonly SourceRecord[]) =>
  Object.fromEntries(records.map(({ recordId, body }) => [recordId, body['Last_Name']]));

describeConnector('zoho', {
  connector: zoho as never,
  stream: 'contacts',
  secrets: [accessToken, oauth.clientSecret, oauth.refreshToken],
  wrongSettings: [
    { settings: {}, says: /oauth/ },
    { settings: { oauth, dataCentre: 'us' }, says: /dataCentre/ },
    { settings: { oauth, webhookToken: 'x'.repeat(51) }, says: /must not exceed 50 characters/ },
    { settings: { oauth, organizationId: 'acme' }, says: /organizationId: must be digits/ },
  ],
  changeWhileReading: 'found',
  async open(): Promise<OpenWorld> {
    const world = new World();
    world.simulator.seed(2_030);
    const ruins = [
      () => error(401, 'INVALID_TOKEN'),
      () => error(403, 'NO_PERMISSION'),
      () => error(429, 'TOO_MANY_REQUESTS'),
      () => error(400, 'INVALID_QUERY'),
      () => error(200, 'INVALID_DATA'),
      () => error(500, 'INTERNAL_ERROR'),
      () => html(503),
      () => html(403),
      () => Response.json({ data: [], info: { count: 3, more_records: true } }),
      () => new Response('', { status: 200 }),
    ];
    return {
      settings: world.settings,
      context: () => world.context(),
      advance: (milliseconds) => {
        world.now += milliseconds;
      },
      ids: () => world.simulator.ids(),
      create: async () => world.simulator.create(),
      change: async (id, value) => world.simulator.change(id, { Last_Name: value }),
      remove: async (id) => world.simulator.remove(id),
      property: 'Last_Name',
      unknownId: '5843104000000999999',
      ruin: async () => {
        world.fault = ruins.shift() ?? null;
        return world.fault !== null;
      },
    };
  },
});

describe('a contact', () => {
  test('has its ID of 19 digits, its lookups by ID, and the mobile number, or the other one', async () => {
    const world = new World();
    world.properties = ['Account_Name.id', 'Mobile_or_Phone'];
    const Account_Name = { name: 'Acme', id: '5843104000000111222' };
    const id = world.simulator.create({ Account_Name, Mobile: '1', Phone: '2' });
    world.simulator.create({ Phone: '2' });
    world.simulator.create({});
    const records = await world.toRest();
    expect(id).toHaveLength(19);
    expect(records[0]!.body).toMatchObject({ id, Account_Name: { id: Account_Name.id } });
    expect(records.map(({ body }) => body['Mobile_or_Phone'])).toEqual(['1', '2', null]);
    expect((await world.read(id)).records).toEqual([records[0]]);
    expect(JSON.stringify(records)).not.toContain('$');
  });

  test('has the same time in the zone of any user', async () => {
    const world = new World();
    world.simulator.seed(1);
    const [record] = await world.toRest();
    for (const offset of ['-11:00', '+05:30']) {
      world.simulator.state.offset = offset;
      expect((await world.read(record!.recordId)).records).toEqual([record]);
    }
    expect(record!.changedAt).toBe(start);
  });

  test('with a field that does not exist is read without it', async () => {
    const world = new World();
    world.properties = ['Last_Name', 'No_Such_Field', 'Orders'];
    const [id] = world.simulator.seed(1);
    expect(names(await world.toRest())).toEqual({ [id!]: 'Nowak 1' });
  });

  test('with more fields than one request takes is read in parts, all of one state', async () => {
    const world = new World();
    world.properties = Array.from({ length: 60 }, (_, at) => `Extra_${at}`);
    const id = world.simulator.create({ Extra_0: 'first', Extra_59: 'last' });
    expect((await world.read(id)).records[0]!.body).toMatchObject({ Extra_0: 'first', Extra_59: 'last' });
    let calls = 0;
    world.fault = () => {
      calls += 1;
      if (calls === 2) {
        world.now += 1_000;
        world.simulator.change(id, { Extra_59: 'later' });
      }
      return undefined;
    };
    const { records, missing } = await world.read(id);
    expect(missing).toEqual([]);
    // A mixture is no state: the contact is read again.
    expect(records.map(({ body }) => [body['Extra_0'], body['Extra_59']])).toEqual([['first', 'later']]);
  });
});

describe('changes', () => {
  test('of one second fill several pages, and none is lost', async () => {
    const world = new World();
    const ids = world.simulator.seed(450);
    await world.settled();
    world.now += 1_000;
    for (const id of ids) world.simulator.change(id, { Last_Name: 'New' });
    expect(new Set((await world.toRest()).map(({ recordId }) => recordId))).toEqual(new Set(ids));
    expect(world.simulator.state.asked.at(-1)).toContain('or id > 5843104000000425');
  });

  test('that appear late are found by the reader that trails', async () => {
    const world = new World();
    const [late] = world.simulator.seed(2);
    await world.settled();
    const trail = world.cursor;
    world.simulator.change(late!, { Last_Name: 'Late' }, 60_000);
    world.now += 120_000;
    const { records } = await world.page(trail, world.now - stream.settleLagSeconds! * 1000);
    expect(names(records)).toEqual({ [late!]: 'Late' });
    expect(world.simulator.state.asked.at(-1)).toContain('Modified_Time <=');
  });

  test('are none where the answer is 204, and unknown where it is empty otherwise', async () => {
    const world = new World();
    expect(await world.toRest()).toEqual([]);
    world.fault = () => new Response('', { status: 200 });
    await expect(world.page()).rejects.toMatchObject({ foreign: true });
    world.fault = () => Response.json({ data: [], info: { count: 0 } });
    await expect(world.page()).rejects.toMatchObject({ foreign: true });
  });
});

describe('deletions', () => {
  const pull = stream.tombstones!.pull;

  test('are listed, also where nothing is new, which is 304', async () => {
    const world = new World();
    const ids = world.simulator.seed(3);
    world.simulator.remove(ids[0]!);
    expect(await world.toRest(undefined, pull)).toEqual([
      { recordId: ids[0], changedAt: start, deleted: true, body: {} },
    ]);
    world.now += dayMs;
    await world.toRest(undefined, pull);
    expect(await world.toRest(undefined, pull)).toEqual([]);
    world.simulator.remove(ids[1]!);
    expect(await world.toRest(undefined, pull)).toMatchObject([{ recordId: ids[1] }]);
  });

  test('of more than one page are all found', async () => {
    const world = new World();
    const ids = world.simulator.seed(450);
    for (const id of ids) world.simulator.remove(id);
    const found = await world.toRest(undefined, pull);
    expect(new Set(found.map(({ recordId }) => recordId))).toEqual(new Set(ids));
  });

  test('of another organization are neither read nor missing', async () => {
    const world = new World({}, { organizationId: '1' });
    const [, removed] = world.simulator.seed(2);
    world.simulator.remove(removed!);
    await expect(world.page()).rejects.toBeInstanceOf(UnauthorizedError);
    await expect(world.read(removed!)).rejects.toBeInstanceOf(UnauthorizedError);
  });

  test('by ID count only where Zoho says so of that contact', async () => {
    const world = new World();
    const [living, removed] = world.simulator.seed(2);
    world.simulator.remove(removed!);
    const { records, missing } = await world.read(living!, removed!, 'no ID');
    expect(records.map(({ recordId }) => recordId)).toEqual([living]);
    expect(missing.toSorted()).toEqual([removed, 'no ID'].toSorted());
    const alone = (answer: () => Response) => {
      world.fault = (path) => (path.endsWith(removed!) ? answer() : undefined);
      return world.read(removed!).catch((thrown: unknown) => thrown);
    };
    const invalid = (message: string) =>
      Response.json({ data: [{ code: 'INVALID_DATA', details: {}, message, status: 'error' }] });
    expect(await alone(() => invalid('the id given seems to be invalid'))).toMatchObject({
      missing: [removed],
    });
    expect(await alone(() => invalid('the field is not available'))).toMatchObject({ code: 'INVALID_DATA' });
    expect(await alone(() => error(403, 'NO_PERMISSION'))).toMatchObject({ code: 'out_of_sight' });
    expect(await alone(() => html(404))).toMatchObject({ foreign: true });
    expect(await alone(() => new Response('', { status: 200 }))).toBeInstanceOf(TransientError);
    expect(await alone(() => Response.json({ data: [{ id: living }] }))).toBeInstanceOf(TransientError);
  });

  test('by a merge are not those of the master, which says nothing of itself while the merge lasts', async () => {
    const world = new World();
    const [master, other] = world.simulator.seed(2);
    world.simulator.merging.add(master!);
    expect(await world.read(master!)).toEqual({ records: [], missing: [] });
    world.simulator.merge(master!, other!);
    world.simulator.merging.clear();
    const { records, missing } = await world.read(master!, other!);
    expect(records.map(({ recordId }) => recordId)).toEqual([master]);
    expect(missing).toEqual([other]);
  });
});

describe('credits and refusals', () => {
  test('spent credits are a wait of their own, and too many calls at once a short one', async () => {
    const world = new World({ credits: 4 });
    world.simulator.seed(1);
    await world.page();
    await world.page();
    await expect(world.page()).rejects.toMatchObject({ quota: 'daily', retryAfterMs: 900_000 });
    world.simulator.state.parallel = true;
    await expect(world.page()).rejects.toMatchObject({ quota: undefined, retryAfterMs: 10_000 });
  });

  test('credits are counted at three for a call, and a fifth of them is left to others', () => {
    const { quotas, readQuotas } = zoho.api!(new World().settings);
    expect(quotas).toMatchObject([{ requests: 1_666, seconds: 86_400, reserve: 0.2 }]);
    const left = (credits: string) =>
      readQuotas!(
        { status: 200, headers: { 'x-api-credits-remaining': credits }, json: {} },
        { path: '/' },
        start,
      );
    expect(left('2400')).toEqual([{ quota: 'daily', remaining: 800 }]);
    expect(left('1000')).toEqual([{ quota: 'daily', remaining: 333, exhaustedUntil: start + 900_000 }]);
  });

  test('a missing scope is a matter of permission, also with status 200', async () => {
    const world = new World();
    for (const status of [200, 401, 403]) {
      world.fault = () => error(status, status === 403 ? 'NO_PERMISSION' : 'OAUTH_SCOPE_MISMATCH');
      await expect(world.page()).rejects.toBeInstanceOf(UnauthorizedError);
    }
  });
});

describe('a data centre', () => {
  test('has its own hosts, and its tokens are sent to no other', () => {
    const api = (dataCentre: string) => zoho.api!(zoho.settings.parse({ oauth, dataCentre }));
    expect(api('eu')).toMatchObject({
      baseUrl: 'https://www.zohoapis.eu',
      auth: { tokenUrl: 'https://accounts.zoho.eu/oauth/v2/token', baseUrl: { hosts: ['zohoapis.eu'] } },
    });
    expect(api('ca')).toMatchObject({
      baseUrl: 'https://www.zohoapis.ca',
      auth: { tokenUrl: 'https://accounts.zohocloud.ca/oauth/v2/token' },
    });
  });
});

describe('the check', () => {
  test('says what the user sees, whose organization it is, and when the channel expires', async () => {
    const checked = async (options: Partial<ZohoOptions>, settings: object) =>
      zoho.check!(new World(options, settings).context());
    const given = { organizationId: '20101234567', webhookToken: 'token' };
    const well = await checked({ channelExpiry: start + 6 * dayMs }, given);
    expect(well.map(({ allowed }) => allowed)).toEqual([true, true, true, true, true]);
    expect(well.at(-1)!.note).toContain('expires at 2026-11-08T08:00:00.000Z');
    const ill = await checked({ profile: 'Standard', organizationId: '1', channelExpiry: start - 1 }, given);
    expect(ill.map(({ allowed }) => allowed)).toEqual([false, true, null, false, false]);
    expect((await checked({}, given)).at(-1)).toMatchObject({ allowed: false });
  });
});

describe('a notification', () => {
  const ids = ['5843104000000425001', '5843104000000425002'];
  const hear = (
    given: Partial<Parameters<typeof notification>[0]>,
    settings: object = { webhookToken: 'secret' },
  ) => {
    const push = notification({ operation: 'update', ids, at: start - 1_247, token: 'secret', ...given });
    return heard(zoho, { oauth, ...settings }, requestOf(push), start);
  };

  test('touches every contact that it names, by whole seconds', () => {
    const { verdict, changes, keys } = hear({});
    expect(verdict).toEqual({ authentic: true });
    expect(changes).toEqual(
      ids.map((recordId) => ({ kind: 'touch', stream: 'contacts', recordId, changedAt: start - 2_000 })),
    );
    expect(keys[0]).toContain(ids.join(' '));
    expect(hear({ operation: 'insert' }).changes).toHaveLength(2);
    expect(hear({ at: start + dayMs }).changes).toMatchObject([{ changedAt: start }, { changedAt: start }]);
  });

  test('of a deletion says so', () => {
    expect(hear({ operation: 'delete' }).changes).toMatchObject([{ gone: 'deleted' }, { gone: 'deleted' }]);
  });

  test('without the token, with null in its place, or of another module changes nothing', () => {
    expect(hear({ token: 'another' }).verdict.authentic).toBe(false);
    expect(hear({ token: null }).verdict.authentic).toBe(false);
    expect(hear({ token: null }, {}).verdict.authentic).toBe(false);
    expect(webhookOf(zoho, { oauth }).missing).toMatch(/webhookToken/);
    expect(hear({ module: 'Leads' }).changes).toMatchObject([{ kind: 'ignored' }]);
    expect(hear({ ids: ['x'] }).changes).toMatchObject([{ kind: 'ignored' }]);
    expect(() => hear({ ids: [] })).toThrow(/not a notification of Zoho CRM/);
  });
});

describe('up to Voucherify', () => {
  let world: VendorWorld | null = null;
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    await world?.close();
    for (const close of closing.splice(0)) await close();
  });

  test('contacts come, change, are deleted and merged; a dead grant asks for a sign-in and deletes nobody', async () => {
    const clock = new FastClock();
    const simulator = createZohoSimulator({ now: () => clock.now(), oauth, credits: 1_000_000 });
    const accounts = await serve(simulator.app);
    closing.push(() => accounts.close());
    const ids = simulator.seed(6) as [string, string, string, string];
    world = await VendorWorld.open(clock, simulator.app, {
      connector: 'zoho',
      oauth,
      accountsUrl: accounts.url,
      webhookToken: 'secret-of-the-channel',
    });
    await world.sync();
    expect(world.ids).toEqual(ids.toSorted());
    const [first, second, third, fourth] = ids;

    clock.skip(10_000);
    simulator.change(first, { First_Name: 'Anna', Last_Name: 'Kowalska' });
    simulator.change(second, { First_Name: 'Maria' });
    const token = 'secret-of-the-channel';
    const push = notification({ operation: 'update', ids: [first, second], at: clock.now(), token });
    await world.push(push);
    expect(world.customers()[first]).toMatchObject({ name: 'Anna Kowalska' });
    expect(world.customers()[second]).toMatchObject({ name: 'Maria Nowak 2' });

    clock.skip(700_000);
    simulator.remove(third);
    simulator.merge(first, fourth);
    await world.sync('incremental');
    expect(await world.standing()).not.toContain(third);
    expect(await world.standing()).not.toContain(fourth);
    expect(await world.standing()).toContain(first);

    // No further deletion is 304, which is no failure.
    for (const _ of [1, 2]) {
      clock.skip(3_600_000);
      await world.sync('incremental');
    }
    expect(simulator.state.unmodified).toBeGreaterThan(0);

    // Nothing at all is more often a lost permission.
    const before = await world.standing();
    const rows = [...simulator.rows];
    simulator.rows.clear();
    await world.sync('full');
    expect(await world.standing()).toEqual(before);
    for (const [id, row] of rows) simulator.rows.set(id, row);

    simulator.oauth!.revoke();
    await world.world.tributary.request({
      source: 'vendor',
      mode: 'incremental',
      trigger: 'manual',
      lane: 'manual',
    });
    await until(async () => (await listPauses(world!.database)).has('vendor'));
    expect((await listPauses(world.database)).get('vendor')).toMatchObject({
      reason: expect.stringMatching(/invalid_code.*Sign in again: tributary sources connect vendor/),
      trialAt: null,
    });
    expect(await world.standing()).toEqual(before);
    expect(await world.deadLetters()).toBe(0);
  });
});
