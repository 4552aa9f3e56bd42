// Who enters and leaves Voucherify's segments is told before it happens, and too many at once are held: distributions fire on it.
import { afterEach, describe, expect, it } from 'vitest';
import type { SegmentBody } from '../../simulators/voucherify.ts';
import type { BlastRadius } from '../../src/contract/segment.ts';
import { segmentSentences } from '../../src/contract/segment-words.ts';
import { createApp } from '../../src/web/app.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { FastClock } from '../support/fast-clock.ts';
import { openSyncWorld, type SyncWorld, type SyncWorldOptions } from '../support/sync-world.ts';
import { type Call, caller } from '../web/calls.ts';
import { apiToken } from '../web/world.ts';

const stage = (value: string) => ({
  junction: 'and',
  'metadata.lifecycle_stage': { conditions: { $is: [value] } },
});
const segments: SegmentBody[] = [
  { id: 'seg_vip', name: 'VIP', type: 'auto-update', filter: stage('customer') },
  {
    id: 'seg_city',
    name: 'Gdynia',
    type: 'passive',
    filter: { junction: 'and', city: { conditions: { $is: 'Gdynia' } } },
  },
  {
    ...{ id: 'seg_buyers', name: 'Buyers', type: 'auto-update' },
    filter: { ...stage('customer'), 'orders.total_count': { conditions: { $more_than: [0] } } },
  },
  { id: 'seg_list', name: 'A list', type: 'static', customers: ['1'] },
];

