// What Voucherify knows flows back to the vendors of sources: points, tiers, codes and segments, from the event to the vendor.
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/engine/clock.ts';
import { touchFacts } from '../../src/sync/facts/fact-touches.ts';
import { wantAll } from '../../src/sync/facts/keep-facts.ts';
import { erasureById } from '../../src/tables/erasures.ts';
import { listPauses } from '../../src/tables/pauses.ts';
import type { FastClock } from '../support/fast-clock.ts';
import { until } from '../support/sync-world.ts';
import {
  klaviyoFields,
  openWriteBackWorld,
  type WriteBackWorld,
  type WriteBackWorldOptions,
} from '../support/write-back-world.ts';

let world: WriteBackWorld;
const open = async (options: WriteBackWorldOptions = {}) => {
  world = await openWriteBackWorld(options);
  return world;
};
afterEach(() => world.close());

/** A contact of HubSpot and a profile of Klaviyo, each a customer of Voucherify. */
async function people() {
  const contact = world.hubspot.create({ firstname: 'Anna', email: 'anna@example.com' });
  const profile = world.klaviyo.create({
    external_id: 'shop-1',
    email: 'ben@example.com',
    first_name: 'Ben',
  });
  await world.sync('full', 'hubspot');
  await world.sync('full', 'klaviyo');
  return { contact, profile };
}

describe('what Voucherify tells of', () => {
  it('does not wait for what is read by schedule, however late that is answered', async () => {
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const asked = new Set<string>();
    await open({
      // Nothing else moves meanwhile, and simulated time would leap to the end of the requests that are not answered.
      clock: { ...systemClock, skip() {} } as unknown as FastClock,
      voucherify: {
        between: async ({ url }) => {
          const [slow] = /slow-\d+/.exec(url) ?? [];
          if (slow === undefined) return undefined;
          asked.add(slow);
          await answered;
          return undefined;
        },
      },
    });
    const { profile } = await people();
    const slow = Array.from({ length: 60 }, (_, index) => ({ customer: `slow-${index}`, changedAt: 0 }));
    await touchFacts(world.database, 'scheduled facts', slow, world.clock.now());
    await until(() => asked.size > 0);
    const begun = world.clock.now();
    const code = { code: 'SPRING', assignedAt: '2026-03-01T10:00:00.000Z' };
    world.voucherify.setFacts('shop-1', { vouchers: [code] }, 'publication.succeeded');
    await world.shows(() => world.properties(profile)['last_code'], 'SPRING');
    expect(world.clock.now() - begun).toBeLessThan(5_000);
    answer();
  });

  it('reaches each vendor as its own attributes, whole from the event or read', async () => {
    await open();
    const { contact, profile } = await people();
    world.voucherify.setFacts('shop-1', { points: 1200 });
    await world.shows(() => world.properties(profile)['loyalty_points'], 1200);
    world.voucherify.setFacts(
      'shop-1',
      { vouchers: [{ code: 'SPRING', assignedAt: '2026-03-01T10:00:00.000Z' }], segments: ['VIP', 'Berlin'] },
      'publication.succeeded',
    );
    await world.shows(() => world.properties(profile)['last_code'], 'SPRING');
    expect(world.properties(profile)).toEqual({
      loyalty_points: 1200,
      last_code: 'SPRING',
      segments: ['Berlin', 'VIP'],
    });
    world.voucherify.setFacts(
      contact,
      { points: 50, card: 'CARD-1', tiers: ['Gold'] },
      'customer.rewarded.loyalty_points',
    );
    await world.shows(() => world.hubspot.get(contact)?.properties['vf_tier'], 'Gold');
    expect(world.hubspot.get(contact)?.properties).toMatchObject({ vf_points: '50', vf_tier: 'Gold' });
    await world.rest();
    expect(await world.row('hubspot', contact)).toMatchObject({
      state: 'delivered',
      acknowledged: { vf_points: 50, vf_tier: 'Gold' },
    });
  });

  it('is cleared at the vendor when Voucherify has it no more, and never before it was written', async () => {
    await open();
    const { profile } = await people();
    world.klaviyo.update(profile, { properties: { last_code: 'typed by hand', favourite: 'blue' } });
    world.voucherify.setFacts('shop-1', { points: 5 });
    await world.shows(() => world.properties(profile)['loyalty_points'], 5);
    expect(world.properties(profile)).toMatchObject({ last_code: 'typed by hand', favourite: 'blue' });
    const vouchers = [{ code: 'A', assignedAt: '2026-03-01T10:00:00.000Z' }];
    world.voucherify.setFacts('shop-1', { vouchers }, 'publication.succeeded');
    await world.shows(() => world.properties(profile)['last_code'], 'A');
    world.voucherify.setFacts('shop-1', { vouchers: [] }, 'redemption.succeeded');
    await world.shows(() => world.properties(profile)['last_code'], null);
    expect(world.properties(profile)).toEqual({ favourite: 'blue', loyalty_points: 5 });
  });
});

