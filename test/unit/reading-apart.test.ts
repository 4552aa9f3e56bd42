// Records read by ID, with those that cannot be read told apart.
import { describe, expect, it } from 'vitest';
import { RejectedError, TransientError } from '../../src/connector.ts';
import { readApart } from '../../src/sync/intake/reading-apart.ts';

const rejected = new RejectedError('no', { code: 'no', status: 400 });
const foreign = new TransientError('no', { foreign: true, rejectedAs: 'unknown_answer', status: 404 });
const ids = ['a', 'b', 'c', 'd', 'e'];

/** A vendor that fails where one of these is asked for. */
const failing = (error: Error, bad: readonly string[]) => async (recordIds: readonly string[]) => {
  if (recordIds.some((id) => bad.includes(id))) throw error;
  return {
    records: recordIds.map((recordId) => ({ recordId, changedAt: 1, body: {} })),
    missing: [],
  };
};

describe('Records that are read apart', () => {
  it('are all given but for those that are refused', async () => {
    for (const error of [rejected, foreign]) {
      const { records, unreadable } = await readApart(failing(error, ['b', 'e']), ids);
      expect(records.map(({ recordId }) => recordId)).toEqual(['a', 'c', 'd']);
      expect(unreadable).toEqual([
        { recordId: 'b', error },
        { recordId: 'e', error },
      ]);
    }
  });

  it('keep those that the vendor itself tells apart', async () => {
    const answer = { records: [], missing: ['a'], unreadable: [{ recordId: 'b', error: foreign }] };
    expect(await readApart(async () => answer, ['a', 'b'])).toEqual(answer);
  });

  it('fail together where more are refused than may be', async () => {
    await expect(readApart(failing(rejected, ids), ids, 3)).rejects.toBe(rejected);
    const unreadable = ids.map((recordId) => ({ recordId, error: foreign }));
    const read = async () => ({ records: [], missing: [], unreadable });
    await expect(readApart(read, ids, 3)).rejects.toBe(foreign);
  });

  it('fail together where the source fails', async () => {
    for (const error of [
      new TransientError('down', { status: 503 }),
      new TransientError('foreign', { foreign: true, status: 404 }),
      new TransientError('busy', { rejectedAs: 'conflict', status: 409 }),
    ])
      await expect(readApart(failing(error, ['b']), ids)).rejects.toBe(error);
  });
});
