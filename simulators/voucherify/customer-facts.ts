// What a simulated customer has of points, vouchers, segments and orders, and how Voucherify's API shows it. It does not know why.

/** Everything is optional: what is left out is as of a new customer. */
export type CustomerFacts = {
  points?: number;
  /** Points by the name of a loyalty campaign. */
  campaigns?: Record<string, number>;
  /** Names of tiers, of the loyalty card. */
  tiers?: string[];
  card?: string;
  vouchers?: {
    code: string;
    campaign?: string;
    assignedAt: string;
    expiresAt?: string;
    status?: 'ACTIVE' | 'USED' | 'EXPIRED';
    role?: 'OWNER' | 'REFERRER' | 'REFEREE';
  }[];
  segments?: string[];
  redemptions?: number;
  /** Every redemption with its result; what was rolled back has an entry of its own besides. */
  redeemed?: {
    at: string;
    result?: 'SUCCESS' | 'FAILURE';
    status?: 'SUCCEEDED' | 'FAILED' | 'ROLLED_BACK';
    isRollback?: true;
  }[];
  orders?: { count: number; total: number; lastAmount: number; lastAt: string };
};

/** The parts of the customer object. */
export function factParts({ points = 0, campaigns = {}, redemptions = 0, orders }: CustomerFacts) {
  return {
    summary: {
      redemptions: {
        total_redeemed: redemptions,
        total_failed: 0,
        total_succeeded: redemptions,
        total_rolled_back: 0,
        total_rollback_failed: 0,
        total_rollback_succeeded: 0,
        gift: { redeemed_amount: 0, amount_to_go: 0 },
        loyalty_card: { redeemed_points: 0, points_to_go: 0 },
      },
      orders: {
        total_amount: orders?.total ?? 0,
        total_count: orders?.count ?? 0,
        average_amount: orders ? Math.round(orders.total / orders.count) : 0,
        last_order_amount: orders?.lastAmount ?? 0,
        ...(orders && { last_order_date: orders.lastAt }),
      },
    },
    loyalty: {
      points,
      referred_customers: 0,
      campaigns: Object.fromEntries(
        Object.entries(campaigns).map(([name, held]) => [name, { points: held, referred_customers: 0 }]),
      ),
    },
    referrals: { total: 0, campaigns: [] },
  };
}

/** `GET /v1/customers/{id}/redeemables`, newest first. */
export function redeemables(customerId: string, { vouchers = [], card }: CustomerFacts) {
  const held = [
    ...(card === undefined ? [] : [{ code: card, assignedAt: '2025-01-01T00:00:00.000Z', isCard: true }]),
    ...vouchers.map((voucher) => ({ ...voucher, isCard: false })),
  ].toSorted((a, b) => (a.assignedAt < b.assignedAt ? -1 : 1));
  return held
    .map((one, index) => {
      const voucher = one as (typeof vouchers)[number] & { isCard: boolean };
      return {
        id: `rh_${(index + 1).toString(16).padStart(18, '0')}`,
        created_at: voucher.assignedAt,
        redeemable_id: `v_${voucher.code}`,
        redeemable_object: 'voucher',
        customer_id: customerId,
        holder_role: voucher.role ?? 'OWNER',
        campaign_id: 'camp_1',
        campaign_type: voucher.isCard ? 'LOYALTY_PROGRAM' : 'DISCOUNT_COUPONS',
        voucher_type: voucher.isCard ? 'LOYALTY_CARD' : 'DISCOUNT_VOUCHER',
        redeemable: {
          type: 'voucher',
          status: voucher.status ?? 'ACTIVE',
          voucher: {
            id: `v_${voucher.code}`,
            code: voucher.code,
            campaign: voucher.campaign ?? null,
            type: voucher.isCard ? 'LOYALTY_CARD' : 'DISCOUNT_VOUCHER',
            expiration_date: voucher.expiresAt ?? null,
            active: true,
            object: 'voucher',
          },
        },
      };
    })
    .reverse();
}

/** `GET /v1/redemptions`, newest first. */
export function redemptionList(customerId: string, { redeemed = [] }: CustomerFacts, limit: number) {
  const redemptions = redeemed
    .toSorted((a, b) => (a.at < b.at ? 1 : -1))
    .map(({ at, result = 'SUCCESS', status, isRollback }, index) => ({
      id: `${isRollback ? 'rr' : 'r'}_${index}`,
      object: isRollback ? 'redemption_rollback' : 'redemption',
      date: at,
      customer_id: customerId,
      result,
      status: status ?? (result === 'SUCCESS' ? 'SUCCEEDED' : 'FAILED'),
    }));
  const shown = redemptions.slice(0, limit);
  return { object: 'list', data_ref: 'redemptions', redemptions: shown, total: redemptions.length };
}

export function listOf(data: object[]) {
  return { object: 'list', data_ref: 'data', data, total: data.length, has_more: false };
}
