// Exports of vouchers, publications and redemptions, and what they prove of a customer. An export may be cut off, late or read
// wrongly, so a customer is told of only where two sources agree; the others are read one by one.
// Fields: https://docs.voucherify.io/api-reference/exports/create-export.
import type { FactExports, FactGroups, Json, JsonObject } from '#connector';
import { rowsOf } from '#connector/csv';
import { momentOf, objectOf, valueAt } from '#connector/reading';
import { buffers, comma, loose, unreadable } from './export-file.ts';
import { exportsOrderedSince, orderExport, pollExport, removeExport } from './export-requests.ts';
import { newestVoucher, type Voucher } from './fact-reads.ts';
import { isObject } from './payload.ts';
import type { Settings } from './settings.ts';

type Cells = { [field: string]: string };

interface Kind {
  order: string;
  fields: readonly string[];
  /** The list that says how many there are. */
  counted?: string;
  /** Null: the row tells nothing. */
  value(cells: Cells): JsonObject | null;
}

const owner = ['customer_id', 'customer_source_id'];

/** Publications the other way round: two exports that are cut off do not lack the same. */
const kinds: { readonly [kind: string]: Kind } = {
  voucher: {
    order: 'created_at',
    fields: ['code', 'voucher_type', 'campaign', 'expiration_date', ...owner],
    counted: 'vouchers',
    value: ({ code = '', voucher_type, campaign = '', expiration_date = '' }) => ({
      code,
      campaign: campaign || null,
      expiresAt: expiration_date || null,
      isCard: voucher_type === 'LOYALTY_CARD',
    }),
  },
  publication: {
    order: '-created_at',
    fields: ['voucher_code', 'date', ...owner],
    counted: 'publications',
    value: ({ voucher_code = '', date = '' }) => (voucher_code === '' ? null : { code: voucher_code, date }),
  },
  redemption: {
    order: 'created_at',
    fields: ['object', 'date', 'result', ...owner],
    value: ({ object = '', date = '', result = '' }) => ({ object, date, result }),
  },
};

/** Assignments that lie closer together are not put in an order by their publications, milliseconds. */
const minApartMs = 1_000;

export const factExports: FactExports<Settings> = {
  bundles: [
    { groups: ['voucher', 'card', 'tiers'], kinds: ['voucher', 'publication'] },
    { groups: ['redemptions'], kinds: ['redemption'] },
  ],

  /** Names of tiers are in no export, and neither is which redemption was rolled back. */
  hidden: ({ groups }) => [
    ...(campaignsOf(groups) === namesOf([]) ? [] : ['tiers']),
    ...(isNeverRolledBack(groups) ? [] : ['redemptions']),
  ],

  begin: (context, kind) => orderExport(context, { object: kind, ...kinds[kind]! }),

  poll: (context, kind, exportId) => pollExport(context, exportId, kind),

  async *rows(bytes, kind) {
    const { fields, value } = kinds[kind]!;
    let columns: number[] | null = null;
    let [number, named, nameless] = [0, 0, 0];
    for await (const { fields: cells, reason } of rowsOf(buffers(bytes), { delimiter: comma })) {
      number += 1;
      if (cells === null) throw unreadable(`its row ${number} cannot be read: ${reason}`);
      if (columns === null) {
        columns = columnsOf(cells, fields);
        continue;
      }
      if (cells.length === 1 && cells[0] === '') continue;
      if (cells.length !== fields.length)
        throw unreadable(`its row ${number} has ${cells.length} columns instead of ${fields.length}`);
      const row: Cells = Object.fromEntries(fields.map((field, index) => [field, cells[columns![index]!]!]));
      const sourceId = row['customer_source_id'] || null;
      if (sourceId !== null) named += 1;
      else if (row['customer_id']) nameless += 1;
      yield { sourceId, value: value(row) };
    }
    if (columns === null) throw unreadable('it is empty');
    if (named === 0 && nameless > 0) throw unreadable('it names customers without their source IDs');
  },

  async count({ api }, kind) {
    const { counted } = kinds[kind]!;
    if (counted === undefined) return null;
    const { json } = await api.request({
      path: `/v1/${counted}`,
      query: { limit: 1 },
      isAnswer: (json) => isObject(json) && Array.isArray(json[counted]) && Number.isInteger(json['total']),
    });
    return objectOf(json)['total'] as number;
  },

  remove: removeExport,

  orderedSince: (context, since) =>
    exportsOrderedSince(
      context,
      since,
      Object.entries(kinds).map(([object, { fields }]) => ({ object, fields })),
    ),

  tell: ({ groups }, { voucher, publication, redemption }) => ({
    ...(voucher && publication && ownedIn(groups, voucher, publication)),
    ...(redemption && lastRedemptionIn(groups, redemption)),
  }),
};

