// Records that are told of in parts, put together with what is stored of them before they are taken in. It knows no mapping.
import type { SourceRecord } from '../../connector.ts';
import { composed, type KnownRecord } from '../../customer/composing.ts';
import type { Queryable } from '../../db/database.ts';
import { type ComposedRecord, lockParts, storedParts } from '../../tables/records.ts';
import type { Source } from './source.ts';

export interface ReceivedRecord {
  record: ComposedRecord;
  /** Only the keys of its body are told of. */
  partial: boolean;
}

export interface Composed {
  record: ComposedRecord;
  /** The records told of that it is made of. */
  of: SourceRecord[];
}

/**
 * Records whole again, from the parts told of and those that are stored; what came whole goes through as it is. Within
 * the caller's transaction nobody else composes records of this stream.
 */
export async function compose(
  db: Queryable,
  source: Source,
  stream: string,
  told: readonly ReceivedRecord[],
): Promise<Composed[]> {
  if (told.every(({ partial }) => !partial)) return told.map(({ record }) => ({ record, of: [record] }));
  await lockParts(db, source.name, stream);
  const byId = Map.groupBy(told, ({ record }) => record.recordId);
  const inParts = [...byId].flatMap(([id, all]) => (all.some(({ partial }) => partial) ? [id] : []));
  const stored = await storedParts(db, source.name, stream, inParts);
  const exhaustive = source.exhaustive(stream);
  return [...byId].flatMap(([recordId, all]) => {
    if (all.every(({ partial }) => !partial)) return all.map(({ record }) => ({ record, of: [record] }));
    return [composeOne(stored.get(recordId) ?? null, all, exhaustive)];
  });
}

/** One record from what was known and what was told of it, in any order. */
export function composeOne(
  known: KnownRecord | null,
  told: readonly ReceivedRecord[],
  exhaustive: readonly string[] = [],
): Composed {
  const records = told.map(({ record }) => record);
  const all = composed(
    known,
    told.map(({ record, partial }) => ({ ...record, ...(partial && { partial: true as const }) })),
    exhaustive,
  );
  const { recordId } = records[0]!;
  const merged = [...new Set(records.flatMap((record) => record.merged ?? []))];
  const more = {
    ...(merged.length > 0 && { merged }),
    ...(records.every((record) => record.undated) && { undated: true as const }),
  };
  const { body, changedAt, deletedAt } = all;
  if (deletedAt !== null && changedAt <= deletedAt)
    return { record: { recordId, changedAt: deletedAt, deleted: true, body: {}, ...more }, of: records };
  const clocks = all.clocks ?? Object.fromEntries(Object.keys(body).map((key) => [key, changedAt] as const));
  const deletion = deletedAt === null ? {} : { deletedAt };
  return { record: { recordId, changedAt, body, clocks, ...deletion, ...more }, of: records };
}
