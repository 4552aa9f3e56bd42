// Salesforce's query jobs against the simulated Bulk API: the questions to every export, and what is its own.
import { afterEach, describe, expect, test } from 'vitest';
import type { Context } from '#connector';
import type { Settings } from '../../connectors/salesforce/settings.ts';
import { salesforce } from '../../connectors/salesforce.ts';
import { createSalesforceSimulator, type SalesforceOptions } from '../../simulators/salesforce.ts';
import { runById } from '../../src/tables/runs.ts';
import { directApi } from '../support/direct-api.ts';
import { directDownload } from '../support/direct-download.ts';
import { FastClock } from '../support/fast-clock.ts';
import { localFiles } from '../support/local-files.ts';
import { until } from '../support/sync-world.ts';
import { VendorWorld } from '../support/vendor-world.ts';
import { describeBulkExport, type OpenExports } from './bulk-exports.ts';

const accessToken = '00D5g000004XyZ1!AQ4AQFakeTokenOfTheTests';
const clientCredentials = { clientId: '3MVG9client', clientSecret: 'secret-of-the-app-00' };

function openOrg(options: Partial<SalesforceOptions> = {}, given: object = {}) {
  const clock = { ms: Date.parse('2026-11-02T08:00:00.000Z') };
  let fault: ((path: string) => Response | undefined) | undefined;
  const simulator = createSalesforceSimulator({
    now: () => clock.ms,
    accessToken,
    queryJobs: { rowsPerFile: 700 },
    faults: (path) => fault?.(path),
    ...options,
  });
  const settings = salesforce.settings.parse({
    baseUrl: 'https://acme.my.salesforce.com',
    clientCredentials,
    bulkExport: 'always',
    ...given,
  }) as Settings;
  const described = salesforce.api!(settings);
  const description = {
    ...described,
    headers: { ...described.headers, authorization: `Bearer ${accessToken}` },
  };
  const { org, queryJobs } = simulator;
  const world: OpenExports = {
    stream: salesforce.source!.streamsFor!(settings).at(-1)! as never,
    context: (): Context<unknown> => ({
      settings,
      api: directApi(simulator.app, description, () => clock.ms),
      files: localFiles(),
      now: clock.ms,
    }),
    download: directDownload(simulator.app, description),
    properties: ['Email', 'LastName', 'Tier__c', 'Points__c', 'IsPersonAccount', 'CreatedDate', 'Birthdate'],
    now: () => clock.ms,
    advance: (milliseconds) => {
      clock.ms += milliseconds;
    },
    ids: () => org.ids(),
    change: (id, value) => org.change(id, { LastName: value }),
    property: 'LastName',
    orders: () => queryJobs.ordered,
    refuse: () => {
      fault = (path) =>
        path.includes('/jobs/') ? error(400, 'FEATURENOTENABLED', 'Bulk API is not enabled here') : undefined;
    },
    fail: () => queryJobs.fail('the query timed out'),
    expire: () => queryJobs.jobs.splice(0),
    stall: () => queryJobs.stall(),
    refuseCredentialsAt: (call) => {
      let calls = 0;
      fault = () => {
        calls += 1;
        return calls === call ? error(401, 'INVALID_SESSION_ID', 'Session expired or invalid') : undefined;
      };
    },
  };
  return { world, simulator, org, queryJobs, clock, settings };
}

const error = (status: number, errorCode: string, message: string) =>
  Response.json([{ message, errorCode }], { status });

describeBulkExport('salesforce', {
  open() {
    const { world, org } = openOrg();
    org.seed(1_500);
    const [first] = org.ids();
    org.change(first!, {
      LastName: 'O^Brien, "the" second\nline',
      Points__c: 12.5,
      Tier__c: 'gold',
      Birthdate: '1980-05-01',
    });
    return world;
  },
});