describe('what no webhook tells of', () => {
  it('is found by the reading of everything', async () => {
    await open({ webhooks: false, start: false });
    const profile = world.klaviyo.create({ external_id: 'shop-1', email: 'ben@example.com' });
    await world.tributary.start();
    await world.sync('full', 'klaviyo');
    world.voucherify.setFacts('shop-1', { points: 7, segments: ['VIP'] }, null);
    world.clock.skip(25 * 3_600_000);
    world.tributary.wake();
    await world.shows(() => world.properties(profile), { loyalty_points: 7, segments: ['VIP'] });
  });

  it('is found although Voucherify rejects the cursor at which the reading stood: it starts over', async () => {
    let isExpired = false;
    let rejected = 0;
    const isBeginning = (url: URL) => url.searchParams.get('starting_after')?.startsWith('1970-01-01');
    await open({
      webhooks: false,
      start: false,
      config: { writeBack: { klaviyo: { fields: { loyalty_points: 'loyalty.points' } } } },
      voucherify: {
        faults: (request, route) => {
          const url = new URL(request.url);
          if (route !== 'GET /v1/customers' || !url.searchParams.has('starting_after')) return undefined;
          if (isBeginning(url)) isExpired = rejected === 0;
          if (!isExpired || isBeginning(url)) return undefined;
          rejected += 1;
          const error = { code: 400, key: 'invalid_cursor', message: 'The cursor is not valid any more' };
          return Response.json(error, { status: 400 });
        },
      },
    });
    for (let index = 0; index < 230; index += 1) {
      world.voucherify.upsert({ source_id: `shop-${index}` });
      world.voucherify.setFacts(`shop-${index}`, { points: index }, null);
    }
    const profile = world.klaviyo.create({ external_id: 'shop-229' });
    await world.tributary.start();
    await world.sync('full', 'klaviyo');
    await until(() => rejected > 0);
    await world.shows(() => world.properties(profile)['loyalty_points'], 229);
  });
});

describe('a person whom the vendor does not know', () => {
  it('is not created, and is written as soon as the source has them', async () => {
    await open();
    world.voucherify.upsert({ source_id: 'shop-9', name: 'Cleo' });
    world.voucherify.setFacts('shop-9', { points: 9 });
    await until(async () => (await world.row('klaviyo', 'shop-9'))?.state === 'unlinked');
    await world.rest();
    expect(world.klaviyo.ids()).toEqual([]);
    const profile = world.klaviyo.create({ external_id: 'shop-9', email: 'cleo@example.com' });
    await world.sync('full', 'klaviyo');
    await world.shows(() => world.properties(profile)['loyalty_points'], 9);
  });
});

describe('a person whom the vendor no longer has', () => {
  it('is unlinked, and is not asked for again while nothing changes', async () => {
    await open();
    const { profile } = await people();
    world.klaviyo.remove(profile);
    world.voucherify.setFacts('shop-1', { points: 5 });
    await until(async () => (await world.row('klaviyo', 'shop-1'))?.state === 'unlinked');
    await world.rest();
    const asked = world.klaviyo.requests.calls('update');
    world.clock.skip(3_600_000);
    world.tributary.wake();
    await world.rest();
    expect(world.klaviyo.requests.calls('update')).toBe(asked);
    expect(await letters()).toEqual([]);
  });
});

