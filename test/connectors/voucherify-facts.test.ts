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
