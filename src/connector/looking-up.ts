// For a writer whose vendor creates whom it does not find: who is there is written, who is not is left out. It knows no vendor.
import type { Context } from './api.ts';
import { inParts } from './reading.ts';
import type { Stream } from './source.ts';
import type { PersonWrite, WriteOptions, WriteOutcome } from './writer.ts';

/**
 * Reads everybody who may not be created: those with a record, unless `create` allows it. As many at once as `read` takes in a call.
 * Who is in neither list can be told nothing of, and is left in doubt. `properties`: what is read of each; it is not used.
 */
export async function lookUp<Settings>(
  context: Context<Settings>,
  writes: readonly PersonWrite[],
  {
    read,
    noun,
    properties,
    create = false,
  }: WriteOptions & {
    read: NonNullable<Stream<Settings>['read']>;
    noun: string;
    properties: readonly string[];
  },
): Promise<{ present: PersonWrite[]; missing: WriteOutcome[] }> {
  const asked = create ? [] : writes.flatMap(({ recordId }) => recordId ?? []);
  const there = new Set<string>();
  const gone = new Set<string>();
  for (const recordIds of asked.length === 0 ? [] : inParts(asked, read.maxIds)) {
    const { records, missing } = await read.records(context, { recordIds, properties });
    for (const { recordId } of records) there.add(recordId);
    for (const recordId of missing) gone.add(recordId);
  }
  const message = `there is no ${noun} with this ID`;
  return {
    present: writes.filter(({ recordId }) => create || recordId === null || there.has(recordId)),
    missing: writes.flatMap(({ sourceId, recordId }): WriteOutcome[] =>
      recordId !== null && gone.has(recordId) ? [{ sourceId, result: 'missing', message }] : [],
    ),
  };
}
