// What the door offers for webhooks that name records: who is let in, and what is touched.
import { expect, test } from 'vitest';
import { credential, ownHeader, signature, standardSignature } from '#connector/schemes';
import { ignored, touches } from '#connector/touches';

const now = { noun: 'person', changedAt: 5 };

test('nobody is let in by a secret that is not set', () => {
  const scheme = { header: 'x', encoding: 'hex' } as const;
  for (const secrets of [undefined, []]) {
    expect(credential('bearer', secrets)).toEqual([]);
    expect(signature(secrets, scheme)).toEqual([]);
  }
  expect(ownHeader(undefined)).toEqual([]);
  expect(ownHeader({ name: 'X-Own', value: ['a'] })).toEqual([
    { kind: 'credential', at: { header: 'X-Own' }, values: ['a'] },
  ]);
  expect(signature(['a'], scheme)).toEqual([
    { kind: 'signature', algorithm: 'hmac-sha256', message: ['body'], secrets: ['a'], ...scheme },
  ]);
  expect(standardSignature(undefined)).toEqual([]);
});

test('each record that is named is touched', () => {
  const touch = { kind: 'touch', stream: 'people', changedAt: 5 };
  expect(touches('people', 7, now)).toEqual([{ ...touch, recordId: '7' }]);
  expect(touches('people', ['a', 'b'], { ...now, gone: 'deleted' })).toEqual([
    { ...touch, recordId: 'a', gone: 'deleted' },
    { ...touch, recordId: 'b', gone: 'deleted' },
  ]);
  expect(ignored('It is a test.')).toEqual([{ kind: 'ignored', reason: 'It is a test.' }]);
});

test('an item that names nobody, or one by what is no ID, is refused whole', () => {
  const isId = (id: string) => /^\d+$/.test(id);
  for (const ids of [undefined, null, [], '', ['1', null], ['1', '{{id}}']])
    expect(() => touches('people', ids, { ...now, isId })).toThrow('The webhook names no person.');
});
