// Vouchers, publications and redemptions as exports show them. It does not know how an export runs.
// Fields and orders: https://docs.voucherify.io/api-reference/exports/create-export.
import { heldVouchers } from './customer-facts.ts';
import type { Truth } from './truth.ts';

export type ExportedRow = { [field: string]: unknown };

interface ExportedObject {
  fields: string[];
  orders: string[];
  defaultOrder: string;
  /** The fields where none are asked for. */
  defaults: string[];
  /** With the fields that can be ordered by. */
  rows(truth: Truth): Iterable<ExportedRow>;
}

const words = (text: string) => text.split(' ');
const bothWays = (fields: string) => words(fields).flatMap((field) => [field, `-${field}`]);

export const exportedObjects: { readonly [object: string]: ExportedObject } = {
  voucher: {
    fields: words(
      'code voucher_type value formula discount_type campaign category start_date expiration_date gift_balance ' +
        'loyalty_balance redemption_quantity redemption_count active qr_code bar_code metadata id is_referral_code ' +
        'created_at updated_at validity_timeframe_interval validity_timeframe_duration validity_day_of_week ' +
        'discount_amount_limit campaign_id additional_info customer_id discount_effect discount_unit_type ' +
        'discount_unit_effect validation_rules_id customer_source_id',
    ),
    orders: bothWays('created_at updated_at code'),
    defaultOrder: '-created_at',
    defaults: words('code voucher_type value discount_type'),
    rows: voucherRows,
  },
  publication: {
    fields: words('voucher_code customer_id customer_source_id date channel campaign is_winner metadata'),
    orders: bothWays('id voucher_code tracking_id customer_id created_at channel'),
    defaultOrder: '-created_at',
    defaults: words('voucher_code customer_id date channel'),
    rows: publicationRows,
  },
  redemption: {
    fields: words(
      'id object date voucher_code campaign promotion_tier_id customer_id customer_source_id customer_name ' +
        'tracking_id order_id order_amount gift_amount loyalty_points result failure_code failure_message metadata',
    ),
    orders: bothWays('id voucher_code tracking_id customer_id created_at'),
    defaultOrder: '-created_at',
    defaults: words('id object voucher_code customer_id date result'),
    rows: redemptionRows,
  },
};

/** One row a code, with the customer it was assigned to last; and one that is assigned to nobody. */
export function voucherRows(truth: Truth): ExportedRow[] {
  const rows = new Map<string, ExportedRow & { assignedAt: string }>();
  const base = { discount_type: 'AMOUNT', value: 100, active: true, created_at: '2025-01-01T00:00:00.000Z' };
  rows.set('UNASSIGNED', { ...base, code: 'UNASSIGNED', voucher_type: 'DISCOUNT_VOUCHER', assignedAt: '' });
  for (const { id, sourceId, facts } of truth.all())
    for (const { code, campaign, expiresAt, assignedAt, isCard, role = 'OWNER' } of heldVouchers(facts)) {
      if (role !== 'OWNER' || (rows.get(code)?.assignedAt ?? '') > assignedAt) continue;
      rows.set(code, {
        ...base,
        id: `v_${code}`,
        code,
        campaign: campaign ?? null,
        voucher_type: isCard ? 'LOYALTY_CARD' : 'DISCOUNT_VOUCHER',
        expiration_date: expiresAt ?? null,
        customer_id: id,
        customer_source_id: sourceId,
        assignedAt,
      });
    }
  return [...rows.values()];
}

export function publicationRows(truth: Truth): ExportedRow[] {
  return [...truth.all()].flatMap(({ id, sourceId, facts }) =>
    heldVouchers(facts)
      .filter(({ role = 'OWNER', unpublished }) => role === 'OWNER' && !unpublished)
      .map(({ code, campaign, assignedAt }) => ({
        voucher_code: code,
        customer_id: id,
        customer_source_id: sourceId,
        date: assignedAt,
        created_at: assignedAt,
        channel: 'API',
        campaign: campaign ?? null,
      })),
  );
}

function redemptionRows(truth: Truth): ExportedRow[] {
  return [...truth.all()].flatMap(({ id, sourceId, facts }) =>
    (facts.redeemed ?? []).map(({ at, result = 'SUCCESS', isRollback }, index) => ({
      id: `${isRollback ? 'rr' : 'r'}_${id}_${index}`,
      object: isRollback ? 'redemption_rollback' : 'redemption',
      date: at,
      created_at: at,
      customer_id: id,
      customer_source_id: sourceId,
      result,
    })),
  );
}