/** Where each field stands: all of them and nothing else, else the file is another one. */
function columnsOf(header: readonly string[], fields: readonly string[]): number[] {
  const names = header.map((name) => loose(name.replace(/^\ufeff/, '').trim()));
  const columns = fields.map((field) => names.indexOf(loose(field)));
  if (names.length !== fields.length || columns.includes(-1) || new Set(columns).size !== columns.length)
    throw unreadable('its columns are not those that were asked for');
  return columns;
}

type Owned = Voucher & { isCard: boolean; assignedAt: number };

/**
 * Told where each voucher with this owner was published to them once, and nothing else was. Cards besides have to be those of
 * the campaigns that the customer itself names.
 */
function ownedIn(groups: FactGroups, vouchers: readonly Json[], publications: readonly Json[]): FactGroups {
  const dates = new Map(publications.map(objectOf).map(({ code, date }) => [code, momentOf(date)]));
  const owned = vouchers.map((one) => {
    const held = objectOf(one) as unknown as Owned;
    return { ...held, assignedAt: dates.get(held.code) };
  });
  const isAgreed =
    dates.size === publications.length &&
    owned.length === publications.length &&
    owned.every(({ assignedAt }) => assignedAt !== undefined);
  if (!isAgreed) return {};
  const held = owned as Owned[];
  const voucher = newestOf(held.filter(({ isCard }) => !isCard));
  const cards = held.filter(({ isCard }) => isCard);
  const card = newestOf(cards);
  const areNamed = campaignsOf(groups) === namesOf(cards.map(({ campaign }) => campaign));
  return {
    ...(voucher !== undefined && { voucher: voucher && newestVoucher(voucher) }),
    ...(card !== undefined && areNamed && { card: card && { code: card.code } }),
    // Whoever has no card has no tier.
    ...(card === null && areNamed && { tiers: [] }),
  };
}

/** Null: there is none. Undefined: it cannot be told which one it is. */
function newestOf(held: readonly Owned[]): Owned | null | undefined {
  const [first, second] = held.toSorted((a, b) => b.assignedAt - a.assignedAt);
  if (!first) return null;
  return second && first.assignedAt - second.assignedAt < minApartMs ? undefined : first;
}

/**
 * Told where there are as many as the customer itself counts, and none was ever rolled back: an export does not show which
 * one that was.
 */
function lastRedemptionIn(groups: FactGroups, rows: readonly Json[]): FactGroups {
  const counts = objectOf(valueAt(groups, 'summary.redemptions'));
  if (!isNeverRolledBack(groups)) return {};
  const redeemed = rows.map(objectOf);
  if (redeemed.some(({ object }) => object !== 'redemption')) return {};
  const moments = redeemed.filter(({ result }) => result === 'SUCCESS').map(({ date }) => momentOf(date));
  if (counts['total_succeeded'] !== moments.length || moments.includes(undefined)) return {};
  const last = (moments as number[]).reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return { redemptions: { lastAt: moments.length === 0 ? null : new Date(last).toISOString() } };
}

/** Undefined where the customer does not say. */
function campaignsOf(groups: FactGroups): string | undefined {
  const campaigns = valueAt(groups, 'loyalty.campaigns');
  return isObject(campaigns) ? namesOf(Object.keys(campaigns)) : undefined;
}

function namesOf(names: readonly (string | null)[]): string {
  return JSON.stringify([...new Set(names)].toSorted());
}

function isNeverRolledBack(groups: FactGroups): boolean {
  const counts = objectOf(valueAt(groups, 'summary.redemptions'));
  return counts['total_rolled_back'] === 0 && counts['total_rollback_succeeded'] === 0;
}
