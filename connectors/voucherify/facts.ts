// What Voucherify knows of a customer and no source supplies: points, tiers, codes, segments, sums.
// Endpoints: https://docs.voucherify.io/api-reference/customers and /loyalties.
import type { FactGroups, FactReading, Facts, FactValue, Json, JsonObject } from '#connector';
import { listOf, objectOf, valueAt, wordOf } from '#connector/reading';
import { customerPath, find } from './customer-requests.ts';
import { factExports } from './fact-exports.ts';
import { redemptionsOf, segmentsOf, walletGroups } from './fact-reads.ts';
import { isObject } from './payload.ts';
import { listedPage, pageCustomers } from './read-back.ts';
import type { Settings } from './settings.ts';

/** Groups that the customer itself holds. */
const ofCustomer = ['loyalty', 'summary', 'referrals'];
/** Groups that are read from what the customer owns. */
const ofWallet = ['wallet', 'voucher', 'card', 'tiers'];

type Value = (groups: FactGroups) => Json | undefined;

/** A value that stands in a group as Voucherify gives it. */
const at =
  (path: string): Value =>
  (groups) =>
    valueAt(groups, path);

/** Voucherify shows 0 points of a customer who has no card as well. */
function isMember(loyalty: Json | undefined): boolean {
  return valueAt(loyalty, 'points') !== 0 || Object.keys(objectOf(valueAt(loyalty, 'campaigns'))).length > 0;
}

/** Of the orders, if there are any: without one Voucherify shows 0. */
const ofOrders =
  (name: string): Value =>
  ({ summary }) =>
    valueAt(summary, 'orders.total_count') === 0 ? null : valueAt(summary, `orders.${name}`);

const values: { readonly [path: string]: { groups: string[]; value: Value; says: string } } = {
  'loyalty.points': {
    groups: ['loyalty'],
    value: ({ loyalty }) => (isMember(loyalty) ? valueAt(loyalty, 'points') : null),
    says: 'The points of all loyalty cards; none without a card.',
  },
  'loyalty.tier': {
    groups: ['tiers'],
    value: ({ tiers }) => valueAt(tiers, '0.name'),
    says: 'The name of the tier on the newest loyalty card that has one.',
  },
  'loyalty.card': {
    groups: ['card'],
    value: at('card.code'),
    says: 'The code of the newest loyalty card.',
  },
  'loyalty.referred_customers': {
    groups: ['loyalty'],
    value: at('loyalty.referred_customers'),
    says: 'The number of customers whom the customer has referred.',
  },
  'vouchers.last.code': {
    groups: ['voucher'],
    value: at('voucher.code'),
    says: 'The code of the voucher assigned last.',
  },
  'vouchers.last.campaign': {
    groups: ['voucher'],
    value: at('voucher.campaign'),
    says: 'The name of its campaign.',
  },
  'vouchers.last.assigned_at': {
    groups: ['wallet'],
    value: ({ wallet }) =>
      valueAt(listOf(wallet).find((held) => objectOf(held)['isCard'] !== true) ?? {}, 'assignedAt'),
    says: 'When it was assigned, ISO 8601.',
  },
  'vouchers.last.expires_at': {
    groups: ['voucher'],
    value: at('voucher.expiresAt'),
    says: 'When it expires, ISO 8601.',
  },
  'vouchers.active': {
    groups: ['wallet'],
    value: ({ wallet }) =>
      listOf(wallet)
        .map(objectOf)
        .filter(({ isCard, isActive }) => isCard !== true && isActive === true)
        .flatMap(({ code }) => wordOf(code) ?? []),
    says: 'The codes of the vouchers that can be redeemed now, as a list; of the newest 100.',
  },
  segments: {
    groups: ['segments'],
    value: ({ segments }) => segments,
    says: 'The names of the segments, as a list in alphabetical order.',
  },
  'redemptions.total': {
    groups: ['summary'],
    value: at('summary.redemptions.total_redeemed'),
    says: 'The number of redemptions.',
  },
  'redemptions.last.at': {
    groups: ['redemptions'],
    value: at('redemptions.lastAt'),
    says: 'When the last redemption was made that succeeded and was not rolled back, ISO 8601.',
  },
  'orders.total_count': {
    groups: ['summary'],
    value: at('summary.orders.total_count'),
    says: 'The number of paid orders.',
  },
  'orders.total_amount': {
    groups: ['summary'],
    value: at('summary.orders.total_amount'),
    says: 'Their sum, in the smallest unit of the currency (cents).',
  },
  'orders.average_amount': {
    groups: ['summary'],
    value: ofOrders('average_amount'),
    says: 'Their average, in the smallest unit; none without orders.',
  },
  'orders.last.amount': {
    groups: ['summary'],
    value: ofOrders('last_order_amount'),
    says: 'The amount of the last order, in the smallest unit.',
  },
  'orders.last.at': {
    groups: ['summary'],
    value: ofOrders('last_order_date'),
    says: 'When the last order was placed, ISO 8601.',
  },
  'referrals.total': {
    groups: ['referrals'],
    value: at('referrals.total'),
    says: 'The number of referrals.',
  },
};

