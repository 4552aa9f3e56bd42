// What the comparison with peers makes of what it measured.

import { describe, expect, it } from 'vitest';
import type { Leg } from '../../bench/peers/legs.ts';
import { type Compared, falseReports, losses, peersTables } from '../../bench/peers/table.ts';

const contacts = 1_000;

function leg(more: Partial<Leg> = {}, wrong: Partial<Leg['verdict']> = {}): Leg {
  return {
    said: { success: true, words: 'done' },
    wallMs: 2_000,
    cpuSeconds: 1,
    databaseCpuSeconds: null,
    peakMegabytes: 100,
    requests: { 'hubspot list': 10, 'voucherify POST /v1/customers 200': 20 },
    verdict: {
      contacts,
      customers: contacts,
      differences: 0,
      missing: 0,
      duplicated: 0,
      examples: [],
      ...wrong,
    },
    ...more,
  };
}

const compared = (first: Leg, other: Leg): Compared[] => [
  { name: 'Tributary', legs: { first } },
  { name: 'script', legs: { first: other } },
];

describe('The comparison with peers', () => {
  it('names who reported success without having brought over everything', () => {
    const lost = leg({}, { differences: 30, missing: 10 });
    const failed = leg({ said: { success: false, words: 'failed' } }, { differences: 30, missing: 10 });
    expect(falseReports(compared(leg(), lost), contacts)).toEqual([
      'script, first sync of 1,000 contacts: 970; 10 missing, 20 differing',
    ]);
    expect(falseReports(compared(leg(), failed), contacts)).toEqual([]);
    expect(falseReports(compared(leg(), leg({}, { duplicated: 1 })), contacts)).toHaveLength(1);
  });

  it('names where Tributary is behind, its database included', () => {
    const ours = leg({ databaseCpuSeconds: 0.5 });
    expect(losses(compared(ours, leg({ wallMs: 3_000 })), 'Tributary', contacts)).toEqual([
      'first sync of 1,000 contacts, CPU: 1.0 + 0.5 s of the database, and 1.0 s of script',
    ]);
  });

  it('takes no figure from who has not brought over everything, or has not said so', () => {
    const quick = { wallMs: 1, cpuSeconds: 0, peakMegabytes: 1, requests: {} };
    const lost = leg(quick, { differences: 1, missing: 1 });
    const stopped = leg({ ...quick, said: { success: false, words: 'stopped' } });
    expect(losses(compared(leg(), lost), 'Tributary', contacts)).toEqual([]);
    expect(losses(compared(leg(), stopped), 'Tributary', contacts)).toEqual([]);
    expect(losses(compared(leg(), leg(quick)), 'Tributary', contacts)).toHaveLength(4);
  });

  it('tells the calls of each vendor, and how many failed', () => {
    const requests = {
      'hubspot list': 10,
      'voucherify POST /v1/customers 200': 1_000,
      'voucherify POST /v1/customers 429': 3,
      'voucherify POST /v1/customers 503': 2,
    };
    const tables = peersTables(compared(leg({ requests }), leg()), contacts);
    expect(tables).toContain(
      '| Tributary | done | all 1,000 | 2.0 s | 1.0 s | 100 MB | 10 | 1,005, 5 failed |',
    );
    expect(tables.match(/^## /gm)).toHaveLength(1);
  });
});
