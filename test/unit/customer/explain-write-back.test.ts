// Why a vendor has or lacks what the destination knows, in sentences.
import { describe, expect, it } from 'vitest';
import {
  attributeSentences,
  type ExplainedAttribute,
  type ExplainedWriteBack,
  writeBackSentences,
} from '../../../src/customer/explain-write-back.ts';

const noon = Date.parse('2026-11-20T12:00:00Z');

const points: ExplainedAttribute = {
  attribute: 'loyalty_points',
  path: 'loyalty.points',
  meaning: 'The points of all loyalty cards.',
  wanted: 120,
  acknowledged: 120,
  isSame: true,
  known: { at: noon, by: 'told' },
};
const delivered: ExplainedWriteBack = {
  source: 'klaviyo',
  state: 'delivered',
  revision: 3,
  acknowledgedRevision: 3,
  recordId: '01A',
  lane: 'webhook',
  waitingSince: null,
  dueAt: null,
  carriedBy: null,
  deliveredAt: noon,
  attempts: 0,
  error: null,
  isUncertain: false,
  hindrance: null,
  attributes: [points],
};
const told = (more: Partial<ExplainedWriteBack>) =>
  writeBackSentences({ ...delivered, ...more }, 'voucherify').join(' ');
const toldOf = (more: Partial<ExplainedAttribute>, of: Partial<ExplainedWriteBack> = {}) =>
  attributeSentences({ ...points, ...more }, { ...delivered, ...of }, 'voucherify').join(' ');

describe('a write-back', () => {
  it('says what became of it', () => {
    expect(told({})).toBe('klaviyo has acknowledged the newest values, on 2026-11-20 12:00 UTC.');
    expect(told({ deliveredAt: null })).toMatch(/Voucherify has no values for it/);
    expect(told({ state: null })).toMatch(/have not been read at Voucherify/);
    expect(told({ state: 'unlinked' })).toMatch(/it has no record of this customer/);
    expect(told({ state: 'dead', error: 'Invalid value' })).toBe(
      'Write-back 3 to klaviyo was given up: Invalid value. The next change of the facts is written anyway.',
    );
  });

  it('says why it waits: how often it failed and when it is tried next, or what hinders everybody', () => {
    const waiting = {
      state: 'waiting',
      waitingSince: noon,
      attempts: 2,
      error: 'HTTP 500',
      dueAt: noon,
    } as const;
    expect(told(waiting)).toBe(
      'Write-back 3 to klaviyo waits in the lane webhook since 2026-11-20 12:00 UTC, after 2 failed attempts. The last attempt failed: HTTP 500. The next attempt is at 2026-11-20 12:00 UTC.',
    );
    const paused = told({ ...waiting, hindrance: 'Writing to klaviyo is paused: HTTP 403' });
    expect(paused).toContain('Writing to klaviyo is paused: HTTP 403.');
    expect(paused).not.toContain('next attempt');
    expect(told({ ...waiting, carriedBy: 'job' })).toContain('a job at the vendor carries it');
  });
});

describe('an attribute', () => {
  it('names the fact that it comes from, since when it is known, and what is acknowledged', () => {
    expect(toldOf({})).toBe(
      'loyalty_points at klaviyo is 120, from loyalty.points of Voucherify (the points of all loyalty cards), reported by a webhook 2026-11-20 12:00 UTC. klaviyo has acknowledged this value, last written 2026-11-20 12:00 UTC.',
    );
    expect(toldOf({ acknowledged: 100, isSame: false })).toContain(
      'klaviyo has acknowledged 100, last written',
    );
    expect(toldOf({ acknowledged: undefined, isSame: false })).toContain('acknowledged no value for it yet');
  });

  it('tells absent, empty, uncertain and undeclared apart', () => {
    expect(toldOf({ wanted: undefined, known: null })).toContain('which has not been read yet');
    expect(toldOf({ wanted: null, acknowledged: undefined, isSame: false })).toContain('never written');
    expect(toldOf({ isSame: false }, { isUncertain: true })).toContain(
      'It is not certain what klaviyo holds',
    );
    expect(toldOf({ path: null, wanted: undefined })).toContain(
      'declared no more: it stays as it was written, 120',
    );
  });
});
