// What must be written: a customer against what the destination acknowledged. The smallest safe set of fields, or
// nothing. It knows no payload; fields that no source of ours gives are never named, so never overwritten.
import type { Fields, PartialWrites } from '../connector.ts';
import { type FieldGroup, groupOf } from './fields.ts';
import { sameJson } from './json.ts';

/**
 * Stands in what is acknowledged for "something, it is not known what": an attempt may have left it. No field can have
 * the empty text, so it differs from every value and from null, and whatever the field is to be next is sent.
 */
export const unknownValue = '';

export interface DiffOptions {
  /** An earlier attempt may or may not have arrived: what the destination holds of our fields is not known. */
  uncertain: boolean;
  partialWrites: PartialWrites;
  /** Where the vendor replaces: the groups that it does it to. Default: all. */
  replacedGroups?: readonly FieldGroup[] | undefined;
  /** A field that no source gives any more: kept at the destination as it is, or cleared. */
  withdrawn: 'keep' | 'clear';
}

/** What the customer should be, and the names of fields that were there once and are in no contribution now. */
export interface DesiredCustomer {
  fields: Fields;
  dropped: readonly string[];
}

/**
 * The fields to write, sorted by name; `{}` to create a customer without fields; null when nothing is to be written.
 * `acknowledged` is what the destination has accepted so far, null before the first accepted write.
 */
export function changes(
  customer: DesiredCustomer,
  acknowledged: Fields | null,
  options: DiffOptions,
): Fields | null {
  const known = acknowledged ?? {};
  const write: Fields = {};
  for (const field of Object.keys(customer.fields)) {
    const value = customer.fields[field]!;
    if (options.uncertain || !sameJson(value, known[field] ?? null)) write[field] = value;
  }
  if (options.withdrawn === 'clear') clearWithdrawn(write, customer, known, options.uncertain);
  if (options.partialWrites === 'replace') completeGroups(write, customer, known, options);
  const names = Object.keys(write).sort();
  if (names.length === 0) return acknowledged === null ? {} : null;
  const sorted: Fields = {};
  for (const field of names) sorted[field] = write[field]!;
  return sorted;
}

function clearWithdrawn(write: Fields, customer: DesiredCustomer, known: Fields, uncertain: boolean): void {
  for (const [field, value] of Object.entries(known)) {
    if (value !== null && !Object.hasOwn(customer.fields, field)) write[field] = null;
  }
  // The attempt that may have arrived may have carried a field that was never acknowledged.
  if (!uncertain) return;
  for (const field of customer.dropped) if (!Object.hasOwn(customer.fields, field)) write[field] = null;
}

/** Where the vendor loses what is left out of an object: the rest of it that is ours, and that stays. */
function completeGroups(write: Fields, customer: DesiredCustomer, known: Fields, options: DiffOptions): void {
  const { replacedGroups } = options;
  const isReplaced = (group: FieldGroup | null) =>
    group !== null && (replacedGroups?.includes(group) ?? true);
  const touched = new Set(Object.keys(write).map(groupOf).filter(isReplaced));
  const add = (field: string, value: Fields[string], group: FieldGroup | null) => {
    if (group !== null && touched.has(group) && value !== null && !Object.hasOwn(write, field))
      write[field] = value;
  };
  for (const [field, value] of Object.entries(customer.fields)) add(field, value, groupOf(field));
  if (options.withdrawn === 'clear') return;
  for (const [field, value] of Object.entries(known)) {
    if (Object.hasOwn(customer.fields, field) || value === unknownValue) continue;
    const group = groupOf(field);
    // After an uncertain attempt only a write makes it certain that a kept field is still there.
    if (options.uncertain && value !== null && isReplaced(group)) touched.add(group);
    add(field, value, group);
  }
}

/**
 * What is acknowledged after an accepted write of `sent`, or of nothing (`{}`) where nothing was to be written. After an
 * uncertain attempt that write held all that the customer has: what it did not hold has become unknown.
 */
export function acknowledge(
  acknowledged: Fields | null,
  sent: Fields,
  { uncertain, dropped }: { uncertain: boolean; dropped: readonly string[] },
): Fields {
  if (!uncertain) return { ...acknowledged, ...sent };
  const unseen = [...Object.keys(acknowledged ?? {}), ...dropped].map((field) => [field, unknownValue]);
  return { ...Object.fromEntries(unseen), ...sent };
}