describe('the vendor', () => {
  const klaviyoWrites = () => world.klaviyo.requests;

  it('that refuses one person keeps the others in step; it is a dead letter, and the next change is sent anyway', async () => {
    const refused = new Set<string>();
    await open({
      klaviyo: { writeFault: ({ id }) => (refused.has(id ?? '') ? 'Invalid value.' : undefined) },
    });
    const ids = ['shop-1', 'shop-2', 'shop-3'].map((external_id) => world.klaviyo.create({ external_id }));
    await world.sync('full', 'klaviyo');
    refused.add(ids[1]!);
    for (const [index, id] of ['shop-1', 'shop-2', 'shop-3'].entries())
      world.voucherify.setFacts(id, { points: index + 1 });
    await world.shows(() => world.properties(ids[2]!)['loyalty_points'], 3);
    expect(world.properties(ids[0]!)['loyalty_points']).toBe(1);
    let row: Awaited<ReturnType<typeof world.row>>;
    await until(async () => {
      row = await world.row('klaviyo', 'shop-2');
      return row?.state === 'dead';
    });
    expect(row).toMatchObject({ errorCode: 'invalid' });
    expect(await letters()).toEqual([{ kind: 'writeBack', source: 'klaviyo', ref: 'shop-2' }]);
    refused.clear();
    world.voucherify.setFacts('shop-2', { points: 20 });
    await world.shows(() => world.properties(ids[1]!)['loyalty_points'], 20);
    await until(async () => (await letters()).length === 0);
  });

  it('that does not know an attribute makes nobody a dead letter: writing is paused, and goes on when it does', async () => {
    await open({ writeBack: { hubspot: { fields: { not_defined: 'loyalty.points' } } } });
    const contact = world.hubspot.create({ email: 'anna@example.com' });
    await world.sync('full', 'hubspot');
    world.voucherify.setFacts(contact, { points: 5 });
    await until(async () => (await listPauses(world.database)).has('write-back:hubspot'));
    expect(await letters()).toEqual([]);
    world.hubspot.define({ name: 'not_defined', type: 'number', label: 'Points' });
    await world.shows(() => world.hubspot.get(contact)?.properties['not_defined'], '5');
    await until(async () => !(await listPauses(world.database)).has('write-back:hubspot'));
  });

  it('behind a gateway that answers 200 with a page has written nobody, and gets it when it is back', async () => {
    await open();
    const { profile } = await people();
    world.klaviyo.faults = (request) =>
      request.method === 'PATCH'
        ? new Response('<html><body>Welcome</body></html>', { headers: { 'content-type': 'text/html' } })
        : undefined;
    world.voucherify.setFacts('shop-1', { points: 11 });
    await until(async () => ((await world.row('klaviyo', 'shop-1'))?.error ?? '') !== '');
    expect(await world.row('klaviyo', 'shop-1')).toMatchObject({
      state: 'waiting',
      acknowledged: null,
    });
    world.klaviyo.faults = undefined;
    await world.shows(() => world.properties(profile)['loyalty_points'], 11);
    expect(await letters()).toEqual([]);
  });

  it('whose answer does not name a person has not written them: they are sent again', async () => {
    await open();
    const { contact } = await people();
    let isSilent = true;
    world.hubspot.faults = (request) =>
      isSilent && request.url.endsWith('/batch/update')
        ? Response.json({ status: 'COMPLETE', results: [] })
        : undefined;
    world.voucherify.setFacts(contact, { points: 6 });
    await until(async () => ((await world.row('hubspot', contact))?.attempts ?? 0) > 0);
    expect(await world.row('hubspot', contact)).toMatchObject({ state: 'waiting', acknowledged: null });
    isSilent = false;
    await world.shows(() => world.hubspot.get(contact)?.properties['vf_points'], '6');
  });

  it('that asks for patience is waited for, without using up an attempt', async () => {
    await open();
    const { profile } = await people();
    const attempts: unknown[] = [];
    world.klaviyo.faults = async (request) => {
      if (request.method !== 'PATCH' || attempts.length >= 3) return undefined;
      attempts.push((await world.row('klaviyo', 'shop-1'))?.attempts);
      return patience();
    };
    world.voucherify.setFacts('shop-1', { points: 12 });
    await world.shows(() => world.properties(profile)['loyalty_points'], 12);
    expect(attempts).toEqual([0, 0, 0]);
    await world.rest();
    expect(await world.row('klaviyo', 'shop-1')).toMatchObject({ state: 'delivered', attempts: 0 });
  });

  it('that refuses the credentials pauses write-back alone, and the source is read on', async () => {
    let refuses = true;
    await open();
    const { profile } = await people();
    world.klaviyo.faults = (request) =>
      refuses && request.method === 'PATCH'
        ? Response.json({ errors: [{ status: 403, code: 'permission_denied' }] }, { status: 403 })
        : undefined;
    world.voucherify.setFacts('shop-1', { points: 13 });
    await until(async () => (await listPauses(world.database)).has('write-back:klaviyo'));
    world.klaviyo.update(profile, { first_name: 'Benjamin' });
    await world.tributary.request({
      source: 'klaviyo',
      mode: 'incremental',
      trigger: 'manual',
      lane: 'manual',
    });
    await until(() => world.voucherify.bySourceId('shop-1')?.name?.startsWith('Benjamin') ?? false);
    refuses = false;
    await world.shows(() => world.properties(profile)['loyalty_points'], 13);
    expect(await letters()).toEqual([]);
  });

  it('whose answer is lost keeps what somebody typed where Voucherify has nothing', async () => {
    await open();
    const { profile } = await people();
    world.klaviyo.update(profile, { properties: { last_code: 'typed by hand' } });
    let lost = 0;
    world.klaviyo.faults = async (request) => {
      if (lost > 0 || request.method !== 'PATCH') return undefined;
      lost += 1;
      await world.klaviyo.app.request(request.clone());
      return Response.error();
    };
    world.voucherify.setFacts('shop-1', { points: 5 });
    await until(async () => lost === 1 && (await world.row('klaviyo', 'shop-1'))?.deliveredAt != null);
    expect(world.properties(profile)).toEqual({ last_code: 'typed by hand', loyalty_points: 5 });
    expect(klaviyoWrites().calls('update')).toBeGreaterThan(1);
  });

  it('whose answer is lost is written the value that it had before, where that is right again', async () => {
    await open();
    const { profile } = await people();
    world.voucherify.setFacts('shop-1', { points: 5 });
    await world.shows(() => world.properties(profile)['loyalty_points'], 5);
    await world.rest();
    const wanted = (await world.row('klaviyo', 'shop-1'))!.revision;
    const isWantedAgain = async () => (await world.row('klaviyo', 'shop-1'))!.revision >= wanted + 2;
    let state: 'before' | 'applying' | 'lost' = 'before';
    world.klaviyo.faults = async (request) => {
      if (request.method !== 'PATCH' || state === 'applying') return undefined;
      if (state === 'lost') return (await isWantedAgain()) ? undefined : patience();
      state = 'applying';
      await world.klaviyo.app.request(request.clone());
      state = 'lost';
      world.voucherify.setFacts('shop-1', { points: 5 });
      return Response.error();
    };
    world.voucherify.setFacts('shop-1', { points: 7 });
    await until(
      async () => (await isWantedAgain()) && (await world.row('klaviyo', 'shop-1'))?.state === 'delivered',
    );
    expect(world.properties(profile)['loyalty_points']).toBe(5);
  });

  it('answers late: a job whose answer was lost never leaves an older value over a newer one', async () => {
    let lost = 0;
    await open({
      klaviyo: { jobMs: 900_000 },
      writeBack: { klaviyo: { fields: klaviyoFields, create: true } },
    });
    const { profile } = await people();
    world.klaviyo.faults = async (request) => {
      if (lost > 0 || !request.url.endsWith('/profile-bulk-import-jobs')) return undefined;
      lost += 1;
      // It is accepted, and the answer never arrives.
      await world.klaviyo.app.request(request.clone());
      return Response.error();
    };
    await wantAll(
      world.database,
      world.tributary.writingBack.rules,
      [{ sourceId: 'shop-1', groups: groupsOf(1) }],
      {
        lane: 'schedule',
        now: world.clock.now(),
        only: 'klaviyo',
      },
    );
    world.tributary.wake();
    await until(() => lost === 1);
    world.voucherify.setFacts('shop-1', { points: 2 });
    await world.shows(() => world.properties(profile)['loyalty_points'], 2);
    world.clock.skip(3_700_000);
    world.klaviyo.settle();
    world.tributary.wake();
    await until(async () => {
      const jobs = await world.database.rows(sql`select 1 from write_back_jobs`);
      return jobs.length === 0 && (await world.row('klaviyo', 'shop-1'))?.state === 'delivered';
    });
    expect(world.properties(profile)['loyalty_points']).toBe(2);
    expect(klaviyoWrites().calls('job')).toBeGreaterThan(0);
  });
});

