// A vendor's message in the envelopes of the queues of Google, Amazon and Microsoft.
import { expect, test } from 'vitest';
import type { Json } from '#connector';
import { isSnsConfirmation, messageIn, queueDecoding, queuedWebhook } from '#connector/queue-envelopes';

const message = { event: 'changed', id: '7' };
const open = (item: Json) => messageIn(item, ({ event }) => event !== undefined);
const pubSub = (inner: Json) => ({
  message: { data: Buffer.from(JSON.stringify(inner)).toString('base64'), messageId: '1' },
  subscription: 's',
});
const sns = (inner: Json) => ({ Type: 'Notification', Message: inner });
const cloudEvent = (inner: Json) => ({ specversion: '1.0', type: 't', data: inner });

test('a message is found bare, in each envelope, and in one envelope within another', () => {
  for (const wrap of [(inner: Json) => inner, pubSub, sns, cloudEvent]) {
    expect(open(wrap(message))).toEqual(message);
    expect(open(pubSub(wrap(message)))).toEqual(message);
  }
});

test('what is no message is empty, whatever it is', () => {
  const broken = { message: { data: Buffer.from('{"event":').toString('base64') } };
  for (const item of [null, 'text', 7, [], {}, broken, pubSub({ other: 1 }), { specversion: '1.0' }])
    expect(open(item as Json)).toEqual({});
});

test('a confirmation of SNS is told from its notifications', () => {
  expect(isSnsConfirmation({ Type: 'SubscriptionConfirmation' })).toBe(true);
  expect(isSnsConfirmation(sns(message))).toBe(false);
});

test('a webhook of messages in a queue interprets them out of their envelopes, and leaves confirmations to a person', () => {
  const webhook = queuedWebhook({
    authentication: [],
    retryHorizonSeconds: 60,
    isMessage: ({ kind }) => kind !== undefined,
    key: ({ id }) => String(id),
    neverKept: ({ kind }) => kind === 'secret',
    stream: 'people',
    noun: 'person',
    naming: ({ id }) => ({ ids: id }),
    sample: {},
  });
  const received = { method: 'POST', headers: {}, query: {}, receivedAt: 9 };
  const pushed = (kind: string) => {
    const message = JSON.stringify({ kind, id: 7 });
    return { message: { data: Buffer.from(message).toString('base64') } };
  };
  expect(webhook.changes(pushed('change'), received)).toEqual([
    { kind: 'touch', stream: 'people', recordId: '7', changedAt: 9 },
  ]);
  expect(webhook.key!(pushed('change'))).toBe('7');
  expect([pushed('secret'), pushed('change')].map((item) => webhook.neverKept!(item))).toEqual([true, false]);
  expect(webhook.changes({ Type: 'SubscriptionConfirmation', Message: 'Open it.' }, received)).toMatchObject([
    { kind: 'ignored', reason: expect.stringContaining('SubscribeURL') },
  ]);
  expect(webhook.decoding).toBe(queueDecoding);
});
