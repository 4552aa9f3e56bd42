// How long so many calls take against the quotas of one account.
import { describe, expect, it } from 'vitest';
import { type CallsInput, forecastCalls } from '../../src/sync/plan/calls-forecast.ts';

const rest = async () => {};
const quota = { name: 'burst', seconds: 1, limit: 10, spent: [], others: 0, exhaustedUntil: null };
const took = (more: Partial<CallsInput>) =>
  forecastCalls({ at: 0, lane: 'webhook', quotas: [quota], callMs: 100, steps: [], ...more }, rest);

describe('calls', () => {
  it('take as long as the quota makes them wait, and name it', async () => {
    const found = await took({ steps: [{ what: 'single people', calls: 100, atOnce: 8 }] });
    // Ten at a time, each counted for a second from its end.
    expect(found.minutes * 60).toBeGreaterThan(9);
    expect(found.minutes * 60).toBeLessThan(12);
    expect(found).toMatchObject({
      bottleneck: 'burst',
      fits: true,
      quotas: [{ quota: 'burst', calls: 100 }],
    });
  });

  it('take the time of the calls where no quota slows them, as many at once as may be', async () => {
    const steps = [{ what: 'many people', calls: 8, atOnce: 4 }];
    const found = await took({ quotas: [], steps });
    expect(found).toMatchObject({
      minutes: 200 / 60_000,
      bottleneck: null,
      calls: [{ calls: 8, bucket: null }],
    });
    expect((await took({ steps: [{ what: 'nothing', calls: 0, atOnce: 4 }] })).calls).toEqual([]);
  });

  it('draw on the quota of their own bucket alone, and do not fit into a day that is spent', async () => {
    const jobs = { ...quota, name: 'jobs', seconds: 86_400, limit: 3, bucket: 'jobs' };
    const steps = [{ what: 'jobs', bucket: 'jobs', calls: 5, atOnce: 1 }];
    const found = await took({ quotas: [quota, jobs], steps });
    expect(found.quotas).toMatchObject([{ quota: 'jobs', calls: 5, fits: false }]);
    expect(found.fits).toBe(false);
  });
});
