// Merges of records: of those that a vendor keeps and that name the other one, their master; and of those that only a webhook tells
// of. It knows no vendor.
import { type ById, readsById } from './by-id.ts';
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
      return (await Promise.all(parts)).flatMap(({ records, unreadable = [] }) => {
        // Without its master a merged record would be taken for a deleted one.
        if (unreadable[0]) throw unreadable[0].error;
        return records.map(mergeable);
      });
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
        const answer = await read.records(context, request);
        return { ...answer, records: await merged(answer.records, context, request.properties) };
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

/**
 * What a touch names where `from` was merged into `into`, a new record that may not be readable yet: it takes over `from` when it is
 * read. No record has this ID.
 */
export function mergeId(into: string, from: string): string {
  return `${into}+${from}`;
}

/** `readsById`, which reads what `mergeId` made as well. No ID of the vendor has a plus sign. */
export function readsMerges<Settings>(
  vendor: ById<Settings, undefined> & { isId(id: string): boolean },
): NonNullable<Stream<Settings>['read']> {
  const read = readsById(vendor);
  const { isId } = vendor;
  return {
    ...read,
    async records(context, { recordIds, properties }) {
      const partsOf = (id: string) => id.split('+');
      const isMerge = (id: string) => partsOf(id).length === 2 && partsOf(id).every(isId);
      const merges = recordIds
        .filter(isMerge)
        .map((id) => ({ id, into: partsOf(id)[0]!, from: partsOf(id)[1]! }));
      const others = recordIds.filter((id) => !isMerge(id));
      const asked = [...new Set([...others, ...merges.map(({ into }) => into)])];
      const answer = await read.records(context, { recordIds: asked, properties });
      const { records, missing, unreadable = [] } = answer;
      const errors = new Map(unreadable.map(({ recordId, error }) => [recordId, error]));
      const unread = [
        ...unreadable.filter(({ recordId }) => others.includes(recordId)),
        ...merges.flatMap(({ id: recordId, into }) => {
          const error = errors.get(into);
          return error ? [{ recordId, error }] : [];
        }),
      ];
      return {
        records: records.map((record) => {
          const merged = merges.filter(({ into }) => into === record.recordId).map(({ from }) => from);
          return merged.length > 0 ? { ...record, merged } : record;
        }),
        missing: [
          ...missing.filter((id) => others.includes(id)),
          ...merges.filter(({ into }) => !errors.has(into)).map(({ id }) => id),
        ],
        ...(unread.length > 0 && { unreadable: unread }),
      };
    },
  };
}
