import { describe, expect, it } from 'vitest';
import { ago, rate, schedule } from '../../src/web/pages/format.ts';
import { runsSection } from '../../src/web/pages/runs.ts';
import { Rates } from '../../src/web/rates.ts';
import { Remembered } from '../../src/web/remembered.ts';
import { callsByHour } from '../../src/web/spend.ts';
import { duration } from '../../src/words.ts';
import { ManualClock } from '../support/manual-clock.ts';

describe('calls by hour', () => {
  const spent = (quota: string, calls: number, refused = 0) => ({
    ...{ quota, calls, refused, hour: 0, lane: 'schedule' as const },
  });

  it('count a call once that draws on several quotas, and an account once that several sources read', () => {
    const hubspot = [spent('search', 2, 1), spent('burst', 70), spent('daily', 70)];
    const vendors = ['crm', 'shop'].map((name) => ({ name, account: 'hubspot:1', spent: hubspot }));
    const destination = { name: 'destination', account: 'voucherify:1', spent: [spent('minute', 5)] };
    expect(callsByHour([...vendors, destination])).toEqual([{ hour: 0, count: 75, bad: 1 }]);
  });
});

describe('a remembered value', () => {
  it('is found out once for all who ask meanwhile, and again after twenty times what it took', async () => {
    const clock = new ManualClock(0);
    let found = 0;
    const value = new Remembered(clock, async () => {
      await clock.sleep(100);
      found += 1;
      return found;
    });
    const asked = Promise.all([value.get(), value.get()]);
    await clock.advance(100);
    expect(await asked).toEqual([1, 1]);
    await clock.advance(1_999);
    expect(await value.get()).toBe(1);
    await clock.advance(1);
    const again = value.get();
    await clock.advance(100);
    expect(await again).toBe(2);
  });

  it('is always fresh where it is cheap, and found out again after a failure', async () => {
    let found = 0;
    const value = new Remembered(new ManualClock(0), async () => {
      found += 1;
      if (found === 2) throw new Error('no');
      return found;
    });
    expect(await value.get()).toBe(1);
    await expect(value.get()).rejects.toThrow('no');
    expect(await value.get()).toBe(3);
  });
});

describe('a rate', () => {
  it('is that of the last seconds, or of the whole where nothing is known of them', () => {
    const rates = new Rates();
    expect(rates.note({ id: 1, count: 500, from: 0 }, 10_000)).toBe(50);
    expect(rates.note({ id: 1, count: 700, from: 0 }, 12_000)).toBe(100);
    expect(rates.note({ id: 1, count: 700, from: 0 }, 17_000)).toBe(0);
    expect(rates.note({ id: 2, count: 0, from: null }, 17_000)).toBeNull();
  });
});

describe('a time in words', () => {
  it.each([
    [0.44, '0.4 s'],
    [9, '9 s'],
    [89, '89 s'],
    [119, '119 s'],
    [120, '2 min'],
    [3_600, '1 h'],
    [7_500, '2 h 5 min'],
    [200_000, '2 days'],
  ])('%d seconds is %s', (seconds, text) => expect(duration(seconds)).toBe(text));

  it('is ago, just now, or to come', () => {
    const now = Date.parse('2026-03-01T12:00:00.000Z');
    expect(ago(now - 500, now)).toBe('just now');
    expect(ago(now - 120_000, now)).toBe('2 min ago');
    expect(ago(now + 30_000, now)).toBe('in 30 s');
  });

  it.each([
    [null, 'only when asked'],
    ['*/5 * * * *', 'every 5 minutes'],
    ['* * * * *', 'every minute'],
    ['*/10 * * * * *', 'every 10 seconds'],
    ['0 * * * *', 'every hour'],
    ['0 */2 * * *', 'every 2 hours'],
    ['30 6 * * 1-5', '30 6 * * 1-5'],
    ['0 0 1 * *', '0 0 1 * *'],
    ['15 * * * *', '15 * * * *'],
  ])('the schedule %s is %s', (expression, text) => expect(schedule(expression)).toBe(text));

  it('a rate below ten has a decimal', () => {
    expect(rate(0.44)).toBe('0.4/s');
    expect(rate(1240.6)).toBe('1,241/s');
  });
});

describe('a run that read a file', () => {
  const time = Date.parse('2026-11-02T08:00:00.000Z');
  const run = {
    ...{
      id: 7,
      source: 'files',
      mode: 'import',
      lane: 'backfill',
      trigger: 'manual',
      slot: null,
      request: {},
    },
    ...{ state: 'finished', working: false, requestedAt: time, startedAt: time, endedAt: time, dueAt: time },
    ...{
      cancelRequestedAt: null,
      pages: 1,
      received: 1,
      changed: 1,
      unchanged: 0,
      superseded: 0,
      filtered: 0,
    },
    ...{ rejected: 0, customers: 1, expected: null, step: null, error: null, attempts: 0, notes: [] },
  } as unknown as Parameters<typeof runsSection>[0][number];

  it('shows what became of its columns, and takes none of their names for HTML', () => {
    const columns = {
      ...{ recognised: 'HubSpot contact export', mappedBy: 'names' as const, sourceId: 'Record ID' },
      fields: [{ field: 'name', columns: ['First Name', '<i>Last'] }],
      ...{ leftOut: [{ column: 'Contact owner', reason: 'internal to HubSpot' }], missing: [], mapping: {} },
    };
    const shown = String(runsSection([run], time, new Map([[7, columns]])));
    expect(shown).toContain('Columns, HubSpot contact export: 1 read, 1 left out');
    expect(shown).toContain('name ← First Name + &lt;i&gt;Last');
    expect(String(runsSection([run], time, new Map()))).not.toContain('<details');
  });
});
