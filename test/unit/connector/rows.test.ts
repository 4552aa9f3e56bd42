// How rows become records, by what a connector declares of them.
import { describe, expect, test } from 'vitest';
import { deletionReader, isMarkedDeleted, latestOf, leftOutUnless, rowReader } from '#connector/rows';

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

test('the time of a row may be made of the row, or be of whole seconds', () => {
  const latest = rowReader({ changedAt: ({ a, b }) => latestOf([a, b, 'no time']) });
  expect(latest({ id: 1, a: 5, b: 9 })?.changedAt).toBe(9);
  expect(latest({ id: 1 })).toBeUndefined();
  expect(rowReader({ changedAt: 'at', wholeSeconds: true })({ id: 1, at: 5_999 })?.changedAt).toBe(5_000);
});

test('a record is left out where a setting lists what it may be, and it is something else', () => {
  const leftOut = leftOutUnless('types', 'contact type', 'type.id');
  const types = ['1', '2'];
  expect(leftOut({}, {})).toBeNull();
  expect(leftOut({ types }, { type: { id: 2 } })).toBeNull();
  for (const body of [{ type: { id: 3 } }, { type: null }])
    expect(leftOut({ types }, body)).toBe('its contact type is not in types');
});

test('a field marks a deleted record by a declared value of any type, or else by any that says yes', () => {
  const yes = [true, 1, 'true', '1', 'deleted', '2026-01-01T00:00:00Z'];
  const no = [null, undefined, false, 0, '', ' ', '0', 'false', 'False'];
  expect(yes.filter((value) => !isMarkedDeleted(value, undefined))).toEqual([]);
  expect(no.filter((value) => isMarkedDeleted(value, undefined))).toEqual([]);
  expect([1, '1', 0, true].map((value) => isMarkedDeleted(value, [1]))).toEqual([true, true, false, false]);
  expect(['true', true, null].map((value) => isMarkedDeleted(value, [true]))).toEqual([true, true, false]);
});
