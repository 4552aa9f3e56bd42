// Records that are told of in parts: each key of a body has a clock of its own, so that any order of parts and deletions
// gives the same record. It knows no mapping.
import { sql } from 'drizzle-orm';
import type { JsonObject, SourceRecord } from '../../connector.ts';
import type { Queryable } from '../../db/database.ts';
import { type Clocks, type ComposedRecord, type StoredParts, storedParts } from '../records/records.ts';

export interface Told {
  record: SourceRecord;
  /** Only the keys of its body are told of. */
  partial: boolean;
}

export interface Composed {
  record: ComposedRecord;
  /** The records told of that it is made of. */
  of: SourceRecord[];
}

/** What is known of a record in parts. */
interface Parts {
  body: JsonObject;
  clocks: Clocks;
  /** Keys that are no newer are gone. */
  deletedAt: number | null;
}

/**
 * Records whole again, from the parts told of and those that are stored; what came whole goes through as it is. Within
 * the caller's transaction nobody else composes records of this stream.
 */
export async function compose(
  db: Queryable,
  source: string,
  stream: string,
  told: readonly Told[],
): Promise<Composed[]> {
  const whole = (): Composed[] => told.map(({ record }) => ({ record, of: [record] }));
  const isPlain = told.every(({ record, partial }) => !partial && !record.deleted);
  if (isPlain) return whole();
  await db.rows(sql`select pg_advisory_xact_lock(hashtextextended(${`parts ${source} ${stream}`}, 7225122))`);
  const byId = Map.groupBy(told, ({ record }) => record.recordId);
  const stored = await storedParts(db, source, stream, [...byId.keys()]);
  return [...byId].flatMap(([recordId, all]) => {
    const known = stored.get(recordId);
    const inParts = all.some(({ partial }) => partial) || (known !== undefined && known.clocks !== null);
    if (!inParts || all.some(({ record, partial }) => !partial && !record.deleted))
      return all.map(({ record }) => ({ record, of: [record] }));
    return composeOne(
      known && partsOf(known),
      all.map(({ record }) => record),
    );
  });
}

function partsOf(known: StoredParts): Parts {
  const { body, changedAt, deletedAt } = known;
  const clocks = known.clocks ?? Object.fromEntries(Object.keys(body).map((key) => [key, changedAt]));
  return { body, clocks, deletedAt };
}

/** One record from what was known and these parts and deletions of it, in any order. */
export function composeOne(known: Parts | undefined, told: readonly SourceRecord[]): Composed[] {
  const values = new Map(Object.entries(known?.body ?? {}));
  const clocks = new Map(Object.entries(known?.clocks ?? {}));
  let deletedAt = known?.deletedAt ?? null;
  for (const record of told) {
    if (record.deleted) deletedAt = Math.max(deletedAt ?? 0, record.changedAt);
    else
      for (const [key, value] of Object.entries(record.body)) {
        const clock = clocks.get(key) ?? Number.NEGATIVE_INFINITY;
        if (clock > record.changedAt) continue;
        // Of two values of one moment the same one stands whichever came first.
        if (clock === record.changedAt && JSON.stringify(values.get(key)) > JSON.stringify(value)) continue;
        values.set(key, value);
        clocks.set(key, record.changedAt);
      }
  }
  const standing = [...clocks].filter(([, clock]) => deletedAt === null || clock > deletedAt).sort();
  const { recordId } = told[0]!;
  const merged = [...new Set(told.flatMap((record) => record.merged ?? []))];
  if (standing.length === 0) {
    // Nothing is newer than the deletion; without one there was nothing in the parts.
    const record: ComposedRecord =
      deletedAt === null
        ? { recordId, changedAt: Math.max(...told.map((one) => one.changedAt)), body: {}, clocks: {} }
        : { recordId, changedAt: deletedAt, deleted: true, body: {} };
    if (merged.length > 0) record.merged = merged;
    return [{ record, of: [...told] }];
  }
  const record: ComposedRecord = {
    recordId,
    changedAt: Math.max(...standing.map(([, clock]) => clock)),
    body: Object.fromEntries(standing.map(([key]) => [key, values.get(key)!])),
    clocks: Object.fromEntries(standing),
    ...(deletedAt !== null && { deletedAt }),
    ...(merged.length > 0 && { merged }),
  };
  return [{ record, of: [...told] }];
}
