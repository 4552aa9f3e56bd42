// The first reading of facts by exports: fewer calls, and never a customer who is taken to have nothing because an export says so.
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import type { CustomerFacts } from '../../simulators/voucherify/customer-facts.ts';
import type { Fault } from '../../simulators/voucherify.ts';
import { loadWalk, usedLoad } from '../../src/sync/write-back/fact-load.ts';
import { exportedFactsOf, keepExportedFacts } from '../../src/tables/exported-facts.ts';
import { walkOf } from '../../src/tables/walks.ts';
import { until } from '../support/sync-world.ts';
import {
  openWriteBackWorld,
  type WriteBackWorld,
  type WriteBackWorldOptions,
} from '../support/write-back-world.ts';

const [early, late] = ['2026-01-01T10:00:00.000Z', '2026-02-01T10:00:00.000Z'];
const count = 40;
const fields = { code: 'vouchers.last.code', redeemed: 'redemptions.last.at' };

let world: WriteBackWorld;
afterEach(() => world.close());

/** Every third has a voucher and a redemption, every third an older voucher too. `odd`: of one of them something else. */
async function load(
  options: WriteBackWorldOptions['voucherify'] & { odd?: CustomerFacts } = {},
  paths: object = fields,
) {
  const { odd, ...voucherify } = options;
  world = await openWriteBackWorld({
    start: false,
    webhooks: false,
    voucherify,
    config: { writeBack: { klaviyo: { fields: paths } } },
  });
  for (let index = 0; index < count; index += 1) {
    const id = `shop-${index}`;
    world.voucherify.upsert({ source_id: id, name: `Person ${index}` });
    if (index % 3 === 0) continue;
    const newest = { code: `NEW-${index}`, assignedAt: late, expiresAt: '2027-01-01T00:00:00Z' };
    const vouchers = index % 3 === 1 ? [newest] : [{ code: `OLD-${index}`, assignedAt: early }, newest];
    world.voucherify.setFacts(id, { vouchers, redeemed: [{ at: early }, { at: late }] }, null);
  }
  if (odd) world.voucherify.setFacts('shop-7', odd, null);
  const forecast = (await world.tributary.planWriteBacks())!;
  await world.tributary.start();
  if ((voucherify.exportMs ?? 0) > 1_800_000) {
    await until(() => calls('/v1/exports/:id') > 0);
    world.clock.skip(1_900_000);
    world.tributary.wake();
  }
  await until(async () => {
    const walk = await walkOf(world.database, 'facts');
    const [row] = await world.database.rows<{ open: number }>(sql`select count(*)::int as open from touches`);
    return walk?.rounds === 1 && row?.open === 0;
  });
  return { forecast, used: usedLoad(await walkOf(world.database, loadWalk)) !== null };
}

const calls = (...routes: string[]) =>
  [...world.voucherify.requests]
    .filter(([route]) => routes.some((one) => route.startsWith(`GET ${one} `)))
    .reduce((sum, [, times]) => sum + times, 0);
const singleReads = () =>
  calls('/v1/customers/:customerId', '/v1/customers/:customerId/redeemables', '/v1/redemptions');

async function known(id: string) {
  const [row] = await world.database.rows<{ groups: { [group: string]: unknown } }>(
    sql`select groups from facts where source_id = ${id}`,
  );
  return row?.groups;
}

const none = { voucher: null, redemptions: { lastAt: null } };
const newest = (index: number) => ({
  voucher: { code: `NEW-${index}`, campaign: null, expiresAt: '2027-01-01T00:00:00.000Z' },
  redemptions: { lastAt: late },
});

/** What every customer has, whatever became of the exports. */
async function expectTruth(odd?: object) {
  for (const index of [0, 1, 2, 7, 38, 39])
    expect(await known(`shop-${index}`)).toEqual(
      index === 7 && odd ? odd : index % 3 === 0 ? none : newest(index),
    );
  expect(await world.database.rows(sql`select 1 from exported_facts`)).toEqual([]);
  const { exports } = world.voucherify.snapshot();
  expect(exports).toEqual([]);
}

