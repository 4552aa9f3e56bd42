// Who may be written where a vendor creates whom it does not find.
import { expect, test } from 'vitest';
import type { Context } from '#connector';
import { lookUp } from '#connector/looking-up';

const context = {} as Context<unknown>;
const writes = ['there', 'gone', 'silent', 'merged'].map((id) => ({
  sourceId: `shop-${id}`,
  recordId: id,
  attributes: { points: 5 },
}));
const created = { sourceId: 'shop-new', recordId: null, attributes: { points: 5 } };

function reader() {
  const calls: (readonly string[])[] = [];
  const records = async (_: unknown, { recordIds }: { recordIds: readonly string[] }) => {
    calls.push(recordIds);
    // Of a record that another has taken over, the other one is answered, and the one that was asked for is missing.
    const found = recordIds.flatMap((id) => (id === 'there' ? ['there'] : id === 'merged' ? ['other'] : []));
    return {
      records: found.map((recordId) => ({ recordId, changedAt: 0, body: {} })),
      missing: recordIds.filter((id) => id === 'gone' || id === 'merged'),
    };
  };
  return { calls, read: { maxIds: 2, records } };
}

test('who is not there is missing, and whom the vendor says nothing of is in neither list', async () => {
  const { calls, read } = reader();
  const { present, missing } = await lookUp(context, [...writes, created], {
    read,
    noun: 'user',
    properties: [],
  });
  expect(present.map(({ sourceId }) => sourceId)).toEqual(['shop-there', 'shop-new']);
  expect(missing.map(({ sourceId }) => sourceId)).toEqual(['shop-gone', 'shop-merged']);
  expect(calls).toEqual([
    ['there', 'gone'],
    ['silent', 'merged'],
  ]);
});

test('nobody is looked up who may be created', async () => {
  const { calls, read } = reader();
  const options = { read, noun: 'user', properties: [], create: true };
  expect(await lookUp(context, writes, options)).toEqual({ present: writes, missing: [] });
  expect(await lookUp(context, [created], { ...options, create: false })).toMatchObject({
    present: [created],
  });
  expect(calls).toEqual([]);
});
