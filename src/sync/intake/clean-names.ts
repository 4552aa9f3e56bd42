// Names of properties without what no database keeps in a text. Pure: it knows no row.
import type { Json, JsonObject, Page, RejectedRow, SourceRecord } from '../../connector.ts';
import { cleanText } from '../../db/database.ts';

/** Deeper than any mapping reads. */
const maxLevels = 100;

/** What PostgreSQL refuses in a text. */
const isUnclean = (name: string) => name.includes('\u0000') || !name.isWellFormed();

/** Why a record is rejected whose names cannot be cleaned. */
export const namesReason =
  'two of its property names differ only in characters that cannot be stored (NUL or lone surrogates)';

/**
 * The page with the names of its properties cleaned as values are: NUL taken out, lone surrogates replaced. A record in
 * which two names are the same then is rejected: one of their values would be lost.
 */
export function withCleanNames(page: Pick<Page, 'records' | 'rejected'>): Pick<Page, 'records' | 'rejected'> {
  if (!page.records.some(({ body }) => holdsUnclean(body, maxLevels))) return page;
  const rejected: RejectedRow[] = [...(page.rejected ?? [])];
  const records = page.records.flatMap((record): SourceRecord[] => {
    const body = cleanNames(record.body);
    if (body !== null) return [{ ...record, body }];
    rejected.push({ position: record.recordId, reason: namesReason, raw: record.body });
    return [];
  });
  return { ...page, records, rejected };
}

/** The body itself where its names are clean; null where two of them would be one. */
export function cleanNames(body: JsonObject): JsonObject | null {
  return holdsUnclean(body, maxLevels) ? (cleaned(body, maxLevels) as JsonObject | null) : body;
}

function holdsUnclean(value: Json, levels: number): boolean {
  if (value === null || typeof value !== 'object' || levels === 0) return false;
  if (Array.isArray(value)) return value.some((item) => holdsUnclean(item, levels - 1));
  for (const name of Object.keys(value))
    if (isUnclean(name) || holdsUnclean(value[name]!, levels - 1)) return true;
  return false;
}

/** Null where two names would be one. */
function cleaned(value: Json, levels: number): Json | null {
  if (value === null || typeof value !== 'object' || levels === 0) return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => (item === null ? null : [cleaned(item, levels - 1)]));
    return items.some((item) => item !== null && item[0] === null)
      ? null
      : items.map((item) => item && item[0]!);
  }
  const entries: [string, Json][] = [];
  for (const [name, inner] of Object.entries(value)) {
    const clean = inner === null ? null : cleaned(inner, levels - 1);
    if (clean === null && inner !== null) return null;
    entries.push([cleanText(name), clean]);
  }
  const object = Object.fromEntries(entries);
  return Object.keys(object).length === entries.length ? object : null;
}
