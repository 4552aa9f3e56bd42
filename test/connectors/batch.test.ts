// Batch's connector against the simulated project: the questions to every export, names of attributes, and rows that look otherwise.
import { describe, expect, test } from 'vitest';
import type { Context } from '#connector';
import type { Settings } from '../../connectors/batch/settings.ts';
import { batch } from '../../connectors/batch.ts';
import { type BatchOptions, createBatchSimulator } from '../../simulators/batch.ts';
import { directApi } from '../support/direct-api.ts';
import { directDownload } from '../support/direct-download.ts';
import { FastClock } from '../support/fast-clock.ts';
import { localFiles } from '../support/local-files.ts';
import { vendorWorlds } from '../support/vendor-world.ts';
import { describeBulkExport, type OpenExports } from './bulk-exports.ts';

const key = { apiKey: 'key-of-the-project', projectKey: 'project_acme' };
const start = Date.parse('2026-11-02T08:00:00.000Z');

function openProject(options: Partial<BatchOptions> = {}, given: object = {}) {
  const clock = { ms: start };
  const simulator = createBatchSimulator({ ...key, now: () => clock.ms, ...options });
  const settings = batch.settings.parse({ ...key, ...given }) as Settings;
  const described = batch.api!(settings);
  const headers = { ...described.headers, authorization: `Bearer ${key.apiKey}` };
  const description = { ...described, headers };
  const { state } = simulator;
  const world: OpenExports = {
    stream: batch.source!.streamsFor!(settings)[0]! as never,
    context: (): Context<unknown> => ({
      settings,
      api: directApi(simulator.app, description, () => clock.ms),
      files: localFiles(),
      now: clock.ms,
    }),
    download: directDownload(simulator.app, description),
    properties: ['first_name', 'tier', 'date(birthdate)', 'custom_id'],
    now: () => clock.ms,
    advance: (milliseconds) => {
      clock.ms += milliseconds;
    },
    ids: () => simulator.ids(),
    change: (id, value) => simulator.change(id, { first_name: value }),
    property: 'first_name',
    orders: () => state.orders,
    refuse: () => {
      state.refuses = true;
    },
    fail: () => {
      state.fails = true;
    },
    expire: () => {
      state.expired = true;
    },
    stall: () => {
      state.stalls = true;
    },
  };
  return { world, simulator, clock, settings };
}

describeBulkExport('batch', {
  open() {
    const { world, simulator } = openProject();
    for (let count = 0; count < 1_500; count += 1)
      simulator.create(`shop-${count}`, { first_name: 'Person' });
    simulator.create(undefined, { first_name: 'Nobody' });
    return world;
  },
});

describe('a row', () => {
  const recordOf = (row: object, { properties = [] as string[], given = {} } = {}) => {
    const { world, settings } = openProject({}, given);
    const read = world.stream.bulkExport!.rowReader({ settings, job: 'export_1', asOf: start, properties });
    return read(JSON.parse(JSON.stringify(row)));
  };

  test('has the attributes that are named, dates under either name', () => {
    const properties = ['date(birthdate)', 'url(site)', 'tier', 'gone'];
    const attributes = { birthdate: '1989-07-20T00:00:00Z', 'url(site)': 'https://a', tier: null, other: 1 };
    expect(recordOf({ identifiers: { custom_id: 'u1' }, attributes }, { properties })).toEqual({
      recordId: 'u1',
      changedAt: start,
      body: {
        custom_id: 'u1',
        'date(birthdate)': '1989-07-20T00:00:00Z',
        'url(site)': 'https://a',
        tier: null,
      },
    });
    const typed = { identifiers: { custom_id: 'u1' }, attributes: { 'date(birthdate)': '1989-07-20' } };
    expect(recordOf(typed, { properties: ['birthdate'] })!.body).toMatchObject({ birthdate: '1989-07-20' });
  });

  test('without a custom ID is no customer', () => {
    expect(recordOf({ identifiers: { installation_ids: ['i1'] }, attributes: {} })).toBeNull();
  });

  test('may look otherwise than expected: the settings say where things are', () => {
    const given = { idPath: 'custom_id', attributesPath: 'profile.attributes' };
    const row = { custom_id: 7, profile: { attributes: { $language: 'pl' } } };
    expect(recordOf(row, { given })).toMatchObject({ recordId: '7', body: { $language: 'pl' } });
  });
});

describe('the check', () => {
  test('tells whether the key can list exports', async () => {
    const { world } = openProject();
    expect(await batch.check!(world.context())).toMatchObject([{ allowed: true }]);
    const { world: refused } = openProject({ apiKey: 'another' });
    expect(await batch.check!(refused.context())).toMatchObject([{ allowed: false }]);
  });
});

describe('up to Voucherify', () => {
  const openVendor = vendorWorlds();

  test.each(['list', 'lines'] as const)(
    'all profiles come by files of %s, and again as they are then',
    async (rows) => {
      const clock = new FastClock();
      const simulator = createBatchSimulator({ ...key, now: () => clock.now(), rows, rowsPerFile: 2 });
      for (const id of ['u1', 'u2', 'u3'])
        simulator.create(id, {
          first_name: id,
          $email_address: `${id}@example.com`,
          'date(birthdate)': '1989-07-20T00:00:00Z',
        });
      simulator.create(undefined);
      const world = await openVendor(clock, simulator.app, { connector: 'batch', ...key, rows });
      await world.sync();
      expect(world.customers()).toMatchObject({
        u1: { name: 'u1', email: 'u1@example.com', birthdate: '1989-07-20' },
      });
      expect(world.ids).toEqual(['u1', 'u2', 'u3']);
      simulator.change('u2', { first_name: 'Ada' });
      clock.skip(60_000);
      await world.sync();
      expect(world.customers()['u2']).toMatchObject({ name: 'Ada' });
      expect(await world.deadLetters()).toBe(0);
    },
  );
});
