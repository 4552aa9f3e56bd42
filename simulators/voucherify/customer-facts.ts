// What a simulated customer has of points, vouchers, segments and orders, and how Voucherify's API shows it. It does not know why.

/** Everything is optional: what is left out is as of a new customer. */
export type CustomerFacts = {
  points?: number;
  /** Points by the name of a loyalty campaign. */
  campaigns?: Record<string, number>;
  /** Names of tiers, of the loyalty card. */
  tiers?: string[];
  /** The code of a loyalty card, of the first campaign. */
  card?: string;
  vouchers?: {
    code: string;
    campaign?: string;
    assignedAt: string;
    expiresAt?: string;
    status?: 'ACTIVE' | 'USED' | 'EXPIRED';
    role?: 'OWNER' | 'REFERRER' | 'REFEREE';
    /** Assigned in another way than by a publication. */
    unpublished?: true;
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

/** The campaign of the loyalty card. */
function cardCampaign({ campaigns = {} }: CustomerFacts): string {
  return Object.keys(campaigns)[0] ?? 'Loyalty Program';
}

/** Of `redeemed`, unless the number alone is given. */
function redemptionTotals({ redeemed = [], redemptions }: CustomerFacts) {
  const made = redeemed.filter(({ isRollback }) => !isRollback);
  const rollbacks = redeemed.filter(({ isRollback }) => isRollback);
  const succeeded = redemptions ?? made.filter(({ result }) => result !== 'FAILURE').length;
  const rolledBack = made.filter(({ status }) => status === 'ROLLED_BACK').length;
  return {
    total_redeemed: redemptions ?? made.length,
    total_failed: made.filter(({ result }) => result === 'FAILURE').length,
    total_succeeded: succeeded,
    total_rolled_back: Math.max(rolledBack, rollbacks.length),
    total_rollback_failed: 0,
    total_rollback_succeeded: Math.max(rolledBack, rollbacks.length),
  };
}

/** The parts of the customer object. */
export function factParts(facts: CustomerFacts) {
  const { points = 0, card, orders } = facts;
  const campaigns = facts.campaigns ?? (card === undefined ? {} : { [cardCampaign(facts)]: points });
  return {
    summary: {
      redemptions: {
        ...redemptionTotals(facts),
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

/** Everything that is assigned to the customer, oldest first. */
export function heldVouchers(facts: CustomerFacts) {
  const { vouchers = [], card } = facts;
  type Held = NonNullable<CustomerFacts['vouchers']>[number] & { isCard: boolean };
  const cards: Held[] =
    card === undefined
      ? []
      : [
          {
            code: card,
            campaign: cardCampaign(facts),
            assignedAt: '2025-01-01T00:00:00.000Z',
            isCard: true,
          },
        ];
  return [...cards, ...vouchers.map((voucher): Held => ({ ...voucher, isCard: false }))].toSorted((a, b) =>
    a.assignedAt < b.assignedAt ? -1 : 1,
  );
}

/** `GET /v1/customers/{id}/redeemables`, newest first. */
export function redeemables(customerId: string, facts: CustomerFacts) {
  return heldVouchers(facts)
    .map((voucher, index) => {
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
