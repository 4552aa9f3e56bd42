// What Voucherify knows of one customer and the customer object does not show: what they own, tiers, redemptions, segments.
// Endpoints: https://docs.voucherify.io/api-reference/customers and /loyalties.
import type { Context, FactGroups, Json, JsonObject } from '#connector';
import { momentOf, objectOf, requestList, valueAt, wordOf } from '#connector/reading';
import { customerPath } from './customer-requests.ts';
import type { Settings } from './settings.ts';

/** A wallet holds few; its IDs ascend, so that the newest come first. */
const walletLimit = 100;
const redemptionLimit = 100;

/** What the customer owns, in the groups that are asked for. */
export async function walletGroups(
  context: Context<Settings>,
  id: string,
  groups: readonly string[],
): Promise<FactGroups> {
  const { held, isFull } = await walletOf(context, id);
  const cardHeld = held.find(({ isCard }) => isCard);
  const voucherHeld = held.find(({ isCard }) => !isCard);
  const found: FactGroups = { wallet: held };
  // What is not among so many may be beyond them.
  if (voucherHeld || !isFull) found['voucher'] = voucherHeld ? newestVoucher(voucherHeld) : null;
  if (cardHeld || !isFull) {
    found['card'] = cardHeld ? { code: cardHeld.code } : null;
    if (groups.includes('tiers')) found['tiers'] = await tiersOf(context, cardHeld?.code ?? null);
  }
  return found;
}

export interface Voucher {
  code: string | null;
  campaign: string | null;
  expiresAt: string | null;
}

/** The newest voucher, as it is kept. */
export function newestVoucher({ code, campaign, expiresAt }: Voucher): JsonObject {
  return { code, campaign, expiresAt: timeText(expiresAt) };
}

/** A time in one form, whatever the precision that it is shown with: lists and exports may differ. */
export function timeText(time: string | null): string | null {
  const moment = time === null ? undefined : momentOf(time);
  return moment === undefined ? time : new Date(moment).toISOString();
}

/** The newest first, without the codes of others. */
async function walletOf(context: Context<Settings>, id: string) {
  const query = { limit: walletLimit, order: '-id' };
  const list = await listAt(context, `${customerPath(id)}/redeemables`, query);
  const held = list
    .map(objectOf)
    .filter(
      ({ holder_role, redeemable_object }) => holder_role === 'OWNER' && redeemable_object === 'voucher',
    )
    .map((held) => {
      const { code, campaign, expiration_date, active } = objectOf(valueAt(held, 'redeemable.voucher'));
      return {
        code: wordOf(code) ?? null,
        campaign: wordOf(campaign) ?? null,
        assignedAt: wordOf(held['created_at']) ?? null,
        expiresAt: wordOf(expiration_date) ?? null,
        isCard: held['voucher_type'] === 'LOYALTY_CARD',
        isActive: active !== false && valueAt(held, 'redeemable.status') === 'ACTIVE',
      };
    })
    .toSorted((a, b) => (b.assignedAt ?? '').localeCompare(a.assignedAt ?? ''));
  return { held, isFull: list.length >= walletLimit };
}

/** Of the newest card that has any: a customer is a member by the card. */
async function tiersOf(context: Context<Settings>, code: string | null): Promise<Json> {
  if (code === null) return [];
  const tiers = await listAt(context, `/v1/loyalties/members/${encodeURIComponent(code)}/tiers`);
  return tiers.map(objectOf).flatMap(({ name }) => (wordOf(name) === undefined ? [] : [{ name: name! }]));
}

/**
 * The last one. Null where it cannot be told: so many failed after it that they fill the list. `customer` takes either ID and the
 * order is documented (https://docs.voucherify.io/api-reference/redemptions/list-redemptions); which statuses a rollback leaves
 * behind is a guess, so neither it nor what it took back counts.
 */
export async function redemptionsOf({ api }: Context<Settings>, id: string): Promise<JsonObject | null> {
  const query = { customer: id, order: '-created_at', limit: redemptionLimit };
  const { list } = await requestList(api, { path: '/v1/redemptions', query }, 'redemptions');
  const last = list
    .map(objectOf)
    .find(
      ({ object, result, status }) =>
        object === 'redemption' && result === 'SUCCESS' && status !== 'ROLLED_BACK' && status !== 'FAILED',
    );
  if (last === undefined && list.length >= redemptionLimit) return null;
  return { lastAt: timeText(wordOf(last?.['date']) ?? null) };
}

export async function segmentsOf(context: Context<Settings>, id: string): Promise<Json> {
  const list = await listAt(context, `${customerPath(id)}/segments`);
  return list.flatMap((segment) => wordOf(objectOf(segment)['name']) ?? []).toSorted();
}

async function listAt(
  { api }: Context<Settings>,
  path: string,
  query: { [name: string]: string | number } = {},
): Promise<Json[]> {
  return (await requestList(api, { path, query }, 'data')).list;
}
