// Settings that the door offers, and the sentences that it writes about them.
import { expect, test } from 'vitest';
import { quotaReading } from '#connector/quotas';
import { quota, secret } from '#connector/settings';

test('a quota has a default, which its description names', () => {
  const windows = [
    { requests: 1_000, seconds: 3600 },
    { requests: 20, seconds: 10 },
  ];
  expect(quota(windows).parse(undefined)).toEqual(windows);
  expect(quota(windows).parse({ requests: 5, seconds: 1 })).toEqual([{ requests: 5, seconds: 1 }]);
  expect(quota(windows, 'Pro has more.').description).toBe(
    'The quota of calls, a window or a list of windows. Default: 1,000 calls in an hour, 20 calls in 10 seconds. Pro has more.',
  );
});

test('a secret is a list, or absent', () => {
  expect(secret('The key.').parse(undefined)).toBeUndefined();
  expect(secret('The key.').parse('a')).toEqual(['a']);
  expect(secret('The key.').description).toBe('The key. A list while one replaces another.');
});

test('an answer says as much of a quota as its headers do', () => {
  expect(quotaReading('day', {}, 5)).toEqual([]);
  expect(quotaReading('day', { limit: 0, waitMs: 7 }, 5)).toEqual([]);
  expect(quotaReading('day', { limit: 9, remaining: 1, waitMs: 7 }, 5)).toEqual([
    { quota: 'day', limit: 9, remaining: 1 },
  ]);
  expect(quotaReading('day', { remaining: 0, waitMs: 7 }, 5)).toEqual([
    { quota: 'day', remaining: 0, exhaustedUntil: 12 },
  ]);
});
