// Pages of a list in the order of a time, without a vendor.
import { describe, expect, test } from 'vitest';
import { advanceBy, nextTimedPage } from '#connector/timed-pages';

describe('the page after a full one', () => {
  const pageAfter = (times: (number | undefined)[]) =>
    nextTimedPage({ from: 10, skip: 0 }, { times, limit: 3 });

  test('begins at the time of the last row', () => {
    expect(pageAfter([10, 20, 30])).toBe('30 0');
  });

  test('begins at the last time that is known', () => {
    expect(pageAfter([10, 20, undefined])).toBe('20 0');
  });

  test('is not guessed where no row has a time', () => {
    expect(() => pageAfter([undefined, undefined, undefined])).toThrow(/cannot continue/);
  });
});

test('a page of several rows overlaps the one before, and every page leads on', () => {
  expect([1, 2, 5, 100].map(advanceBy)).toEqual([1, 1, 4, 90]);
});