describe('a query job', () => {
  test('has no more than a query may see, and leaves out what is in the Recycle Bin', async () => {
    const { world, org } = openOrg();
    const [first, second] = org.seed(3);
    org.hidden.add('Contact.Tier__c');
    org.remove(first!);
    const request = { since: null, until: world.now(), properties: world.properties };
    const { bulkExport } = world.stream;
    const job = await bulkExport!.begin(world.context(), request);
    world.advance(60_000);
    expect(await bulkExport!.poll(world.context(), job)).toEqual({ total: 2 });
    const { url } = (await bulkExport!.file(world.context(), job, null))!;
    const text = await new Response((await world.download({ url })).bytes as never).text();
    expect(text).toContain(second);
    expect(text).not.toContain(first);
    expect(text.split('\n')[0]).not.toContain('Tier__c');
  });

  test('of someone else, or of another object, is not taken for ours', async () => {
    const { world, org, queryJobs } = openOrg();
    org.seed(3);
    const request = { since: null, until: world.now(), properties: world.properties };
    const order = (columnDelimiter: string, object: string) =>
      world.context().api.request({
        method: 'POST',
        path: '/services/data/v68.0/jobs/query',
        json: { operation: 'query', query: `SELECT Id FROM ${object}`, columnDelimiter },
      });
    await order('COMMA', 'Contact');
    await order('CARET', 'Lead');
    const { bulkExport } = world.stream;
    const ordered = () => bulkExport!.ordered!(world.context(), request, world.now() - 60_000);
    expect(await ordered()).toBeNull();
    const job = await bulkExport!.begin(world.context(), request);
    expect(await ordered()).toEqual(job);
    queryJobs.jobs.at(-1)!.createdById = '0055g00000OTHERAA4';
    expect(await ordered()).toBeNull();
  });

  test('is deleted at Salesforce once it was read, and aborted where it is not waited for', async () => {
    const { world, org, queryJobs } = openOrg();
    org.seed(3);
    const { bulkExport } = world.stream;
    const request = { since: null, until: world.now(), properties: [] };
    const read = await bulkExport!.begin(world.context(), request);
    world.advance(60_000);
    await bulkExport!.poll(world.context(), read);
    await bulkExport!.remove!(world.context(), read);
    expect(queryJobs.jobs).toHaveLength(0);
    await bulkExport!.remove!(world.context(), read);
    const waiting = await bulkExport!.begin(world.context(), request);
    await bulkExport!.remove!(world.context(), waiting);
    expect(queryJobs.jobs.filter(({ state }) => state === 'InProgress')).toHaveLength(0);
  });

  test('is used from 50,000 records on, unless the settings say otherwise', () => {
    const { bulkExport } = openOrg().world.stream;
    const min = (mode: string) => bulkExport!.minRecords(openOrg({}, { bulkExport: mode }).settings);
    expect([min('auto'), min('always'), min('never')]).toEqual([50_000, 0, null]);
  });

  test('reads person accounts with the names of contacts, and no business account', async () => {
    const { world, org } = openOrg({ personAccounts: true }, { objects: ['personAccounts'] });
    const account = org.create(
      { LastName: 'Private', PersonEmail: 'p@example.com', IsPersonAccount: true },
      'Account',
    );
    org.create({ Name: 'A business' }, 'Account');
    const { bulkExport } = world.stream;
    const request = { since: null, until: world.now(), properties: ['Email', 'LastName'] };
    const job = await bulkExport!.begin(world.context(), request);
    world.advance(60_000);
    expect(await bulkExport!.poll(world.context(), job)).toEqual({ total: 1 });
    const recordOf = bulkExport!.rowReader({ settings: {}, job, asOf: 0, properties: ['Email', 'LastName'] });
    const row = { Id: account, SystemModstamp: '2026-11-02T08:00:00.000Z', LastName: 'Private' };
    const found = recordOf({ ...row, PersonEmail: 'p@example.com', IsPersonAccount: 'true' });
    expect(found).toMatchObject({
      recordId: account,
      body: { Email: 'p@example.com', LastName: 'Private', IsPersonAccount: true },
    });
    expect(recordOf({ ...row, Id: '' })).toBeUndefined();
  });
});

