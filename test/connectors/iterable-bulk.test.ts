// Iterable's exports against the simulated project: the questions to every export, and what is its own.
import { afterEach, describe, expect, test } from 'vitest';
import type { Context, Stream } from '#connector';
import { connectors } from '../../connectors/index.ts';
import type { Settings } from '../../connectors/iterable/settings.ts';
import { iterable } from '../../connectors/iterable.ts';
import { type IterableOptions, IterableSimulator } from '../../simulators/iterable.ts';
import { checkConfig } from '../../src/config.ts';
import { rewind } from '../../src/sync/pull/rewind.ts';
import { runById } from '../../src/tables/runs.ts';
import { directApi } from '../support/direct-api.ts';
import { directDownload } from '../support/direct-download.ts';
import { FastClock } from '../support/fast-clock.ts';
import { localFiles } from '../support/local-files.ts';
import { VendorWorld } from '../support/vendor-world.ts';
import { describeBulkExport, type OpenExports } from './bulk-exports.ts';

const apiKey = 'a-key-that-is-secret';

function openProject(options: IterableOptions = {}, given: object = {}) {
  const clock = { ms: Date.parse('2026-11-02T08:00:00.000Z') };
  const simulator = new IterableSimulator({
    now: () => clock.ms,
    apiKey,
    quotas: false,
    visibleAfterMs: 8_000,
    ...options,
  });
  const settings = iterable.settings.parse({ apiKey, ...given }) as Settings;
  const description = iterable.api!(settings);
  const keys = new Map<string, string>();
  const world: OpenExports = {
    stream: { ...(iterable.source!.streamsFor!(settings)[0] as Stream<unknown>) },
    context: (): Context<unknown> => ({
      settings,
      api: directApi(simulator.app, description, () => clock.ms),
      files: localFiles(),
      now: clock.ms,
    }),
    download: directDownload(simulator.app, description),
    properties: ['email', 'firstName'],
    now: () => clock.ms,
    advance: (milliseconds) => {
      clock.ms += milliseconds;
    },
    ids: () => [...keys.keys()],
    change: (id, value) => simulator.update(keys.get(id)!, { firstName: value }),
    property: 'firstName',
    orders: () => simulator.exports.jobs.length,
    refuse: () => {
      simulator.exports.isRefused = true;
    },
    fail: () => simulator.exports.fail(),
    expire: () => simulator.exports.jobs.splice(0),
    stall: () => simulator.exports.stall(),
    refuseCredentialsAt: (call) => {
      let calls = 0;
      simulator.faults = () => {
        calls += 1;
        return calls === call
          ? Response.json({ code: 'InvalidApiKey', msg: 'Invalid API key', params: null }, { status: 401 })
          : undefined;
      };
    },
  };
  const seed = (count: number) => {
    for (let at = 0; at < count; at += 1) {
      const userId = `u${at}`;
      keys.set(
        userId,
        simulator.create({ userId, email: `p${at}@example.com` }, { firstName: `Person ${at}` }),
      );
    }
    clock.ms += 3_600_000;
  };
  return { world, simulator, clock, seed };
}

describeBulkExport('iterable', {
  open() {
    const { world, simulator, seed } = openProject();
    simulator.create({ email: 'nameless@example.com' });
    seed(250);
    return world;
  },
});

const order = (world: OpenExports, since: number | null = null) =>
  world.stream.bulkExport!.begin(world.context(), { since, until: world.now(), properties: [] });

describe('an export of Iterable', () => {
  test.each(['colon', 'plain', 'fractions'] as const)(
    'reads times that are written with %s',
    async (times) => {
      const { world, simulator, clock, seed } = openProject({ times });
      seed(1);
      const job = await order(world);
      world.advance(60_000);
      await world.stream.bulkExport!.poll(world.context(), job);
      const [file] = simulator.exports.jobs[0]!.files;
      const recordOf = world.stream.bulkExport!.rowReader({
        settings: iterable.settings.parse({ apiKey }),
        job,
        asOf: clock.ms,
        properties: [],
      });
      const record = recordOf(JSON.parse(file!.lines[0]!));
      expect(record).toMatchObject({ recordId: 'u0', changedAt: Date.parse('2026-11-02T08:00:00.000Z') });
      expect(record!.body).not.toHaveProperty('itblUserId');
    },
  );

  test('of a project that is based on e-mail leaves out placeholders, and rejects what is no user', () => {
    const settings = iterable.settings.parse({ apiKey, key: 'email' });
    const { world } = openProject();
    const recordOf = world.stream.bulkExport!.rowReader({ settings, job: '1', asOf: 7, properties: [] });
    expect(recordOf({ email: 'Ada@Example.com' })).toMatchObject({
      recordId: 'ada@example.com',
      changedAt: 7,
    });
    expect(recordOf({ email: 'u1@placeholder.email' })).toBeNull();
    expect(recordOf({ message: 'ok' })).toBeUndefined();
  });

  test('that was cut off for its size is not taken for everybody', async () => {
    const { world, simulator, seed } = openProject();
    seed(3);
    const job = await order(world);
    world.advance(60_000);
    simulator.exports.truncate();
    const poll = world.stream.bulkExport!.poll(world.context(), job);
    await expect(poll).rejects.toMatchObject({ code: 'export_incomplete' });
  });

  test('is not there without a key', () => {
    const [users] = iterable.source!.streamsFor!(iterable.settings.parse({}) as Settings);
    expect(users!.bulkExport).toBeUndefined();
  });
});

