// Properties of the company that a contact belongs to: the contact names it, and the companies of a page are read together.
import { type Context, type JsonObject, type SourceRecord, TransientError } from '#connector';
import { listOf, objectOf, wordOf } from '#connector/reading';
import { batchRead, mergedIds, mergedIdsOf, saidMissing } from './batch.ts';
import type { Settings } from './settings.ts';

/** "Primary Associated Company ID", digits as text (recorded). Of several companies it is the one that counts. */
export const primaryCompany = 'associatedcompanyid';

const prefix = 'company:';

export function isOfCompany(name: string): boolean {
  return name.startsWith(prefix);
}

/** Of the names of properties those of companies, as HubSpot knows them. */
export function companyProperties(names: readonly string[]): string[] {
  return names.filter(isOfCompany).map((name) => name.slice(prefix.length));
}

/**
 * The contacts with the properties of their companies: null where there is no company or HubSpot says that it has none under
 * the ID, absent where the contact does not tell. At most a hundred contacts, so that one call is enough.
 */
export async function withCompanies(
  context: Context<Settings>,
  records: SourceRecord[],
  properties: readonly string[],
): Promise<SourceRecord[]> {
  const names = companyProperties(properties);
  if (names.length === 0) return records;
  const ids = [...new Set(records.flatMap((record) => companyOf(record) ?? []))];
  const companies = await companiesById(context, ids, names);
  return records.map((record) => {
    const id = companyOf(record);
    if (id === undefined) return record;
    const company = id === null ? undefined : companies.get(id);
    const values: JsonObject = {};
    for (const name of names) {
      const value = company ? company[name] : null;
      if (value !== undefined) values[prefix + name] = value;
    }
    return { ...record, body: { ...record.body, ...values } };
  });
}

/** Null: none. Undefined: not told. */
function companyOf({ body: { [primaryCompany]: value } }: SourceRecord): string | null | undefined {
  if (value === null || value === '') return null;
  const id = wordOf(value);
  return id !== undefined && /^\d+$/.test(id) ? id : undefined;
}

async function companiesById(
  context: Context<Settings>,
  ids: readonly string[],
  names: readonly string[],
): Promise<Map<string, JsonObject>> {
  if (ids.length === 0) return new Map();
  // One that remains after a merge may be given for the ID of another.
  const body = await batchRead(context, 'companies', ids, [...new Set([...names, mergedIds])]);
  const found = new Map<string, JsonObject>();
  for (const row of listOf(body['results']).map(objectOf)) {
    const values = objectOf(row['properties']);
    for (const id of [wordOf(row['id']), ...mergedIdsOf(values)]) if (id !== undefined) found.set(id, values);
  }
  const isMissing = saidMissing(listOf(body['errors']));
  if (ids.some((id) => !found.has(id) && !isMissing(id)))
    throw new TransientError(
      'HubSpot left some companies out of a batch read and did not report them as missing',
    );
  return found;
}