describe('up to Voucherify', () => {
  const opened: VendorWorld[] = [];
  afterEach(async () => {
    for (const world of opened.splice(0)) await world.close();
  });

  async function openWorld(
    options: Partial<SalesforceOptions> = {},
    contacts = 1_200,
    bulkExport = 'always',
  ) {
    const clock = new FastClock();
    const simulator = createSalesforceSimulator({
      now: () => clock.now(),
      oauth: { ...clientCredentials, clientCredentials: true },
      ...options,
      queryJobs: { rowsPerFile: 500, makingMs: 90_000, ...options.queryJobs },
    });
    simulator.org.seed(contacts);
    const source = { connector: 'salesforce', clientCredentials, bulkExport };
    const world = await VendorWorld.open(clock, simulator.app, source);
    opened.push(world);
    return { clock, world, ...simulator };
  }

  test('a backfill is a job, the run waits for it without a worker, and changes go on from before it', async () => {
    const { clock, world, org, queryJobs, state } = await openWorld();
    const run = await world.sync();
    expect(run).toMatchObject({ state: 'finished', received: 1_200, rejected: 0, error: null });
    expect(run.expected).toBe(1_200);
    expect(world.ids).toEqual(org.ids().toSorted());
    expect(queryJobs.ordered).toBe(1);
    // What was read is deleted at the vendor.
    expect(queryJobs.jobs).toHaveLength(0);
    expect(state.asked.filter((path) => path.includes('/query?q='))).toHaveLength(0);

    const [first, second] = org.ids() as [string, string];
    clock.skip(10_000);
    org.change(first, { LastName: 'Nowak' });
    org.remove(second);
    await world.sync('incremental');
    expect(world.customers()[first]!.name).toContain('Nowak');
    expect(await world.standing()).not.toContain(second);
    expect(queryJobs.ordered).toBe(1);
  });

  test('a job outlives its worker: another one waits for it and reads it', async () => {
    const { clock, world, org, queryJobs } = await openWorld({ queryJobs: { makingMs: 3_600_000 } }, 600);
    const { tributary } = world.world;
    const run = await tributary.request({
      source: 'vendor',
      mode: 'full',
      trigger: 'manual',
      lane: 'backfill',
    });
    await until(async () =>
      /waiting: the export/.test((await runById(world.database, run!.id))?.error ?? ''),
    );
    await tributary.drain();
    clock.skip(3_600_000);
    await world.world.again(world.database);
    await until(async () => (await runById(world.database, run!.id))?.state === 'finished');
    expect(await runById(world.database, run!.id)).toMatchObject({ received: 600, rejected: 0 });
    expect(await world.standing()).toEqual(org.ids().toSorted());
    expect(queryJobs.ordered).toBe(1);
  });

  test('a full reading by a job finds who was purged', async () => {
    const { world, org, queryJobs } = await openWorld({}, 30);
    const [first, second] = org.ids();
    await world.sync();
    org.purge(first!);
    await world.sync('full');
    expect(await world.standing()).not.toContain(first);
    expect(await world.standing()).toContain(second);
    expect(queryJobs.ordered).toBe(2);
  });

  test('a forecast counts the calls of the job, and says that its time is not known', async () => {
    const { world } = await openWorld({}, 30);
    const source = world.world.tributary.rules.source('vendor')!;
    const { totals, assumptions } = await world.world.tributary.plan(source, {
      mode: 'full',
      records: 90_000,
    });
    expect(totals.source).toBe(17);
    expect(assumptions).toContainEqual(
      expect.stringContaining('how long the vendor takes to make it is not known'),
    );
  });

  test('what takes too long to be counted is read by a job', async () => {
    const faults = (path: string) =>
      path === '/services/data/v68.0/query' ? error(500, 'QUERY_TIMEOUT', 'It took too long') : undefined;
    const { world, org, queryJobs } = await openWorld({ faults }, 30, 'auto');
    expect(await world.sync()).toMatchObject({ state: 'finished', received: 30 });
    expect(world.ids).toEqual(org.ids().toSorted());
    expect(queryJobs.ordered).toBe(1);
  });

  test('where jobs are refused the run reads pages, says so, and deletes nobody', async () => {
    const { world, org } = await openWorld({ queryJobs: { jobsPerDay: 0 } }, 30);
    const run = await world.sync();
    expect(run).toMatchObject({ state: 'finished', received: 30 });
    expect(run.notes).toEqual([
      expect.objectContaining({ code: 'no_export', message: expect.stringContaining('EXCEEDEDQUOTA') }),
    ]);
    expect(world.ids).toEqual(org.ids().toSorted());
  });
});
