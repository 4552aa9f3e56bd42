// A quota of points, counted in pages.
import { expect, test } from 'vitest';
import type { Json } from '#connector';
import { pointQuota, refillMs } from '#connector/points';

const at = { cost: 'cost', maximum: 'maximum', available: 'available', perSecond: 'rate' };
const answer = (json: Json) => ({ status: 200, headers: {}, json });
const said = (available: number) => answer({ cost: 500, maximum: 2_000, available, rate: 100 });
const { quotas, readQuotas } = pointQuota({
  name: 'points',
  perSecond: 100,
  seconds: 20,
  minCost: 25,
  at,
  isPage: ({ path }) => path === '/page',
});
const reading = (response: ReturnType<typeof answer>, path = '/page') =>
  readQuotas(response, { path }, 5_000);

test('points allow as many of the cheapest pages as they pay for', () => {
  expect(quotas).toEqual([{ name: 'points', requests: 80, seconds: 20, all: true }]);
});

test('an answer says for how many pages like it there are points, and until when there are none', () => {
  expect(reading(said(1_700))).toEqual([{ quota: 'points', limit: 4, remaining: 3 }]);
  expect(reading(said(200))).toEqual([{ quota: 'points', limit: 4, remaining: 0, exhaustedUntil: 8_000 }]);
  expect(refillMs(said(200), at)).toBe(3_000);
  expect(refillMs(said(1_700), at)).toBe(1_000);
});

test('an answer without the numbers, or to a request that is no page, says nothing', () => {
  expect(reading(said(1_700), '/count')).toEqual([]);
  for (const json of [null, {}, { cost: 0, maximum: 1, rate: 1 }, { cost: '5', maximum: 1, rate: 1 }]) {
    expect(reading(answer(json))).toEqual([]);
    expect(refillMs(answer(json), at)).toBeUndefined();
  }
});