describe('up to Voucherify', () => {
  let world: VendorWorld | undefined;
  afterEach(() => world?.close());

  test('users come, changes come by the next export, and a full reading finds who is gone', async () => {
    const clock = new FastClock();
    const simulator = new IterableSimulator({
      now: () => clock.now(),
      apiKey,
      visibleAfterMs: 8_000,
      exports: { makingMs: 60_000 },
    });
    const keys = Array.from({ length: 30 }, (_, at) =>
      simulator.create({ userId: `u${at}`, email: `p${at}@example.com` }, { firstName: 'Ada' }),
    );
    clock.skip(3_600_000);
    world = await VendorWorld.open(clock, simulator.app, { connector: 'iterable', apiKey });
    expect(await world.sync('incremental')).toMatchObject({ state: 'finished', received: 30, rejected: 0 });
    expect(world.ids).toHaveLength(30);
    simulator.update(keys[0]!, { firstName: 'Zoë' });
    simulator.remove(keys[1]!);
    clock.skip(3_600_000);
    await world.sync('incremental');
    expect(world.customers()['u0']).toMatchObject({ name: 'Zoë' });
    expect(await world.standing()).toContain('u1');
    await world.sync('full');
    expect(await world.standing()).not.toContain('u1');
    expect(await world.standing()).toHaveLength(29);
    expect(simulator.exports.jobs).toHaveLength(3);
  });

  test('a dry run reads an export and keeps nothing; a rewind exports what changed since once more', async () => {
    const clock = new FastClock();
    const simulator = new IterableSimulator({ now: () => clock.now(), apiKey, visibleAfterMs: 0 });
    const keys = ['u1', 'u2'].map((userId) => simulator.create({ userId, email: `${userId}@example.com` }));
    clock.skip(3_600_000);
    world = await VendorWorld.open(clock, simulator.app, { connector: 'iterable', apiKey });
    const { tributary } = world.world;
    const request = { dryRun: true } as const;
    const dry = await tributary.request({
      source: 'vendor',
      mode: 'full',
      trigger: 'manual',
      lane: 'manual',
      request,
    });
    await world.world.rest();
    expect(await runById(world.database, dry!.id)).toMatchObject({
      state: 'finished',
      received: 2,
      changed: 2,
    });
    expect(await world.standing()).toEqual([]);

    await world.sync('incremental');
    clock.skip(86_400_000);
    simulator.update(keys[0]!, { firstName: 'Zoë' });
    const to = clock.now() - 1_000;
    clock.skip(86_400_000);
    await world.sync('incremental');
    clock.skip(86_400_000);
    expect((await world.sync('incremental')).received).toBe(0);
    const source = tributary.rules.source('vendor')!;
    const rewound = await world.database.transaction((tx) => rewind(tx, source, { to, now: clock.now() }));
    expect(rewound).toMatchObject({ rewound: true });
    tributary.wake();
    await world.world.rest();
    const { run } = rewound as Extract<typeof rewound, { rewound: true }>;
    expect(await runById(world.database, run.id)).toMatchObject({ state: 'finished', received: 1 });
  });

  test('a schedule is accepted with a key only', () => {
    const destination = { connector: 'voucherify', appId: 'a', appToken: 'b' };
    const check = (source: object) =>
      checkConfig(
        'test',
        { destination, sources: { vendor: { connector: 'iterable', ...source } } },
        {},
        connectors,
      );
    expect(() => check({ schedule: '0 * * * *', urlToken: 'secret' })).toThrow(
      /with these settings iterable only sends webhooks/,
    );
    expect(check({ schedule: '0 * * * *', apiKey }).sources).toHaveLength(1);
  });

  test('a job that fails ends the run, deletes nobody, and is ordered again by the next', async () => {
    const clock = new FastClock();
    const simulator = new IterableSimulator({ now: () => clock.now(), apiKey, visibleAfterMs: 0 });
    simulator.create({ userId: 'u1', email: 'p@example.com' });
    clock.skip(3_600_000);
    world = await VendorWorld.open(clock, simulator.app, { connector: 'iterable', apiKey });
    await world.sync('incremental');
    simulator.exports.failsNext = true;
    expect(await world.sync('full')).toMatchObject({
      state: 'failed',
      error: 'Iterable ended the export as failed.',
    });
    expect(await world.standing()).toEqual(['u1']);
    expect(await world.sync('full')).toMatchObject({ state: 'finished', received: 1 });
    expect(simulator.exports.jobs).toHaveLength(3);
  });
});
