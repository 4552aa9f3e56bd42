// The simulated Segment pushes as the reference says Segment does.
import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { type SegmentOptions, SegmentSimulator } from '../../simulators/segment.ts';

const start = Date.parse('2026-11-02T08:00:00.000Z');
const simulate = (options: Partial<SegmentOptions> = {}) =>
  new SegmentSimulator({
    now: () => start,
    url: 'https://sync.example.com/webhooks/segment',
    sharedSecret: 's',
    ...options,
  });
const text = (body: Uint8Array) => new TextDecoder().decode(body);
const hmac = (of: string) => createHmac('sha1', 's').update(of).digest('hex');

test('a call alone is the body, and all of it is signed', () => {
  const segment = simulate();
  const call = segment.identify('u1', { email: 'a@example.com' });
  const [request] = segment.take();
  expect(JSON.parse(text(request!.body))).toEqual(call);
  expect(request!.headers['x-signature']).toBe(hmac(text(request!.body)));
  expect(segment.take()).toEqual([]);
});

test('of a batch the first call is signed and no other, unless the change of theirs comes', () => {
  for (const signs of ['first', 'whole'] as const) {
    const segment = simulate({ batchSize: 2, signs });
    for (const id of ['a', 'b', 'c']) segment.identify(id, {});
    const requests = segment.take();
    expect(requests.map(({ body }) => JSON.parse(text(body)).length)).toEqual([2, 1]);
    const [first] = JSON.parse(text(requests[0]!.body));
    const signed = signs === 'first' ? JSON.stringify(first) : text(requests[0]!.body);
    expect(requests[0]!.headers['x-signature']).toBe(hmac(signed));
  }
});

test('the classic destination makes no batches, and the extensible one wraps each call and signs what is inside', () => {
  const classic = simulate({ destination: 'classic', batchSize: 10, method: 'PUT' });
  classic.track('a', 'Seen');
  classic.delete('a');
  const sent = classic.take();
  expect(sent.map(({ method }) => method)).toEqual(['POST', 'POST']);
  expect(JSON.parse(text(sent[1]!.body))).toEqual({
    type: 'delete',
    userId: 'a',
    timestamp: '2026-11-02T08:00:00.000Z',
  });
  const extensible = simulate({
    destination: 'extensible',
    headers: { Authorization: 'Bearer t' },
    method: 'PUT',
    batchSize: 2,
  });
  const calls = [extensible.track('a', 'Seen'), extensible.track('b', 'Seen')];
  const [request] = extensible.take();
  expect([request!.method, request!.headers['authorization']]).toEqual(['PUT', 'Bearer t']);
  expect(JSON.parse(text(request!.body))).toEqual(calls.map((json) => ({ json })));
  expect(request!.headers['x-signature']).toBe(hmac(JSON.stringify(calls[0])));
});

test('the truth is the last value of each trait, in whatever order they were sent', () => {
  const segment = simulate();
  segment.identify('a', { plan: 'new', city: 'Oslo' }, { timestamp: '2026-01-02T00:00:00.000Z' });
  segment.identify('a', { plan: 'old', title: 'Dr' }, { timestamp: '2026-01-01T00:00:00.000Z' });
  expect(segment.users.get('a')).toEqual({ plan: 'new', city: 'Oslo', title: 'Dr' });
});
