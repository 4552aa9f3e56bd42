// How rows become records, by what a connector declares of them.
import { describe, expect, test } from 'vitest';
import { deletionReader, rowReader } from '#connector/rows';

describe('a row', () => {
  test('becomes a record by the paths of its ID and its time, with its own body or another', () => {
    const row = { key: { id: 7 }, times: { changed: 1_700_000_000 } };
    const form = { id: 'key.id', changedAt: 'times.changed', unit: 'seconds' } as const;
    expect(rowReader(form)(row)).toEqual({ recordId: '7', changedAt: 1_700_000_000_000, body: row });
    const bodyOf = (_: unknown, id: string) => ({ id });
    expect(rowReader({ ...form, bodyOf })(row)?.body).toEqual({ id: '7' });
  });

  test('has the first time that is there', () => {
    const read = rowReader({ changedAt: ['updated_at', 'created_at'] });
    expect(read({ id: 1, updated_at: null, created_at: 5 })?.changedAt).toBe(5);
    expect(read({ id: 1, updated_at: 6, created_at: 5 })?.changedAt).toBe(6);
  });

  test('is no record without an ID, with what is no ID of the vendor, or without a time', () => {
    const read = rowReader({ changedAt: 'at', isId: (id) => /^\d+$/.test(id) });
    for (const row of [
      undefined,
      null,
      'x',
      {},
      { at: 1 },
      { id: 1 },
      { id: 'x', at: 1 },
      { id: 1, at: 'soon' },
    ])
      expect(read(row)).toBeUndefined();
  });

  test('may have its ID in another form than it is written', () => {
    const read = rowReader({ changedAt: 'at', idOf: (written) => /^person:(\d+)$/.exec(written)?.[1] });
    expect(read({ id: 'person:7', at: 1 })?.recordId).toBe('7');
    expect(read({ id: 'order:7', at: 1 })).toBeUndefined();
  });

  test('may say that the record is deleted', () => {
    const read = rowReader({ changedAt: 'at', isDeleted: (row) => row['gone'] === true });
    expect(read({ id: 1, at: 1, gone: true })?.deleted).toBe(true);
    expect(read({ id: 1, at: 1 })).not.toHaveProperty('deleted');
  });

  test('may say that nothing took the record over', () => {
    const read = rowReader({ changedAt: 'at', isUnmerged: ({ merged }) => merged === false });
    expect(read({ id: 1, at: 1, merged: false })?.unmerged).toBe(true);
    expect(read({ id: 1, at: 1 })).not.toHaveProperty('unmerged');
  });
});

test('a row of a list of deletions says that a record is gone, and nothing else of it', () => {
  const read = deletionReader({ id: 'of', changedAt: 'at', isOne: ({ type }) => type === 'person' });
  expect(read({ of: 'a', at: 1, type: 'person', name: 'Anna' })).toEqual({
    recordId: 'a',
    changedAt: 1,
    deleted: true,
    body: {},
  });
  expect(read({ of: 'a', at: 1, type: 'company' })).toBeUndefined();
});