describe('what was written', () => {
  it('comes in again and ends there, and does not become the newest of several sources', async () => {
    await open({
      sources: {
        // Klaviyo and a CSV speak of one person.
        files: { connector: 'csv', sourceId: 'id' },
      },
    });
    const { profile } = await people();
    const revision = async () => (await world.row('klaviyo', 'shop-1'))!.revision;
    const customer = () =>
      world.database.rows<{ revision: number }>(
        sql`select revision from customers where source_id = 'shop-1'`,
      );
    const before = await customer();
    const [stored] = await world.database.rows<{ changedAt: number }>(
      sql`select changed_at from records where record_id = ${profile}`,
    );
    world.voucherify.setFacts('shop-1', { points: 3 });
    await world.shows(() => world.properties(profile)['loyalty_points'], 3);
    await world.rest();
    const writes = world.klaviyo.requests.calls('update');
    const wanted = await revision();
    const run = await world.sync('incremental', 'klaviyo');
    expect(run).toMatchObject({ changed: 0 });
    expect(await customer()).toEqual(before);
    expect(
      await world.database.rows(sql`select changed_at from records where record_id = ${profile}`),
    ).toEqual([stored]);
    expect(world.klaviyo.requests.calls('update')).toBe(writes);
    expect(await revision()).toBe(wanted);
    // A change of somebody else is one all the same.
    world.klaviyo.update(profile, { first_name: 'Benno' });
    expect(await world.sync('incremental', 'klaviyo')).toMatchObject({ changed: 1 });
  });
});

