// When the first reading of facts takes exports: by the calls that remain for each customer.
import { expect, it } from 'vitest';
import { facts } from '../../connectors/voucherify/facts.ts';
import type { FactReading } from '../../src/connector.ts';
import { planFactLoad } from '../../src/sync/write-back/fact-load-plan.ts';

const listed = (isMember: boolean): FactReading => ({
  sourceId: 'ann',
  groups: {
    loyalty: { points: 0, campaigns: isMember ? { Club: {} } : {} },
    summary: { redemptions: { total_rolled_back: 0, total_rollback_succeeded: 0 } },
  },
});
const plan = (paths: string[], customers: number, some = [listed(false), listed(true)]) =>
  planFactLoad(facts as never, [...new Set(paths.flatMap((path) => facts.groupsOf(path)!))], {
    customers,
    some,
  });

it('takes them if they are fewer calls than reading each customer, and not otherwise', () => {
  const paths = ['loyalty.points', 'vouchers.last.code', 'redemptions.last.at'];
  // The customer, the wallet and the redemptions of each: none of them remains.
  const { calls, ...taken } = plan(paths, 1_000)!;
  expect(taken).toMatchObject({ kinds: ['voucher', 'publication', 'redemption'], callsEach: 0 });
  expect(plan(paths, Math.floor(calls / 3))).toBeNull();
  expect(plan(paths, Math.floor(calls / 3) + 1)).not.toBeNull();
  expect(plan(['loyalty.points', 'orders.total_count'], 1_000_000)).toBeNull();
  expect(plan(['vouchers.last.code', 'vouchers.active'], 1_000_000)).toBeNull();
});

it('counts that tiers of members, and segments, are read one by one', () => {
  // Two calls for segments; of a member two more for the wallet and the tiers.
  expect(plan(['vouchers.last.code', 'loyalty.tier', 'segments'], 1_000)).toMatchObject({
    kinds: ['voucher', 'publication'],
    callsEach: 3,
  });
  expect(plan(['vouchers.last.code', 'loyalty.tier', 'segments'], 1_000, [listed(true)])).toBeNull();
});