describe.each(behaviour)('segments of the destination on $name', ({ open }) => {
  let world: SyncWorld;
  let database: TestDatabase;
  let call: Call;
  let ids: string[];

  afterEach(async () => {
    await world?.close();
    await database?.close();
  });

  /** So many leads who live in Gdynia, delivered; then segments are made. */
  async function start(people: number, options: SyncWorldOptions = {}): Promise<void> {
    database = await open();
    const clock = new FastClock();
    clock.skip(3_602_000 - (clock.now() % 3_600_000));
    world = await openSyncWorld(database, { clock, ...options });
    ids = Array.from({ length: people }, (_, index) =>
      world.hubspot.create({ firstname: `P${index}`, lifecyclestage: 'lead', city: 'Gdynia' }),
    );
    await world.tributary.start();
    call = await caller({
      app: createApp(world.tributary, { apiToken, version: '1.0.0', dataDir: '/nonexistent' }),
    } as never);
    await world.sync();
    world.voucherify.setSegments(segments);
    clock.skip(3_600_000);
  }
  const moveTo = (value: string, from: number, to: number) => {
    for (const id of ids.slice(from, to)) world.hubspot.update(id, { lifecyclestage: value });
  };
  const vips = () => world.voucherify.membersOf('seg_vip').size;
  const radiusOf = (report: { segments: BlastRadius }) =>
    Object.fromEntries(
      report.segments.segments.map(({ name, enters, leaves, unknown }) => [
        name,
        [enters.count, leaves.count, unknown.count],
      ]),
    );
  const dryRun = async () => {
    const { body: run } = await call('POST', '/api/sources/hubspot/sync', { json: { dryRun: true } });
    const path = `/api/runs/${run.id}`;
    await until(async () => (await call('GET', path)).body.state !== 'requested');
    return (await call('GET', path)).body.report;
  };

  it('a dry run tells who enters and leaves, the sync does just that, and what cannot be told is named', async () => {
    await start(30);
    moveTo('customer', 0, 5);
    await world.sync();
    expect(vips()).toBe(5);
    moveTo('customer', 5, 12);
    moveTo('lead', 0, 2);
    for (const id of ids.slice(0, 3)) world.hubspot.update(id, { city: 'Sopot' });
    world.hubspot.create({ firstname: 'New', lifecyclestage: 'customer', city: 'Gdynia' });

    const report = await dryRun();
    expect(radiusOf(report)).toEqual({
      VIP: [8, 2, 0],
      Gdynia: [1, 3, 0],
      Buyers: [0, 0, 10],
      'A list': [0, 0, 0],
    });
    expect(report.segments.segments[0]).toMatchObject({ size: 0, type: 'active' });
    expect(segmentSentences({ ...report.segments, readAt: 1 })).toEqual([
      'Segment “VIP” (active, 0 customers now): 8 customers enter, 2 leave.',
      'Segment “Gdynia” (passive): 1 customer enters, 3 leave.',
      'Segment “Buyers” (active, 0 customers now): 10 customers may enter or leave.',
      'Segment “Buyers” cannot be told in full: it depends on orders.total_count.',
    ]);
    const [vip, city] = [vips(), world.voucherify.membersOf('seg_city').size];
    await world.sync();
    expect([vips() - vip, world.voucherify.membersOf('seg_city').size - city]).toEqual([6, -2]);
  });

  it('a preview of a mapping and a plan tell it too, by one reading of the list', async () => {
    await start(20);
    moveTo('customer', 0, 4);
    await world.sync();
    world.clock.skip(120_000);
    const asked = () => world.voucherify.requests.get('GET /v1/segments 200') ?? 0;
    const before = asked();
    const { 'metadata.lifecycle_stage': _, ...mapping } = world.raw.sources.hubspot.mapping;
    const { body } = await call('POST', '/api/preview', { json: { mapping: { hubspot: mapping } } });
    expect(radiusOf(body)).toMatchObject({ VIP: [0, 4, 0] });
    await call('POST', '/api/destination/pause', { json: {} });
    moveTo('customer', 4, 9);
    await world.tributary.request({
      source: 'hubspot',
      mode: 'incremental',
      trigger: 'manual',
      lane: 'manual',
    });
    await until(async () => (await call('GET', '/api/status')).body.customers.waiting === 5);
    const { body: plan } = await call('POST', '/api/plan', { json: { source: 'hubspot', force: true } });
    expect(plan.segments.waiting.customers).toBe(5);
    expect(radiusOf({ segments: plan.segments.waiting.radius })).toMatchObject({ VIP: [5, 0, 0] });
    expect(plan.segments.run).toBeNull();
    expect(asked() - before).toBeLessThanOrEqual(1);
    await call('POST', '/api/destination/resume');
    await world.rest();
  });

  it('more than the limit into an active segment is held and shown, and goes on when it is released', async () => {
    await start(140, { config: { breaker: { segments: { share: 1, count: 20 } } } });
    // As many into a passive one: nothing is set off by it.
    for (const id of ids) world.hubspot.update(id, { city: 'Sopot' });
    moveTo('customer', 0, 50);
    const run = await world.sync();
    expect(world.voucherify.membersOf('seg_city').size).toBe(30);
    expect(vips()).toBe(20);
    const { body } = await call('GET', '/api/holds?limit=1');
    expect(body.groups).toMatchObject([
      { source: 'hubspot', runId: run.id, change: 'enters segment seg_vip', open: 30 },
    ]);
    expect(body.holds[0].from).toEqual({ segment: 'VIP', fields: { 'metadata.lifecycle_stage': 'lead' } });

    // One whom its source takes back is held no more.
    const heldId = body.holds[0].sourceId;
    world.hubspot.update(heldId, { lifecyclestage: 'lead' });
    await world.sync();
    expect((await call('GET', '/api/holds?limit=1')).body.groups[0].open).toBe(29);
    expect(world.voucherify.bySourceId(heldId)?.address).toMatchObject({ city: 'Sopot' });

    // A change of another field does not let one go.
    const other = (await call('GET', '/api/holds?limit=1')).body.holds[0].sourceId;
    world.hubspot.update(other, { firstname: 'Renamed' });
    await world.sync();
    expect((await call('GET', '/api/holds?limit=1')).body.groups[0].open).toBe(29);

    const change = encodeURIComponent('enters segment seg_vip');
    expect((await call('GET', `/api/holds?change=${change}`)).status).toBe(200);
    const released = await call('POST', '/api/holds/release', { json: { change: 'enters segment seg_vip' } });
    expect(released.body).toEqual({ holds: 29, customers: 29 });
    await world.rest();
    expect(vips()).toBe(49);
    expect(world.voucherify.bySourceId(other)?.name).toBe('Renamed');
  });

  it('whom a person refuses to let in stays outside, also through a full sync, and gets all else', async () => {
    await start(120, { config: { breaker: { segments: { share: 1, count: 5 } } } });
    moveTo('customer', 0, 10);
    for (const id of ids.slice(0, 10)) world.hubspot.update(id, { city: 'Sopot' });
    await world.sync();
    expect(vips()).toBe(5);
    expect((await call('POST', '/api/holds/refuse', { json: { all: true } })).body).toEqual({
      holds: 5,
      customers: 5,
    });
    await world.sync('full');
    expect(vips()).toBe(5);
    expect(world.voucherify.membersOf('seg_city').size).toBe(110);
  });

  it('a key that may not list segments is said once, and blocks nothing', async () => {
    const lines: string[] = [];
    const refused = () =>
      Response.json(
        {
          code: 403,
          key: 'forbidden',
          message: 'Forbidden',
          details: 'The key lacks segments.read',
          request_id: 'v-1',
        },
        { status: 403 },
      );
    await start(20, {
      log: (line) => lines.push(line),
      voucherify: { faults: (_, route) => (route === 'GET /v1/segments' ? refused() : undefined) },
    });
    moveTo('customer', 0, 20);
    await world.sync();
    expect(vips()).toBe(20);
    const [sentence] = segmentSentences({ ...(await dryRun()).segments });
    expect(sentence).toMatch(
      /^Who enters or leaves a segment cannot be told: voucherify does not list its segments: .*403/,
    );
    expect(lines.filter((line) => line.includes('who enters or leaves a segment'))).toHaveLength(1);
    expect((await call('GET', '/api/status')).body.destination.paused).toBeNull();
  });

  it('holds what cannot be told where the configuration asks for it', async () => {
    await start(120, {
      config: { breaker: { segments: { share: 1, count: 5 }, unknownSegments: 'hold' } },
    });
    world.voucherify.setSegments(segments.filter(({ name }) => name === 'Buyers'));
    moveTo('customer', 0, 9);
    await world.sync();
    expect((await call('GET', '/api/holds?limit=1')).body.groups).toMatchObject([
      { change: 'may move in segment seg_buyers', open: 4 },
    ]);
  });

  const answers = {
    'is refused': () =>
      Response.json({ code: 401, key: 'unauthorized', message: 'Unauthorized' }, { status: 401 }),
    fails: () => new Response('<h1>Bad Gateway</h1>', { status: 502 }),
    'is a web page': () => new Response('<h1>Please log in</h1>'),
  };

  it.each(Object.keys(answers) as (keyof typeof answers)[])(
    'goes on by the size that was known where reading it once more %s',
    async (fault) => {
      let isFaulty = false;
      await start(240, {
        config: { breaker: { segments: { share: 1, count: 1_000 } } },
        voucherify: {
          faults: (request) =>
            isFaulty && request.url.includes('segment_id=') ? answers[fault]() : undefined,
        },
      });
      await world.sync();
      world.clock.skip(3_600_000);
      isFaulty = true;
      moveTo('customer', 0, 110);
      await world.sync();
      // The share is of the few who are in it, not of all customers.
      expect(vips()).toBe(100);
      const vip = (await dryRun()).segments.segments.find(({ id }: { id: string }) => id === 'seg_vip');
      expect(vip).toMatchObject({ name: 'VIP', size: 0 });
    },
  );

  it('lists the segments though a size was never read', async () => {
    await start(20, {
      voucherify: {
        faults: (request) => (request.url.includes('segment_id=') ? answers['fails']() : undefined),
      },
    });
    moveTo('customer', 0, 5);
    await world.sync();
    const { segments: report } = await dryRun();
    expect(report.fault).toBeNull();
    expect(report.segments).toHaveLength(segments.length);
  });

  it('a list without the segments that there were is asked for once more', async () => {
    let isEmpty = false;
    let asked = 0;
    await start(120, {
      config: { breaker: { segments: { share: 1, count: 5 } } },
      voucherify: {
        faults: (_, route) => {
          if (!isEmpty || route !== 'GET /v1/segments') return undefined;
          asked += 1;
          return asked === 1 ? Response.json({ data: [], object: 'list', total: 0 }) : undefined;
        },
      },
    });
    await world.sync();
    world.clock.skip(3_600_000);
    isEmpty = true;
    moveTo('customer', 0, 10);
    await world.sync();
    expect([vips(), asked]).toEqual([5, 2]);
  });

  it('segments that are gone are forgotten', async () => {
    await start(20);
    await world.sync();
    world.voucherify.setSegments(segments.filter(({ id }) => id !== 'seg_vip'));
    world.clock.skip(3_600_000);
    await world.sync();
    const { segments: report } = await dryRun();
    expect(report.segments.map(({ name }: { name: string }) => name).toSorted()).toEqual([
      'A list',
      'Buyers',
      'Gdynia',
    ]);
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await condition()); tries += 1) {
    if (tries > 2_000) throw new Error('it did not come about');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