describe('a person who is erased', () => {
  it('is cleared at each vendor, which the receipt names, and nothing is written any more', async () => {
    await open();
    const { profile } = await people();
    world.klaviyo.update(profile, { properties: { favourite: 'blue' } });
    world.voucherify.setFacts('shop-1', { points: 3, segments: ['VIP'] }, 'customer.segment.entered');
    await world.shows(() => world.properties(profile)['segments'], ['VIP']);
    await world.rest();
    const { id } = await world.tributary.erase({ sourceId: 'shop-1' });
    await until(async () => (await erasureById(world.database, id))?.endedAt != null);
    expect(world.properties(profile)).toEqual({ favourite: 'blue' });
    const { answers } = (await erasureById(world.database, id))!;
    expect(answers['attributes at klaviyo']).toMatchObject({ answer: 'erased', rows: 2 });
    expect(answers['attributes at hubspot']).toMatchObject({ answer: 'nothing' });
    expect(answers['facts']).toMatchObject({ answer: 'erased', rows: 1 });
    expect(JSON.stringify(answers)).not.toContain(profile);
    world.voucherify.upsert({ source_id: 'shop-1', name: 'Ben' });
    world.voucherify.setFacts('shop-1', { points: 99 });
    await world.rest();
    expect(await world.row('klaviyo', 'shop-1')).toBeUndefined();
    expect(world.properties(profile)).toEqual({ favourite: 'blue' });
  });
});

describe('a person whom a write-back created', () => {
  it('is cleared when they are erased, although the source has not read them yet', async () => {
    await open({ writeBack: { klaviyo: { fields: klaviyoFields, create: true } } });
    world.voucherify.upsert({ source_id: 'shop-7', name: 'Dora' });
    world.voucherify.setFacts('shop-7', { points: 7 });
    await until(async () => (await world.row('klaviyo', 'shop-7'))?.deliveredAt != null);
    const [profile] = world.klaviyo.ids();
    expect(world.properties(profile!)).toEqual({ loyalty_points: 7 });
    const { id } = await world.tributary.erase({ sourceId: 'shop-7' });
    await until(async () => (await erasureById(world.database, id))?.endedAt != null);
    const { answers } = (await erasureById(world.database, id))!;
    expect(answers['attributes at klaviyo']).toMatchObject({ answer: 'erased' });
    expect(world.properties(profile!)).toEqual({});
    expect(world.klaviyo.ids()).toEqual([profile]);
  });
});

