// Records that a vendor keeps after it has merged them into another, their master, which they name. It knows no vendor.
import { inParts } from './reading.ts';
import type { SourceRecord, Stream } from './source.ts';

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
 * The stream, where `mergedInto` tells the master of a record: merged records are deleted ones, each other has those that it took over,
 * and masters that are not on a page or among the IDs that were asked for are read by ID, along the whole chain. Such masters do not
 * show how far reading is.
 */
export function withMerges<Settings>(
  stream: Stream<Settings>,
  mergedInto: (record: SourceRecord) => string | undefined,
): Stream<Settings> {
  const { pull, read } = stream;
  if (!read) return stream;
  const mergeable = (record: SourceRecord): Mergeable => {
    const master = mergedInto(record);
    return master === undefined ? { record } : { record: gone(record), mergedInto: master };
  };
  type Given = [context: Parameters<typeof read.records>[0], properties: readonly string[]];
  const merged = async (records: readonly SourceRecord[], ...[context, properties]: Given) => {
    const found = await withMasters(records.map(mergeable), async (ids) => {
      const parts = inParts(ids, read.maxIds).map((recordIds) =>
        read.records(context, { recordIds, properties }),
      );
      return (await Promise.all(parts)).flatMap(({ records }) => records.map(mergeable));
    });
    return [...found.records, ...found.beside];
  };
  return {
    ...stream,
    ...(pull && {
      async pull(context, request) {
        const page = await pull(context, request);
        return { ...page, records: await merged(page.records, context, request.properties) };
      },
    }),
    read: {
      ...read,
      async records(context, request) {
        const { records, missing } = await read.records(context, request);
        return { records: await merged(records, context, request.properties), missing };
      },
    },
  };
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
