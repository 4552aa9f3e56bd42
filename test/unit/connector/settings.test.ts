// Settings that the door offers, and the sentences that it writes about them.
import { expect, test } from 'vitest';
import { bucketQuotas, quotaReading, rateLimitPart, readsSpent } from '#connector/quotas';
import { accountId, digits, quota, secret } from '#connector/settings';

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

test('a bucket has quotas of its own, which an answer with the header RateLimit shows to be spent', () => {
  const window = { requests: 16, seconds: 8 };
  const quotas = [...bucketQuotas([window], 'search'), ...bucketQuotas([window])];
  expect(quotas).toEqual([
    { name: 'search-8-seconds', bucket: 'search', ...window },
    { name: '8-seconds', ...window },
  ]);
  const read = readsSpent(quotas);
  const answer = (ratelimit: string) => ({ status: 200, headers: { ratelimit }, json: {} });
  const spent = answer('limit=16, remaining=0, reset=5');
  expect(read(spent, { path: '/', bucket: 'search' }, 1_000)).toEqual([
    { quota: 'search-8-seconds', remaining: 0, exhaustedUntil: 6_000 },
  ]);
  expect(read(spent, { path: '/' }, 1_000)).toMatchObject([{ quota: '8-seconds' }]);
  for (const header of ['limit=16, remaining=1, reset=5', 'remaining=0', ''])
    expect(read(answer(header), { path: '/' }, 1_000)).toEqual([]);
  expect(rateLimitPart(spent, 'limit')).toBe('16');
});

test('whose account it is has one sentence', () => {
  const { description } = accountId('company', digits, 'Persons of others are not read.');
  expect(description).toBe(
    'The ID of the company. Persons of others are not read. Sources with the same ID share its quotas.',
  );
});