describe('a person of whom two records stand', () => {
  it('stays with the record that was written, whichever changed last', async () => {
    await open({ klaviyoSource: { sourceId: 'properties.shop' } });
    const [first, second] = [1, 2].map((number) =>
      world.klaviyo.create({ email: `ben${number}@example.com`, properties: { shop: 'shop-1' } }),
    );
    await world.sync('full', 'klaviyo');
    world.voucherify.setFacts('shop-1', { points: 3 });
    await until(async () => (await world.row('klaviyo', 'shop-1'))?.deliveredAt != null);
    const written = (await world.row('klaviyo', 'shop-1'))!.recordId!;
    const other = written === first ? second! : first!;
    world.klaviyo.update(other, { first_name: 'Benjamin' });
    await world.sync('full', 'klaviyo');
    world.voucherify.setFacts('shop-1', { segments: ['VIP'] }, 'customer.segment.entered');
    await world.shows(() => world.properties(written)['segments'], ['VIP']);
    expect(world.properties(written)).toEqual({ shop: 'shop-1', loyalty_points: 3, segments: ['VIP'] });
    expect(world.properties(other)).toEqual({ shop: 'shop-1' });
  });
});

describe('a dry run', () => {
  it('shows the exact bodies and writes nothing', async () => {
    await open({ writeBack: { klaviyo: { fields: klaviyoFields, dryRun: true } } });
    const { profile } = await people();
    world.voucherify.setFacts('shop-1', { points: 3 });
    await until(async () => (await world.row('klaviyo', 'shop-1'))?.state === 'waiting');
    await world.rest();
    const { body } = await call('/api/write-backs/klaviyo?state=waiting');
    expect(body['writeBacks']).toMatchObject([
      {
        sourceId: 'shop-1',
        state: 'waiting',
        payload: {
          data: { type: 'profile', id: profile, attributes: { properties: { loyalty_points: 3 } } },
        },
      },
    ]);
    expect(world.properties(profile)).toEqual({});
    expect(world.klaviyo.requests.calls('update')).toBe(0);
  });
});

describe('a vendor read back', () => {
  it('shows what somebody else changed there, and heals it if asked', async () => {
    await open();
    const { profile } = await people();
    world.voucherify.setFacts('shop-1', { points: 3 });
    await world.shows(() => world.properties(profile)['loyalty_points'], 3);
    await world.rest();
    const verify = (heal: boolean) => call('/api/write-backs/klaviyo/verify', { sample: 10, heal });
    expect((await verify(false)).body).toMatchObject({ compared: 1, differences: [], missing: 0 });
    world.klaviyo.update(profile, { properties: { loyalty_points: 1_000_000 } });
    expect((await verify(false)).body).toMatchObject({
      differences: [{ sourceId: 'shop-1', attribute: 'loyalty_points', acknowledged: 3, found: 1_000_000 }],
    });
    expect((await verify(true)).body).toMatchObject({ healed: 1 });
    await world.shows(() => world.properties(profile)['loyalty_points'], 3);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: tests read what they name
async function call(path: string, json?: object): Promise<{ status: number; body: Record<string, any> }> {
  const response = await world.web.request(path, {
    method: json ? 'POST' : 'GET',
    headers: { authorization: 'Bearer a-token-for-the-tests', 'content-type': 'application/json' },
    ...(json && { body: JSON.stringify(json) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

function letters(): Promise<object[]> {
  return world.database.rows(sql`select kind, source, ref from dead_letters where settled_at is null`);
}

function patience(): Response {
  return Response.json({ errors: [{ status: 429 }] }, { status: 429, headers: { 'retry-after': '2' } });
}

/** As a reading of the customer would give them. */
function groupsOf(points: number) {
  return { loyalty: { points, referred_customers: 0, campaigns: {} } };
}