/** The points of one campaign: `loyalty.campaigns.NAME.points`, whatever characters the name has. */
const campaignPath = /^loyalty\.campaigns\.(.+)\.points$/;

export const facts: Facts<Settings> = {
  paths: {
    ...Object.fromEntries(Object.entries(values).map(([path, { says }]) => [path, says])),
    'loyalty.campaigns.NAME.points': 'The points in the loyalty campaign of this name.',
  },

  groupsOf(path) {
    if (Object.hasOwn(values, path)) return values[path]!.groups;
    return campaignPath.test(path) ? ['loyalty'] : null;
  },

  value(path, groups) {
    const needed = facts.groupsOf(path) ?? [];
    if (needed.length === 0 || !needed.every((group) => Object.hasOwn(groups, group))) return undefined;
    const [, campaign] = campaignPath.exec(path) ?? [];
    if (campaign === undefined) return factValue(values[path]!.value(groups));
    const campaigns = objectOf(valueAt(groups, 'loyalty.campaigns'));
    return factValue(Object.hasOwn(campaigns, campaign) ? objectOf(campaigns[campaign])['points'] : null);
  },

  async read(context, customer, groups) {
    const body = await find(context, {
      path: customerPath(customer),
      isAnswer: (json) => isObject(json) && [json['id'], json['source_id']].includes(customer),
    });
    if (body === null) return null;
    const found: FactGroups = customerGroups(body);
    // By its own ID, which every path takes and no other customer has.
    const id = wordOf(body['id']) ?? customer;
    if (groups.some((group) => ofWallet.includes(group)))
      Object.assign(found, await walletGroups(context, id, groups));
    if (groups.includes('redemptions')) {
      const redemptions = await redemptionsOf(context, id);
      if (redemptions !== null) found['redemptions'] = redemptions;
    }
    if (groups.includes('segments')) found['segments'] = await segmentsOf(context, id);
    const wanted = Object.entries(found).filter(([group]) => groups.includes(group));
    return { sourceId: wordOf(body['source_id']) ?? null, groups: Object.fromEntries(wanted) };
  },

  callsFor(groups) {
    const needs = (...some: string[]) => (groups.some((group) => some.includes(group)) ? 1 : 0);
    return groups.length === 0
      ? 0
      : 1 + needs(...ofWallet) + needs('tiers') + needs('segments') + needs('redemptions');
  },

  list: {
    groups: ofCustomer,
    pageSize: pageCustomers,
    async page(context, cursor) {
      const { listed, ...page } = await listedPage(context, cursor);
      return { readings: listed.map((customer) => readingOf(customer)), ...page };
    },
  },

  exports: factExports,
};

/** What a customer object holds. Of an embedded one a part may be null although there is something. */
export function readingOf(customer: JsonObject, { embedded = false } = {}): FactReading {
  const groups = Object.entries(customerGroups(customer)).filter(([, value]) => !embedded || value !== null);
  return { sourceId: wordOf(customer['source_id']) ?? null, groups: Object.fromEntries(groups) };
}

function customerGroups(customer: JsonObject): FactGroups {
  return Object.fromEntries(
    ofCustomer.flatMap((group) => (Object.hasOwn(customer, group) ? [[group, customer[group]!]] : [])),
  );
}

/** A list in a fixed order, and none where it is empty; anything that is no value is none. */
function factValue(found: Json | undefined): FactValue {
  if (Array.isArray(found)) {
    const texts = found.filter((one) => typeof one === 'string').toSorted();
    return texts.length > 0 ? texts : null;
  }
  return found === undefined || (typeof found === 'object' && found !== null) ? null : found;
}
