// Records that a vendor keeps after it has merged them into another, their master, which they name. It knows no vendor.
import type { SourceRecord } from './source.ts';

/** A record, and the ID of its master. `record` of one that was merged says that it is deleted. */
export interface Mergeable {
  record: SourceRecord;
  mergedInto?: string | undefined;
}

/** What a record that is gone says of itself. */
export function gone({ recordId, changedAt }: Pick<SourceRecord, 'recordId' | 'changedAt'>): SourceRecord {
  return { recordId, changedAt, deleted: true, body: {} };
}

/**
 * The records, each with those that it took over. `beside`: the masters that are not among them, along the whole chain, those that
 * were not merged themselves first. `read`: those of these IDs that the vendor shows.
 */
export async function withMasters(
  found: readonly Mergeable[],
  read: (ids: readonly string[]) => Promise<readonly Mergeable[]>,
): Promise<{ records: SourceRecord[]; beside: SourceRecord[] }> {
  const masters = await mastersOf(found, read, new Set(found.map(({ record }) => record.recordId)));
  const merges = [...found, ...masters].filter(({ mergedInto }) => mergedInto !== undefined);
  const losers = Map.groupBy(merges, ({ mergedInto }) => mergedInto);
  const stateOf = ({ record }: Mergeable): SourceRecord => {
    const merged = losers.get(record.recordId)?.map((loser) => loser.record.recordId);
    return merged ? { ...record, merged } : record;
  };
  const living = masters.filter(({ mergedInto }) => mergedInto === undefined);
  const merged = masters.filter(({ mergedInto }) => mergedInto !== undefined);
  return { records: found.map(stateOf), beside: [...living, ...merged].map(stateOf) };
}

async function mastersOf(
  found: readonly Mergeable[],
  read: (ids: readonly string[]) => Promise<readonly Mergeable[]>,
  seen: ReadonlySet<string>,
): Promise<Mergeable[]> {
  const named = found.flatMap(({ mergedInto }) => mergedInto ?? []);
  const ids = [...new Set(named)].filter((id) => !seen.has(id));
  if (ids.length === 0) return [];
  const masters = await read(ids);
  return [...masters, ...(await mastersOf(masters, read, new Set([...seen, ...ids])))];
}
