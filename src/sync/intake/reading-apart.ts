// Records read by ID, with those that the vendor does not give for reasons of their own told apart from the others. It knows neither
// runs nor rows.
import {
  type ReadRecords,
  RejectedError,
  type SourceRecord,
  TransientError,
  type Unreadable,
} from '../../connector.ts';

export interface ReadApart {
  records: SourceRecord[];
  missing: string[];
  unreadable: Unreadable[];
}

/**
 * Reads these. Where they are refused together, one of them may be what the vendor refuses: each half is read, down to one. Throws
 * what concerns the source, and the first refusal after `maxUnreadable`.
 */
export async function readApart(
  read: (recordIds: readonly string[]) => Promise<ReadRecords>,
  recordIds: readonly string[],
  maxUnreadable = Number.POSITIVE_INFINITY,
): Promise<ReadApart> {
  const apart: ReadApart = { records: [], missing: [], unreadable: [] };
  const add = (unreadable: readonly Unreadable[]) => {
    const room = maxUnreadable - apart.unreadable.length;
    if (unreadable.length > room) throw unreadable[room]!.error;
    apart.unreadable.push(...unreadable);
  };
  const readSome = async (some: readonly string[]): Promise<void> => {
    const answer = await read(some).catch((error: unknown) => {
      if (isOfOne(error) && apart.unreadable.length < maxUnreadable) return error;
      throw error;
    });
    if (!(answer instanceof Error)) {
      apart.records.push(...answer.records);
      apart.missing.push(...answer.missing);
      return add(answer.unreadable ?? []);
    }
    if (some.length === 1) return add([{ recordId: some[0]!, error: answer }]);
    const half = some.length >> 1;
    await readSome(some.slice(0, half));
    await readSome(some.slice(half));
  };
  await readSome(recordIds);
  return apart;
}

function isOfOne(error: unknown): error is RejectedError | TransientError {
  if (error instanceof TransientError) return error.foreign && error.rejectedAs !== undefined;
  return error instanceof RejectedError;
}
