// Braze's exports of segments against the simulated workspace: the questions to every export, and what is its own.
import { afterEach, describe, expect, test } from 'vitest';
import type { Context, Stream } from '#connector';
import type { Settings } from '../../connectors/braze/settings.ts';
import { braze } from '../../connectors/braze.ts';
import { type BrazeOptions, BrazeSimulator } from '../../simulators/braze.ts';
import { directApi } from '../support/direct-api.ts';
import { directDownload } from '../support/direct-download.ts';
import { FastClock } from '../support/fast-clock.ts';
import { localFiles } from '../support/local-files.ts';
import { VendorWorld } from '../support/vendor-world.ts';
import { describeBulkExport, type OpenExports } from './bulk-exports.ts';

const apiKey = 'a-key-that-is-secret';
const baseUrl = 'https://rest.fra-02.braze.eu';
const changedSegment = { id: 'changed-users', hours: 24 };
const segments = { segmentId: 'all-users', changedSegment };

function openWorkspace(options: BrazeOptions = {}, given: object = segments) {
  const clock = { ms: Date.parse('2026-11-02T08:00:00.000Z') };
  const simulator = new BrazeSimulator({
    now: () => clock.ms,
    apiKey,
    visibleAfterMs: 31_000,
    requestsPerMinute: 100_000,
    ...options,
  });
  const settings = braze.settings.parse({ apiKey, baseUrl, ...given }) as Settings;
  const description = braze.api!(settings);
  const brazeIds = new Map<string, string>();
  const world: OpenExports = {
    stream: { ...(braze.source!.streamsFor!(settings)[0] as Stream<unknown>) },
    context: (): Context<unknown> => ({
      settings,
      api: directApi(simulator.app, description, () => clock.ms),
      files: localFiles(),
      now: clock.ms,
    }),
    download: directDownload(simulator.app, description),
    properties: ['email', 'first_name', 'tier', 'dob'],
    now: () => clock.ms,
    advance: (milliseconds) => {
      clock.ms += milliseconds;
    },
    ids: () => [...brazeIds.keys()],
    change: (id, value) => simulator.update(brazeIds.get(id)!, { first_name: value }),
    property: 'first_name',
    orders: () => simulator.segments.all.length,
    refuse: () => {
      simulator.segments.isRefused = true;
    },
    expire: () => simulator.segments.expire(),
    stall: () => simulator.segments.stall(),
  };
  const seed = (count: number) => {
    for (let at = 0; at < count; at += 1) {
      const fields = { email: `p${at}@example.com`, first_name: `Person ${at}`, dob: '1980-05-01' };
      const custom_attributes = at % 3 ? { tier: 'gold' } : {};
      brazeIds.set(`c${at}`, simulator.create(`c${at}`, { ...fields, custom_attributes }));
    }
    clock.ms += 3_600_000;
  };
  return { world, simulator, clock, seed };
}

describeBulkExport('braze', {
  open() {
    const { world, simulator, seed } = openWorkspace();
    simulator.create(undefined, { email: 'anonymous@example.com' });
    seed(250);
    return world;
  },
});

describe('an export of a segment', () => {
  const order = (world: OpenExports, since: number | null) =>
    world.stream.bulkExport!.begin(world.context(), { since, until: world.now(), properties: [] });

  test('is of those that changed, unless they have left their segment meanwhile', async () => {
    const { world, simulator, seed } = openWorkspace();
    seed(1);
    await order(world, null);
    await order(world, world.now() - 23 * 3_600_000);
    world.advance(3_600_000);
    await order(world, world.now() - 25 * 3_600_000);
    expect(simulator.segments.all.map(({ segment }) => segment)).toEqual([
      'all-users',
      'changed-users',
      'all-users',
    ]);
    for (const { fields } of simulator.segments.all) expect(fields).toContain('braze_id');
  });

  test('into a storage of your own cannot be read, and the error says what to do', async () => {
    const { world, seed } = openWorkspace({ segmentExports: { ownStorage: true } });
    seed(1);
    await expect(order(world, null)).rejects.toThrow(/its own storage.*remove the credentials/);
  });

  test('leaves out who is anonymous, and rejects what is no user', () => {
    const { world } = openWorkspace();
    const recordOf = world.stream.bulkExport!.rowReader({
      settings: {},
      job: '',
      asOf: 7,
      properties: ['email'],
    });
    expect(recordOf({ braze_id: 'b1', email: 'a@example.com' })).toBeNull();
    expect(recordOf({ message: 'ok' })).toBeUndefined();
    const found = recordOf({ braze_id: 'b1', external_id: 'c1' });
    expect(found).toEqual({ recordId: 'c1', changedAt: 7, body: { external_id: 'c1', email: null } });
  });

  test('needs a key, and a segment of all users beside that of changed ones', () => {
    const says = (settings: object) =>
      braze.settings.safeParse(settings).error?.issues.map(({ path, message }) => `${path}: ${message}`);
    expect(says({ segmentId: 'all-users' })).toEqual(['segmentId: needs apiKey as well']);
    expect(says({ apiKey, baseUrl, changedSegment })).toEqual(['changedSegment: needs segmentId as well']);
    expect(says({ apiKey, baseUrl, segmentId: 'all users' })).toEqual([
      expect.stringContaining('API identifier'),
    ]);
    const [users] = braze.source!.streamsFor!(braze.settings.parse({ apiKey, baseUrl }) as Settings);
    expect([users!.bulkExport, users!.sweeps]).toEqual([undefined, undefined]);
  });
});

describe('up to Voucherify', () => {
  let world: VendorWorld | undefined;
  afterEach(() => world?.close());

  async function openWorld(given: object) {
    const clock = new FastClock();
    const simulator = new BrazeSimulator({
      now: () => clock.now(),
      apiKey,
      segmentExports: { usersPerFile: 10 },
    });
    const ids = Array.from({ length: 25 }, (_, at) => simulator.create(`c${at}`, { first_name: 'Ada' }));
    clock.skip(3_600_000);
    world = await VendorWorld.open(clock, simulator.app, { connector: 'braze', apiKey, ...given });
    return { clock, simulator, ids, world };
  }

  test('users come, changes come by the other segment, and a full reading finds who is gone', async () => {
    const { clock, simulator, ids, world } = await openWorld(segments);
    expect(await world.sync('incremental')).toMatchObject({ state: 'finished', received: 25, rejected: 0 });
    expect(world.ids).toHaveLength(25);
    clock.skip(36 * 3_600_000);
    await world.sync('incremental');
    simulator.update(ids[0]!, { first_name: 'Zoë' });
    simulator.remove(ids[1]!);
    clock.skip(3_600_000);
    const run = await world.sync('incremental');
    expect(run.received).toBe(1);
    expect(world.customers()['c0']).toMatchObject({ name: 'Zoë' });
    await world.sync('full');
    expect(await world.standing()).toHaveLength(24);
    expect(await world.standing()).not.toContain('c1');
  });

  test('without a segment of changes an increment orders nothing', async () => {
    const { simulator, world } = await openWorld({ segmentId: 'all-users' });
    await world.sync('incremental');
    expect(await world.sync('incremental')).toMatchObject({ state: 'finished', received: 0 });
    expect(simulator.segments.all).toHaveLength(1);
  });
});
