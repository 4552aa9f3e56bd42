// Webhooks that name records: what an item says is touched, ignored or refused.
import { expect, test } from 'vitest';
import { type ThinWebhook, thinWebhook } from '#connector/thin-webhook';

const received = { method: 'POST', headers: {}, query: {}, receivedAt: 9 };

function open(more: Partial<ThinWebhook> = {}) {
  return thinWebhook({
    authentication: [],
    retryHorizonSeconds: 60,
    stream: 'people',
    noun: 'person',
    naming: ({ ids, at, gone, took, why }) =>
      typeof why === 'string'
        ? why
        : {
            ids,
            changedAt: typeof at === 'number' ? at : undefined,
            gone: gone === true && 'deleted',
            ...(took !== undefined && { merged: String(took) }),
          },
    sample: { id: 'sample' },
    ...more,
  });
}

const touch = { kind: 'touch', stream: 'people' };

test('an item touches the records that it names, at the time that it says or when it was received', () => {
  const { changes } = open();
  expect(changes({ ids: ['1', 2], at: 5 }, received)).toEqual([
    { ...touch, recordId: '1', changedAt: 5 },
    { ...touch, recordId: '2', changedAt: 5 },
  ]);
  expect(changes({ ids: '1', gone: true }, received)).toEqual([
    { ...touch, recordId: '1', changedAt: 9, gone: 'deleted' },
  ]);
});

test('an item that names none of ours is ignored, and one that names nobody is refused', () => {
  const { changes } = open({ isId: (id) => id !== 'x' });
  expect(changes({ why: 'It is a test.' }, received)).toEqual([{ kind: 'ignored', reason: 'It is a test.' }]);
  expect(() => changes({}, received)).toThrow('The webhook names no person.');
  expect(() => changes({ ids: ['1', 'x'] }, received)).toThrow('The webhook names no person.');
  expect(() => changes('a text', received)).toThrow('The webhook names no person.');
});

test('a merge is told beside the touch, because reading shows no trace of it', () => {
  expect(open().changes({ ids: '1', took: '2' }, received)).toEqual([
    {
      kind: 'record',
      stream: 'people',
      partial: true,
      record: { recordId: '1', changedAt: 9, body: {}, merged: ['2'] },
    },
    { ...touch, recordId: '1', changedAt: 9 },
  ]);
});

test('the body is one item of JSON unless it says otherwise, and a key may be a path', () => {
  const { decoding, sample, key } = open({ key: 'meta.id' });
  expect({ decoding, sample }).toEqual({ decoding: { form: 'json' }, sample: '{"id":"sample"}' });
  expect([key!({ meta: { id: 7 } }), key!({ meta: {} })]).toEqual(['7', null]);
  expect(open().key).toBeUndefined();
  const form = open({ decoding: { form: 'form' }, key: ({ a }) => `${a}!`, sample: 'a=1' });
  expect([form.decoding, form.key!({ a: 1 }), form.sample]).toEqual([{ form: 'form' }, '1!', 'a=1']);
});

test('an item of another account is ignored, and one that names no account too', () => {
  const { changes } = open({ account: { at: 'meta.company', noun: 'company', id: '7' } });
  const reason = 'It is about another company than companyId.';
  for (const meta of [{ company: 8 }, {}])
    expect(changes({ ids: '1', meta }, received)).toEqual([{ kind: 'ignored', reason }]);
  expect(changes({ ids: '1', meta: { company: 7 } }, received)).toMatchObject([touch]);
  const any = open({ account: { at: 'meta.company', noun: 'company', id: undefined } });
  expect(any.changes({ ids: '1' }, received)).toMatchObject([touch]);
});

test('milliseconds are left off where other answers have none', () => {
  const { changes } = open({ wholeSeconds: true });
  expect(changes({ ids: '1', at: 5_999 }, received)).toEqual([{ ...touch, recordId: '1', changedAt: 5_000 }]);
});
