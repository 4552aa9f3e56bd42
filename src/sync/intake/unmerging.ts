// A vendor's merge of two records undone by a person: both speak for customers of their own again. It knows no vendor.
import { assignedSourceId, sourceIdOf } from '../../customer/identity.ts';
import type { Queryable } from '../../db/database.ts';
import {
  type Parted,
  reassignRecord,
  sourceIdsOf,
  storedParts,
  takenOverBy,
  unmergeRecord,
} from '../../tables/records.ts';
import { foldByHand, type PinDeps } from './pinning.ts';
import type { Source } from './source.ts';

export interface Unmerged extends Parted {
  /** The customer that the record it was parted from speaks of now. */
  fromSourceId: string | null;
  /** The customers that changed by it. */
  revised: { sourceId: string; revision: number }[];
}

/** Parts a record, in every stream in which it was taken over; none where it was in none. */
export async function unmerge(
  { database, rules, clock }: PinDeps,
  source: Source,
  recordId: string,
): Promise<Unmerged[]> {
  const streams = source.streams.map((stream) => stream.name);
  const now = clock.now();
  return database.transaction(async (tx) => {
    const unmerged: Unmerged[] = [];
    for (const parted of await unmergeRecord(tx, source.name, streams, recordId)) {
      const { before, after } = await ownSourceId(tx, source, parted);
      const affected = [parted.sourceId, before, after].filter((sourceId) => sourceId !== null);
      const cause = { by: 'unmerge' as const, source: source.name, stream: parted.stream, recordId };
      const revised = await foldByHand(tx, rules, affected, cause, now, source.name);
      unmerged.push({
        ...parted,
        fromSourceId: after,
        revised: revised.map(({ sourceId, revision }) => ({ sourceId, revision })),
      });
    }
    return unmerged;
  });
}

/**
 * A record that was made by the merge has gone on with the source ID of the first it took over. Parted from that one it
 * has no right to it: it takes that of another it took over, else the one its own body names.
 */
export async function ownSourceId(
  tx: Queryable,
  source: Source,
  { stream, from, sourceId }: Parted,
): Promise<{ before: string | null; after: string | null }> {
  const before = (await sourceIdsOf(tx, source.name, stream, [from])).get(from) ?? null;
  const isInherited = before !== null && before === sourceId;
  if (!isInherited || source.config.sourceId.policy === 'follow') return { before, after: before };
  const { body } = (await storedParts(tx, source.name, stream, [from])).get(from)!;
  const named = sourceIdOf(body, source.sourceIdPath(body), { lowerCase: source.config.sourceId.lowerCase });
  const others = await takenOverBy(tx, source.name, stream, from);
  const other = others.find((taken) => taken.sourceId !== null && taken.sourceId !== sourceId);
  const after = assignedSourceId(other?.sourceId ?? null, 'value' in named ? named.value : null, 'sticky');
  // Where its own body names that same customer, both claim it: that is a clash, and shown as one.
  if (after === null || after === before) return { before, after: before };
  await reassignRecord(tx, source.name, stream, from, after);
  return { before, after };
}