describe('exports', () => {
  it('tell what everybody has with fewer calls, forecast, and are deleted', async () => {
    const { forecast, used } = await load({ exportMs: 5_000 });
    expect(used).toBe(true);
    expect(singleReads()).toBeLessThanOrEqual(16 * 3);
    const planned = forecast.reading.calls.find(({ what }) => what === 'exports')!.calls;
    expect(forecast.reading.calls.map(({ what }) => what)).toEqual(['exports', 'lists of customers']);
    const made = [...world.voucherify.requests.values()].reduce((sum, times) => sum + times, 0);
    expect(made).toBeLessThanOrEqual(planned + 10);
    await expectTruth();
    // What is kept of an export while it is read is forgotten with the person.
    const row = { kind: 'voucher', position: 1, value: { code: 'NEW-1' } };
    await keepExportedFacts(world.database, [{ ...row, sourceId: 'shop-1' }]);
    await world.tributary.erase({ sourceId: 'shop-1' });
    expect(await exportedFactsOf(world.database, ['shop-1'], 10)).toEqual(new Map([['shop-1', []]]));
  });

  it('leave to single reads whom they do not prove: rolled back, or assigned without a publication', async () => {
    const odd = {
      vouchers: [{ code: 'GIVEN', assignedAt: late, unpublished: true as const }],
      redeemed: [{ at: early }, { at: late, status: 'ROLLED_BACK' as const }],
    };
    const { used } = await load({ odd });
    expect(used).toBe(true);
    await expectTruth({
      voucher: { code: 'GIVEN', campaign: null, expiresAt: null },
      redemptions: { lastAt: early },
    });
  });

  it('are ordered and read again where an answer is lost, and none is left behind', async () => {
    const lost = new Set<string>();
    const once = (what: string, fault: Fault): Fault => {
      if (lost.has(what)) return undefined;
      lost.add(what);
      return fault;
    };
    const { used } = await load({
      faults(request, route) {
        if (route === 'POST /v1/exports') return once('order', 'apply-then-cut');
        const isFile = route === 'GET /v1/exports/:id' && new URL(request.url).searchParams.has('token');
        return isFile ? once('file', 'drop') : undefined;
      },
    });
    expect(lost).toEqual(new Set(['order', 'file']));
    expect(used).toBe(true);
    await expectTruth();
  });

  it.each(['POST /v1/exports', 'GET /v1/exports/:id', 'GET /v1/vouchers'])(
    'are read all the same where %s is refused once',
    async (refused) => {
      let calls = 0;
      const { used } = await load({
        exportMs: 5_000,
        faults: (_, route): Fault => {
          if (route !== refused) return undefined;
          calls += 1;
          return calls === 1
            ? Response.json({ code: 401, key: 'unauthorized', message: 'Unauthorized' }, { status: 401 })
            : undefined;
        },
      });
      expect([calls > 1, used]).toEqual([true, true]);
      await expectTruth();
    },
  );

  it('are not ordered where they tell nothing that flows back, or reading each is no more calls', async () => {
    await load({}, { tier: 'loyalty.tier', code: 'vouchers.last.code', active: 'vouchers.active' });
    expect(world.voucherify.requests.get('POST /v1/exports 200')).toBeUndefined();
  });
});

/** What is answered in the place of a file. */
const filesAs = (body: (url: URL) => string | undefined): WriteBackWorldOptions['voucherify'] => ({
  faults: (request, route): Fault => {
    const url = new URL(request.url);
    if (route !== 'GET /v1/exports/:id' || !url.searchParams.has('token')) return undefined;
    const text = body(url);
    return text === undefined ? undefined : new Response(text, { headers: { 'Content-Type': 'text/csv' } });
  },
});

describe('exports that are not true are not believed, and nobody is taken to have nothing', () => {
  it.each<[string, WriteBackWorldOptions['voucherify']]>([
    ['cut off', { exportMaxRows: 20 }],
    ['empty', { exportMaxRows: 0 }],
    ['refused', { faults: (_, route) => refusal(route) }],
    ['never made', { exportMs: 3_600_000 }],
    ['a page of a gateway', filesAs(() => '<html><body>Sign in</body></html>')],
    ["somebody else's", filesAs((url) => theirs(url))],
  ])('%s', async (_, voucherify) => {
    const { used } = await load(voucherify);
    expect(used).toBe(false);
    expect(singleReads()).toBeGreaterThan(count * 3 - 1);
    await expectTruth();
  });
});

const refusal = (route: string): Fault =>
  route === 'POST /v1/exports'
    ? Response.json(
        { code: 402, key: 'missing_required_feature', message: 'Not in your plan' },
        { status: 402 },
      )
    : undefined;

/** Well-formed files of another project, with rows enough. */
function theirs(url: URL): string {
  const index = Number(url.searchParams.get('token')!.split('-').at(-1));
  const [header, row] = [
    [
      'Code,Voucher Type,Campaign,Expiration Date,Customer ID,Customer Source ID',
      'C#,DISCOUNT_VOUCHER,,,cust_#,them-#',
    ],
    ['Voucher Code,Date,Customer ID,Customer Source ID', `C#,${late},cust_#,them-#`],
    ['Object,Date,Result,Customer ID,Customer Source ID', `redemption,${late},SUCCESS,cust_#,them-#`],
  ][(index - 1) % 3]!;
  return [header, ...Array.from({ length: 200 }, (_, at) => row!.replaceAll('#', String(at)))].join('\n');
}
