// What Voucherify knows of a customer, read from the simulator: what there is not is empty, and what cannot be told is left out.
import { describe, expect, it } from 'vitest';
import { facts } from '../../connectors/voucherify/facts.ts';
import { voucherify } from '../../connectors/voucherify/index.ts';
import type { CustomerFacts } from '../../simulators/voucherify/customer-facts.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { directApi } from '../support/direct-api.ts';
import { localFiles } from '../support/local-files.ts';

const [appId, appToken] = ['app-id', 'app-token-00000000'];
const now = Date.parse('2026-03-01T12:00:00Z');

async function valuesOf(held: CustomerFacts, ...paths: string[]) {
  const simulator = createVoucherifySimulator({ now: () => now, appId, appToken });
  simulator.upsert({ source_id: 'ann', name: 'Ann' });
  simulator.setFacts('ann', held, null);
  const settings = voucherify.settings.parse({ appId, appToken });
  const api = directApi(simulator.app, voucherify.api!(settings as never), () => now);
  let calls = 0;
  const counting = {
    ...api,
    request(request: never) {
      calls += 1;
      return api.request(request);
    },
  };
  const context = { settings, api: counting, files: localFiles, now } as never;
  const groups = [...new Set(paths.flatMap((path) => facts.groupsOf(path) ?? []))];
  const reading = await facts.read(context, 'ann', groups);
  // What a forecast is told of the calls is what they are.
  expect(calls).toBeLessThanOrEqual(facts.callsFor(groups));
  return paths.map((path) => facts.value(path, reading!.groups));
}

describe('what there is not', () => {
  it('is empty and not zero: points without a card, amounts without an order', async () => {
    const paths = ['loyalty.points', 'orders.last.amount', 'orders.average_amount', 'orders.last.at'];
    expect(await valuesOf({}, ...paths)).toEqual([null, null, null, null]);
    expect(await valuesOf({ campaigns: { Club: 0 } }, 'loyalty.points')).toEqual([0]);
    expect(await valuesOf({ points: 7 }, 'loyalty.points')).toEqual([7]);
    expect(await valuesOf({}, 'orders.total_count', 'redemptions.total')).toEqual([0, 0]);
    const orders = { count: 2, total: 300, lastAmount: 0, lastAt: '2026-02-01T10:00:00.000Z' };
    expect(await valuesOf({ orders }, ...paths.slice(1))).toEqual([0, 150, '2026-02-01T10:00:00.000Z']);
  });
});

describe('the last redemption', () => {
  const last = (redeemed: NonNullable<CustomerFacts['redeemed']>) =>
    valuesOf({ redeemed }, 'redemptions.last.at');
  const [early, late] = ['2026-01-01T10:00:00.000Z', '2026-02-01T10:00:00.000Z'];

  it('is the newest that succeeded and stands', async () => {
    expect(await last([])).toEqual([null]);
    expect(await last([{ at: early }, { at: late }])).toEqual([late]);
    expect(await last([{ at: early }, { at: late, result: 'FAILURE' }])).toEqual([early]);
    expect(await last([{ at: early }, { at: late, status: 'ROLLED_BACK' }])).toEqual([early]);
    expect(await last([{ at: early }, { at: late, isRollback: true }])).toEqual([early]);
  });

  it('is not told where so many failed after it that they fill the list: what vendors have stays', async () => {
    const failed = Array.from({ length: 100 }, () => ({ at: late, result: 'FAILURE' as const }));
    expect(await last([{ at: early }, ...failed])).toEqual([undefined]);
  });
});

describe('what exports prove of a customer', () => {
  const [early, late] = ['2026-01-01T10:00:00.000Z', '2026-02-01T10:00:00.000Z'];
  const held = (code: string, isCard = false) => ({
    code,
    campaign: isCard ? 'Club' : null,
    expiresAt: null,
    isCard,
  });
  const published = (code: string, date: string) => ({ code, date });
  const customer = (campaigns: object, redemptions: object = {}) => ({
    sourceId: 'ann',
    groups: { loyalty: { points: 0, campaigns }, summary: { redemptions } } as never,
  });
  const owned = (vouchers: object[], publications: object[], campaigns: object = {}) =>
    facts.exports!.tell(customer(campaigns), {
      voucher: vouchers as never,
      publication: publications as never,
    });
  const voucher = (code: string) => ({ code, campaign: null, expiresAt: null });

  it('is the newest of the vouchers that were published to them, and nothing where neither export knows any', () => {
    expect(owned([], [])).toEqual({ voucher: null, card: null, tiers: [] });
    expect(owned([held('A'), held('B')], [published('B', late), published('A', early)])).toMatchObject({
      voucher: voucher('B'),
    });
  });

  it.each<[string, object[], object[]]>([
    ['a voucher that no publication names', [held('A'), held('B')], [published('B', late)]],
    ['a publication of what somebody else holds', [held('A')], [published('A', early), published('B', late)]],
    ['a voucher published twice', [held('A')], [published('A', early), published('A', late)]],
    ['a publication without a time', [held('A')], [published('A', '')]],
    ['vouchers cut off', [], [published('A', early)]],
  ])('is not told from %s', (_, vouchers, publications) => {
    expect(owned(vouchers, publications)).toEqual({});
  });

  it('does not tell which of two is the newer where they were published within a second', () => {
    const soon = '2026-01-01T10:00:00.400Z';
    const told = owned([held('A'), held('B')], [published('B', soon), published('A', early)]);
    expect(told).not.toHaveProperty('voucher');
  });

  it('is a card only of a campaign that the customer names too', () => {
    const [cards, publications] = [[held('C', true)], [published('C', early)]];
    expect(owned(cards, publications, { Club: {} })).toEqual({ voucher: null, card: { code: 'C' } });
    expect(owned(cards, publications, {})).toEqual({ voucher: null });
    expect(owned([], [], { Club: {} })).toEqual({ voucher: null });
  });

  it('is the last redemption where there are as many as the customer counts and none was rolled back', () => {
    const rows = [early, late].map((date) => ({ object: 'redemption', result: 'SUCCESS', date }));
    const told = (counts: object, redemption: object[]) =>
      facts.exports!.tell(customer({}, counts), { redemption: redemption as never });
    const counts = { total_succeeded: 2, total_rolled_back: 0, total_rollback_succeeded: 0 };
    expect(told(counts, rows)).toEqual({ redemptions: { lastAt: late } });
    expect(told({ ...counts, total_succeeded: 0 }, [])).toEqual({ redemptions: { lastAt: null } });
    expect(told({ ...counts, total_succeeded: 3 }, rows)).toEqual({});
    expect(told({ ...counts, total_rolled_back: 1 }, rows)).toEqual({});
    expect(told(counts, [...rows, { object: 'redemption_rollback', result: 'SUCCESS', date: late }])).toEqual(
      {},
    );
    expect(told({}, rows)).toEqual({});
  });

  it('is never the tier of a member, nor the last redemption of whoever was rolled back one', () => {
    const counts = { total_rolled_back: 0, total_rollback_succeeded: 0 };
    const { hidden } = facts.exports!;
    expect(hidden(customer({}, counts))).toEqual([]);
    expect(hidden(customer({ Club: {} }, { ...counts, total_rolled_back: 1 }))).toEqual([
      'tiers',
      'redemptions',
    ]);
  });
});
