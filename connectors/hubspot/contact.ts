// Converts a contact of HubSpot to a record.
import type { Json, SourceRecord } from '#connector';
import { momentOf, objectOf, wordOf } from '#connector/reading';
import { type Rows, toRecords } from '#connector/rows';
import { mergedIds, mergedIdsOf } from './batch.ts';
import { isOfCompany, primaryCompany } from './companies.ts';

/** The most that the list and a batch read give. */
export const pageSize = 100;
/** A longer list of properties goes into a body: URLs of about 16,000 characters are refused with 414. */
const maxQueryCharacters = 12_000;

/** What HubSpot gives where no property is asked for. Asked for by name, so that every route gives the same. */
const defaultProperties = ['createdate', 'email', 'firstname', mergedIds, 'lastmodifieddate', 'lastname'];

/** The names to ask for. `id` is no property: it always comes; the clock may have to be read from `lastmodifieddate`. */
export function propertyNames(properties: readonly string[]): string[] {
  if (properties.length === 0) return defaultProperties;
  const own = properties.filter((name) => name !== 'id' && !isOfCompany(name));
  const company = properties.some(isOfCompany) ? [primaryCompany] : [];
  return [...new Set([...own, 'lastmodifieddate', mergedIds, ...company])];
}

export function fitsInQuery(names: readonly string[]): boolean {
  return encodeURIComponent(names.join(',')).length <= maxQueryCharacters;
}

/** Rows of a response into records. */
export function contactRecords(rows: readonly Json[]): Rows {
  return toRecords(rows, contactRecord, { noun: 'contact' });
}

/** The body is the properties and `id`; the clock is `updatedAt`. */
function contactRecord(row: Json): SourceRecord | undefined {
  const { id: given, properties, updatedAt } = objectOf(row);
  const id = wordOf(given);
  const values = objectOf(properties);
  const changedAt = momentOf(updatedAt) ?? momentOf(values['lastmodifieddate']);
  if (id === undefined || changedAt === undefined) return undefined;
  const merged = mergedIdsOf(values).filter((other) => other !== id);
  return { recordId: id, changedAt, body: { ...values, id }, ...(merged.length && { merged }) };
}

/** An archived contact into the record of a deletion, at the time it was archived. */
export function tombstone(row: Json): SourceRecord | undefined {
  const { id: given, properties, archivedAt } = objectOf(row);
  const id = wordOf(given);
  const changedAt = momentOf(archivedAt);
  if (id === undefined || changedAt === undefined) return undefined;
  return { recordId: id, changedAt, deleted: true, body: { ...objectOf(properties), id } };
}
